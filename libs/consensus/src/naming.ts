import type { NodeId } from '@yosugara/kernel';
import type { RaftState } from './state.js';

/* Questions about incarnations (identity.ts) that need nothing but the state. */

export const keyOf = (member: NodeId, incarnation: string | undefined): string => `${member} ${incarnation ?? ''}`;

export const namedOf = (s: RaftState, id: NodeId): string | undefined =>
  s.members.find((member) => member.id === id)?.incarnation;

/** The configuration names another incarnation for us: we have lost what we were counted for. */
export function isEstranged(s: RaftState): boolean {
  const named = namedOf(s, s.self);
  return named !== undefined && s.incarnation !== null && named !== s.incarnation;
}

/** We know that we lost a log, and the configuration does not name what we are now. */
export const isOnProbation = (s: RaftState): boolean =>
  s.lost && (s.incarnation === null || namedOf(s, s.self) !== s.incarnation);

export const wasSetBack = (s: RaftState, id: NodeId, incarnation: string | undefined): boolean =>
  hasForgotten(s) && s.setBack[keyOf(id, incarnation)] === true;

/** It goes by what the configuration counts it for, and has not gone back: anybody else never leads, and waiting for that one has no end. */
export function hasItsLog(s: RaftState, id: NodeId): boolean {
  if (id === s.self) return !isEstranged(s);
  const [named, heard] = [namedOf(s, id), s.heardAs[id]];
  return (named === undefined || heard === undefined || named === heard) && !wasSetBack(s, id, heard);
}

/** Some directory was set back: nearly always none was, and it is asked at every message. */
export function hasForgotten({ setBack }: RaftState): boolean {
  for (const _ in setBack) return true;
  return false;
}
