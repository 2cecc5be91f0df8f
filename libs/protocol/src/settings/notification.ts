import { z } from 'zod';
import { commandTrouble } from './command-line.js';
import { PRIORITIES, SettingIdSchema, type SettingRef } from './common.js';
import { SNMP_AUTH, SNMP_LEVELS } from './node.js';
import { secretText } from './secrets.js';

/** The first two are rows of our own and done with the commit; the others leave the cluster through the outbox. */
export const NOTIFICATION_KINDS = ['event', 'status', 'mail', 'command', 'syslog', 'rest', 'trap', 'job', 'escalation'] as const;
export type NotificationKind = (typeof NOTIFICATION_KINDS)[number];

const MINUTE_MS = 60_000;
/** With `#[…]` in it (docs/operations.md, Variables). */
const template = z.string().max(16_384);
const host = z.string().min(1).max(255);
const port = z.int().min(1).max(65_535);
/** Of one attempt. */
const timeoutMs = z.int().min(1_000).max(300_000);

/** By priority; what is missing tells nobody. */
const perPriority = <T extends z.ZodType>(parameters: T) =>
  z.strictObject({
    critical: parameters.optional(),
    unknown: parameters.optional(),
    warning: parameters.optional(),
    info: parameters.optional(),
  });

/** What is told again while the priority stays the same. */
export const RenotifySchema = z.discriminatedUnion('when', [
  z.strictObject({ when: z.literal('always') }),
  z.strictObject({ when: z.literal('every'), minutes: z.int().min(1).max(43_200) }),
  z.strictObject({ when: z.literal('never') }),
]);
export type Renotify = z.infer<typeof RenotifySchema>;

const rules = {
  /** null = always. */
  calendar: SettingIdSchema.nullable().default(null),
  /** Told when a priority was seen so many times in a row. */
  initialCount: z.int().min(1).max(10).default(1),
  /** Do not notify just after enabling: the first result is only what later ones are compared with. */
  firstDelay: z.boolean().default(false),
  renotify: RenotifySchema.default({ when: 'never' }),
  /** Every result in between with another priority, also one that is not told, ends the row: the next one is told as if it were new. */
  verbose: z.boolean().default(false),
  /** Rules of one monitor and item (the lines of a log) are counted together. */
  acrossSubs: z.boolean().default(false),
};

const EventSchema = z.strictObject({
  ...rules,
  kind: z.literal('event'),
  priorities: perPriority(
    z.strictObject({ state: z.enum(['unconfirmed', 'confirming', 'confirmed']).default('unconfirmed') }),
  ).default({ critical: { state: 'unconfirmed' }, unknown: { state: 'unconfirmed' }, warning: { state: 'unconfirmed' } }),
});

const StatusSchema = z.strictObject({
  ...rules,
  kind: z.literal('status'),
  priorities: perPriority(z.strictObject({})).default({ critical: {}, unknown: {}, warning: {}, info: {} }),
  /** null = for ever. */
  validMinutes: z.int().min(1).max(525_600).nullable().default(null),
  /** What it becomes when nothing comes for so long; null = it goes. */
  expiresTo: z.enum(PRIORITIES).nullable().default(null),
});

const MailSchema = z.strictObject({
  ...rules,
  kind: z.literal('mail'),
  priorities: perPriority(
    z.strictObject({
      to: z.array(z.email()).min(1).max(100),
      cc: z.array(z.email()).max(100).default([]),
      bcc: z.array(z.email()).max(100).default([]),
    }),
  ),
  /** null = the built-in text. */
  template: SettingIdSchema.nullable().default(null),
  /** Tried in this order; one that failed a moment ago is tried last. */
  servers: z.array(SettingIdSchema).min(1).max(10),
  giveUpMinutes: z.int().min(1).max(10_080).default(60),
});

