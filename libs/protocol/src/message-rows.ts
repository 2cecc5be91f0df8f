import { z } from 'zod';
import { MESSAGE_KINDS, MESSAGE_TRANSPORTS } from './messages.js';

/** `yosugara messages --json` and GET /api/v1/messages. */
export const MessageRowSchema = z.object({
  id: z.string(),
  /** RFC 3339 with µs, UTC. */
  receivedAt: z.string(),
  source: z.string(),
  kind: z.enum(MESSAGE_KINDS),
  /** syslog severity keyword: emerg … debug; traps: null. */
  severity: z.string().nullable(),
  facility: z.string().nullable().optional(),
  host: z.string().nullable(),
  app: z.string().nullable(),
  text: z.string(),
  seenBy: z.array(z.string()),
  /** What else is known of it; missing or null = it says nothing of that. */
  procId: z.string().nullable().optional(),
  msgId: z.string().nullable().optional(),
  transport: z.enum(MESSAGE_TRANSPORTS).nullable().optional(),
  /** RFC 5424 structured data: SD-ID, parameter, value; a parameter given several times has a list. */
  structured: z
    .record(z.string(), z.record(z.string(), z.union([z.string(), z.array(z.string())])))
    .nullable()
    .optional(),
  varbinds: z
    .array(
      z.object({
        oid: z.string(),
        type: z.string(),
        value: z.string(),
        /** As the MIB modules of now have it, such as `ifOperStatus[3]`; missing: it has no name. */
        name: z.string().optional(),
        module: z.string().optional(),
        /** `down(2)`; missing: `value` says it as well. */
        read: z.string().optional(),
        units: z.string().optional(),
      }),
    )
    .nullable()
    .optional(),
  /** Of a trap, what `text` would be with the MIB modules of now; missing or null = the same. */
  reading: z.string().nullable().optional(),
  /** Why it was not understood whole: short names, comma between. */
  parseReason: z.string().nullable().optional(),
  /** true: it was longer than its source's limit, or its connection ended within it; what is here is its begin. Missing: it is whole. */
  cut: z.boolean().optional(),
  /** Of a row that is told live: it was stored more than a minute after it was received. */
  storedLate: z.boolean().optional(),
});
export type MessageRow = z.infer<typeof MessageRowSchema>;
export const MessagesSchema = z.object({ rows: z.array(MessageRowSchema), next: z.string().nullable() });
export type Messages = z.infer<typeof MessagesSchema>;

/** Severities as a chart tells them apart; traps have none. */
export const MessageTallySchema = z.object({
  error: z.int(),
  warning: z.int(),
  info: z.int(),
  debug: z.int(),
  trap: z.int(),
});
export type MessageTally = z.infer<typeof MessageTallySchema>;

/** GET /api/v1/messages/histogram: how many messages that a search finds were received when. */
export const MessageHistogramSchema = z
  .object({
    from: z.string(),
    to: z.string(),
    binMs: z.int(),
    /** null: all is counted; else what was received before is not, for it would have taken too long. */
    countedFrom: z.string().nullable(),
    /** Each from `at` on; those without a message are left out. */
    bins: z.array(MessageTallySchema.extend({ at: z.string() })),
  })
  .meta({ id: 'MessageHistogram' });
export type MessageHistogram = z.infer<typeof MessageHistogramSchema>;
