import { z } from 'zod';
import { MAX_INVENTORY_PACKED_CHARS } from './inventory.js';
import { SETTING_ID } from './settings/common.js';

/**
 * What agents and managers say to each other (docs/jobs.md): one JSON document a line over TLS with certificates of the cluster's authority on
 * both sides, an agent being known by the common name of its certificate (`agent:ID`). An agent tries all managers; only the Master keeps it.
 */
export const AGENT_PROTOCOL = 1;
/** What an agent offers in its handshake (ALPN, RFC 7301) that hears `trust`; managers that do not know it go on without. */
export const AGENT_TRUST_ALPN = 'yosugara-agent-trust';
/** Likewise, of an agent that hears `inventory`, and `trust`, too. */
export const AGENT_INVENTORY_ALPN = 'yosugara-agent-inventory';
/** Of one line, its end included. */
export const MAX_AGENT_LINE_BYTES = 4 * 1_048_576;
/** Whoever hears nothing for so long takes the connection for dead; both say `ping` in between. */
export const AGENT_SILENCE_MS = 4_000;
export const AGENT_PING_MS = 1_000;
/** Of a start check; without an answer the command is not started. */
export const START_CHECK_MS = 5_000;

const agentId = z.string().regex(SETTING_ID);
/** `SESSION/UNIT/JOB/FACILITY/ATTEMPT`, each escaped (`runIdOf`): the same start has the same one, whoever says it. */
const runId = z.string().min(1).max(1_024);
const ms = z.number();

/** Part of a file as base64, of file transfer and of long outputs. */
const bytes = z.string().max(1_400_000);
/** Of a file as it is now: another one when it was written or replaced. */
const fileVersion = z.string().regex(/^[0-9a-f]{16}$/);

/* ---------- From an agent ---------- */

/** How a command ended. */
export const RunEndSchema = z.strictObject({
  run: runId,
  atMs: ms,
  startedAtMs: ms.nullable(),
  /** `exited` with `code`; `signal` of another's; `stopped` by our order; `timeout`; `not-started` (`why` says it; it never ran);
   * `lost`: the agent's process or host ended in between, and nobody knows how the command did. */
  outcome: z.enum(['exited', 'signal', 'stopped', 'timeout', 'not-started', 'lost']),
  code: z.int().nullable(),
  signal: z.string().nullable(),
  why: z.string().max(4_096),
  /** The last bytes of each, as text (UTF-8, what is none replaced); how many there were. */
  stdout: z.string(),
  stderr: z.string(),
  stdoutBytes: z.int(),
  stderrBytes: z.int(),
  /** By the instruction's patterns. */
  variables: z.record(z.string(), z.string()),
  /** A file for its output could not be written. */
  outputTrouble: z.string().nullable(),
});
export type RunEnd = z.infer<typeof RunEndSchema>;

/** What must reach the Master's database: kept on the agent's disk until a manager says that it is committed. */
export const AgentNewsSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('run-started'), run: runId, atMs: ms, pid: z.int() }),
  z.strictObject({ kind: z.literal('run-ended'), end: RunEndSchema }),
  /** An instruction of an owner that is none any more, or of a run that is over: it did nothing. */
  z.strictObject({
    kind: z.literal('run-refused'),
    run: runId,
    atMs: ms,
    epoch: z.int(),
    highestEpoch: z.int(),
    why: z.string().max(1_024),
  }),
  /** Of a task of kind `log-file` or `windows-event`, in the file's order. */
  z.strictObject({
    kind: z.literal('lines'),
    task: z.string().max(256),
    file: z.string().max(4_096),
    lines: z.array(z.strictObject({ atMs: ms, text: z.string() })).max(500),
  }),
  /** Of a task of kind `custom`: `dueAtMs` names the tick. */
  z.strictObject({
    kind: z.literal('custom'),
    task: z.string().max(256),
    dueAtMs: ms,
    atMs: ms,
    /** Lines `KEY,VALUE` that it wrote; empty when `why` says what went wrong. */
    values: z.array(z.strictObject({ key: z.string().max(512), value: z.string().max(4_096) })).max(10_000),
    why: z.string().max(4_096).nullable(),
  }),
  /** Of a task of kind `file-watch`. */
  z.strictObject({
    kind: z.literal('file'),
    task: z.string().max(256),
    atMs: ms,
    directory: z.string().max(4_096),
    name: z.string().max(1_024),
    change: z.enum(['created', 'deleted', 'modified-time', 'modified-size']),
    sizeBytes: z.number(),
    modifiedAtMs: ms,
  }),
  /** Something of its own that somebody should know: a spool that overflowed, a file that cannot be read. */
  z.strictObject({ kind: z.literal('trouble'), atMs: ms, code: z.string().max(64), message: z.string().max(4_096) }),
]);
export type AgentNews = z.infer<typeof AgentNewsSchema>;

