import { z } from 'zod';
import { RecoverReportSchema } from './recover.js';

/** What a change of Master goes through, in the order in which it mostly does. */
export const TAKE_OVER_PHASES = [
  /** The old Master was not seen serving any more. */
  'missed',
  /** The epoch was granted: a claim carries the proof that the old Master is stopped, or the end of its lease. */
  'granted',
  /** PostgreSQL here takes writes. */
  'database',
  /** The cluster wrote down that the promotion is over. */
  'promoted',
  'address',
  /** The manager serves: its API takes writes. */
  'manager',
  /** What was received is being stored again. */
  'ingest',
  'jobs',
  /** The receiver of the new Master was seen at work. */
  'receiver',
  /** The next loss would be survived. */
  'redundant',
] as const;
export type TakeOverPhase = (typeof TAKE_OVER_PHASES)[number];

/** What the new owner's manager saw of its own take-over, on its host's clock. */
export const TakeOverSeenSchema = z.object({
  by: z.string(),
  /** How often it looked: times are that much late at most. */
  everyMs: z.int(),
  /** When the old Master was last seen serving. */
  lastServingAt: z.string(),
  phases: z.array(z.object({ phase: z.enum(TAKE_OVER_PHASES), at: z.string() })),
  /** What the nodes said of themselves meanwhile. */
  said: z.array(z.object({ at: z.string(), node: z.string(), role: z.string(), why: z.string() })),
  /** More was said than is kept. */
  isCut: z.boolean(),
});
export type TakeOverSeen = z.infer<typeof TakeOverSeenSchema>;

export const TAKE_OVER_KINDS = ['first', 'failover', 'switchover', 'planned', 'restart', 'forced', 'away'] as const;
export type TakeOverKind = (typeof TAKE_OVER_KINDS)[number];

export const TakeOverRowSchema = z.object({
  epoch: z.int(),
  owner: z.string(),
  from: z.string().nullable(),
  at: z.string(),
  cause: z.string(),
  proof: z.string().nullable(),
  timeline: z.int().nullable(),
  kind: z.enum(TAKE_OVER_KINDS),
  /** `none`: only a node that holds every acknowledged commit may do so. `accepted`: an operator took a loss into account. */
  loss: z.enum(['none', 'accepted']),
  /** null: nobody who is asked here watched it. */
  seen: TakeOverSeenSchema.nullable(),
  /** How the node that was Master came back. null: it has not, or its report is gone. */
  recover: RecoverReportSchema.nullable(),
});
export type TakeOverRow = z.infer<typeof TakeOverRowSchema>;
/** GET /api/v1/cluster/take-overs, newest first. */
export const TakeOversSchema = z.object({ rows: z.array(TakeOverRowSchema), next: z.string().nullable() });
export type TakeOvers = z.infer<typeof TakeOversSchema>;

/** By the cause that the cluster wrote down. */
export function takeOverKind({ owner, from, cause }: Pick<TakeOverRow, 'owner' | 'from' | 'cause'>): TakeOverKind {
  if (from === null || cause === 'first start') return 'first';
  if (cause.startsWith('promoted in another site')) return 'away';
  if (cause === 'an operator asked for it') return 'forced';
  if (owner === from) return 'restart';
  if (cause === 'switchover') return 'switchover';
  return /^(planned stop|maintenance) of /.test(cause) ? 'planned' : 'failover';
}

const lagPoint = z.object({
  at: z.string(),
  /** The most of the time until the next point; null: not known. */
  walBytes: z.int().nullable(),
  /** Messages on this node's disk only. */
  journal: z.int().nullable(),
  inSync: z.boolean(),
});
/** GET /api/v1/cluster/lag */
export const ClusterLagSchema = z.object({
  from: z.string(),
  to: z.string(),
  stepMs: z.int(),
  nodes: z.array(z.object({ node: z.string(), points: z.array(lagPoint) })),
});
export type ClusterLag = z.infer<typeof ClusterLagSchema>;
export type LagPoint = z.infer<typeof lagPoint>;
