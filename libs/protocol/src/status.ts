import { z } from 'zod';
import { NodeKeysSchema } from './control.js';
import { UpgradeStateSchema } from './level.js';
import { RecoverProgressSchema, RecoverReportSchema } from './recover.js';

const Process = z.object({ name: z.string(), pid: z.int(), state: z.string().optional() });

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
