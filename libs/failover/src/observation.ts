import type { Epoch, Lsn, NodeId } from '@yosugara/kernel';
import type { CommandBody } from './commands.js';
import type { PostgresFacts } from './facts.js';
import type { Timings } from './profiles.js';
import type { Arming, ClusterRecord, ProofKind } from './record.js';

export interface Settings {
  readonly policy: 'available' | 'strict';
  /** In order of preference. */
  readonly stopProofs: readonly ProofKind[];
  readonly autoRejoin: 'never' | 'clean' | 'always';
  readonly timings: Timings;
  readonly hasVip: boolean;
  /** Third data nodes in another site: asynchronous, never in the sync set, promoted by hand only (T9). */
  readonly drNodes: readonly NodeId[];
  /** Nodes that have power devices configured. */
  readonly fenceable: readonly NodeId[];
  /** How long a Standby waits before it shoots the Master in a cluster without an arbiter; the Master never waits (failover.md 3). */
  readonly fenceDelayMs: number;
  /** The declared time to a read-back `off` that `fenceDelayMs` was made for; what takes longer lengthens the wait. Absent: it never does. */
  readonly fenceOffMs?: number;
  /** After it is off and somebody serves: switch it on again (three voters only). */
  readonly powerOnAfterFence: boolean;
  /** How often the power devices are asked whether they answer; absent: every minute. */
  readonly fenceCheckMs?: number;
  /** More automatic take-overs than `max` within `withinMs`: the next one waits for an operator, with a red alarm. */
  readonly rateLimit: { readonly max: number; readonly withinMs: number };
  readonly hooks: { readonly beforePromotion: boolean; readonly afterPromotion: boolean };
}

/** What a health check said of the power devices of one node: the state was read with the real credentials. */
export interface FenceHealth {
  readonly target: NodeId;
  readonly healthy: boolean;
  /** Measured or declared time from the order to a read-back `off`. */
  readonly offMs: number;
  readonly atMs: number;
  readonly says: string;
}

/** How the last fence order of this controller's life ended; `off` only when every device of a level read back `off`. */
export interface FenceOutcome {
  readonly requestId: string;
  readonly target: NodeId;
  readonly forEpoch: Epoch;
  readonly result: 'off' | 'failed';
  readonly method: string;
  readonly evidence: string;
  /** When it ended. */
  readonly atMs?: number;
}

/** What another member last told us of itself, and how long ago it was heard at all (any message). */
export interface PeerView {
  /** What its own checks of power devices said, its times on our clock. Absent: nothing yet. */
  readonly fenceHealth?: readonly FenceHealth[] | undefined;
  /** Two nodes: it could cut our power if it lost us. */
  readonly fenceRight?: boolean | undefined;
  readonly kind: 'data' | 'witness';
  readonly heardAgoMs: number;
  readonly postgres: PostgresFacts;
  /** Its controller's life, and the newest epoch that life has seen in its record. null: no report yet. */
  readonly boot: string | null;
  readonly knowsEpoch: Epoch;
  /** Its own word: its host cannot serve (disk read-only, stalled, full), and why. null: fit. */
  readonly unfit: string | null;
  /** Its own word: it returns only by `recover`. */
  readonly needsRecover?: boolean | undefined;
  /** Its manager answers and is ready. Absent: it has not told. */
  readonly managerReady?: boolean | undefined;
  /** As a primary: where its oldest WAL begins; null: it has not said. */
  readonly oldestWal?: Lsn | null | undefined;
  /** Its own word: it is being shut down, and asks to be taken out in an orderly way. Absent: no. */
  readonly leaving?: boolean | undefined;
  /** Of its record. */
  readonly generation?: number | undefined;
  readonly arming: Arming;
  /** It says: for this epoch and boot of mine I have stopped, and shall not serve it again (P1). */
  readonly stopped: { readonly epoch: Epoch; readonly boot: string } | null;
}

