import { assertNever, type NodeId } from '@yosugara/kernel';
import { finish, note, type Step } from './context.js';
import { electionTick, onPreVote, onPreVoteReply, onVote, onVoteReply } from './election.js';
import { isGone, onAppend, onSnapshot } from './follower.js';
import { counts, isAudible, noteStamp, onRenewed, setBack } from './identity.js';
import { openBarrier, renewAlone } from './lease.js';
import { appendOwn, compact, lastIndex } from './log.js';
import { changeMembers } from './membership.js';
import { isOnAfterAll, onHold, onMemberGone, riseAlone } from './pair.js';
import { heldUntilMs } from './pair-facts.js';
import { advanceCommit, beginRound, onAppendReply, replicate } from './replication.js';
import { becomeFollower, resign } from './roles.js';
import type { Lead, RaftState } from './state.js';
import { abortLateTransfer, advanceTransfer, onTimeoutNow, onTransfer, remindTarget } from './transfer.js';
import type { RaftEffect, RaftInput, RaftMessage } from './types.js';

/** More than this waiting for a majority means that there is none: say no instead of growing. */
const MAX_UNCOMMITTED = 1024;

/** Of whatever input: plainly read, since asking `in` of so many kinds costs more than most steps. */
type Times = { readonly nowMs?: number; readonly random?: number };

/**
 * What one input changes and asks for. Depends on nothing but its arguments. `state` is changed in place and handed back: the
 * caller gives it up.
 *
 * @throws InvariantError — a mistake of ours or two leaders in one term; the process must stop.
 */
export function step(state: RaftState, input: RaftInput): { state: RaftState; effects: RaftEffect[] } {
  const { nowMs = state.nowMs, random } = input as Times;
  const c: Step = { s: state, nowMs, random: random ?? null, effects: [], persist: null };
  state.nowMs = nowMs;
  take(c, input);
  return { state, effects: finish(c) };
}

function take(c: Step, input: RaftInput): void {
  const { s } = c;
  switch (input.kind) {
    case 'tick':
      if (s.lead === null) electionTick(c);
      else leaderTick(c, s.lead);
      return;
    case 'message':
      if (input.from !== s.self && isAudible(c, input)) onMessage(c, input);
      return;
    case 'propose':
      onPropose(c, input.requestId, input.command);
      return;
    case 'changeMembers': {
      const lead = openLead(c, input.requestId);
      if (lead !== null) changeMembers(c, lead, input.requestId, input.members);
      return;
    }
    case 'barrier':
      if (openBarrier(c, s.lead, input.requestId)) beginRound(c, s.lead);
      return;
    case 'transfer':
      onTransfer(c, input.to);
      return;
    case 'leaderGone':
      onLeaderGone(c, input.leader);
      return;
    case 'memberGone':
      onMemberGone(c, input.member, input.word ?? null);
      return;
    case 'hold':
      onHold(c, input.untilMs);
      return;
    case 'heard':
      if (!noteStamp(c, input.from, input.incarnation, input.disk)) return;
      isOnAfterAll(c, input.from);
      for (const { member, incarnation } of input.forgot ?? [])
        if (member !== s.self) setBack(c, member, incarnation, `${input.from} knows it`);
      return;
    case 'renewed':
      onRenewed(c, input.incarnation);
      return;
    case 'prefer':
      s.preferred = input.preferred;
      s.mayCampaign = input.mayCampaign;
      s.extraDelayMs = input.extraDelayMs;
      return;
    case 'compact':
      compact(c, input.index, input.state, input.trailing);
      return;
    default:
      assertNever(input);
  }
}