const CommandSchema = z.strictObject({
  ...rules,
  kind: z.literal('command'),
  priorities: perPriority(z.strictObject({ command: template.min(1) })),
  /** By /bin/sh -c; false: split into words as a shell would, and nothing else of a shell. */
  shell: z.boolean().default(false),
  /** Account of the serving Master; null = that of the manager. */
  user: z
    .string()
    .regex(/^[a-z_][a-z0-9_-]{0,31}\$?$/)
    .nullable()
    .default(null),
  timeoutMs: z.int().min(1_000).max(3_600_000).default(30_000),
  giveUpMinutes: z.int().min(1).max(10_080).default(60),
});

export const SYSLOG_TRANSPORTS = ['udp', 'tcp', 'tls'] as const;
const SyslogSchema = z.strictObject({
  ...rules,
  kind: z.literal('syslog'),
  priorities: perPriority(
    z.strictObject({
      facility: z.int().min(0).max(23).default(16),
      severity: z.int().min(0).max(7),
      message: template.default('#[PLUGIN_ID] #[MONITOR_ID] #[FACILITY_ID]: #[MESSAGE]'),
    }),
  ),
  /** null = the node of the result. */
  host: host.nullable(),
  port: port.default(514),
  transport: z.enum(SYSLOG_TRANSPORTS).default('udp'),
  tls: z
    .strictObject({
      /** PEM; null = those of the system. */
      ca: z.string().max(65_536).nullable().default(null),
      serverName: host.nullable().default(null),
    })
    .default({ ca: null, serverName: null }),
  timeoutMs: timeoutMs.default(10_000),
  giveUpMinutes: z.int().min(1).max(10_080).default(60),
});

const RestSchema = z.strictObject({
  ...rules,
  kind: z.literal('rest'),
  priorities: perPriority(z.strictObject({ access: SettingIdSchema })),
  giveUpMinutes: z.int().min(1).max(10_080).default(60),
});

/** As in node.ts, what its sender can do of it. */
export const TRAP_PRIV = ['des', 'aes128', 'aes256', 'aes256c'] as const;
const TrapV3Schema = z.strictObject({
  user: z.string().min(1).max(32),
  level: z.enum(SNMP_LEVELS).default('authPriv'),
  auth: z.enum(SNMP_AUTH).default('sha256'),
  authSecret: secretText(255),
  priv: z.enum(TRAP_PRIV).default('aes128'),
  privSecret: secretText(255),
  /** Ours; the receivers of traps must know it (RFC 3411: 5 to 32 bytes, in hex). */
  engineId: z
    .string()
    .regex(/^[0-9a-f]{10,64}$/i)
    .default('80007ed904796f737567617261'),
});
const TrapSchema = z.strictObject({
  ...rules,
  kind: z.literal('trap'),
  priorities: perPriority(z.strictObject({ message: template.default('#[MESSAGE]') })),
  host,
  port: port.default(162),
  version: z.enum(['v2c', 'v3']).default('v2c'),
  community: secretText(255),
  v3: TrapV3Schema.nullable().default(null),
  /** The receiver says that it has it; a plain trap may get lost without a trace. */
  inform: z.boolean().default(false),
  timeoutMs: timeoutMs.default(10_000),
  giveUpMinutes: z.int().min(1).max(10_080).default(60),
});

/** Begins a session of a job unit: `UNIT`, or `UNIT/JOB` for a part of it. What is told are its variables. */
const JobSchema = z.strictObject({
  ...rules,
  kind: z.literal('job'),
  priorities: perPriority(z.strictObject({ job: z.string().min(1).max(257) })),
  giveUpMinutes: z.int().min(1).max(10_080).default(60),
});

const EscalationSchema = z.strictObject({
  ...rules,
  kind: z.literal('escalation'),
  priorities: perPriority(z.strictObject({})).default({ critical: {}, unknown: {} }),
  /** Each at its time after the first, until the event is confirmed. */
  steps: z
    .array(
      z.strictObject({
        afterMinutes: z.int().min(0).max(10_080),
        /** Of kinds that leave the cluster. Their own counts do not matter; whether they are enabled, their calendar and priorities do. */
        notifications: z.array(SettingIdSchema).min(1).max(20),
      }),
    )
    .min(1)
    .max(20)
    .refine((steps) => steps.every((step, at) => at === 0 || step.afterMinutes >= steps[at - 1]!.afterMinutes), {
      message: 'steps stand in the order of their times',
    }),
  /** It also ends when the monitor sees another priority. */
  endsOnChange: z.boolean().default(true),
});

