import type { NodeId } from '@yosugara/kernel';
import { note, type Step, toPersist } from './context.js';
import { heldUntilMs } from './pair-facts.js';
import type { Term } from './types.js';

/** Follow `leader` (null: nobody known yet) in `term`, which is at least ours. */
export function becomeFollower(c: Step, term: Term, leader: NodeId | null, why: string): void {
  const { s } = c;
  if (s.lead !== null) resign(c, why);
  if (term > s.term) {
    s.term = term;
    s.votedFor = null;
    toPersist(c).hardState = true;
  }
  if (leader !== null && s.leader !== leader) note(c, 'following', { leader, term });
  s.role = 'follower';
  s.leader = leader;
}

/** Stop leading, for whatever reason. The term stays. */
export function resign(c: Step, why: string): void {
  const { s } = c;
  const lead = s.lead;
  if (lead === null) return;
  note(c, 'steppedDown', { term: s.term, why });
  for (const { requestId } of lead.barriers) c.effects.push({ kind: 'barrier', requestId, passed: false });
  const untilMs = Math.max(lead.leaseUntilMs ?? Number.NEGATIVE_INFINITY, heldUntilMs(s));
  if (untilMs > c.nowMs) {
    // Somebody may still act on the lease we had: until it ends, our own vote goes to no one else. We ourselves may try at once.
    s.promise = { leader: s.self, term: s.term, untilMs, nonce: 0 };
    s.waitFromMs = c.nowMs;
  } else {
    s.waitFromMs = c.nowMs + s.timings.leaseVoteMs;
  }
  s.drawnDelayMs = null;
  s.lead = null;
  s.role = 'follower';
  s.leader = null;
}
