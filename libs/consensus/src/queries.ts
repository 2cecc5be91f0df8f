import type { NodeId } from '@yosugara/kernel';
import { amnesiacsOf, strangersOf, unnamedOf } from './identity.js';
import { lastIndex, termAt } from './log.js';
import { isEstranged, keyOf } from './naming.js';
import { heldUntilMs } from './pair-facts.js';
import type { RaftState } from './state.js';
import type { DiskStamp, LogIndex, Member, Stranger, Term } from './types.js';

export const isLeader = (state: RaftState): boolean => state.lead !== null;

export const leaderOf = (state: RaftState): NodeId | null => state.leader;

export const termOf = (state: RaftState): Term => state.term;

/** Own monotonic clock. -Infinity when not leading, never renewed, or given up by a transfer. */
export const leaseUntilMs = (state: RaftState): number =>
  Math.max(state.lead?.leaseUntilMs ?? Number.NEGATIVE_INFINITY, heldUntilMs(state));

/** Leading, and an entry of the own term is committed: only now is the commit index known to be complete (thesis §6.4). */
export const leaderReady = (state: RaftState): boolean => state.lead !== null && state.commit >= state.lead.termStart;

export const commitIndex = (state: RaftState): LogIndex => state.commit;

/** The configuration in force: the latest in the log, committed or not. */
export const membersOf = (state: RaftState): readonly Member[] => state.members;

/** Without whom this node's configuration went on, on an operator's word only (`Member.givenUp`). null: nobody. */
export function givenUpMember(state: RaftState): { readonly node: NodeId; readonly mark: number } | null {
  for (const { id, givenUp } of state.members) if (givenUp !== undefined) return { node: id, mark: givenUp };
  return null;
}

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

/** Members that speak under another incarnation than the configuration names: they lost their log, and count for nothing. */
export const strangers = (state: RaftState): readonly Stranger[] => strangersOf(state);

/** Members whose log directory is known to hold less than they had acknowledged or written: they count for nothing here. */
export const amnesiacs = (state: RaftState): readonly Stranger[] => amnesiacsOf(state);

/** How far the directories of the other named members had come, as heard: worth remembering over a restart (`Restored.stamps`). */
export function stampsOf(state: RaftState): Readonly<Record<string, DiskStamp>> {
  const found: Record<string, DiskStamp> = {};
  for (const { id, incarnation } of state.members) {
    const key = keyOf(id, incarnation);
    const stamp = id === state.self || incarnation === undefined ? undefined : state.stamps[key];
    if (stamp !== undefined) found[key] = { life: stamp.life, boots: stamp.boots, written: stamp.written };
  }
  return found;
}

/** Leader only: members whose incarnation the configuration does not name yet, and which it should. */
export const unnamed = (state: RaftState): readonly Stranger[] => unnamedOf(state);

/** The incarnation under which `member`, in the configuration or not, was last heard. */
export const heardAs = (state: RaftState, member: NodeId): string | null => state.heardAs[member] ?? null;

/** The configuration names another incarnation for this very member: it lost its log and must come back as a new one. */
export const estranged = (state: RaftState): boolean => isEstranged(state);

/** A membership change is in our log and not known to be committed. */
export const membersPending = (state: RaftState): boolean => state.membersIndex > state.commit;
