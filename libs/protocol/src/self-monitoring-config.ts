import { z } from 'zod';
import { port } from './config-words.js';
import { PrioritySchema, SettingIdSchema } from './settings/common.js';

/** A host of the outside that lines of syslog about ourselves go to; `local`: the one of this host, through its socket. */
const SelfSyslogSchema = z.strictObject({
  transport: z.enum(['local', 'udp', 'tcp', 'tls']).default('udp'),
  /** An address, or a whole name. */
  host: z.string().min(1).max(253).optional(),
  port: port.optional(),
  /** local: where syslogd listens. */
  socket: z.string().startsWith('/').default('/dev/log'),
  /** RFC 5424 6.2.1; 3 = daemon. */
  facility: z.int().min(0).max(23).default(3),
  /** These and worse ones. */
  from: PrioritySchema.default('warning'),
  /** tls: PEM of whom to believe; default: whom the system does. */
  caFile: z.string().optional(),
  /** tls: the name in its certificate; default: `host`. */
  serverName: z.string().min(1).optional(),
});
export type SelfSyslogConfig = z.infer<typeof SelfSyslogSchema>;

const SelfLimitSchema = z.number().nullable().optional();

/** What the manager watches of ourselves and where it says so (docs/operations.md, "Watching ourselves"). */
export const SelfMonitoringSchema = z.strictObject({
  everySeconds: z.int().min(1).max(60).default(5),
  /** By id of what is watched, in its unit (seconds, bytes, shares of 1); null: never. What is given is given whole. */
  limits: z
    .record(
      z.string(),
      z.strictObject({
        notice: SelfLimitSchema,
        warning: SelfLimitSchema,
        critical: SelfLimitSchema,
        /** It must last so long before it is told. */
        afterSeconds: z.number().min(0).max(86_400).optional(),
      }),
    )
    .default({}),
  /** Notifications that are told, besides the event. */
  notify: z.array(SettingIdSchema).max(20).default([]),
  file: z
    .strictObject({
      enabled: z.boolean().default(true),
      /** Default: `logs/internal.jsonl` below the state directory. */
      path: z.string().min(1).optional(),
      /** Of one file; then it is set aside and a new one begun. */
      maxMb: z.number().min(0.01).max(1_024).default(8),
      /** Those that were set aside. */
      keep: z.int().min(0).max(20).default(4),
      from: PrioritySchema.default('info'),
    })
    .prefault({}),
  syslog: z.array(SelfSyslogSchema).max(8).default([]),
});
export type SelfMonitoringConfig = z.infer<typeof SelfMonitoringSchema>;
