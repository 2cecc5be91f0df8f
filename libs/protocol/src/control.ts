import { z } from 'zod';
import { AgentsTrustSchema } from './certificates.js';
import { ListenerAwaySchema, OneSidedSchema } from './ingest.js';
import { LISTENER_KINDS, MESSAGE_TRANSPORTS } from './messages.js';

/**
 * The control socket: `<stateDir>/control.sock`, a UNIX socket of mode 0600 on every member, spoken by the CLI, the manager
 * and the receiver. One JSON document a line, at most 1 MiB. Who can open it, may command: no login.
 */
export const ControlRequestSchema = z.discriminatedUnion('method', [
  z.strictObject({ id: z.int(), method: z.literal('status') }),
  /** What the receivers say of themselves, by node, as last heard: `ReceiversAnswer`. */
  z.strictObject({ id: z.int(), method: z.literal('receivers') }),
  /** Streams `RoleNotice` events until the connection closes. */
  z.strictObject({ id: z.int(), method: z.literal('watch'), as: z.enum(['manager', 'receiver', 'forwarder', 'console']) }),
  /** A process tells its controller how it is; no answer. */
  z.strictObject({ id: z.int(), method: z.literal('report'), report: z.unknown() }),
  /** node absent: the one that is out. Answers when the request is committed; progress is in `status`. */
  z.strictObject({
    id: z.int(),
    method: z.literal('recover'),
    node: z.string().optional(),
    dryRun: z.boolean().optional(),
    /** Give up what a node holds on a timeline that no promotion of this cluster made. */
    discardUnknown: z.boolean().optional(),
  }),
  z.strictObject({ id: z.int(), method: z.literal('switchover'), to: z.string().optional() }),
  /** Ends automatic take-overs until then; minutes 0: go on. */
  z.strictObject({ id: z.int(), method: z.literal('pause'), minutes: z.number().min(0).max(10_080), why: z.string().max(200) }),
  z.strictObject({
    id: z.int(),
    method: z.literal('maintenance'),
    node: z.string(),
    minutes: z.number().min(0).max(10_080),
    why: z.string().max(200),
  }),
  /** Cuts the power of a node; progress is `lastFence` of the status. */
  z.strictObject({
    id: z.int(),
    method: z.literal('fence'),
    node: z.string(),
    why: z.string().min(1).max(200),
    /** Who asks, for the audit. */
    by: z.string().max(80).optional(),
    /**
     * From here, at once and without asking the cluster, even if nobody serves then: like a hand at its switch. It proves nothing to
     * anybody; a take-over reads the device itself. Answers what the devices read back.
     */
    force: z.boolean().optional(),
  }),
  z.strictObject({
    id: z.int(),
    method: z.literal('drPromote'),
    node: z.string(),
    evidence: z.string().max(400),
    /** Who asks, for the audit. */
    by: z.string().max(80).optional(),
    /** In spite of a pause or maintenance. */
    override: z.boolean().optional(),
  }),
  /** The last step of an upgrade: the cluster goes to the highest level that every member speaks. */
  z.strictObject({ id: z.int(), method: z.literal('finishUpgrade') }),
  /** Reads the power state of a node with its real credentials. */
  z.strictObject({ id: z.int(), method: z.literal('fenceCheck'), node: z.string() }),
  /** What all members say of their certificates: `CertificatesAnswer`. */
  z.strictObject({ id: z.int(), method: z.literal('certificates') }),
  /** New certificates now; node absent: for all. Answers `CertificatesAnswer` when they are there. */
  z.strictObject({ id: z.int(), method: z.literal('renewCertificates'), node: z.string().optional() }),
  /** The authority's key, from a file that the controller of this node can read: all data nodes keep it from now on, and it signs. */
  z.strictObject({ id: z.int(), method: z.literal('keepAuthority'), keyFile: z.string().max(4_096) }),
  /** One step further in replacing the authority: `RotationAnswer`. `begin`: a new one is made where none is on its way. */
  z.strictObject({
    id: z.int(),
    method: z.literal('rotateAuthority'),
    begin: z.boolean(),
    /** Agents that have not said that they trust the new one are left behind: they must join anew. */
    leaveAgents: z.boolean(),
  }),
  /** That member is none any more, for all others and at once: `CertificatesAnswer`. */
  z.strictObject({ id: z.int(), method: z.literal('revokeMember'), node: z.string(), by: z.string().max(80) }),
  z.strictObject({
    id: z.int(),
    method: z.literal('promote'),
    node: z.string().optional(),
    acceptDataLoss: z.literal(true),
    oldMasterIsOff: z.boolean(),
    /** Who asks, for the audit. */
    by: z.string().max(80).optional(),
  }),
]);
export type ControlRequest = z.infer<typeof ControlRequestSchema>;

