import { commitIndex, commitIsOfThisTerm, isLeader, leaderOf, type RaftInput } from '@yosugara/consensus';
import type { Action, PostgresFacts } from '@yosugara/failover';
import { isMoving, rowOf } from '@yosugara/failover';
import { assertNever, type NodeId } from '@yosugara/kernel';
import { resume } from '../recover/machine.js';
import { act, append, hookIs } from './acting.js';
import { noteBranch, onAdopt } from './away.js';
import { doubt } from './doubt.js';
import { fenceDone, noteAwake, noteHeard } from './fencing.js';
import { openGate } from './gate.js';
import { HOOK_CALLED_OFF } from './hook-hand.js';
import { heardLevel, isKnownMessage } from './levels.js';
import { noteHeldUp, noteManagerProcess, noteManagerReport, saysTheSameOfManager } from './manager-watch.js';
import { onIdentity, onRenewed } from './membership.js';
import { saysTheSame, viewOf } from './observe.js';
import { raftInput } from './raft-input.js';
import { noteCopied, trackRecover } from './recovering.js';
import { reportOf } from './report.js';
import { answered, expire, request, yieldTo } from './requests.js';
import type { ControllerState } from './state.js';
import type { ControllerEffect, ControllerInput, HeldReport, NodeReport, PeerMessage } from './types.js';

const MAX_STOP_PROOFS = 16;
/** How often the slot of a peer that does not stream is looked after: soon while it is being brought back. */
const SLOT_AGAIN_MS = 30_000;
const SLOT_SOON_MS = 2_000;

/**
 * The whole controller as one pure step: consensus, the record, the decision. The driver feeds one input at a time and does
 * the effects in order; the simulator does the same with models. `state` belongs to the caller and is changed in place.
 */
export function stepController(state: ControllerState, input: ControllerInput): ControllerEffect[] {
  const { nowMs } = input as { readonly nowMs?: number };
  if (nowMs !== undefined) passTime(state, nowMs);
  const report = input.kind === 'message' ? state.reports.get(input.from) : undefined;
  const { manager } = state;
  const effects = take(state, input);
  append(effects, followLeadership(state));
  state.informed ||= commitIsOfThisTerm(state.raft);
  if (!isNews(state, input, report, manager) && effects.every((effect) => effect.kind === 'send')) return effects;
  append(effects, act(state));
  // What others say changes nothing of it that the next tick would not see.
  if (input.kind !== 'message') trackRecover(state, input.kind === 'tick' || input.kind === 'manager');
  return effects;
}

/**
 * Could this have changed what is to be done? Not by times alone: they are the next tick's business, 50 ms from here at most.
 * @param report the sender's, before this step. @param manager what was known of the manager, before this step.
 */
function isNews(
  state: ControllerState,
  input: ControllerInput,
  report: HeldReport | undefined,
  manager: ControllerState['manager'],
): boolean {
  if (input.kind === 'manager') return !saysTheSameOfManager(manager, state.manager);
  if (input.kind !== 'message') return true;
  if (input.message.k === 'raft') return false;
  if (input.message.k !== 'report') return true;
  if (state.leftBehind.has(input.from)) return false;
  // An arbiter that does not lead decides nothing.
  if (state.config.kind === 'witness' && !isLeader(state.raft)) return false;
  return !saysTheSame(state, report, state.reports.get(input.from)!);
}

/** Whatever looks at the clock first after a halt sees that there was one. */
export function passTime(state: ControllerState, nowMs: number): void {
  if (nowMs <= state.nowMs) return;
  noteAwake(state, nowMs);
  noteHeldUp(state, nowMs);
  noteStruck(state, nowMs);
  state.nowMs = nowMs;
}

/**
 * The time that the dead man was last given is over: it has struck, or will before we are done, whatever its own word says when. An echo
 * that waited here meanwhile may renew the lease by its arithmetic, though the voters have heard of the strike and promise nothing any more
 * (seed 133756 of the simulator).
 */
function noteStruck(state: ControllerState, nowMs: number): void {
  const { untilMs, epoch } = state.lease;
  if (untilMs > 0 && nowMs > untilMs && epoch > state.overdue) state.overdue = epoch;
}

