import type { DiskStamp, Member, RaftEffect, RaftMessage, RaftTimings, Stranger } from '@yosugara/consensus';
import type { Action, Arming, Away, FenceHealth, NodeRole, PeerView, PostgresFacts, Settings, Trouble } from '@yosugara/failover';
import type { Epoch, NodeId } from '@yosugara/kernel';
import type { Levels, ManagerReport, ReceiverReport, RecoverPlan, RecoverReport, RoleNotice } from '@yosugara/protocol';
import type { CopyBytes } from '../ports/host.js';
import type { CopyDone, Survey } from '../recover/types.js';

export interface ControllerConfig {
  readonly self: NodeId;
  readonly kind: 'data' | 'witness';
  /** Random, new at every start of the process. */
  readonly boot: string;
  /** Of this program, as it is told to people; absent: it does not know. */
  readonly version?: string;
  /** Absent: what this program speaks. */
  readonly speaks?: Levels;
  readonly members: readonly Member[];
  /** Why the consensus log was begun anew at this start; absent: it is the one we had. */
  readonly consensusDamaged?: string;
  /** Known since an earlier life: another log of a newer generation. Absent: none. */
  readonly superseded?: Superseded;
  readonly settings: Settings;
  readonly raft: RaftTimings;
  /** Entries applied between two snapshots, and how many stay behind for slow followers. */
  readonly compactEvery: number;
  readonly trailing: number;
}

/** Another consensus log of the cluster's goes on, and this one is of the past (T9). */
export interface Superseded {
  /** Whom to ask: its Master, as far as one was heard. */
  readonly by: NodeId;
  readonly branch: string;
  readonly generation: number;
}

/** To be carried out by the next start of the controller, before anything else: the consensus directory begins another log. */
export type BranchOrder =
  /** Ours, and we lead it: it goes on from what we hold. */
  | { readonly kind: 'lead'; readonly branch: string; readonly away: Away }
  /** That of `by`: blank, until its leader tells. */
  | { readonly kind: 'join'; readonly branch: string; readonly by: NodeId };

/** What decisions go by, of what a peer told. */
export type ReportView = Omit<PeerView, 'kind' | 'heardAgoMs'>;

/** The newest report of a peer, and when it came. */
export interface HeldReport {
  readonly report: NodeReport;
  readonly atMs: number;
  readonly view: ReportView;
}

/** What a node tells the others of itself, every heartbeat. Small (well under 16 KiB), plain JSON. */
export interface NodeReport {
  readonly node: NodeId;
  readonly boot: string;
  /** Its program, the levels that this speaks, and the one of its record; absent: of before there were levels. */
  readonly version?: string | undefined;
  readonly speaks?: Levels;
  readonly level?: number;
  /** The newest epoch its record knows. */
  readonly epoch: Epoch;
  readonly role: NodeRole;
  readonly why: string;
  readonly postgres: PostgresFacts;
  readonly vip: boolean;
  readonly needsRecover: boolean;
  /** Of its consensus directory; absent when it has no incarnation. */
  readonly consensus?:
    | {
        readonly incarnation: string;
        readonly disk: DiskStamp;
        /** Members that it knows to hold less than they had acknowledged. */
        readonly forgot: readonly Stranger[];
      }
    | undefined;
  /** It is being shut down: taken out of the sync set before it goes. */
  readonly leaving: boolean;
  /** Of its record: whoever was promoted by force in another site is ahead. */
  readonly generation: number;
  /** Of its consensus log; absent: the first. */
  readonly branch?: string | undefined;
  /** It has heard of a newer one. */
  readonly superseded?: Superseded | undefined;
  /** What an operator should know of this node alone. */
  readonly troubles: readonly Trouble[];
  readonly stopped: { readonly epoch: Epoch; readonly boot: string } | null;
  readonly manager: ManagerReport | null;
  readonly receiver: ReceiverReport | null;
  readonly progress: CopyProgress | null;
  /** The newest recover of this node, running or ended. */
  readonly recover?: RecoverReport | null;
  readonly rate?: { readonly bytesPerSecond: number | null; readonly etaMs: number | null } | null;
  readonly survey?: Survey | null;
  /** Times as ages, not above 0: other hosts have other clocks. */
  readonly fenceHealth: readonly FenceHealth[];
  /** Two nodes: it could cut the other's power. */
  readonly fenceRight?: boolean;
  /** Two nodes: the life of the other one that it hears now. Absent: none. */
  readonly hears?: string | undefined;
  readonly host: HostFacts;
  /** Who is heard lately, and how its messages come. */
  readonly heard: readonly {
    readonly peer: NodeId;
    readonly state: 'direct' | 'relayed' | 'down';
    readonly via: NodeId | null;
  }[];
}