/** One look at the world, taken by `runtime`; nothing here remembers what somebody meant to do. */
export interface Observation {
  readonly nowMs: number;
  readonly wallMs: number;
  readonly self: NodeId;
  readonly kind: 'data' | 'witness';
  /** This controller's life: an owner that restarted must claim anew. */
  readonly boot: string;
  /** Configured data nodes, in order. */
  readonly dataNodes: readonly NodeId[];
  readonly settings: Settings;
  readonly record: ClusterRecord;
  /** `record` is as new as some leader's of this life; before that it is only what the disk remembered. */
  readonly informed: boolean;
  /** Raft leadership of this node. `ready`: it committed an entry of its own term, so `record` is current. */
  readonly lead: {
    readonly ready: boolean;
    readonly leaseUntilMs: number;
    readonly sinceMs: number;
    readonly transferring: boolean;
    /** When the last round that a majority echoed was sent. */
    readonly quorumSentMs: number;
  } | null;
  /** Since when this controller's loop runs without a gap: what it did not hear before tells nothing. */
  readonly awakeSinceMs: number;
  /** Until when this node's word as a voter binds it to the leader that it last answered; after a start: to nobody else's election. */
  readonly promisedUntilMs: number;
  /** Voters of the configuration in force: the newest in our log. */
  readonly voters: readonly NodeId[];
  readonly postgres: PostgresFacts;
  /** Since when `postgres.kind` (and for a standby its receiver state) has been as it is. */
  readonly postgresSinceMs: number;
  /** The PostgreSQL action in flight, if any. */
  readonly postgresBusy: string | null;
  readonly vipHeld: boolean;
  /** A VIP action is in flight: whether we hold it is not known until it ends. */
  readonly vipBusy: boolean;
  readonly manager: {
    readonly mode: 'off' | 'passive' | 'gated' | 'active';
    readonly epoch: Epoch;
    readonly ready: boolean;
    /** Its process runs: when it was last heard, counted in time that our own loop ran. null or absent: it does not run. */
    readonly silentSinceMs?: number | null;
    /** Its process has not been ready for some seconds yet. */
    readonly starting?: boolean;
    /** When it was last heard ready, in any life of its process. */
    readonly readyMs?: number | null;
    /** When it was killed and started again because it did not answer, newest last. */
    readonly restarts?: readonly number[];
  } | null;
  /** Own receiver: its link to the peer, and since when. null: no receiver is heard. */
  readonly receiver: { readonly link: 'up' | 'down'; readonly sinceMs: number; readonly behindPeer: number } | null;
  readonly peers: ReadonlyMap<NodeId, PeerView>;
  /** Signed P1s received from dead men: (node, epoch, boot). */
  readonly stopProofs: readonly { readonly node: NodeId; readonly epoch: Epoch; readonly boot: string }[];
  /** Our dead man holds a lease of this epoch that still lasts: only then may anything here begin to write. */
  readonly armed: boolean;
  /** Epochs up to this one are renounced: our dead man struck, or we reported STOPPED. */
  readonly renounced: Epoch;
  /** Epochs up to this one have outlived what their dead man was given: it strikes, or has struck and nobody has told us yet. */
  readonly overdue: Epoch;
  /** T2: since when the peer's flush has not advanced although ours has, or it does not stream. null = fine. Owner only. */
  readonly stalledSinceMs: ReadonlyMap<NodeId, number>;
  /** T1: our flush LSN after the names were set and WAL was forced, for this peer and epoch. */
  readonly joinMark: { readonly node: NodeId; readonly epoch: Epoch; readonly lsn: number; readonly atMs: number } | null;
  /**
   * T1: a join of this epoch that is in our log but not yet committed. It may still come true at any time, even after this node
   * lost and regained the leadership, so the names must demand this node until it is known.
   */
  readonly joining: NodeId | null;
  /** T5: a release of this epoch waits in our log in the same way. From then on nothing here may write. */
  readonly releasing: boolean;
  /** Slots made in this epoch of ours. */
  readonly slots: readonly NodeId[];
  /** Last failure of an action kind, for spacing retries. */
  readonly failures: ReadonlyMap<string, { readonly count: number; readonly atMs: number; readonly code: string }>;
  /** When the names last named nobody again after a failed join or a leave. */
  readonly lastLeaveMs: number;
  /** How often PostgreSQL was started again in place within RESTARTS_WITHIN_MS; absent: never. */
  readonly restartsInPlace?: number;
  /**
   * S8: PostgreSQL was started over rows of ours that waited for a peer when it ended. They are visible now and on this node only:
   * until every member of the sync set has them, or has left it, no application is let in.
   */
  readonly gated?: boolean;
  /** An operator's `promote` of this node. `isOff`: with the word that the old owner is off. */
  readonly forced: { readonly requestId: string; readonly evidence: string; readonly isOff?: boolean } | null;
  /**
   * Two nodes: the consensus here went on without this one on an operator's word only, and this node had not seen whether its data is
   * the newest. Until this generation is over nobody claims but by force, which gives up what that one may hold. Absent or null: nobody.
   */
  readonly givenUp?: { readonly node: NodeId; readonly generation: number } | null;
  /** What our own dead man achieves. */
  readonly arming: Arming;
  /** Two voters, no arbiter: a confirmed fence stands for the missing vote (failover.md 3, ruling 7). */
  readonly twoNodes: boolean;
  /** The volatile right to fence: both nodes were in the same epoch in this controller's life. Lost at a restart. */
  readonly fenceRight: boolean;
  readonly fenceHealth: ReadonlyMap<NodeId, FenceHealth>;
  readonly fenceBusy: boolean;
  /** Three voters: of `record.fence` only. Two nodes: it stands as long as nothing of the target was heard since the order. */
  readonly fenceOutcome: FenceOutcome | null;
  /** The last fence request after which this life has ordered `on`. */
  readonly poweredOn: string | null;
  /** Why this host cannot serve (a volume stalled, read-only, full, EIO); null: fit. From probes in child processes. */
  readonly unfit: string | null;
  /** An operator or the operating system is shutting this node down (SIGTERM): hand over, then end. */
  readonly leaving: boolean;
  /** Why the data directory here should not be used though it could be, such as a page with a wrong checksum; found while waiting. */
  readonly damage?: string | null;
  /** A member is of a newer generation on another consensus log (T9). Absent: none. */
  readonly superseded?: NodeId | null;
  /** The hook before promotion, for this epoch. */
  readonly hookBefore: 'none' | 'running' | 'passed' | 'vetoed';
  readonly hookAfter: 'none' | 'running' | 'done';
}