function take(state: ControllerState, input: ControllerInput): ControllerEffect[] {
  switch (input.kind) {
    case 'tick':
      return tick(state, input);
    case 'message':
      return message(state, input);
    case 'facts':
      return facts(state, input.facts);
    case 'vip':
      state.vipHeld = input.held;
      return [];
    case 'manager':
      noteManagerReport(state, input.report, input.nowMs);
      return [];
    case 'receiver':
      return receiver(state, input);
    case 'host':
      state.host = input.host;
      noteManagerProcess(state, input.host);
      return [];
    case 'jump':
      return doubt(state, input.nowMs, input.aheadMs);
    case 'leave':
      if (state.leaving) return [];
      // Said at once, not at the next heartbeat: writes wait for a Standby until its Master knows.
      state.leaving = true;
      return tell(state);
    case 'fenceHealth':
      state.fenceHealth.set(input.health.target, input.health);
      return [];
    case 'links':
      state.links = input.links;
      return [];
    case 'done':
      return done(state, input);
    case 'progress':
      if (state.progress !== null)
        state.progress = { ...state.progress, detail: input.detail, fraction: input.fraction, ...input.more };
      return [];
    case 'survey':
      state.survey = input.survey;
      return [];
    case 'recoverLoaded':
      state.recover = resume(input.report);
      return [];
    case 'stopProof':
      return stopProof(state, input);
    case 'struck':
      if (input.epoch > state.renounced) state.renounced = input.epoch;
      return [{ kind: 'log', level: 'error', event: 'deadman.struck', fields: { epoch: input.epoch } }];
    case 'renewed':
      return onRenewed(state, input.incarnation);
    case 'operator':
      return request(state, input.id, input.request, null);
    default:
      return assertNever(input);
  }
}

function tick(state: ControllerState, input: Extract<ControllerInput, { kind: 'tick' }>): ControllerEffect[] {
  state.wallMs = input.wallMs;
  const effects = raftInput(state, { kind: 'tick', nowMs: input.nowMs, random: input.random });
  append(effects, expire(state));
  append(effects, compact(state));
  if (input.nowMs - state.reportedMs >= state.config.raft.heartbeatMs) append(effects, tell(state));
  return effects;
}

function tell(state: ControllerState): ControllerEffect[] {
  state.reportedMs = state.nowMs;
  const report = reportOf(state);
  const others = state.config.members.filter((member) => member.id !== state.config.self);
  return others.map((member) => ({ kind: 'send', to: member.id, message: { k: 'report', r: report } }));
}

function compact(state: ControllerState): ControllerEffect[] {
  if (state.appliedIndex - state.compactedIndex < state.config.compactEvery || state.appliedIndex > commitIndex(state.raft))
    return [];
  state.compactedIndex = state.appliedIndex;
  return raftInput(state, { kind: 'compact', index: state.appliedIndex, state: state.record, trailing: state.config.trailing });
}

function message(state: ControllerState, input: Extract<ControllerInput, { kind: 'message' }>): ControllerEffect[] {
  const { from, message: body, nowMs } = input;
  if (!counts(state, from, body)) return [];
  noteHeard(state, from);
  switch (body.k) {
    case 'raft':
      if ((body.b ?? '') !== state.branch) return [];
      return raftInput(state, heardOfRaft(from, body, nowMs, input.random));
    case 'identity':
      return onIdentity(state, from, body);
    case 'report':
      // A burst of stale reports after a freeze: the last one is the newest, and none of them renews a lease.
      state.heardMs.set(from, nowMs);
      state.reports.set(from, { report: body.r, atMs: nowMs, view: viewOf(body.r, nowMs) });
      return [...noteBranch(state, from, body.r), ...heard(state, from, body.r)];
    case 'adopt':
      return onAdopt(state, from, body);
    case 'request':
      return request(state, body.id, body.request, from);
    case 'answer':
      return answered(state, body);
    case 'yield':
      return yieldTo(state, from);
    default:
      return assertNever(body);
  }
}

/** A newer program may say what is not known here; one that does not speak the cluster's level has no say. */
function counts(state: ControllerState, from: NodeId, body: PeerMessage): boolean {
  return body.k === 'report' ? heardLevel(state, from, body.r) : isKnownMessage(body) && !state.leftBehind.has(from);
}

/** What it says of its directory: of the log that is ours, too. */
function heard(state: ControllerState, from: NodeId, { consensus, branch }: NodeReport): ControllerEffect[] {
  if (consensus === undefined || (branch ?? '') !== state.branch) return [];
  const { incarnation, disk, forgot } = consensus;
  return raftInput(state, { kind: 'heard', from, incarnation, disk, forgot, nowMs: state.nowMs });
}