export interface HostFacts {
  readonly postgresSource: string;
  readonly deadMan: 'none' | 'soft' | 'hardware';
  readonly arming: Arming;
  /** Why this host cannot serve; null: fit (probes of volumes, in child processes). */
  readonly unfit: string | null;
  readonly disks: readonly DiskFacts[];
  /** Worst event-loop delay of the controller since the last look, ms. */
  readonly loopDelayMs: number;
  readonly processes: readonly { readonly name: string; readonly pid: number }[];
  /** Another host answers for the address that this one holds: a whole sentence. */
  readonly vipConflict?: string | null;
}

export interface DiskFacts {
  /** Such as `data`, `wal`, `state`. */
  readonly name: string;
  readonly freeBytes: number;
  readonly totalBytes: number;
  readonly level: 'ok' | 'warn' | 'high' | 'full';
}

/** How a data directory is being brought back. */
export interface CopyProgress {
  readonly method: 'follow' | 'rewind' | 'basebackup';
  readonly detail: string;
  readonly fraction: number | null;
  readonly running: boolean;
  /** `prepare`: still asking the Master for what the copy needs. */
  readonly stage?: 'prepare' | 'copy';
  readonly bytes?: number;
  readonly totalBytes?: number | null;
}

export type OperatorRequest =
  | {
      readonly kind: 'recover';
      readonly node: NodeId | null;
      /** Only say what would be done. */
      readonly dryRun?: boolean;
      readonly discardUnknown?: boolean;
    }
  | { readonly kind: 'switchover'; readonly to: NodeId | null }
  | { readonly kind: 'finishUpgrade' }
  /** by: who asks, for the evidence; absent: nobody knows. */
  | { readonly kind: 'promote'; readonly node: NodeId | null; readonly oldMasterIsOff: boolean; readonly by?: string }
  /** untilWallMs null: end it. */
  | { readonly kind: 'pause'; readonly untilWallMs: number | null; readonly why: string }
  | { readonly kind: 'maintenance'; readonly node: NodeId; readonly untilWallMs: number | null; readonly why: string }
  /** Cut its power now. Its target may be the Master. */
  | { readonly kind: 'fence'; readonly node: NodeId; readonly by: string; readonly why: string }
  | {
      readonly kind: 'drPromote';
      readonly node: NodeId;
      readonly evidence: string;
      /** Who asks. */
      readonly by?: string;
      /** In spite of a pause or maintenance: whoever could end it is away. */
      readonly override?: boolean;
    };

/** What an operator's request comes to. */
export interface Answer {
  readonly id: string;
  readonly ok: boolean;
  readonly message: string;
  readonly code?: string;
  /** Of a dry run. */
  readonly plan?: RecoverPlan;
}

export type PeerMessage =
  /** `inc`, `disk`: of the sender's consensus directory; `b`: of its log, absent: the first. */
  | { readonly k: 'raft'; readonly m: RaftMessage; readonly inc?: string; readonly disk?: DiskStamp; readonly b?: string }
  /** From the leader of a newer log: begin anew on it. */
  | { readonly k: 'adopt'; readonly branch: string; readonly generation: number }
  /**
   * From the leader: `incarnation` of yours counts for nothing, and why. `renew`: go on as a new one, so that you can be let in again;
   * otherwise an operator's `recover` is waited for. `setBack`: though the configuration names it; else because it does not.
   */
  | {
      readonly k: 'identity';
      readonly incarnation: string;
      readonly why: string;
      readonly renew: boolean;
      readonly setBack: boolean;
    }
  | { readonly k: 'report'; readonly r: NodeReport }
  /** For the leader; the answer goes back to the sender. */
  | { readonly k: 'request'; readonly id: string; readonly request: OperatorRequest }
  | ({ readonly k: 'answer' } & Answer)
  /** An operator's forced promotion needs the leadership of whoever leads without owning. */
  | { readonly k: 'yield' };

