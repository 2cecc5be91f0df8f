import type { NodeId } from '@yosugara/kernel';
import { isEstranged } from './naming.js';
import { membersAt, type RaftState } from './state.js';

/* Questions about two voters (pair.ts) that need nothing but the state. */

/**
 * Every majority that could decide anything contains us: two voters, us among them, and the configuration before it too as long as
 * the latest one may still be taken back.
 */
export function isPair(s: RaftState): boolean {
  if (s.voters.length !== 2 || !s.voters.includes(s.self) || isEstranged(s)) return false;
  if (s.membersIndex <= s.commit) return true;
  return membersAt(s, s.membersIndex - 1).members.every(({ id, voter }) => !voter || s.voters.includes(id));
}

/** The other voter, proven off and not yet removed. */
export function absentVoter(s: RaftState): NodeId | null {
  const { absent } = s;
  return absent !== null && s.nowMs < absent.untilMs && isPair(s) && s.voters.includes(absent.member) ? absent.member : null;
}

/** -Infinity: nothing is held. */
export function heldUntilMs(s: RaftState): number {
  const { lead } = s;
  if (lead === null || lead.holdUntilMs === null || lead.transfer?.sent === true || !isPair(s)) return Number.NEGATIVE_INFINITY;
  return lead.holdUntilMs;
}