/** Spelt out: it is made for every message, and conditional spreads cost more than what follows. */
function heardOfRaft(from: NodeId, body: Extract<PeerMessage, { k: 'raft' }>, nowMs: number, random: number): RaftInput {
  const { m: message, inc: incarnation, disk } = body;
  if (incarnation !== undefined && disk !== undefined)
    return { kind: 'message', from, message, nowMs, random, incarnation, disk };
  return {
    ...{ kind: 'message', from, message, nowMs, random },
    ...(incarnation === undefined ? {} : { incarnation }),
    ...(disk === undefined ? {} : { disk }),
  };
}

function facts(state: ControllerState, seen: PostgresFacts): ControllerEffect[] {
  const key = seen.kind === 'standby' ? `standby ${seen.receiver}` : seen.kind;
  if (key !== state.factsKey) {
    state.factsKey = key;
    state.factsSinceMs = state.nowMs;
  }
  state.facts = seen;
  if (seen.kind === 'standby' && seen.receiver === 'streaming' && state.progress !== null)
    state.progress = { ...state.progress, running: false, detail: 'streaming', fraction: 1 };
  trackStalls(state, seen);
  openGate(state, seen);
  trackSlots(state, seen);
  // Not at the next heartbeat: in a hand-over one node waits for what the other has.
  return isMoving(state.record) ? tell(state) : [];
}

/** T2's evidence: a member of the sync set that does not stream, or whose flush stands still though ours is ahead of it. */
function trackStalls(state: ControllerState, seen: PostgresFacts): void {
  if (seen.kind !== 'primary' || state.record.owner !== state.config.self) {
    state.stalled.clear();
    return;
  }
  for (const node of state.record.syncSet) {
    if (node === state.config.self) continue;
    const row = rowOf(seen.peers, node);
    const flushLsn = row?.flushLsn ?? -1;
    const level = row?.streaming === true && row.flushLsn >= seen.walEnd;
    const before = state.stalled.get(node);
    if (level) state.stalled.delete(node);
    else if (before === undefined || (row?.streaming === true && flushLsn > before.flushLsn))
      state.stalled.set(node, { sinceMs: state.nowMs, flushLsn });
  }
  for (const node of [...state.stalled.keys()]) if (!state.record.syncSet.includes(node)) state.stalled.delete(node);
}

/** A peer that does not stream may lack its slot: dropped by hand, or invalidated because it was away too long (R4). */
function trackSlots(state: ControllerState, seen: PostgresFacts): void {
  if (seen.kind !== 'primary') return;
  const isAsked = (node: NodeId) => state.record.recover.some((known) => known.node === node && known.state === 'open');
  const missed = state.slots.nodes.filter((node) => {
    const streams = seen.peers.some((peer) => peer.node === node && peer.streaming);
    return (
      !streams &&
      state.nowMs - (state.slotsMs.get(node) ?? Number.NEGATIVE_INFINITY) >= (isAsked(node) ? SLOT_SOON_MS : SLOT_AGAIN_MS)
    );
  });
  if (missed.length > 0) state.slots = { ...state.slots, nodes: state.slots.nodes.filter((node) => !missed.includes(node)) };
}

function receiver(state: ControllerState, input: Extract<ControllerInput, { kind: 'receiver' }>): ControllerEffect[] {
  const link = input.report?.peerLink ?? 'down';
  if (link !== state.receiverLink.link) state.receiverLink = { link, sinceMs: input.nowMs };
  state.receiver = input.report === null ? null : { report: input.report, atMs: input.nowMs };
  return [];
}

