import { invariant, type NodeId } from '@yosugara/kernel';
import type { Entry, LogIndex, Member, RaftConfig, RaftEffect, RaftTimings, Restored, Snapshot, Term } from './types.js';

export type Role = 'follower' | 'preCandidate' | 'candidate' | 'leader';

/** A voter's word to a leader: nobody else gets its vote before `untilMs` (own clock). */
export interface VoterPromise {
  readonly leader: NodeId;
  readonly term: Term;
  readonly untilMs: number;
  /** Highest nonce answered. A double or an older one is answered without promising anew. */
  readonly nonce: number;
}

/** What the leader knows of one other member. */
export interface Peer {
  /** First entry to send; moves only with answers, never on sending. */
  next: LogIndex;
  match: LogIndex;
  /** Last index of the one outstanding message with entries, and when it left; null = none outstanding. */
  pendingThrough: LogIndex;
  pendingAtMs: number | null;
  /** Highest nonce that came back. */
  echoed: number;
  /** The latest round when `match` was last acknowledged: a later question must find what it covers. */
  matchNonce: number;
  /** Whose answers count: as named by the configuration, or the first that answered. */
  incarnation: string | null;
  /** As the configuration says. */
  givenUp: boolean;
  votes: boolean;
  /** It has acknowledged more than there is. */
  another: boolean;
}

export interface Round {
  readonly nonce: number;
  readonly sentMs: number;
}

export interface Transfer {
  readonly to: NodeId;
  readonly deadlineMs: number;
  /** timeoutNow has left: from here on the target may win at any time, so the lease is void for the rest of the term. */
  sent: boolean;
}

/** A log that is taken as a whole, from the leader of one term; dense from `snapshot` on, or from entry 1. */
export interface Staged {
  readonly from: NodeId;
  readonly term: Term;
  readonly snapshot: Snapshot | null;
  readonly entries: Entry[];
}

/** Exists only while leading. */
export interface Lead {
  readonly peers: Record<string, Peer>;
  /** Number of the latest round; counts from 1 in every life as a leader. */
  nonce: number;
  rounds: Round[];
  nextRoundAtMs: number;
  quorumNonce: number;
  /** When the latest round that a majority echoed was sent; at first the time of the election. */
  quorumSentMs: number;
  leaseUntilMs: number | null;
  /** First entry of the own term. */
  termStart: LogIndex;
  barriers: { readonly requestId: string; readonly nonce: number }[];
  transfer: Transfer | null;
  /** Two voters: lead on without an echo until then (pair.ts). */
  holdUntilMs: number | null;
}

/** Plain JSON. Owned by the caller, changed in place by `step`; read it through the queries. */
export interface RaftState {
  readonly self: NodeId;
  readonly timings: RaftTimings;
  readonly initialMembers: readonly Member[];
  nowMs: number;

  /** Of our own log directory; null = the disk knows none. */
  incarnation: string | null;
  /** Starts on this directory, and at least how many writes to it: what others hold against it (identity.ts). */
  readonly boots: number;
  readonly lost: boolean;
  written: number;

  term: Term;
  votedFor: NodeId | null;

  snapshot: Snapshot | null;
  /** The entry before `entries[0]`; at or before the snapshot's index, because trailing entries are kept. */
  baseIndex: LogIndex;
  baseTerm: Term;
  entries: Entry[];
  /** Everything up to here is committed and has been handed out as `apply` (or `restore`). */
  commit: LogIndex;

  members: readonly Member[];
  /** Index of the entry `members` come from; 0 = from the configuration file. */
  membersIndex: LogIndex;
  voters: readonly NodeId[];
  selfKind: Member['kind'] | null;

  role: Role;
  leader: NodeId | null;
  lead: Lead | null;
  /** Granted so far in the running campaign, own vote included. */
  votes: Record<string, true>;
  campaignIsTransfer: boolean;
  /** Two voters: a term that leaves out those that the other one may have taken (pair.ts). */
  farTerm: Term | null;
  /** What has come of another log that is to take the place of ours. */
  staged: Staged | null;
  resendAtMs: number;

  /** The promise given before a restart is forgotten: until then nothing is granted. */
  readonly bootUntilMs: number;
  promise: VoterPromise | null;
  /**
   * Proven gone, and until when its words count as leftovers. Not for ever: what was proven may be that its node serves nothing,
   * while its process lives and leads on with the others' votes. A leftover that comes later costs a promise, no safety.
   */
  gone: { readonly leader: NodeId; readonly term: Term; readonly untilMs: number } | null;
  /** A campaign begins at `waitFromMs` + delays. `drawnDelayMs` null = to be drawn by the next step that brings a random number. */
  waitFromMs: number;
  drawnDelayMs: number | null;

