import { lastHeardMs, leaderReady, membersOf, membersPending } from '@yosugara/consensus';
import {
  type Action,
  applyCommand,
  type Command,
  holdUntilMs,
  isOwn,
  isUnanswered,
  mayServe,
  type Observation,
  partnerOf,
  voteWanted,
} from '@yosugara/failover';
import type { NodeId } from '@yosugara/kernel';
import { hasTwoVoters, votersOf } from './fence-facts.js';
import { observe } from './observe.js';
import { raftInput } from './raft-input.js';
import type { ControllerState } from './state.js';
import type { ActionResult, ControllerEffect } from './types.js';

/** A loop that stood still for longer heard nobody, and must listen anew before it calls anybody silent. */
const ASLEEP_MS = 1_000;
const VOTE_AGAIN_MS = 500;
const REPORT_FRESH_MS = 1_500;
export function noteAwake(state: ControllerState, nowMs: number): void {
  if (nowMs - state.nowMs > ASLEEP_MS) state.awakeSinceMs = nowMs;
}

/** An order leaves: what it was for, and when, is judged by when its answer comes. */
export function noteOrder(state: ControllerState, action: Action): void {
  if (action.kind !== 'fence.off') return;
  const { target, requestId } = action;
  state.fenceOrder = { target, requestId, forEpoch: state.record.epoch, atMs: state.nowMs, heard: false };
}

/** Two nodes: whoever is heard after the order was given has not lost its vote by it. */
export function noteHeard(state: ControllerState, from: NodeId): void {
  if (!hasTwoVoters(state)) return;
  if (state.fenceOrder?.target === from) state.fenceOrder = { ...state.fenceOrder, heard: true };
  const outcome = state.fenceOutcome;
  // What it stood for has happened: it is kept until the record tells it, so that a quick boot brings no vote back by itself (ruling 7).
  const unwritten =
    outcome?.result === 'off' && !votersOf(state).includes(from) && state.record.fence?.requestId !== outcome.requestId;
  if (outcome?.target === from && !unwritten) state.fenceOutcome = null;
}

/** What the devices said becomes an outcome. Nothing but a read-back `off` is one (F2–F4, F7, F11). */
export function fenceDone(state: ControllerState, action: Action, result: ActionResult): void {
  if (action.kind === 'fence.on' && result.ok) state.poweredOn = state.record.fence?.requestId ?? null;
  if (action.kind !== 'fence.off') return;
  const order = state.fenceOrder;
  state.fenceOrder = null;
  if (order === null || order.requestId !== action.requestId) return;
  const { target, requestId, forEpoch, heard } = order;
  const of = { requestId, target, forEpoch, atMs: state.nowMs };
  if (!result.ok) state.fenceOutcome = { ...of, result: 'failed', method: result.code, evidence: result.message };
  else if (heard)
    state.fenceOutcome = { ...of, result: 'failed', method: result.method ?? '', evidence: `${target} was heard again` };
  else
    state.fenceOutcome = {
      ...of,
      result: 'off',
      method: result.method ?? 'its power device',
      evidence: result.evidence ?? 'read back off',
    };
}

/** The order in flight has lost its ground: whoever is told of it now may be owner of a newer epoch (S11, F10). */
export function orderIsOver(state: ControllerState): boolean {
  const order = state.fenceOrder;
  if (order === null) return false;
  if (order.forEpoch !== state.record.epoch) return true;
  return hasTwoVoters(state) ? order.heard : !mayServe(observe(state));
}

/**
 * The right to cut the other's power (failover.md section 3): kept in memory only. It is given while the other one is heard in the same
 * epoch, and holds for that epoch as long as this node's own log, the uncommitted end included, calls it a voter of two, a member of the
 * sync set, and tells of no newer epoch: what the other one may have committed with our help is there.
 */
export function noteRight(state: ControllerState): void {
  if (!hasTwoVoters(state)) return;
  const { record, config, raft } = state;
  const voters = votersOf(state);
  const atEnd = recordAtLogEnd(state);
  const eligible =
    voters.length === 2 &&
    voters.includes(config.self) &&
    record.syncSet.includes(config.self) &&
    atEnd.syncSet.includes(config.self) &&
    atEnd.epoch === record.epoch &&
    !hasGoneOn(state);
  if (!eligible) state.rightEpoch = null;
  else if (state.informed && seenInEpoch(state, voters.find((voter) => voter !== config.self)!)) state.rightEpoch = record.epoch;
  state.fenceRight = state.rightEpoch !== null && state.rightEpoch === record.epoch && raft.members.length > 0;
}

/** A member was heard in a newer epoch than ours: on a word that was wrong it has gone on without us, and our data is not the newest. */
export const hasGoneOn = ({ reports, record }: ControllerState): boolean =>
  [...reports.values()].some(({ report }) => report.epoch > record.epoch);