export const FromAgentSchema = z.discriminatedUnion('say', [
  /** First; the certificate says who it is. */
  z.strictObject({
    say: z.literal('hello'),
    protocol: z.int(),
    version: z.string().max(64),
    agent: agentId,
    /** Of the agent's data folder: another one after its disk was lost. News are numbered within it. */
    spool: z.string().regex(/^[0-9a-f]{32}$/),
    /** Of this process: two processes with one identity are told apart. */
    instance: z.string().regex(/^[0-9a-f]{32}$/),
    highestEpoch: z.int(),
    /** Newest number that it had an acknowledgement for. */
    acked: z.int(),
    hostName: z.string().max(255),
    addresses: z.array(z.string().max(64)).max(64),
    platform: z.string().max(32),
    os: z.string().max(256),
    startedAtMs: ms,
  }),
  /** In the order of their numbers, without a gap, after the newest one that was acknowledged. At most 1 MiB together. */
  z.strictObject({ say: z.literal('news'), first: z.int(), news: z.array(AgentNewsSchema).min(1).max(500) }),
  /** May it be launched? Nothing is launched without the answer to this nonce. */
  z.strictObject({ say: z.literal('start-check'), run: runId, epoch: z.int(), nonce: z.string().regex(/^[0-9a-f]{32}$/) }),
  /** The instruction is on its disk. */
  z.strictObject({ say: z.literal('taken'), run: runId }),
  /** Answer to `state-of`: what it knows of a run. `never`: it was never heard of on this disk. */
  z.strictObject({ say: z.literal('state'), run: runId, state: z.enum(['never', 'taken', 'running', 'ended']) }),
  /** Of a `measure`. */
  z.strictObject({
    say: z.literal('measured'),
    id: z.int(),
    values: z
      .array(
        z.strictObject({
          item: z.string().max(512),
          value: z.number().nullable(),
          counter: z.union([z.literal(32), z.literal(64)]).optional(),
        }),
      )
      .max(10_000),
    why: z.string().max(4_096).nullable(),
  }),
  /** Of an `inventory`: an `Inventory` (inventory.ts) as JSON, gzip and base64; null when `why` says what went wrong. */
  z.strictObject({
    say: z.literal('inventoried'),
    id: z.int(),
    packed: z.string().max(MAX_INVENTORY_PACKED_CHARS).nullable(),
    why: z.string().max(4_096).nullable(),
  }),
  /** Of file transfer: what is asked of an agent by `file-list`, `file-read`, `file-write`. */
  z.strictObject({ say: z.literal('file-answer'), id: z.int(), ok: z.boolean(), why: z.string().max(4_096), data: z.unknown() }),
  /** Its certificate is two thirds over. PKCS #10, PEM, of a new key; its name must be the one of the connection. Answered by `renewed`. */
  z.strictObject({ say: z.literal('renew'), request: z.string().max(16_384) }),
  /** Answer to `trust`: it is on its disk. `digest`: SHA-256 of the text, hexadecimal. */
  z.strictObject({ say: z.literal('trusts'), digest: z.string().regex(/^[0-9a-f]{64}$/) }),
  z.strictObject({ say: z.literal('ping') }),
]);
export type FromAgent = z.infer<typeof FromAgentSchema>;

/* ---------- From a manager ---------- */

export const StartInstructionSchema = z.strictObject({
  say: z.literal('start'),
  epoch: z.int(),
  run: runId,
  command: z.string().max(65_536),
  user: z.string().nullable(),
  environment: z.record(z.string(), z.string()),
  script: z.strictObject({ name: z.string(), content: z.string() }).nullable(),
  stopCommand: z.string().nullable(),
  timeoutMs: z.int().nullable(),
  keepOutputBytes: z.int(),
  stdout: z.strictObject({ path: z.string(), append: z.boolean() }).nullable(),
  stderr: z.strictObject({ path: z.string(), append: z.boolean() }).nullable(),
  variables: z.array(z.strictObject({ name: z.string(), from: z.enum(['stdout', 'stderr']), pattern: z.string() })),
});
export type StartInstruction = z.infer<typeof StartInstructionSchema>;