  /** Two voters: the other one is proven off (pair.ts). */
  absent: { readonly member: NodeId; readonly untilMs: number; readonly word: number | null } | null;

  lastHeard: Record<string, number>;
  /** The incarnation each member was last heard under. */
  heardAs: Record<string, string>;
  /** By member and incarnation: how far its directory had come. `lateSinceMs`: since when only an older life of it is heard. */
  stamps: Record<string, { life: string; boots: number; written: number; heardMs: number; lateSinceMs: number | null }>;
  /** By member and incarnation: known to hold less than it had. */
  setBack: Record<string, true>;
  preferred: readonly NodeId[];
  /** When a member last asked for a PreVote with a log behind ours: whoever cannot be elected here keeps nobody from it. */
  behindMs: Record<string, number>;
  mayCampaign: boolean;
  extraDelayMs: number;
}

/**
 * A node at start. It waits one whole `leaseVoteMs` before it votes or campaigns, even with an empty disk: what it promised
 * before is forgotten, and an empty disk may be a wiped one.
 *
 * @throws InvariantError — the restored entries are not dense or do not follow the snapshot.
 */
export function createRaft(config: RaftConfig, restored: Restored, nowMs: number): { state: RaftState; effects: RaftEffect[] } {
  const snapshot = restored.snapshot;
  const baseIndex = snapshot?.index ?? 0;
  // Trailing entries at or below the snapshot may still be on disk; they help nobody after a restart.
  const entries = restored.entries.filter((entry) => entry.index > baseIndex);
  entries.forEach((entry, at) => {
    invariant(entry.index === baseIndex + 1 + at, `restored entry ${entry.index} where ${baseIndex + 1 + at} belongs`);
  });

  const lastTerm = entries.at(-1)?.term ?? snapshot?.term ?? 0;
  // A crash between the two halves of one persist may leave entries of a term whose hard state was not written yet.
  const termFromLog = lastTerm > restored.hardState.term;
  const state: RaftState = {
    self: config.self,
    timings: config.timings,
    initialMembers: config.members,
    nowMs,
    incarnation: restored.incarnation ?? null,
    boots: restored.boots ?? 0,
    lost: config.lost ?? false,
    written: restored.written ?? 0,
    term: termFromLog ? lastTerm : restored.hardState.term,
    votedFor: termFromLog ? null : restored.hardState.votedFor,
    snapshot,
    baseIndex,
    baseTerm: snapshot?.term ?? 0,
    entries,
    commit: baseIndex,
    members: [],
    membersIndex: 0,
    voters: [],
    selfKind: null,
    role: 'follower',
    leader: null,
    lead: null,
    votes: {},
    campaignIsTransfer: false,
    farTerm: null,
    staged: null,
    resendAtMs: 0,
    bootUntilMs: nowMs + config.timings.leaseVoteMs,
    promise: null,
    gone: null,
    waitFromMs: nowMs + config.timings.leaseVoteMs,
    drawnDelayMs: null,
    absent: null,
    lastHeard: {},
    heardAs: {},
    stamps: rememberedStamps(restored.stamps ?? {}, nowMs),
    setBack: {},
    preferred: [],
    behindMs: {},
    mayCampaign: true,
    extraDelayMs: 0,
  };
  adoptMembers(state);
  return { state, effects: snapshot === null ? [] : [{ kind: 'restore', snapshot }] };
}

const rememberedStamps = (stamps: NonNullable<Restored['stamps']>, heardMs: number): RaftState['stamps'] =>
  Object.fromEntries(Object.entries(stamps).map(([key, stamp]) => [key, { ...stamp, heardMs, lateSinceMs: null }]));

/** The configuration in force at `index`: the latest one in the log up to there, committed or not (thesis §4.1). */
export function membersAt(state: RaftState, index: LogIndex): { readonly members: readonly Member[]; readonly index: LogIndex } {
  for (let at = index - state.baseIndex - 1; at >= 0; at -= 1) {
    const entry = state.entries[at];
    if (entry?.payload.kind === 'members') return { members: entry.payload.members, index: entry.index };
  }
  if (state.snapshot !== null) return { members: state.snapshot.members, index: state.snapshot.index };
  return { members: state.initialMembers, index: 0 };
}

/** Recompute what follows from the configuration at the end of the log. */
export function adoptMembers(state: RaftState): void {
  const found = membersAt(state, state.baseIndex + state.entries.length);
  state.members = found.members;
  state.membersIndex = found.index;
  state.voters = found.members.filter((member) => member.voter).map((member) => member.id);
  state.selfKind = found.members.find((member) => member.id === state.self)?.kind ?? null;
}
