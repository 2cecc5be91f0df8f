import { z } from 'zod';

const Process = z.object({ name: z.string(), pid: z.int(), state: z.string().optional() });

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
});
export type RecoverProgress = z.infer<typeof RecoverProgressSchema>;

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
  alarms: z.array(z.object({ level: z.enum(['red', 'yellow']), code: z.string(), text: z.string() })),
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

/** `yosugara messages --json` and GET /api/messages. */
export const MessageRowSchema = z.object({
  id: z.string(),
  /** RFC 3339 with µs, UTC. */
  receivedAt: z.string(),
  source: z.string(),
  kind: z.enum(['syslog', 'trap']),
  /** syslog severity keyword: emerg … debug; traps: null. */
  severity: z.string().nullable(),
  facility: z.string().nullable().optional(),
  host: z.string().nullable(),
  app: z.string().nullable(),
  text: z.string(),
  seenBy: z.array(z.string()),
});
export type MessageRow = z.infer<typeof MessageRowSchema>;
export const MessagesSchema = z.object({ rows: z.array(MessageRowSchema), next: z.string().nullable() });
export type Messages = z.infer<typeof MessagesSchema>;