export type Resource = 'postgres' | 'stop' | 'vip' | 'fence' | 'hook' | 'manager';

export type ControllerInput =
  | { readonly kind: 'tick'; readonly nowMs: number; readonly wallMs: number; readonly random: number }
  | {
      readonly kind: 'message';
      readonly from: NodeId;
      readonly message: PeerMessage;
      readonly nowMs: number;
      readonly random: number;
    }
  | { readonly kind: 'facts'; readonly facts: PostgresFacts; readonly nowMs: number }
  | { readonly kind: 'vip'; readonly held: boolean; readonly nowMs: number }
  | { readonly kind: 'manager'; readonly report: ManagerReport | null; readonly nowMs: number }
  | { readonly kind: 'receiver'; readonly report: ReceiverReport | null; readonly nowMs: number }
  | { readonly kind: 'host'; readonly host: HostFacts }
  /** Wall time ran ahead of the monotonic clock by this much (negative: behind) between two looks at both: a pause, or a step of the clock. */
  | { readonly kind: 'jump'; readonly aheadMs: number; readonly nowMs: number }
  /** The host is shutting down, or somebody stops this node: hand over first. */
  | { readonly kind: 'leave'; readonly nowMs: number }
  | { readonly kind: 'fenceHealth'; readonly health: FenceHealth; readonly nowMs: number }
  | { readonly kind: 'links'; readonly links: NodeReport['heard'] }
  | {
      readonly kind: 'done';
      readonly resource: Resource;
      readonly action: Action;
      readonly result: ActionResult;
      readonly nowMs: number;
    }
  | { readonly kind: 'progress'; readonly detail: string; readonly fraction: number | null; readonly more?: CopyBytes }
  | { readonly kind: 'survey'; readonly survey: Survey }
  /** At the start of a life: what the one before it journaled. */
  | { readonly kind: 'recoverLoaded'; readonly report: RecoverReport }
  /** Signature checked by the edge. */
  | { readonly kind: 'stopProof'; readonly node: NodeId; readonly epoch: Epoch; readonly boot: string; readonly nowMs: number }
  /** Our own dead man struck: this epoch of ours is over. */
  | { readonly kind: 'struck'; readonly epoch: Epoch; readonly nowMs: number }
  /** The consensus directory goes on under a new incarnation. */
  | { readonly kind: 'renewed'; readonly incarnation: string }
  | { readonly kind: 'operator'; readonly id: string; readonly request: OperatorRequest; readonly nowMs: number };

export type ActionResult =
  | {
      readonly ok: true;
      readonly lsn?: number;
      readonly evidence?: string;
      readonly method?: string;
      readonly copied?: CopyDone;
    }
  | { readonly ok: false; readonly code: string; readonly message: string };

/** In order; what follows a `persist` waits for it (consensus types.ts). `act` is started, not awaited: its end is an input. */
export type ControllerEffect =
  | Extract<RaftEffect, { readonly kind: 'persist' }>
  | { readonly kind: 'send'; readonly to: NodeId; readonly message: PeerMessage }
  /** Give the consensus directory a new incarnation; the input `renewed` follows. */
  | { readonly kind: 'renew' }
  /** Write it down and start again: an orderly end of this process. */
  | { readonly kind: 'branch'; readonly order: BranchOrder }
  /** To be known at the next start. */
  | { readonly kind: 'superseded'; readonly superseded: Superseded }
  | { readonly kind: 'act'; readonly resource: Resource; readonly action: Action }
  /** To the dead man: until when, on this host's monotonic clock; 0 = nothing here may write. */
  | { readonly kind: 'lease'; readonly untilMs: number; readonly epoch: Epoch }
  /** The VIP's own life time follows the lease. */
  | { readonly kind: 'vipRenew'; readonly leaseLeftMs: number }
  | { readonly kind: 'notice'; readonly notice: RoleNotice }
  | ({ readonly kind: 'answer' } & Answer)
  | {
      readonly kind: 'log';
      readonly level: 'debug' | 'info' | 'warn' | 'error';
      readonly event: string;
      readonly fields: Readonly<Record<string, unknown>>;
    };
