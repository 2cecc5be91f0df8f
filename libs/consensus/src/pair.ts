import type { NodeId } from '@yosugara/kernel';
import { note, type Step, toPersist } from './context.js';

import { renewAlone } from './lease.js';
import { appendOwn, lastIndex } from './log.js';
import { absentVoter, heldUntilMs, isPair, isSole, ownTerm } from './pair-facts.js';
import { advanceCommit, syncPeers } from './replication.js';
import type { Lead } from './state.js';
import type { Member, Term } from './types.js';

/*
 * Two voters without an arbiter (failover.md section 3, ruling 7). A quorum is both, so nobody is elected and nothing is committed
 * without us, unless by a proof that we are off. From that follow both inputs: whoever holds a proof that the other one is off may
 * go on alone, since everything committed is in its log too; and a leader that knows of no proof against itself may hold its lease
 * while it obtains one against the other. The other's old configuration still needs both.
 *
 * An operator's word (`word`) is no proof. The other one may have gone on alone before, unknown to us, or may be cut off only and do so later,
 * by a proof against us: then it commits in terms of its own, and nobody can tell two such logs apart by their entries. So the configuration
 * says who was given up, its term leaves out those that the other one may have taken, and the other one is told with every message: it
 * takes the whole log instead of its own. Its own word counts for nothing until it votes again.
 */

/** More elections than a node alone can have had before somebody comes (125, each takes up to eight terms); terms are 53 bits wide. */
export const WORD_TERM_GAP = 1_000;

/** How long the proof counts; who still has it says it again. */
const ABSENT_LEASES = 4;

export function onMemberGone(c: Step, member: NodeId, word: number | null): void {
  const { s } = c;
  if (member === s.self || !s.voters.includes(member) || !isPair(s)) {
    if (s.members.some(({ id }) => id === member)) note(c, 'memberGoneRefused', { member, voters: s.voters });
    return;
  }
  const known = s.absent?.member === member && c.nowMs < s.absent.untilMs;
  s.absent = { member, untilMs: c.nowMs + ABSENT_LEASES * s.timings.leaseVoteMs, word };
  if (!known) note(c, 'memberGone', { member, term: s.term, ...(word !== null && { word }) });
  delete s.lastHeard[member];
  if (s.lead !== null) {
    goOnAlone(c, s.lead);
    return;
  }
  if (s.promise?.leader === member) s.promise = null;
  if (s.leader === member) s.leader = null;
  if (known) return;
  s.waitFromMs = Math.min(s.waitFromMs, c.nowMs);
  s.drawnDelayMs = null;
}

/** The configuration of the survivor: in force, and committed, as soon as it is on our disk. */
export function goOnAlone(c: Step, lead: Lead): void {
  const { s } = c;
  const absent = absentVoter(s);
  // A new leader of an old one's disk: its own first entry is among what it commits here.
  if (absent === null || lastIndex(s) < lead.termStart) return;
  note(c, 'goingOnAlone', { without: absent, term: s.term });
  const word = s.absent?.word ?? null;
  // It stays as a learner: nobody counts it, and when it is back it is told how things stand (ruling 7; seed 68 of the simulator).
  appendOwn(c, { kind: 'members', members: s.members.map((member) => (member.id === absent ? without(member, word) : member)) });
  s.absent = null;
  lead.transfer = null;
  syncPeers(s, lead);
  advanceCommit(c, lead);
  // Where both had elected it the other one knows the term, and may take the next one.
  if (word !== null && s.farTerm !== s.term) riseAlone(c, s.term + WORD_TERM_GAP);
  s.farTerm = null;
  // What was held is held no longer: the lease of the only voter takes its place in the same breath, or its owner would stop.
  renewAlone(c, lead);
}

const without = (member: Member, word: number | null): Member =>
  word === null ? { ...member, voter: false } : { ...member, voter: false, givenUp: word };

/** A word that a member is off is worth nothing once something of it is heard. What a proof says of an earlier life may be late. */
export function isOnAfterAll({ s }: Step, member: NodeId): void {
  if (s.absent?.word != null && s.absent.member === member) s.absent = null;
}

/**
 * A learner that comes back may know a later term, of a candidacy that never came to anything. The only voter needs nobody to be
 * elected in a later one still, and nobody else could have been: it leads on without a gap.
 * @returns false: it is not the only voter, and must step down.
 */
export function riseAlone(c: Step, above: Term): boolean {
  const { s } = c;
  const { lead } = s;
  if (lead === null || !isSole(s)) return false;
  s.term = ownTerm(s, above + 1);
  s.votedFor = s.self;
  toPersist(c).hardState = true;
  lead.termStart = appendOwn(c, { kind: 'noop' }).index;
  note(c, 'leading', { term: s.term });
  advanceCommit(c, lead);
  return true;
}

export function onHold(c: Step, untilMs: number): void {
  const { s } = c;
  if (s.lead === null || s.lead.transfer?.sent === true || !isPair(s)) return;
  if (heldUntilMs(s) < c.nowMs) note(c, 'holding', { term: s.term });
  s.lead.holdUntilMs = Math.max(s.lead.holdUntilMs ?? untilMs, untilMs);
}
