import { z } from 'zod';

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
  /** Another database system is there. */
  'foreign',
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
