import type { NodeId } from '@yosugara/kernel';
import { note, type Step, send } from './context.js';
import { campaign, stand } from './election.js';
import { lastIndex } from './log.js';
import { isEstranged, isOnProbation } from './naming.js';
import { feed } from './replication.js';
import { resign } from './roles.js';
import type { Lead, RaftState } from './state.js';
import type { Term } from './types.js';

/* Leadership transfer (thesis §3.10): no more proposals, catch the target up, tell it to stand at once. */

export function onTransfer(c: Step, to: NodeId): void {
  const { s } = c;
  const why = whyNot(s, to);
  if (why !== null || s.lead === null) {
    note(c, 'transferRefused', { to, why });
    return;
  }
  s.lead.transfer = { to, deadlineMs: c.nowMs + s.timings.transferTimeoutMs, sent: false };
  note(c, 'transferring', { to });
  advanceTransfer(c, s.lead);
  if (s.lead.transfer?.sent === false) feed(c, s.lead, to, false);
}

function whyNot(s: RaftState, to: NodeId): string | null {
  if (s.lead === null) return 'not leading';
  if (s.lead.transfer !== null) return `already transferring to ${s.lead.transfer.to}`;
  const member = s.members.find(({ id }) => id === to);
  if (to === s.self || member === undefined || !member.voter) return 'not another voter';
  return member.kind === 'witness' ? 'a witness never leads for long' : null;
}

/** Once the target has everything: tell it. From here on it may win at any time, so we hold no lease in this term any more. */
export function advanceTransfer(c: Step, lead: Lead): void {
  const transfer = lead.transfer;
  if (transfer === null || transfer.sent || lead.peers[transfer.to]?.match !== lastIndex(c.s)) return;
  transfer.sent = true;
  lead.leaseUntilMs = null;
  lead.holdUntilMs = null;
  send(c, transfer.to, { kind: 'timeoutNow', term: c.s.term });
}

/** With each round: timeoutNow may have been lost. */
export function remindTarget(c: Step, lead: Lead): void {
  if (lead.transfer?.sent) send(c, lead.transfer.to, { kind: 'timeoutNow', term: c.s.term });
}

/**
 * The target did not make it in time. If it was never told, we lead on. If it was, it or its vote requests may still turn up,
 * past every promise; only a new term makes them void. So we step down and try again from there.
 */
export function abortLateTransfer(c: Step, lead: Lead): void {
  const transfer = lead.transfer;
  if (transfer === null || c.nowMs < transfer.deadlineMs) return;
  note(c, 'transferAborted', { to: transfer.to, told: transfer.sent });
  if (!transfer.sent) {
    lead.transfer = null;
    return;
  }
  resign(c, 'the transfer was not taken up');
  campaign(c);
}

export function onTimeoutNow(c: Step, from: NodeId, term: Term): void {
  const { s } = c;
  if (term !== s.term || s.leader !== from || s.role !== 'follower') return;
  const able = s.mayCampaign && s.voters.includes(s.self) && !isEstranged(s) && !isOnProbation(s) && c.nowMs >= s.bootUntilMs;
  note(c, able ? 'takingOver' : 'transferDeclined', { from, term });
  if (able) stand(c, true);
}
