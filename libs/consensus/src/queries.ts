import type { NodeId } from '@yosugara/kernel';
import { lastIndex, termAt } from './log.js';
import type { RaftState } from './state.js';
import type { LogIndex, Member, Term } from './types.js';

export const isLeader = (state: RaftState): boolean => state.lead !== null;

export const leaderOf = (state: RaftState): NodeId | null => state.leader;

export const termOf = (state: RaftState): Term => state.term;

/** Own monotonic clock. -Infinity when not leading, never renewed, or given up by a transfer. */
export const leaseUntilMs = (state: RaftState): number => state.lead?.leaseUntilMs ?? Number.NEGATIVE_INFINITY;

/** Leading, and an entry of the own term is committed: only now is the commit index known to be complete (thesis §6.4). */
export const leaderReady = (state: RaftState): boolean => state.lead !== null && state.commit >= state.lead.termStart;

export const commitIndex = (state: RaftState): LogIndex => state.commit;

/** The configuration in force: the latest in the log, committed or not. */
export const membersOf = (state: RaftState): readonly Member[] => state.members;

/** When any message of `peer` came, on the own clock; -Infinity = never. */
export const lastHeardMs = (state: RaftState, peer: NodeId): number => state.lastHeard[peer] ?? Number.NEGATIVE_INFINITY;

/** Highest index known to be on the disk of `peer` and equal to ours; 0 when not leading or unknown. */
export function matchOf(state: RaftState, peer: NodeId): LogIndex {
  if (state.lead === null) return 0;
  return peer === state.self ? lastIndex(state) : (state.lead.peers[peer]?.match ?? 0);
}

/** To whom leadership is being handed over; null = to nobody. */
export const transferring = (state: RaftState): NodeId | null => state.lead?.transfer?.to ?? null;

/** Until when this node helps no one but the leader it last answered (after a start: no one at all). */
export const promiseUntilMs = (state: RaftState): number =>
  Math.max(state.bootUntilMs, state.promise?.untilMs ?? state.bootUntilMs);

/** A leader of the current term is known, and what it had committed of its own term is here: the applied state is not older than its election. */
export const commitIsOfThisTerm = (state: RaftState): boolean =>
  state.leader !== null && state.commit > 0 && termAt(state, state.commit) === state.term;
