import type { NodeId } from '@yosugara/kernel';
import { isEstranged } from './naming.js';
import { membersAt, type RaftState } from './state.js';
import type { Term } from './types.js';

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

/** It is proven off by no more than an operator's word: see `memberGone`. */
export const isOnWord = (s: RaftState): boolean => absentVoter(s) !== null && s.absent?.word != null;

/**
 * By our own log, which nobody else had to confirm: all of it is committed. Not so for one that was set back or lost: it goes by another
 * incarnation, or is told to.
 */
export const isSole = (s: RaftState): boolean => votesAlone(s) && !isEstranged(s);

/** So says its log, also one that counts for nothing any more. */
export const votesAlone = (s: RaftState): boolean => s.voters.length === 1 && s.voters[0] === s.self;

/** How many members can have terms of their own. */
const TERM_CLASSES = 8;

/**
 * The next term that is this member's own, for whoever needs nobody to be elected: two that went on alone, unknown to each other, never
 * lead in the same one, and their entries can be told apart (seed 717255 of the simulator).
 */
export function ownTerm(s: RaftState, atLeast: Term): Term {
  if (s.members.length <= 1) return atLeast;
  const place = s.members.findIndex(({ id }) => id === s.self);
  return atLeast + ((((place - atLeast) % TERM_CLASSES) + TERM_CLASSES) % TERM_CLASSES);
}

/** Taken out of the configuration on an operator's word only. */
export function isGivenUp(s: RaftState, id: NodeId): boolean {
  for (const member of s.members) if (member.id === id) return member.givenUp !== undefined;
  return false;
}

/** -Infinity: nothing is held. */
export function heldUntilMs(s: RaftState): number {
  const { lead } = s;
  if (lead === null || lead.holdUntilMs === null || lead.transfer?.sent === true || !isPair(s)) return Number.NEGATIVE_INFINITY;
  return lead.holdUntilMs;
}