const KindsSchema = z.discriminatedUnion('kind', [
  EventSchema,
  StatusSchema,
  MailSchema,
  CommandSchema,
  SyslogSchema,
  RestSchema,
  TrapSchema,
  JobSchema,
  EscalationSchema,
]);

export const NotificationBodySchema = KindsSchema.superRefine((body, context) => {
  if (body.kind === 'trap') checkTrap(body, (message) => context.addIssue({ code: 'custom', message }));
  if (body.kind === 'command')
    for (const priority of PRIORITIES) {
      const command = body.priorities[priority]?.command;
      const message = command === undefined ? null : commandTrouble(command, body.shell);
      if (message !== null) context.addIssue({ code: 'custom', message, path: ['priorities', priority, 'command'] });
    }
});
/** Somebody who is told, and when. */
export type NotificationBody = z.infer<typeof NotificationBodySchema>;
export type NotificationOf<Kind extends NotificationKind> = Extract<NotificationBody, { kind: Kind }>;

function checkTrap({ version, v3 }: z.infer<typeof TrapSchema>, refuse: (message: string) => void): void {
  if (version === 'v3' && v3 === null) refuse('SNMP v3 needs `v3`: a user and what protects its messages');
}

/** How long the outbox tries. */
export function giveUpMs(body: NotificationBody): number {
  return 'giveUpMinutes' in body ? body.giveUpMinutes * MINUTE_MS : MINUTE_MS;
}

/** What it cannot be without, and where it says so. */
export function notificationReferences(body: NotificationBody): readonly (SettingRef & { readonly place: string })[] {
  const found: (SettingRef & { readonly place: string })[] = [];
  if (body.calendar !== null) found.push({ kind: 'calendar', id: body.calendar, place: 'calendar' });
  if (body.kind === 'mail') {
    if (body.template !== null) found.push({ kind: 'mail-template', id: body.template, place: 'template' });
    body.servers.forEach((id, at) => void found.push({ kind: 'mail-server', id, place: `servers.${at}` }));
  }
  if (body.kind === 'rest')
    for (const priority of PRIORITIES) {
      const access = body.priorities[priority]?.access;
      if (access !== undefined) found.push({ kind: 'rest-access', id: access, place: `priorities.${priority}.access` });
    }
  if (body.kind === 'job')
    for (const priority of PRIORITIES) {
      const job = body.priorities[priority]?.job;
      if (job !== undefined) found.push({ kind: 'job-unit', id: job.split('/')[0] ?? '', place: `priorities.${priority}.job` });
    }
  if (body.kind === 'escalation')
    body.steps.forEach((step, at) => {
      step.notifications.forEach(
        (id, of) => void found.push({ kind: 'notification', id, place: `steps.${at}.notifications.${of}` }),
      );
    });
  return found;
}

/** What only the whole shows, its secrets included. */
export function notificationMistakes(
  body: NotificationBody,
): readonly { readonly place: string; readonly found: string; readonly allowed: string }[] {
  if (body.kind !== 'trap' || body.version !== 'v3' || body.v3 === null) return [];
  const { level, authSecret, privSecret } = body.v3;
  // RFC 3414 11.2.
  const short = (secret: string | null) => secret === null || secret.length < 8;
  const mistake = (place: string) => {
    return {
      place: `v3.${place}`,
      found: 'none, or a shorter one',
      allowed: `a passphrase of at least 8 characters, for the level ${level}`,
    };
  };
  return [
    ...(level !== 'noAuthNoPriv' && short(authSecret) ? [mistake('authSecret')] : []),
    ...(level === 'authPriv' && short(privSecret) ? [mistake('privSecret')] : []),
  ];
}
