import type { NodeId } from '@yosugara/kernel';

export type Term = number;
/** 1-based; 0 = before the first entry. */
export type LogIndex = number;

/** `witness`: votes and stores the log, campaigns only as a last resort, hands over at once, never owns. */
export interface Member {
  readonly id: NodeId;
  readonly kind: 'data' | 'witness';
  /** false = learner: receives the log, is never counted. */
  readonly voter: boolean;
  /**
   * The life of the member's log directory, random, made when the directory was. Once named, no other incarnation counts for this
   * member: whoever lost its log has forgotten what it voted for and what it helped to commit. Absent: not heard yet.
   */
  readonly incarnation?: string;
  /**
   * Of two voters the other one went on alone without it, on an operator's word only: what its log holds beyond is given up, and so is
   * whatever it still says as a voter. It is told so, follows, and takes the survivor's log instead of its own (pair.ts). Ends with its
   * vote. The number is the caller's (`memberGone`).
   */
  readonly givenUp?: number;
}

/** How far a member's log directory has come; grows with every start and every write, so that one that was set back gives itself away. */
export interface DiskStamp {
  /** Of the process; another one at every start. */
  readonly life: string;
  /** Starts on this directory so far. */
  readonly boots: number;
  /** Writes to this directory so far, at least. */
  readonly written: number;
}

/** A member heard under another incarnation than the configuration names. */
export interface Stranger {
  readonly member: NodeId;
  readonly incarnation: string;
}

export type Payload =
  | { readonly kind: 'noop' }
  /** `command` is plain JSON; its meaning belongs to the application. */
  | { readonly kind: 'command'; readonly command: unknown }
  | { readonly kind: 'members'; readonly members: readonly Member[] };

export interface Entry {
  readonly index: LogIndex;
  readonly term: Term;
  readonly payload: Payload;
}

export interface HardState {
  readonly term: Term;
  readonly votedFor: NodeId | null;
}

export interface Snapshot {
  readonly index: LogIndex;
  readonly term: Term;
  readonly members: readonly Member[];
  /** The application's state after `index`, plain JSON, under 64 KiB. */
  readonly state: unknown;
}

/** What a disk gives back at start. Entries are dense, from snapshot.index + 1 (or 1). */
export interface Restored {
  readonly hardState: HardState;
  readonly snapshot: Snapshot | null;
  readonly entries: readonly Entry[];
  /** Of the directory; absent = the disk knows none, and nothing here tells an old life from a new one. */
  readonly incarnation?: string;
  readonly boots?: number;
  readonly written?: number;
  /** How far other members' directories had come when this member last wrote that down, by member and incarnation. Absent: nobody remembers. */
  readonly stamps?: Readonly<Record<string, DiskStamp>>;
  /** Of the log: another one was begun where a member of another site was promoted. Absent: the first. Two branches never mix. */
  readonly branch?: string;
}

export interface RaftTimings {
  readonly heartbeatMs: number;
  /** The leader's lease, counted on its own clock from the sending of the round that a majority echoed. */
  readonly leaseOwnMs: number;
  /** A voter's promise, counted on its own clock from its answer. leaseOwnMs·(1+ρ) ≤ leaseVoteMs·(1−ρ). */
  readonly leaseVoteMs: number;
  /** Random part of the wait before campaigning. */
  readonly candidateDelayMaxMs: number;
  /** Further wait of a witness (two election timeouts). */
  readonly witnessDelayMs: number;
  readonly transferTimeoutMs: number;
}

export interface RaftConfig {
  readonly self: NodeId;
  /** The members when the log is empty; later the log's own configuration rules. */
  readonly members: readonly Member[];
  readonly timings: RaftTimings;
  /** This member had a log and lost it: it votes for nobody and never stands until the configuration names what it is now. */
  readonly lost?: boolean;
}

/** `term` of preVote is the prospective one (current + 1) and changes nobody's term. */
export type RaftMessage =
  | { readonly kind: 'preVote'; readonly term: Term; readonly lastIndex: LogIndex; readonly lastTerm: Term }
  | { readonly kind: 'preVoteReply'; readonly term: Term; readonly granted: boolean; readonly forTerm: Term }
  | {
      readonly kind: 'vote';
      readonly term: Term;
      readonly lastIndex: LogIndex;
      readonly lastTerm: Term;
      readonly transfer: boolean;
    }
  | { readonly kind: 'voteReply'; readonly term: Term; readonly granted: boolean }
  | {
      readonly kind: 'append';
      readonly term: Term;
      readonly prevIndex: LogIndex;
      readonly prevTerm: Term;
      readonly entries: readonly Entry[];
      readonly commit: LogIndex;
      readonly nonce: number;
      /** To a member that the leader's configuration gave up (`Member.givenUp`). */
      readonly givenUp?: true;
      /** To one without a vote that acknowledged more than there is: it has another log. */
      readonly another?: true;
    }
  | {
      readonly kind: 'appendReply';
      readonly term: Term;
      readonly success: boolean;
      /** success: highest index known equal to the leader's; failure: where the leader should try next (its prevIndex). */
      readonly matchIndex: LogIndex;
      readonly nonce: number;
      /** Of the question, with a failure: what was acknowledged before and is not there any more is lost. */
      readonly prevIndex?: LogIndex;
      /** With a failure: all of the leader's log is taken, beside the own one; `matchIndex` says how far it has come (staging.ts). */
      readonly staged?: true;
    }
  | {
      readonly kind: 'snapshot';
      readonly term: Term;
      readonly snapshot: Snapshot;
      readonly nonce: number;
      readonly givenUp?: true;
      readonly another?: true;
    }
  | { readonly kind: 'timeoutNow'; readonly term: Term };