/** What an agent does by itself, again and again, also while no manager is there. */
export const AgentTaskSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('log-file'),
    id: z.string().max(256),
    directory: z.string(),
    /** RE2, of the whole name. */
    name: z.string(),
    encoding: z.string(),
    /** `lf` takes a CR before it away, too. */
    lineEnd: z.enum(['lf', 'cr', 'crlf']).optional(),
    /** Patterns (RE2) of the first or the last line of an entry of several; null = each line is one. */
    head: z.string().nullable(),
    tail: z.string().nullable(),
    maxLineBytes: z.int(),
  }),
  z.strictObject({
    kind: z.literal('custom'),
    id: z.string().max(256),
    command: z.string(),
    user: z.string().nullable(),
    timeoutMs: z.int(),
    intervalMs: z.int(),
    /** Ticks are `anchorMs + n × intervalMs`. */
    anchorMs: z.number(),
  }),
  z.strictObject({
    kind: z.literal('file-watch'),
    id: z.string().max(256),
    directory: z.string(),
    name: z.string(),
    change: z.enum(['created', 'deleted', 'modified-time', 'modified-size']),
    notInUse: z.boolean(),
    /** What came since then is news, though the agent heard of the task only later; missing: what is there when it begins is none. */
    sinceMs: ms.optional(),
  }),
  z.strictObject({ kind: z.literal('windows-event'), id: z.string().max(256), logs: z.array(z.string()), query: z.string() }),
]);
export type AgentTask = z.infer<typeof AgentTaskSchema>;

export const ToAgentSchema = z.discriminatedUnion('say', [
  /** It is the Master of this epoch, and has all news up to `committed` of the agent's spool. */
  z.strictObject({
    say: z.literal('welcome'),
    epoch: z.int(),
    committed: z.int(),
    managers: z.array(z.strictObject({ host: z.string(), port: z.int() })),
  }),
  /** `master`: where it is, if that is known. `not-master` is the answer of every manager that does not serve. */
  z.strictObject({
    say: z.literal('go-away'),
    code: z.enum(['not-master', 'unknown-agent', 'duplicate', 'protocol', 'busy']),
    why: z.string().max(1_024),
    master: z.string().nullable(),
  }),
  /** Not the Master, but warm: the connection stays, and `welcome` comes on it at once when it becomes the Master. Else `go-away` does. */
  z.strictObject({ say: z.literal('wait'), why: z.string().max(1_024), master: z.string().nullable() }),
  /** All news up to that number are in the database of both nodes: they may be forgotten. */
  z.strictObject({ say: z.literal('committed'), number: z.int() }),
  StartInstructionSchema,
  /** `how`: by its stop command (SIGTERM where it has none), or SIGKILL at once. */
  z.strictObject({ say: z.literal('stop'), epoch: z.int(), run: runId, how: z.enum(['command', 'kill']) }),
  z.strictObject({ say: z.literal('start-answer'), run: runId, nonce: z.string(), go: z.boolean(), why: z.string().max(1_024) }),
  z.strictObject({ say: z.literal('state-of'), run: runId }),
  /** All that it has to do by itself; what is not among them ends. */
  z.strictObject({ say: z.literal('tasks'), epoch: z.int(), version: z.number(), tasks: z.array(AgentTaskSchema).max(10_000) }),
  /** Values of the host itself: an item of a resource monitor, or processes that match. */
  z.strictObject({ say: z.literal('measure'), id: z.int(), type: z.enum(['resource', 'process']), check: z.unknown() }),
  /** What the host consists of: to agents that offered `AGENT_INVENTORY_ALPN` only. */
  z.strictObject({ say: z.literal('inventory'), id: z.int() }),
  z.strictObject({ say: z.literal('file-list'), id: z.int(), epoch: z.int(), directory: z.string(), name: z.string() }),
  z.strictObject({
    say: z.literal('file-read'),
    id: z.int(),
    epoch: z.int(),
    path: z.string(),
    offset: z.number(),
    length: z.int(),
  }),
  z.strictObject({
    say: z.literal('file-write'),
    id: z.int(),
    epoch: z.int(),
    path: z.string(),
    offset: z.number(),
    data: bytes,
    /** `version` of the source's parts: what is there of another one is no beginning of this one. */
    version: fileVersion.nullable(),
    /** The last part: the file gets its name, when its SHA-256 is this one. */
    end: z
      .strictObject({ sizeBytes: z.number(), sha256: z.string().nullable(), mode: z.int(), user: z.string().nullable() })
      .nullable(),
  }),
  /** Answer to `renew`; `certificate` null = refused, and `why` says it: the agent asks again an hour later. */
  z.strictObject({
    say: z.literal('renewed'),
    certificate: z.string().max(65_536).nullable(),
    /** All authorities whose managers it may trust from now on, PEM. */
    authority: z.string().max(262_144),
    why: z.string().max(1_024),
  }),
  /** All authorities whose managers it may trust from now on, PEM: to agents that offered `AGENT_TRUST_ALPN` only, others do not know the word. */
  z.strictObject({ say: z.literal('trust'), authority: z.string().max(262_144) }),
  z.strictObject({ say: z.literal('ping') }),
]);
export type ToAgent = z.infer<typeof ToAgentSchema>;