function done(state: ControllerState, input: Extract<ControllerInput, { kind: 'done' }>): ControllerEffect[] {
  const { action, result } = input;
  if (state.busy.get(input.resource)?.action === action || state.busy.get(input.resource)?.action.kind === action.kind)
    state.busy.delete(input.resource);
  correct(state, action, result.ok);
  fenceDone(state, action, result);
  if (action.kind === 'hook.run')
    hookIs(state, action, result.ok ? 'passed' : result.code === HOOK_CALLED_OFF ? 'none' : 'vetoed');
  noteCopied(state, action.kind, result);
  if (!result.ok) {
    noteFailure(state, action.kind, result.code);
    if (state.progress?.running === true) state.progress = { ...state.progress, running: false, detail: result.message };
    return [
      {
        kind: 'log',
        level: 'warn',
        event: 'failover.failed',
        fields: { action: action.kind, code: result.code, message: result.message },
      },
    ];
  }
  state.failures.delete(action.kind);
  state.endedMs.set(action.kind, input.nowMs);
  if (action.kind === 'pg.baseBackup' || action.kind === 'pg.rewind') state.failures.delete('pg.rewind');
  if (action.kind === 'pg.mark' && result.lsn !== undefined)
    state.joinMark = { node: action.node, epoch: state.record.epoch, lsn: result.lsn, atMs: state.nowMs };
  if (action.kind === 'pg.ensureSlot') {
    if (state.slots.epoch !== state.record.epoch) state.slots = { epoch: state.record.epoch, nodes: [] };
    state.slots.nodes.push(action.node);
    state.slotsMs.set(action.node, state.nowMs);
  }
  // What was seen before the action is no longer so: look again before deciding (the next probe is under way). A primary is seen
  // behind its promotion only: then that look has come already.
  const isSeen = state.facts.kind === 'primary' && (action.kind === 'pg.promote' || action.kind === 'pg.startPrimary');
  if (input.resource === 'postgres' && changesServer(action.kind) && !isSeen) unsee(state);
  return [];
}

function noteFailure(state: ControllerState, kind: string, code: string): void {
  state.failures.set(kind, { count: (state.failures.get(kind)?.count ?? 0) + 1, atMs: state.nowMs, code });
}

/**
 * What was seen before an action is older than the action. Its success is itself a look (the verbs wait for the effect); after
 * a failure either may be in effect, so the worse is assumed until the next look.
 */
function correct(state: ControllerState, action: Action, ok: boolean): void {
  const seen = state.facts;
  if (action.kind === 'pg.setNames') {
    if (state.joinMark !== null && action.names.length === 0) noteFailure(state, 'join', 'NOT_IN_TIME');
    state.joinMark = null;
    if (seen.kind === 'primary') state.facts = { ...seen, names: ok ? action.names : null };
  }
  if (action.kind !== 'pg.follow' || seen.kind !== 'standby') return;
  if (!ok) facts(state, { ...seen, follows: null, receiver: 'connecting' });
  else if (action.follow === null) facts(state, { ...seen, follows: null, receiver: 'cut' });
  else facts(state, { ...seen, follows: action.follow, receiver: seen.receiver === 'streaming' ? 'streaming' : 'connecting' });
}

const changesServer = (kind: string): boolean =>
  kind === 'pg.startPrimary' ||
  kind === 'pg.startStandby' ||
  kind === 'pg.promote' ||
  kind === 'pg.initialise' ||
  kind === 'pg.rewind' ||
  kind === 'pg.baseBackup';

function unsee(state: ControllerState): void {
  if (state.facts.kind === 'unknown') return;
  state.facts = { kind: 'unknown' };
  state.factsKey = 'unknown';
  state.factsSinceMs = state.nowMs;
}

function stopProof(state: ControllerState, input: Extract<ControllerInput, { kind: 'stopProof' }>): ControllerEffect[] {
  const known = state.stopProofs.some(
    (proof) => proof.node === input.node && proof.epoch === input.epoch && proof.boot === input.boot,
  );
  if (known || input.node === state.config.self) return [];
  state.stopProofs = [...state.stopProofs, { node: input.node, epoch: input.epoch, boot: input.boot }].slice(-MAX_STOP_PROOFS);
  const { record } = state;
  const ofOwner = record.owner === input.node && record.epoch === input.epoch && record.ownerBoot === input.boot;
  const out: ControllerEffect[] = [
    { kind: 'log', level: 'warn', event: 'deadman.proof', fields: { node: input.node, epoch: input.epoch, ofOwner } },
  ];
  // Its process is gone or has lost its database: our promise to it serves nobody any more.
  if (ofOwner && leaderOf(state.raft) === input.node)
    out.push(...raftInput(state, { kind: 'leaderGone', leader: input.node, nowMs: state.nowMs }));
  return out;
}

function followLeadership(state: ControllerState): ControllerEffect[] {
  const leads = isLeader(state.raft);
  if (leads === (state.leaderSinceMs !== null)) return [];
  state.leaderSinceMs = leads ? state.nowMs : null;
  state.proposal = null;
  state.failures.delete('raft.transfer');
  return [{ kind: 'log', level: 'info', event: leads ? 'raft.leading' : 'raft.following', fields: {} }];
}