/** What a host can be told. One action a resource is in flight at a time; `runtime` sees to that. */
export type Action =
  | { readonly kind: 'pg.initialise' }
  | { readonly kind: 'pg.startStandby'; readonly follow: NodeId | null }
  | { readonly kind: 'pg.startPrimary'; readonly names: readonly NodeId[] }
  /** sourceStopped: nobody is there to receive from, by proof: a cut need not be waited out. */
  | { readonly kind: 'pg.follow'; readonly follow: NodeId | null; readonly sourceStopped?: true }
  | { readonly kind: 'pg.setNames'; readonly names: readonly NodeId[] }
  /** above: the new timeline's number is higher than every one in the record's lineage, whatever this server has heard of. */
  | { readonly kind: 'pg.promote'; readonly names: readonly NodeId[]; readonly above: number }
  | { readonly kind: 'pg.mark'; readonly node: NodeId }
  | { readonly kind: 'pg.ensureSlot'; readonly node: NodeId }
  | { readonly kind: 'pg.stop'; readonly mode: 'fast' | 'kill'; readonly budgetMs: number }
  | { readonly kind: 'pg.rewind'; readonly source: NodeId }
  /** `givesUp`: system identifier of another database there, which alone may be replaced by the copy. */
  | { readonly kind: 'pg.baseBackup'; readonly source: NodeId; readonly givesUp?: string }
  | { readonly kind: 'vip.hold' }
  | { readonly kind: 'vip.release' }
  | { readonly kind: 'manager.mode'; readonly mode: 'passive' | 'gated' | 'active' }
  /** It does not answer: killed, and started again. */
  | { readonly kind: 'manager.restart'; readonly why: string }
  | { readonly kind: 'record.propose'; readonly command: CommandBody }
  /** All devices of a level must read back `off`; the next level is tried otherwise. */
  | { readonly kind: 'fence.off'; readonly target: NodeId; readonly requestId: string }
  | { readonly kind: 'fence.on'; readonly target: NodeId }
  | { readonly kind: 'hook.run'; readonly which: 'before' | 'after'; readonly epoch: Epoch }
  | { readonly kind: 'raft.transfer'; readonly to: NodeId }
  /** Our own P1: from now on this epoch of ours is over. */
  | { readonly kind: 'renounce'; readonly epoch: Epoch };

/** A change of the record, asked for: it comes true when a majority has it. */
export const propose = (command: CommandBody): Action => ({ kind: 'record.propose', command });

export type NodeRole =
  | 'INIT'
  | 'HALT'
  | 'STOPPED'
  | 'FENCED'
  | 'REBUILDING'
  | 'STANDBY_CATCHUP'
  | 'STANDBY_SYNC'
  | 'TAKEOVER'
  | 'PROMOTING'
  | 'MASTER_GATED'
  | 'MASTER_SYNC'
  | 'MASTER_JOINING'
  | 'MASTER_SOLO'
  | 'DEMOTING'
  | 'MAINTENANCE'
  | 'DR_ASYNC'
  | 'WITNESS';

export interface Decision {
  readonly role: NodeRole;
  /** One sentence: what is going on, or what is waited for. */
  readonly why: string;
  readonly actions: readonly Action[];
  readonly needsRecover: boolean;
  /** May this node campaign for leadership? And how much later than others. */
  readonly campaign: { readonly may: boolean; readonly extraDelayMs: number };
}

/** What a decider says for the case that it knows. */
export type Part = Pick<Decision, 'role' | 'why' | 'actions'>;