/* ---------- `data` of a `file-answer` that is ok ---------- */

/** To `file-list`: regular files of the folder whose whole name matches. */
export const FilesListedSchema = z.object({
  files: z.array(z.object({ name: z.string(), sizeBytes: z.number(), mode: z.int().default(0o644) })).max(10_000),
});
/** To `file-read`: what is there from the offset on, at most `length`; fewer bytes mean that the file ends there. */
export const FilePartSchema = z.object({ data: bytes, version: fileVersion.nullable().default(null) });
/**
 * To `file-write`: where the next part is to begin. A part that begins elsewhere is not written, so that an empty one asks how much is there
 * of a copy that was broken off.
 */
export const FileWrittenSchema = z.object({ haveBytes: z.number() });

/* ---------- Enrolment: before there is a certificate ---------- */

/**
 * POST https://MANAGER:PORT/api/v1/agents/join of the port for agents (`ports.agents`), without a certificate of one's own. The token is used
 * up by it. Only the Master takes it: any other answers 503 with `{ code: 'NOT_ACTIVE', message, master }`.
 */
export const JoinRequestSchema = z.strictObject({
  token: z.string().min(16).max(256),
  agent: agentId,
  /** PKCS #10, PEM. */
  request: z.string().max(16_384),
  hostName: z.string().max(255),
  addresses: z.array(z.string().max(64)).max(64),
  platform: z.string().max(32),
});
export type JoinRequest = z.infer<typeof JoinRequestSchema>;
export const JoinAnswerSchema = z.strictObject({
  certificate: z.string(),
  authority: z.string(),
  managers: z.array(z.strictObject({ host: z.string(), port: z.int() })),
  notAfter: z.string(),
  /** false: the repository had its node, which stays as it is. */
  isNewNode: z.boolean().optional(),
});
export type JoinAnswer = z.infer<typeof JoinAnswerSchema>;

/** Where an agent joins, on the port for agents. */
export const JOIN_PATH = '/api/v1/agents/join';
/** Renewed in the last third of its life. */
export const AGENT_CERTIFICATE_DAYS = 365;
/** Of the one who is meant by a certificate of an agent. */
export const agentNameOf = (agent: string): string => `agent:${agent}`;

/**
 * What an operator hands to an agent: a secret, and by which authority the managers' certificates are signed, so that the agent knows whom it
 * tells the secret. SHA-256 of the authority's certificate (DER); the managers send that certificate with their own one.
 */
export const joinTokenOf = (secret: string, authoritySha256: string): string => `yja.${secret}.${authoritySha256}`;

/** null = it is none. `authoritySha256`: base64url. */
export function partsOfJoinToken(token: string): { readonly secret: string; readonly authoritySha256: string } | null {
  const [, secret, authoritySha256] = /^yja\.([A-Za-z0-9_-]{32,64})\.([A-Za-z0-9_-]{43})$/.exec(token.trim()) ?? [];
  return secret === undefined || authoritySha256 === undefined ? null : { secret, authoritySha256 };
}

/** Escaped, so that what is between slashes is each part. */
export const runIdOf = (parts: { session: string; unit: string; job: string; facility: string; attempt: number }): string =>
  [parts.session, parts.unit, parts.job, parts.facility, String(parts.attempt)].map(encodeURIComponent).join('/');

export function partsOfRun(
  run: string,
): { session: string; unit: string; job: string; facility: string; attempt: number } | null {
  const parts = run.split('/');
  if (parts.length !== 5) return null;
  try {
    const [session, unit, job, facility, attempt] = parts.map(decodeURIComponent) as [string, string, string, string, string];
    return /^\d{1,9}$/.test(attempt) ? { session, unit, job, facility, attempt: Number(attempt) } : null;
  } catch {
    return null;
  }
}