export type Append = Extract<RaftMessage, { kind: 'append' }>;
export type SnapshotMessage = Extract<RaftMessage, { kind: 'snapshot' }>;

export type RaftInput =
  /** `random` in [0,1) is used if this step needs to draw a delay. Ticks come at least every heartbeatMs / 5. */
  | { readonly kind: 'tick'; readonly nowMs: number; readonly random: number }
  | {
      readonly kind: 'message';
      readonly from: NodeId;
      readonly message: RaftMessage;
      readonly nowMs: number;
      readonly random: number;
      /** Of the sender. */
      readonly incarnation?: string;
      readonly disk?: DiskStamp;
    }
  /** What another member says of its log directory outside consensus' own messages. */
  | {
      readonly kind: 'heard';
      readonly from: NodeId;
      readonly incarnation: string;
      readonly disk: DiskStamp;
      /** Whom the sender knows to have forgotten: a leader that started since then would not. */
      readonly forgot?: readonly Stranger[];
      readonly nowMs: number;
    }
  /** Leader only (else the effect `rejected`). */
  | { readonly kind: 'propose'; readonly requestId: string; readonly command: unknown; readonly nowMs: number }
  | { readonly kind: 'changeMembers'; readonly requestId: string; readonly members: readonly Member[]; readonly nowMs: number }
  /** A quorum round begun now; effect `barrier` when a majority echoed it. Leader only. */
  | { readonly kind: 'barrier'; readonly requestId: string; readonly nowMs: number }
  | { readonly kind: 'transfer'; readonly to: NodeId; readonly nowMs: number }
  /** Proven by the caller: this leader's process is gone and its node serves nothing. Ends our promise to it. */
  | { readonly kind: 'leaderGone'; readonly leader: NodeId; readonly nowMs: number }
  /**
   * Proven by the caller: the host of this member is off (a confirmed fence, an operator's word). Counts only while the committed
   * configuration has exactly two voters, this one and us: its vote then counts as granted, and once we lead, a configuration without
   * it is appended at once, which we alone commit (failover.md section 3, ruling 7). May be said again; forgotten by a restart.
   * `word`: on an operator's word only. Then the member is given up (`Member.givenUp`, with this number of the caller's), and
   * whatever is heard of it ends the word.
   */
  | { readonly kind: 'memberGone'; readonly member: NodeId; readonly word?: number; readonly nowMs: number }
  /**
   * Leader of exactly two voters: lead on, with a valid lease, until `untilMs` without an echo. Nobody else can be elected without us
   * or without a proof that we are off; that there is no such proof is what the caller guarantees. Forgotten by a restart.
   */
  | { readonly kind: 'hold'; readonly untilMs: number; readonly nowMs: number }
  /** Our own directory goes on under a new incarnation (it is durable): what we were before counts no longer. */
  | { readonly kind: 'renewed'; readonly incarnation: string }
  /**
   * Who should lead (the sync set): PreVote is refused to anyone else while one of them is heard, unless its log is
   * strictly more complete than ours. `mayCampaign` false: never start a campaign. `extraDelayMs` is added to the candidate delay.
   */
  | {
      readonly kind: 'prefer';
      readonly preferred: readonly NodeId[];
      readonly mayCampaign: boolean;
      readonly extraDelayMs: number;
    }
  /** The application has applied up to `index`; its state is `state`: the log may be compacted, keeping `trailing` entries. */
  | { readonly kind: 'compact'; readonly index: LogIndex; readonly state: unknown; readonly trailing: number };

/**
 * In order. What follows a `persist` in the same list may be done only when it is on disk (fsync), and the next input may
 * be stepped only then: the driver handles one input at a time. So what the state says is always durable.
 */
export type RaftEffect =
  | {
      readonly kind: 'persist';
      readonly hardState?: HardState;
      readonly truncateFrom?: LogIndex;
      readonly append?: readonly Entry[];
      readonly snapshot?: Snapshot;
      /** With `snapshot`: entries up to this index may be dropped from disk. */
      readonly dropThrough?: LogIndex;
      /** Snapshot and entries here are all there is, at once or not at all: no start may find some of them among what was there before. */
      readonly anew?: true;
    }
  | { readonly kind: 'send'; readonly to: NodeId; readonly message: RaftMessage }
  /** Committed; in index order, each once a process life (from the snapshot's index on after a restart). */
  | { readonly kind: 'apply'; readonly entry: Entry }
  /** Replace the application's state by this snapshot (at start, or received from the leader). */
  | { readonly kind: 'restore'; readonly snapshot: Snapshot }
  | { readonly kind: 'accepted'; readonly requestId: string; readonly index: LogIndex; readonly term: Term }
  | { readonly kind: 'rejected'; readonly requestId: string; readonly why: string }
  | { readonly kind: 'barrier'; readonly requestId: string; readonly passed: boolean }
  | { readonly kind: 'note'; readonly event: string; readonly fields: Readonly<Record<string, unknown>> };
