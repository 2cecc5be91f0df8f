import { z } from 'zod';
import { PrioritySchema, SettingIdSchema } from './common.js';
import { MAX_MESSAGE, MAX_PATTERN, StringRulesSchema, TextMatchSchema } from './monitor-judgement.js';
import { secretText } from './secrets.js';

const timeoutMs = (byDefault: number) => z.int().min(1).max(3_600_000).default(byDefault);
const name = z.string().min(1).max(256);
const word = z.string().max(256).default('');
const port = z.int().min(1).max(65_535);
const secret = secretText(1_024);
/** `#[NODE_NAME]` and other properties of the node are filled in. */
const url = z
  .string()
  .min(8)
  .max(2_083)
  .regex(/^(https?:\/\/|#\[)/, 'an address that begins with http:// or https://');
const attempts = { count: z.int().min(1).max(9).default(1), pauseMs: z.int().min(1_000).max(5_000).default(1_000) };

export const PingCheckSchema = z
  .strictObject({ ...attempts, timeoutMs: timeoutMs(5_000), bytes: z.int().min(16).max(65_000).default(56) })
  .prefault({});

/** With the port that each has when none is said. */
export const PORT_SERVICES = {
  ...{ tcp: 80, ftp: 21, smtp: 25, smtps: 465, pop3: 110, pop3s: 995, imap: 143, imaps: 993, ntp: 123, dns: 53 },
} as const satisfies Readonly<Record<string, number>>;
export type PortService = keyof typeof PORT_SERVICES;

export const PortCheckSchema = z
  .strictObject({
    service: z.enum(Object.keys(PORT_SERVICES) as [PortService, ...PortService[]]).default('tcp'),
    /** null = the service's own. */
    port: port.nullable().default(null),
    ...attempts,
    timeoutMs: timeoutMs(5_000),
    /** dns: what is asked for; empty = the node's name. */
    query: word,
    verifyTls: z.boolean().default(true),
  })
  .prefault({});

const webAuth = z
  .strictObject({ kind: z.enum(['basic', 'digest']).default('basic'), user: name, password: secret })
  .nullable()
  .default(null);
const proxy = z.strictObject({ url, user: word, password: secret }).nullable().default(null);
const statuses = z
  .array(z.string().regex(/^[1-5]\d\d(-[1-5]\d\d)?$/, 'such as 200 or 200-299'))
  .max(50)
  .default(['200-399']);
const headers = z
  .array(z.strictObject({ name, value: z.string().max(4_096) }))
  .max(50)
  .default([]);
const webClient = {
  ...{ auth: webAuth, proxy, headers, userAgent: word, verifyTls: z.boolean().default(true) },
  followRedirects: z.boolean().default(true),
};

export const HttpCheckSchema = z.strictObject({
  url,
  method: z.enum(['GET', 'HEAD', 'POST']).default('GET'),
  body: z.string().max(65_536).default(''),
  /** Any other is a failure. */
  statuses,
  ...webClient,
  timeoutMs: timeoutMs(10_000),
});

export const ScenarioPageSchema = z.strictObject({
  name,
  url,
  method: z.enum(['GET', 'HEAD', 'POST']).default('GET'),
  body: z.string().max(65_536).default(''),
  statuses,
  /** Told when the status is another, or no rule matches. */
  priority: PrioritySchema.default('critical'),
  message: z.string().max(MAX_MESSAGE).default(''),
  /** Of the body, in order. A rule that says `info` or `ignore` lets the scenario go on; none at all: every body is right. */
  rules: StringRulesSchema,
  /** What the first group of the pattern finds in the body is `#[name]` in later pages. Not found: the page is wrong. */
  variables: z
    .array(
      z.strictObject({ name: z.string().regex(/^[A-Za-z_]\w{0,63}$/, 'a word'), pattern: z.string().min(1).max(MAX_PATTERN) }),
    )
    .max(20)
    .default([]),
});
export type ScenarioPage = z.infer<typeof ScenarioPageSchema>;

export const ScenarioCheckSchema = z.strictObject({
  pages: z.array(ScenarioPageSchema).min(1).max(50),
  ...webClient,
  connectTimeoutMs: timeoutMs(5_000),
  /** Of each page. */
  timeoutMs: timeoutMs(10_000),
  /** Keep the time of each page, not only that of all. */
  collectPages: z.boolean().default(false),
});

export const SnmpCheckSchema = z.strictObject({
  /** In numbers, or by a name of the MIB store: `ifInOctets.3`. */
  oid: z.string().min(1).max(1_024),
});

/** What a resource monitor can measure. */
export const RESOURCES = [
  ...['cpu.used', 'cpu.user', 'cpu.system', 'cpu.nice', 'cpu.iowait', 'cpu.interrupts', 'cpu.contextSwitches'],
  ...['cpu.load1', 'cpu.load5', 'cpu.load15'],
  ...['memory.used', 'memory.physical', 'memory.swap', 'memory.buffers', 'memory.cache', 'memory.swapIn', 'memory.swapOut'],
  ...['filesystem.used', 'disk.reads', 'disk.writes', 'disk.readBytes', 'disk.writeBytes'],
  ...['network.inPackets', 'network.outPackets', 'network.inErrors', 'network.outErrors', 'network.inBytes', 'network.outBytes'],
] as const;

export const ResourceCheckSchema = z.strictObject({
  resource: z.string().regex(/^[a-z]+\.[A-Za-z0-9]+$/, 'such as cpu.used'),
  /** Of disk, filesystem and network: one of them by its name; empty = each of them, an item each. */
  device: word,
  by: z.enum(['snmp', 'agent']).default('snmp'),
});

export const ProcessCheckSchema = z.strictObject({
  /** Regular expressions that the whole command and all of its arguments must match. */
  command: z.string().min(1).max(MAX_PATTERN),
  arguments: z.string().max(MAX_PATTERN).default('.*'),
  caseSensitive: z.boolean().default(true),
  by: z.enum(['snmp', 'agent']).default('snmp'),
});

export const SqlCheckSchema = z.strictObject({
  driver: z.enum(['postgresql', 'mysql']).default('postgresql'),
  /** Empty = the node's address. */
  host: word,
  /** null = the driver's own. */
  port: port.nullable().default(null),
  database: name,
  user: name,
  password: secret,
  /** Its first row's first column is the value. */
  query: z.string().min(1).max(4_096),
  tls: z.enum(['off', 'require', 'verify']).default('off'),
  timeoutMs: timeoutMs(10_000),
});

export const SyslogCheckSchema = z.strictObject({}).prefault({});

export const TrapCheckSchema = z
  .strictObject({
    /** v1 and v2c: others are left alone. null = any. */
    community: secret,
    /** Octets that are no UTF-8 are read in it; null = they are shown in hexadecimal. */
    charset: z.enum(['shift_jis', 'euc-jp', 'iso-8859-1', 'windows-1252']).nullable().default(null),
  })
  .prefault({});

export const LogFileCheckSchema = z.strictObject({
  directory: z.string().min(1).max(1_024),
  /** A regular expression that the whole name must match. */
  file: z.string().min(1).max(MAX_PATTERN),
  encoding: z.string().min(1).max(32).default('utf-8'),
  lineEnd: z.enum(['lf', 'cr', 'crlf']).default('lf'),
  /** A record of several lines begins, or ends, with what matches. */
  head: z.string().max(MAX_PATTERN).nullable().default(null),
  tail: z.string().max(MAX_PATTERN).nullable().default(null),
  maxBytes: z.int().min(1).max(1_048_576).default(8_192),
});

export const CustomCheckSchema = z.strictObject({
  /** Not a shell's line: program and arguments, in which the node's properties are filled in. Standard output: `key,value` lines. */
  command: z.array(z.string().max(4_096)).min(1).max(100),
  user: word,
  /** null = each node's own agent; else the agent of this node for all of them. A manager runs no commands (`monitorMistakes`). */
  runOn: SettingIdSchema.nullable().default(null),
  timeoutMs: timeoutMs(15_000),
});

/** Posted to the manager; its key must match. */
export const CustomTrapCheckSchema = z
  .strictObject({ key: TextMatchSchema.default({ pattern: '.*', mode: 'whole', caseSensitive: true }) })
  .prefault({});

export const AgentAliveCheckSchema = z.strictObject({}).prefault({});

export const LogCountCheckSchema = z.strictObject({
  /** A monitor of what is received, whose lines are counted: those that a rule of it processed, at this monitor's nodes, since the tick before. */
  of: SettingIdSchema,
  /** Lines with these words in them, in whichever case; none = all of them. */
  words: z.array(z.string().min(1).max(256)).max(20).default([]),
  match: z.enum(['all', 'any']).default('all'),
  /** An item for each value that it has. */
  groupBy: z.enum(['host', 'app', 'facility', 'severity']).nullable().default(null),
});

/** Whose newest value: of a monitor, at a node (null = at the same one), of an item. */
const newestOf = { monitor: SettingIdSchema, facility: SettingIdSchema.nullable().default(null), item: word };

export const IntegrationConditionSchema = z.strictObject({
  ...newestOf,
  is: z.discriminatedUnion('by', [
    z.strictObject({ by: z.literal('number'), operator: z.enum(['>', '>=', '<', '<=', '=', '!=']), than: z.number() }),
    z.strictObject({ by: z.literal('text'), ...TextMatchSchema.shape }),
    z.strictObject({ by: z.literal('priority'), anyOf: z.array(PrioritySchema).min(1).max(4) }),
  ]),
});
export type IntegrationCondition = z.infer<typeof IntegrationConditionSchema>;

export const IntegrationCheckSchema = z.strictObject({
  conditions: z.array(IntegrationConditionSchema).min(1).max(50),
  match: z.enum(['all', 'any']).default('all'),
  /** `all` only: each must have come true after the one before it. */
  ordered: z.boolean().default(false),
  /** A value older than this is no longer the newest. */
  timeoutM: z.int().min(1).max(1_440).default(60),
});

const series = z.strictObject(newestOf);
export const CorrelationCheckSchema = z.strictObject({
  first: series,
  second: series,
  rangeM: z.int().min(1).max(10_080).default(60),
  minSamples: z.int().min(5).max(1_000).default(5),
});

export const JmxCheckSchema = z.strictObject({
  /** Jolokia's agent. */
  port: port.default(8_778),
  path: z.string().max(1_024).default('/jolokia'),
  tls: z.boolean().default(false),
  verifyTls: z.boolean().default(true),
  /** Such as `java.lang:type=Memory`, `HeapMemoryUsage`, `used`. */
  mbean: z.string().min(1).max(1_024),
  attribute: z.string().min(1).max(256),
  key: word,
  user: word,
  password: secret,
  timeoutMs: timeoutMs(10_000),
});

export const WindowsServiceCheckSchema = z.strictObject({ service: name });

export const WindowsEventCheckSchema = z
  .strictObject({
    levels: z
      .array(z.enum(['critical', 'error', 'warning', 'information', 'verbose']))
      .max(5)
      .default(['critical', 'error', 'warning']),
    logs: z.array(name).min(1).max(50).default(['Application', 'System']),
    sources: z.array(name).max(50).default([]),
    ids: z.array(z.int().min(0).max(65_535)).max(200).default([]),
    categories: z.array(z.int().min(0).max(65_535)).max(50).default([]),
    keywords: z.array(name).max(50).default([]),
  })
  .prefault({});
