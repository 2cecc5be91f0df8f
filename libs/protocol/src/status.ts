import { z } from 'zod';
import { NodeKeysSchema } from './control.js';
import { UpgradeStateSchema } from './level.js';
import { MESSAGE_KINDS, MESSAGE_TRANSPORTS } from './messages.js';

const Process = z.object({ name: z.string(), pid: z.int(), state: z.string().optional() });

/** The ten phases of failover.md section 8, in order. */
export const RecoverPhaseSchema = z.enum([
  'preflight',
  'quiesce',
  'consensus',
  'decide',
  'prepare',
  'rewind',
  'rebuild',
  'start',
  'join',
  'report',
]);
export type RecoverPhase = z.infer<typeof RecoverPhaseSchema>;
export const RecoverMethodSchema = z.enum(['follow', 'rewind', 'basebackup']);
export type RecoverMethod = z.infer<typeof RecoverMethodSchema>;

/** Records that one receiver has and the other lacks (ruling 15); null: a receiver was not heard. */
const JournalLevels = z.object({
  /** Received by the returning node, not yet on the Master's disk. */
  here: z.int().nullable(),
  /** Received by the Master, not yet on the returning node's disk. */
  there: z.int().nullable(),
  /** The peer's records that the returning node had acknowledged and no longer holds. */
  lost: z.int(),
});

/**
 * What a recover did: journaled by the returning node in `<stateDir>/recover.json` after each step, and shown as its report. A new
 * start reads it and goes on from the facts; nothing is decided by it.
 */
export const RecoverReportSchema = z.object({
  version: z.literal(1),
  requestId: z.string(),
  node: z.string(),
  /** The Master it came back to; null = not known yet. */
  source: z.string().nullable(),
  state: z.enum(['running', 'done', 'failed']),
  phase: RecoverPhaseSchema,
  /** One sentence: what is going on, or how it ended. */
  detail: z.string(),
  method: RecoverMethodSchema.nullable(),
  /** Why this method and no cheaper one. */
  why: z.string(),
  startedAt: z.string(),
  endedAt: z.string().nullable(),
  /** Between start and end, interruptions included. */
  totalMs: z.number(),
  /** How often a controller ended and another one went on. */
  resumed: z.int(),
  /** In the order in which they were first entered. */
  phases: z.array(z.object({ phase: RecoverPhaseSchema, ms: z.number(), entered: z.int() })),
  /** Copied over the network by the last rewind or base backup. */
  bytes: z.number(),
  totalBytes: z.number().nullable(),
  /** WAL of this node that no Master's history holds: from the fork to its end; null: there is none. */
  discarded: z.object({ from: z.string(), to: z.string(), bytes: z.number(), timeline: z.int() }).nullable(),
  /** Folder with the compressed segments of the discarded WAL. */
  keptWal: z.string().nullable(),
  /** The data directory that was here before, set aside. */
  setAside: z.string().nullable(),
  /** Segments that waited for the archive and were archived before the rewind. */
  archived: z.int(),
  /** What failed on the way. */
  tries: z.array(z.object({ action: z.string(), code: z.string(), message: z.string() })),
  journals: z.object({ atStart: JournalLevels.nullable(), atEnd: JournalLevels.nullable() }),
  /** What an operator should look at. */
  look: z.array(z.string()),
});
export type RecoverReport = z.infer<typeof RecoverReportSchema>;
export type JournalLevels = z.infer<typeof JournalLevels>;

/** Why a node is out, as far as facts tell it beforehand. */
export const RecoverCauseSchema = z.enum([
  /** Stopped in order, or killed as a standby: its WAL is a part of the Master's history. */
  'stopped',
  /** Its server ended without a shutdown, as a Master. */
  'crashed',
  /** Its power was cut as a member that had to be replaced. */
  'fenced',
  /** Its WAL goes past the point where the Master's timeline left. */
  'diverged',
  'no-data',
  'damaged',
  /** A rewind or base backup of it never ended. */
  'interrupted',
  /** The Master no longer has the WAL that it would need. */
  'wal-gone',
  'consensus-log-lost',
  /** PostgreSQL runs there: it is stopped first, then looked at. */
  'running',
  /** The node has not looked at its database yet, or cannot: ask again. */
  'unknown',
]);
export type RecoverCause = z.infer<typeof RecoverCauseSchema>;