/** It must have heard this life when it said so: what it said to the one before comes late, and it may have fenced that one since (seed 1257). */
function seenInEpoch(state: ControllerState, partner: NodeId): boolean {
  const held = state.reports.get(partner);
  if (held === undefined || state.nowMs - held.atMs > REPORT_FRESH_MS) return false;
  return held.report.epoch === state.record.epoch && held.report.hears === state.config.boot;
}

/** The record as it will be if everything in our log is committed. */
function recordAtLogEnd(state: ControllerState): ControllerState['record'] {
  const { entries, commit, baseIndex } = state.raft;
  let { record } = state;
  for (let at = Math.max(0, commit - baseIndex); at < entries.length; at += 1) {
    const { payload } = entries[at]!;
    if (payload.kind === 'command') record = applyCommand(record, payload.command as Command).record;
  }
  return record;
}

/** What consensus is told of a cluster of two, before anything is decided. @returns null: nothing was told. */
export function tellConsensus(state: ControllerState, o: Observation): ControllerEffect[] | null {
  if (!o.twoNodes) return null;
  const { nowMs } = state;
  const gone = goneMember(state, o);
  if (gone !== null) return raftInput(state, { kind: 'memberGone', ...gone, nowMs });
  const untilMs = holdUntilMs(o);
  if (untilMs !== null) return raftInput(state, { kind: 'hold', untilMs, nowMs });
  return changeVote(state, o);
}

/**
 * Confirmed off, by its devices or by an operator's word, and still a voter. `word`: the latest generation that is given up with it
 * (`awaitsForce`): ours where its data may be newer than ours, otherwise the one before, so that a plain claim follows.
 */
function goneMember(state: ControllerState, o: Observation): { readonly member: NodeId; readonly word?: number } | null {
  const partner = partnerOf(o);
  if (partner === null || !o.voters.includes(partner) || !o.voters.includes(o.self)) return null;
  const { fenceOutcome } = state;
  if (fenceOutcome?.target === partner && fenceOutcome.result === 'off') return { member: partner };
  if (state.forced?.isOff !== true || o.forced === null) return null;
  const heardMs = Math.max(lastHeardMs(state.raft, partner), state.heardMs.get(partner) ?? Number.NEGATIVE_INFINITY);
  if (heardMs >= state.forced.atMs || !nowQuiet(state, o, partner)) return null;
  const { generation } = recordAtLogEnd(state);
  return { member: partner, word: isBlind(state, o) ? generation : generation - 1 };
}

/** An operator's word to a Master that its Standby is off: its writes wait for nothing else. @returns whom it is about; null: nobody. */
export function takeWord(state: ControllerState, requestId: string, asker: string): NodeId | null {
  const o = observe(state);
  const partner = partnerOf(o);
  if (partner === null || !mayServe(o) || !isUnanswered(o, partner) || hasGoneOn(state)) return null;
  const evidence = `${asker} confirmed that ${partner} is off (request ${requestId})`;
  state.forced = { requestId, evidence, isOff: true, epoch: state.record.epoch, atMs: state.nowMs };
  return partner;
}

/**
 * The other one may have gone on without this node, by a fence of it, and be off since. Not so for whoever has seen it in its epoch in this
 * life, nor for the owner of that epoch: had anybody gone on without it, it would have lost this life.
 */
export const isBlind = (state: ControllerState, o: Observation): boolean => hasGoneOn(state) || (!o.fenceRight && !isOwn(o));

const nowQuiet = (state: ControllerState, o: Observation, partner: NodeId): boolean =>
  state.nowMs >= o.promisedUntilMs || isUnanswered(o, partner);

/** Taken out as gone, and heard again: it gets the log, which tells it what has become of it, and is counted for nothing. */
function comesBack(state: ControllerState, o: Observation): { readonly node: NodeId; readonly voter: boolean } | null {
  const partner = partnerOf(o);
  if (partner === null || membersOf(state.raft).some(({ id }) => id === partner)) return null;
  return o.fenceOutcome === null && state.nowMs - (state.heardMs.get(partner) ?? Number.NEGATIVE_INFINITY) < REPORT_FRESH_MS
    ? { node: partner, voter: false }
    : null;
}

function changeVote(state: ControllerState, o: Observation): ControllerEffect[] | null {
  if (!leaderReady(state.raft) || membersPending(state.raft) || state.nowMs - state.voteAskedMs < VOTE_AGAIN_MS) return null;
  const known = membersOf(state.raft);
  const wanted = comesBack(state, o) ?? voteWanted(o);
  if (wanted === null) return null;
  state.voteAskedMs = state.nowMs;
  const { node, voter } = wanted;
  const members = known.some((member) => member.id === node)
    ? known.map((member) => (member.id === node ? { ...member, voter } : member))
    : [...known, { id: node, kind: 'data' as const, voter: false }];
  const requestId = `${o.self}.${o.boot}.vote${Math.round(state.nowMs)}`;
  return [
    { kind: 'log', level: 'info', event: 'raft.vote', fields: { node, voter } },
    ...raftInput(state, { kind: 'changeMembers', requestId, members, nowMs: state.nowMs }),
  ];
}
