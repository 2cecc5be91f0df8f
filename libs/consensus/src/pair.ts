import type { NodeId } from '@yosugara/kernel';
import { note, type Step, toPersist } from './context.js';

import { renewAlone } from './lease.js';
import { appendOwn, lastIndex } from './log.js';
import { isEstranged } from './naming.js';
import { absentVoter, heldUntilMs, isPair } from './pair-facts.js';
import { advanceCommit, syncPeers } from './replication.js';
import type { Lead } from './state.js';
import type { Term } from './types.js';

/*
 * Two voters without an arbiter (failover.md section 3, ruling 7). A quorum is both, so nobody is elected and nothing is committed
 * without us, unless by a proof that we are off. From that follow both inputs: whoever holds a proof that the other one is off may
 * go on alone, since everything committed is in its log too; and a leader that knows of no proof against itself may hold its lease
 * while it obtains one against the other. The other's old configuration still needs both.
 */

/** How long the proof counts; who still has it says it again. */
const ABSENT_LEASES = 4;

export function onMemberGone(c: Step, member: NodeId): void {
  const { s } = c;
  if (member === s.self || !s.voters.includes(member) || !isPair(s)) {
    if (s.members.some(({ id }) => id === member)) note(c, 'memberGoneRefused', { member, voters: s.voters });
    return;
  }
  const known = s.absent?.member === member && c.nowMs < s.absent.untilMs;
  s.absent = { member, untilMs: c.nowMs + ABSENT_LEASES * s.timings.leaseVoteMs };
  if (!known) note(c, 'memberGone', { member, term: s.term });
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
  // It stays as a learner: nobody counts it, and when it is back it is told how things stand (ruling 7; seed 68 of the simulator).
  appendOwn(c, {
    kind: 'members',
    members: s.members.map((member) => (member.id === absent ? { ...member, voter: false } : member)),
  });
  s.absent = null;
  lead.transfer = null;
  syncPeers(s, lead);
  advanceCommit(c, lead);
  // What was held is held no longer: the lease of the only voter takes its place in the same breath, or its owner would stop.
  renewAlone(c, lead);
}

/**
 * A learner that comes back may know a later term, of a candidacy that never came to anything. The only voter needs nobody to be
 * elected in a later one still, and nobody else could have been: it leads on without a gap.
 * @returns false: it is not the only voter, and must step down.
 */
export function riseAlone(c: Step, above: Term): boolean {
  const { s } = c;
  const { lead } = s;
  if (lead === null || s.voters.length !== 1 || s.voters[0] !== s.self || isEstranged(s)) return false;
  s.term = above + 1;
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