/** What `yosugara recover --dry-run --json` prints as `plan`: what would be done, told from facts; nothing was changed. */
export const RecoverPlanSchema = z.object({
  version: z.literal(1),
  node: z.string(),
  /** The Master that it would come back to. */
  source: z.string().nullable(),
  /** Why it would not begin, most basic first; empty: it would. Codes are those of docs/recover.md. */
  refusals: z.array(z.object({ code: z.string(), message: z.string() })),
  cause: RecoverCauseSchema.nullable(),
  /** null: refused, or not known before the node has looked at its database: the phase `decide` is among the phases then. */
  method: RecoverMethodSchema.nullable(),
  /** Why this method and no cheaper one; or why none can be told yet. */
  why: z.string(),
  /** What would go over the network, as far as it can be told beforehand; null: it cannot. */
  bytes: z.number().nullable(),
  /** In order; phases that would have nothing to do are left out. */
  phases: z.array(z.object({ phase: RecoverPhaseSchema, what: z.string() })),
  /** WAL of the node that no Master's history holds and that would be given up; null: none, as far as is known. */
  discards: z.object({ from: z.string(), to: z.string(), bytes: z.number(), timeline: z.int() }).nullable(),
  /** The data directory that is there now would be set aside. */
  setsAside: z.boolean(),
});
export type RecoverPlan = z.infer<typeof RecoverPlanSchema>;

/** Progress of `recover` on the node that returns (failover.md section 8). */
export const RecoverProgressSchema = z.object({
  requestId: z.string(),
  phase: z.string(),
  step: z.int(),
  steps: z.int(),
  detail: z.string(),
  /** 0..1 within the phase, when known. */
  fraction: z.number().nullable(),
  /** `follow`, `rewind`, `basebackup`; null = not decided yet. */
  method: z.string().nullable(),
  state: z.enum(['running', 'done', 'failed']),
  /** Of the copy, or of the WAL that is caught up with. */
  bytes: z.number().nullable().optional(),
  totalBytes: z.number().nullable().optional(),
  bytesPerSecond: z.number().nullable().optional(),
  etaMs: z.number().nullable().optional(),
});
export type RecoverProgress = z.infer<typeof RecoverProgressSchema>;

/** The power devices of one node, as another one read them. */
export const FenceReadingSchema = z.object({
  target: z.string(),
  by: z.string(),
  healthy: z.boolean(),
  /** From the order to a read-back `off`, measured or declared. */
  offMs: z.number(),
  ageMs: z.number(),
  says: z.string(),
});
export type FenceReading = z.infer<typeof FenceReadingSchema>;

export const LastFenceSchema = z.object({
  /** Of the order; one that went over to a new Master has its first part. */
  requestId: z.string(),
  target: z.string(),
  /** Who gives the order. */
  by: z.string(),
  state: z.enum(['requested', 'confirmed', 'failed']),
  method: z.string().nullable(),
  /** What the devices said, read back; or why it was called off. */
  evidence: z.string(),
  at: z.string(),
  /** By an operator; null: a take-over needed it. */
  ordered: z.object({ by: z.string(), why: z.string() }).nullable(),
});
export type LastFence = z.infer<typeof LastFenceSchema>;