function onMessage(c: Step, input: Extract<RaftInput, { kind: 'message' }>): void {
  const { s } = c;
  const { from, message, incarnation } = input;
  // A dead process is not heard, whatever of its words is still on the way.
  if ((message.kind !== 'append' && message.kind !== 'snapshot') || !isGone(s, from, message.term)) s.lastHeard[from] = c.nowMs;
  // Not even its term: whoever counts for nothing here cannot make anybody step down.
  if (isAnswer(message) && !counts(s, from, incarnation)) return;
  switch (message.kind) {
    case 'append':
      onAppend(c, from, message);
      return;
    case 'appendReply':
      if (message.term > s.term) {
        if (!riseAlone(c, message.term)) becomeFollower(c, message.term, null, 'a higher term');
      } else onAppendReply(c, from, message, incarnation);
      if (s.lead?.transfer) advanceTransfer(c, s.lead);
      return;
    case 'snapshot':
      onSnapshot(c, from, message);
      return;
    case 'preVote':
      onPreVote(c, from, message, incarnation);
      return;
    case 'preVoteReply':
      onPreVoteReply(c, from, message);
      return;
    case 'vote':
      onVote(c, from, message, incarnation);
      return;
    case 'voteReply':
      onVoteReply(c, from, message);
      return;
    case 'timeoutNow':
      onTimeoutNow(c, from, message.term);
      return;
    default:
      assertNever(message);
  }
}

const isAnswer = (message: RaftMessage): boolean =>
  message.kind === 'appendReply' || message.kind === 'voteReply' || message.kind === 'preVoteReply';

function leaderTick(c: Step, lead: Lead): void {
  const { s } = c;
  renewAlone(c, lead);
  // CheckQuorum: one election timeout without an echo from a majority (thesis §6.2). The lease ended a little before.
  if (c.nowMs >= Math.max(lead.quorumSentMs + s.timings.leaseVoteMs, heldUntilMs(s))) {
    resign(c, 'no majority answers');
    return;
  }
  if (c.nowMs >= lead.nextRoundAtMs) {
    beginRound(c, lead);
    remindTarget(c, lead);
  }
  abortLateTransfer(c, lead);
}

function onPropose(c: Step, requestId: string, command: unknown): void {
  const lead = openLead(c, requestId);
  if (lead === null) return;
  const entry = appendOwn(c, { kind: 'command', command });
  c.effects.push({ kind: 'accepted', requestId, index: entry.index, term: entry.term });
  replicate(c, lead);
  advanceCommit(c, lead);
}

/** The leader, if it takes new entries now; otherwise the request is rejected. */
function openLead(c: Step, requestId: string): Lead | null {
  const { s } = c;
  const why = whyClosed(s);
  if (why === null) return s.lead;
  c.effects.push({ kind: 'rejected', requestId, why });
  return null;
}

function whyClosed(s: RaftState): string | null {
  if (s.lead === null) return 'not the leader';
  if (isHandedOver(s, s.lead)) return `leadership is being handed to ${s.lead.transfer?.to}`;
  if (lastIndex(s) - s.commit >= MAX_UNCOMMITTED) return `${MAX_UNCOMMITTED} entries wait for a majority`;
  return null;
}

/**
 * What comes now might be lost with our term. Not so while the target is behind: one that lost its log may never catch up, and what brings
 * it back (`recover`) is a proposal itself (seed 2768 of the simulator).
 */
const isHandedOver = (s: RaftState, { transfer, peers }: Lead): boolean =>
  transfer !== null && (transfer.sent || (peers[transfer.to]?.match ?? 0) >= s.commit);

/** Its process is proven gone: what we promised it binds us no longer, and nothing of it that still arrives will. */
function onLeaderGone(c: Step, leader: NodeId): void {
  const { s } = c;
  if (leader === s.self || (s.leader !== leader && s.promise?.leader !== leader)) return;
  note(c, 'leaderGone', { leader, term: s.term });
  s.gone = { leader, term: s.term, untilMs: c.nowMs + s.timings.leaseVoteMs };
  delete s.lastHeard[leader];
  if (s.promise?.leader === leader) s.promise = null;
  if (s.leader === leader) s.leader = null;
  if (s.role !== 'follower') return;
  s.waitFromMs = c.nowMs;
  s.drawnDelayMs = null;
}