export type ControlAnswer =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: { readonly code: string; readonly message: string } }
  | { readonly id: number; readonly event: unknown };

/** What the manager may do now. `gated`: database writable, for internal roles only; API answers 503 to writes. */
export type ManagerMode = 'off' | 'passive' | 'gated' | 'active';

/** Sent on every change and at least every 500 ms. Whoever sees none until leaseUntilMs acts as `passive`, vip false. */
export const RoleNoticeSchema = z.object({
  node: z.string(),
  epoch: z.int(),
  mode: z.enum(['off', 'passive', 'gated', 'active']),
  /** CLOCK_MONOTONIC of this host, ms; 0 when there is no lease. A side effect after it is forbidden. */
  leaseUntilMs: z.number(),
  master: z.string().nullable(),
  /** This node holds the VIP: its processes bind it. */
  vip: z.boolean(),
  syncSet: z.array(z.string()),
  /** This node may consume and acknowledge records that its peer does not hold (committed, bound to the lease). */
  ingestAlone: z.boolean(),
  /** The cluster's level (level.ts); missing: the first. */
  level: z.int().optional(),
});
export type RoleNotice = z.infer<typeof RoleNoticeSchema>;

/**
 * In the environment of a manager that is started by the dead man: it gave a proof that nothing here serves in this epoch or an older
 * one, so no notice may make the manager serve in one of them.
 */
export const EPOCH_OVER = 'YOSUGARA_EPOCH_OVER';

/** Of the keys that secrets and journals are encrypted by, on one node (docs/secrets.md). */
export const NodeKeysSchema = z.object({
  /** Oldest first; the last one would encrypt. */
  ids: z.array(z.string()),
  /** Its database holds secrets that are encrypted by these, and it does not have them. */
  lacks: z.array(z.string()),
});
export type NodeKeys = z.infer<typeof NodeKeysSchema>;

export const ManagerReportSchema = z.object({
  process: z.literal('manager'),
  pid: z.int(),
  mode: z.enum(['off', 'passive', 'gated', 'active']),
  epoch: z.int(),
  /** The API answers and the database can be used in this mode. */
  ready: z.boolean(),
  vipBound: z.boolean(),
  ingestBehind: z.int().optional(),
  /** Sources that send to both nodes and of which too much came to one only; the worst first. Told by the Master. */
  oneSided: z.array(OneSidedSchema).optional(),
  /** Told by the Master: whom agents trust. */
  agentsTrust: AgentsTrustSchema.optional(),
  /** Missing: an older version, which has none. */
  keys: NodeKeysSchema.optional(),
});
export type ManagerReport = z.infer<typeof ManagerReportSchema>;

const Refusals = z.record(z.string(), z.int());

/** One listener since it was opened. */
const ListenerReport = z.object({
  protocol: z.enum(MESSAGE_TRANSPORTS),
  address: z.string(),
  port: z.int(),
  listener: z.enum(LISTENER_KINDS),
  received: z.int(),
  /** By reason: rate, not_allowed, journal, framing, tls_version, … */
  refusedBy: Refusals,
  connections: z.int(),
  /** When it was opened; its counts begin then. RFC 3339. */
  since: z.string().optional(),
  /** Datagrams for which its buffer had no room; null = cannot be told. */
  kernelDrops: z.int().nullable().optional(),
});

/** One source address since the receiver started; `others` are those that are too many to be told apart. */
const SourceReport = z.object({
  address: z.string(),
  received: z.int(),
  connections: z.int(),
  /** How often a stream of it was not read for a while since it was above its rate. */
  slowed: z.int(),
  /** Taken, but not whole: longer than its limit, or the connection ended within it. */
  cut: z.int().optional(),
  refused: Refusals,
  /** Its counts begin then: it was first seen, or again after its place was needed by others. RFC 3339. */
  since: z.string().optional(),
});

