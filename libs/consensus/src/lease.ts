import type { NodeId } from '@yosugara/kernel';
import type { Step } from './context.js';
import { heldUntilMs } from './pair-facts.js';
import { majorityValue } from './quorum.js';
import type { Lead, RaftState } from './state.js';
import type { Term } from './types.js';

/*
 * The lease (failover.md 2.5; thesis §6.4.1). Round r leaves at s_r on the leader's clock. A voter answers it at its own v_r and
 * promises to help nobody else before v_r + leaseVoteMs. An answer follows the question in real time, so
 * s_r + leaseOwnMs ends first whatever the clocks show, as long as their rates differ little. No echo, no lease: that a message
 * was sent, or that something older arrives, says nothing.
 */

/** More than a lease's worth of rounds; what falls out could only renew to a time long past. */
const MAX_ROUNDS = 64;
const MAX_BARRIERS = 256;

/** Count a new round from now. The caller sends it. */
export function openRound(c: Step, lead: Lead): void {
  lead.nonce += 1;
  lead.rounds.push({ nonce: lead.nonce, sentMs: c.nowMs });
  if (lead.rounds.length > MAX_ROUNDS) lead.rounds.shift();
  lead.nextRoundAtMs = c.nowMs + c.s.timings.heartbeatMs;
  renewLease(c, lead);
}

/** An echo of round r renews to s_r + leaseOwnMs, however late it comes. */
export function renewLease(c: Step, lead: Lead): void {
  const { s } = c;
  const nonce = majorityValue(s.voters, (voter) => (voter === s.self ? lead.nonce : (lead.peers[voter]?.echoed ?? 0)));
  if (nonce <= lead.quorumNonce) return;
  lead.quorumNonce = nonce;
  const round = lead.rounds.find((candidate) => candidate.nonce === nonce);
  lead.rounds = lead.rounds.filter((candidate) => candidate.nonce > nonce);
  if (round !== undefined) renewTo(c, lead, round.sentMs);
  passBarriers(c, lead);
}

/** The only voter needs nobody's echo. */
export function renewAlone(c: Step, lead: Lead): void {
  if (c.s.voters.length === 1 && c.s.voters[0] === c.s.self) renewTo(c, lead, c.nowMs);
}

function renewTo(c: Step, lead: Lead, sentMs: number): void {
  lead.quorumSentMs = sentMs;
  if (lead.transfer?.sent !== true) lead.leaseUntilMs = sentMs + c.s.timings.leaseOwnMs;
}

/** @returns false when the request was answered at once and no round is needed. */
export function openBarrier(c: Step, lead: Lead | null, requestId: string): lead is Lead {
  if (lead === null || lead.transfer?.sent === true || lead.barriers.length >= MAX_BARRIERS) {
    c.effects.push({ kind: 'barrier', requestId, passed: false });
    return false;
  }
  // The next round is begun after the request; an echo of the current one could be older than it (thesis §6.4).
  lead.barriers.push({ requestId, nonce: lead.nonce + 1 });
  return true;
}

function passBarriers(c: Step, lead: Lead): void {
  while (lead.barriers[0] !== undefined && lead.barriers[0].nonce <= lead.quorumNonce) {
    c.effects.push({ kind: 'barrier', requestId: lead.barriers[0].requestId, passed: true });
    lead.barriers.shift();
  }
}

/** Answering `nonce` of this leader: promise anew, unless this or a later round was answered before. */
export function promiseTo(c: Step, leader: NodeId, term: Term, nonce: number): void {
  const { s } = c;
  const known = s.promise;
  if (known !== null && known.leader === leader && known.term === term && nonce <= known.nonce) return;
  const untilMs = c.nowMs + s.timings.leaseVoteMs;
  s.promise = { leader, term, untilMs, nonce };
  s.waitFromMs = untilMs;
}

/** Why `candidate` may not be helped now, whatever its log; null = no promise is in the way. */
export function bound(s: RaftState, candidate: NodeId, nowMs: number): string | null {
  if (nowMs < s.bootUntilMs) return 'started less than a lease ago';
  if (
    s.lead !== null &&
    s.lead.transfer?.sent !== true &&
    nowMs < Math.max(s.lead.quorumSentMs + s.timings.leaseOwnMs, heldUntilMs(s))
  )
    return 'leading with a quorum';
  if (s.promise !== null && s.promise.leader !== candidate && nowMs < s.promise.untilMs) return `promised to ${s.promise.leader}`;
  return null;
}