/** `yosugara status --json`. Keys are a contract (overview.md); more may be added, none removed. */
export const StatusSchema = z.object({
  clusterId: z.string(),
  epoch: z.int(),
  phase: z.string(),
  master: z.string().nullable(),
  leader: z.string().nullable(),
  term: z.int(),
  profile: z.string(),
  policy: z.string(),
  stopProofs: z.array(z.string()),
  answeredBy: z.string(),
  nodes: z.array(
    z.object({
      name: z.string(),
      /** dr: a copy in another site, which never votes and is never elected. */
      kind: z.enum(['data', 'dr']).optional(),
      address: z.string(),
      zone: z.string(),
      /** Role of failover.md 2.2, such as MASTER_SYNC, STANDBY_SYNC, STOPPED; UNKNOWN when not heard. */
      role: z.string(),
      why: z.string(),
      reachable: z.boolean(),
      syncSet: z.boolean(),
      lagBytes: z.int().nullable(),
      timeline: z.int().nullable(),
      lsn: z.string().nullable(),
      postgres: z.string(),
      postgresSource: z.string().optional(),
      vip: z.boolean(),
      needsRecover: z.boolean(),
      deadMan: z.string(),
      receiver: z.object({ up: z.boolean(), received: z.int(), behindPeer: z.int(), peerLink: z.string() }).nullable(),
      recover: RecoverProgressSchema.nullable(),
      /** The newest recover of this node, running or ended. */
      recoverReport: RecoverReportSchema.nullable().optional(),
      /** null: its manager is not heard, or is of an older version. */
      keys: NodeKeysSchema.nullable().optional(),
      processes: z.array(Process),
    }),
  ),
  arbiter: z
    .object({ name: z.string(), address: z.string(), zone: z.string(), voting: z.boolean(), processes: z.array(Process) })
    .nullable(),
  vip: z.object({ address: z.string(), driver: z.string(), holder: z.string().nullable() }).nullable(),
  links: z.array(
    z.object({ from: z.string(), to: z.string(), state: z.enum(['direct', 'relayed', 'down']), via: z.string().nullable() }),
  ),
  ifMasterDied: z.object({
    failsOver: z.boolean(),
    to: z.string().nullable(),
    /** Worst case of the active timing profile. */
    seconds: z.number().nullable(),
    dataLoss: z.int().nullable(),
    reason: z.string(),
  }),
  /** Power devices as each node last read them, every minute. */
  fence: z.array(FenceReadingSchema).optional(),
  /** The newest order to cut a node's power, and what became of it; null: there was none. */
  lastFence: LastFenceSchema.nullable().optional(),
  /** No automatic change until then. */
  pause: z.object({ until: z.string(), why: z.string() }).nullable().optional(),
  maintenance: z.array(z.object({ node: z.string(), until: z.string(), why: z.string() })).optional(),
  /** Versions and levels of the members. */
  upgrade: UpgradeStateSchema.optional(),
  /** T9: a member of another site was promoted, and the Master is not home again. */
  away: z
    .object({
      node: z.string(),
      by: z.string(),
      evidence: z.string(),
      at: z.string(),
      received: z.string().nullable(),
      /** Estimated: as far as the old Master was last heard to be ahead, `heardAgoMs` before. null: unknown. */
      lostBytes: z.int().nullable(),
      heardAgoMs: z.number().nullable(),
    })
    .nullable()
    .optional(),
  /** What would be gone if the site of the Master were lost now and its copy in another one promoted; null: there is no copy. */
  siteLoss: z
    .object({
      to: z.string(),
      /** WAL that it has not got; null: it was never heard, or its Master is not heard now. */
      bytes: z.int().nullable(),
      /** At most what was acknowledged within so long; null: not known. */
      seconds: z.number().nullable(),
      /** false: it does not follow just now, and this grows. */
      isFollowing: z.boolean(),
    })
    .nullable()
    .optional(),
  alarms: z.array(
    z.object({
      level: z.enum(['red', 'yellow']),
      code: z.string(),
      text: z.string(),
      /** Its page in the sources, such as docs/runbooks/NO_MASTER.md; every manager serves it as /docs/runbooks/NO_MASTER.html. */
      runbook: z.string().optional(),
    }),
  ),
  /** Newest first. */
  history: z.array(
    z.object({
      epoch: z.int(),
      owner: z.string(),
      from: z.string().nullable(),
      at: z.string(),
      cause: z.string(),
      proof: z.string().nullable(),
      timeline: z.int().nullable(),
    }),
  ),
});
export type Status = z.infer<typeof StatusSchema>;

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