export const ReceiverReportSchema = z.object({
  process: z.literal('receiver'),
  pid: z.int(),
  received: z.int(),
  dropped: z.int(),
  journalBytes: z.int(),
  /** The link to the peer's receiver, in the direction own → peer. */
  peerLink: z.enum(['up', 'down']),
  /** Why it is down. `peer_full`: the peer's copy takes no more; `stalled`: connected, and for 3 s nothing was acknowledged that waits. */
  linkWhy: z.enum(['no_connection', 'peer_full', 'stalled']).optional(),
  /** The own journal is at its bound and refused records just now. */
  journalFull: z.boolean().optional(),
  /** Records of the peer that this node had acknowledged and no longer holds, since the start; the peer had let them go. */
  copyLost: z.int().optional(),
  /** Own records fsynced here and not yet at the peer. */
  behindPeer: z.int(),
  /** Every listener on the floating address is open. */
  vipBound: z.boolean(),
  /** Datagrams that the kernel dropped since no buffer had room for them. Part of `dropped`. */
  kernelDrops: z.int().optional(),
  listeners: z.array(ListenerReport).optional(),
  listenersAway: z.array(ListenerAwaySchema).optional(),
  /** Those of which most was refused, and those that sent most. */
  sources: z.array(SourceReport).optional(),
  /** Sources that have counts and no line above. */
  sourcesLeftOut: z.int().optional(),
  /** This process started, and with it every count that says nothing else. RFC 3339. */
  since: z.string().optional(),
  /** Of all sources, by reason. */
  refused: Refusals.optional(),
  /** Records that the journal did not take: at its bound; since the disk did not keep up. Parts of `dropped`. */
  refusedFull: z.int().optional(),
  refusedBacklog: z.int().optional(),
  /** Of the last minutes, for alarms. */
  lately: z
    .object({
      seconds: z.int(),
      kernelDrops: z.int(),
      /** Refused by a limit of rate or connections, and the source of which most was. */
      limited: z.int(),
      limitedMost: z.string().nullable(),
    })
    .optional(),
});
export type ReceiverReport = z.infer<typeof ReceiverReportSchema>;

export const ReceiversAnswerSchema = z.object({
  /** null: not heard. */
  receivers: z.array(z.object({ node: z.string(), report: ReceiverReportSchema.nullable() })),
});
export type ReceiversAnswer = z.infer<typeof ReceiversAnswerSchema>;

/** The receiver's socket, `<stateDir>/receiver.sock`: newline JSON. The manager subscribes to watermarks and reads the segment files itself. */
export const WatermarkSchema = z.object({
  journals: z.array(
    z.object({
      journalId: z.string(),
      /** `own`: received here; `peer`: our copy of the peer's. */
      side: z.enum(['own', 'peer']),
      node: z.string(),
      firstSeq: z.int(),
      /** fsynced on this node through here. */
      durableSeq: z.int(),
      /** fsynced on both nodes through here. Ingest consumes no further, unless `ingestAlone`. */
      bothSeq: z.int(),
    }),
  ),
  peerLink: z.enum(['up', 'down']),
  /** Peer's wall clock minus ours, µs, as measured on the link; null = never measured. */
  clockOffsetUs: z.number().nullable(),
  /** The receiver answers `AwayReadSchema`, and there is a peer that it can ask. Missing: it does not know the question. */
  canRead: z.boolean().optional(),
});
export type Watermark = z.infer<typeof WatermarkSchema>;

/** manager → receiver on that socket: positions durable in both databases, so that the journal may let go. */
export const IngestedSchema = z.object({ ingested: z.array(z.object({ journalId: z.string(), seq: z.int() })) });
/** manager → receiver likewise: records that it could not read, to be mended with the other node's copy. */
export const DamagedSchema = z.object({ damaged: z.object({ journalId: z.string(), from: z.int().min(1), through: z.int() }) });

/** manager → receiver on that socket: ask the peer for records that this node does not hold. One at a time. */
export const AwayReadSchema = z.object({
  read: z.object({ id: z.int(), journalId: z.string(), fromSeq: z.int(), throughSeq: z.int() }),
});
export type AwayRead = z.infer<typeof AwayReadSchema>;

/** The answer, in several documents when it is long: `part`s are one base64 text, the last one says what it is. */
export const AwayAnswerSchema = z.object({
  away: z.object({
    id: z.int(),
    part: z.string().optional(),
    /** `found`: the parts are records, each behind its length (u32, big endian). `missing`: through `throughSeq` the peer holds nothing. */
    kind: z.enum(['found', 'missing', 'unasked']).optional(),
    throughSeq: z.int().optional(),
    why: z.string().optional(),
  }),
});
export type AwayAnswerDocument = z.infer<typeof AwayAnswerSchema>;
