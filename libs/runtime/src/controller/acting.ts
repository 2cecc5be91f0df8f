import {
  type Action,
  COMMAND_LEVELS,
  type CommandBody,
  type Decision,
  decide,
  levelOf,
  lint,
  type Observation,
} from '@yosugara/failover';
import type { NodeId } from '@yosugara/kernel';
import { isDoubted, waitsForRound } from './doubt.js';
import { noteOrder, noteRight, tellConsensus } from './fencing.js';
import { showsWaiting } from './gate.js';
import { leaseEffects, noticeEffects, vipEffects } from './leasing.js';
import { levelOfNewborn } from './levels.js';
import { noteManagerRestart } from './manager-watch.js';
import { tendMembers, whyNotCounted } from './membership.js';
import { observe } from './observe.js';
import { raftInput } from './raft-input.js';
import type { ControllerState } from './state.js';
import type { ControllerEffect, Resource } from './types.js';

/** A proposal that was neither applied nor rejected for this long is made anew (the log drops the double). */
const PROPOSAL_PATIENCE_MS = 2_000;
const SETTLE_MS = 250;
const MAX_RESTARTS_KNOWN = 8;

/** What is started and takes its time; the rest is done in the same step. */
type Started = Exclude<Action, { kind: 'manager.mode' | 'renounce' | 'record.propose' | 'raft.transfer' }>;

/** Decide, lint, act; then leases and notices. Called after whatever may have changed the picture. */
export function act(state: ControllerState): ControllerEffect[] {
  const effects: ControllerEffect[] = [];
  forgetOldProposal(state);
  // The dead man is armed before anything may write, in the same breath. A look is dear: it is taken anew only after a change.
  noteRight(state);
  let first = observe(state);
  append(effects, tellConsensus(state, first) ?? []);
  append(effects, tendMembers(state));
  if (effects.length > 0) first = observe(state);
  const armed = leaseEffects(state, first);
  append(effects, armed);
  const before = armed.length === 0 ? first : observe(state, first.peers);
  const decision = withConsensus(state, decide(before));
  if (decision.role !== state.decision.role || decision.why !== state.decision.why)
    effects.push({
      kind: 'log',
      level: 'info',
      event: 'failover.role',
      fields: { role: decision.role, why: decision.why, epoch: state.record.epoch },
    });
  state.decision = decision;
  const told = effects.length;
  for (const action of decision.actions) append(effects, perform(state, before, action));
  append(effects, preferEffects(state));
  append(effects, tendLevel(state));
  const after = effects.length === told ? before : observe(state, first.peers);
  append(effects, vipEffects(state, after));
  append(effects, noticeEffects(state, after));
  return effects;
}

/** Nearly always there is nothing to add, and spreading nothing into `push` costs more than all the rest of this. */
export function append(to: ControllerEffect[], more: readonly ControllerEffect[]): void {
  for (const effect of more) to.push(effect);
}

/** A data node without a vote follows as ever, and says what it needs. */
function withConsensus(state: ControllerState, decision: Decision): Decision {
  const lost = whyNotCounted(state);
  if (lost === null || state.config.kind === 'witness') return decision;
  return { ...decision, needsRecover: true, why: `${decision.why}; ${lost}` };
}

function forgetOldProposal(state: ControllerState): void {
  if (state.proposal !== null && state.nowMs - state.proposal.sinceMs > PROPOSAL_PATIENCE_MS) state.proposal = null;
}

function perform(state: ControllerState, o: Observation, action: Action): ControllerEffect[] {
  if (isDoubted(state) && waitsForRound(action)) return [];
  const objection = lint(o, action);
  if (objection !== null)
    return [{ kind: 'log', level: 'error', event: 'failover.refused', fields: { action: action.kind, objection } }];
  switch (action.kind) {
    case 'manager.mode':
      state.managerMode = action.mode;
      return [];
    case 'renounce':
      if (state.renounced >= action.epoch) return [];
      state.renounced = action.epoch;
      return [{ kind: 'log', level: 'warn', event: 'failover.renounced', fields: { epoch: action.epoch } }];
    case 'record.propose':
      return propose(state, action.command);
    case 'raft.transfer':
      return transfer(state, action);
    default:
      return start(state, action);
  }
}

function tendLevel(state: ControllerState): ControllerEffect[] {
  const level = state.proposal === null ? levelOfNewborn(state) : null;
  if (level === null) return [];
  return propose(state, { kind: 'level', requestId: `${state.config.self}.${state.config.boot}.born`, level });
}

/** One proposal at a time: the next look at the world is taken when this one is applied. */
export function propose(state: ControllerState, command: CommandBody): ControllerEffect[] {
  if (state.proposal !== null) return [];
  // A member of an older version would hold another record from here on.
  if (COMMAND_LEVELS[command.kind] > levelOf(state.record))
    return [{ kind: 'log', level: 'warn', event: 'level.notYet', fields: { command: command.kind } }];
  state.proposals += 1;
  const id = `${state.config.self}.${state.config.boot}.${state.proposals}`;
  state.proposal = { id, sinceMs: state.nowMs };
  return raftInput(state, { kind: 'propose', requestId: id, command: { ...command, id }, nowMs: state.nowMs });
}

function transfer(state: ControllerState, action: Extract<Action, { kind: 'raft.transfer' }>): ControllerEffect[] {
  const failure = state.failures.get(action.kind);
  state.failures.set(action.kind, { count: (failure?.count ?? 0) + 1, atMs: state.nowMs, code: 'TRANSFER_PENDING' });
  return [
    { kind: 'log', level: 'info', event: 'failover.transfer', fields: { to: action.to } },
    ...raftInput(state, { kind: 'transfer', to: action.to, nowMs: state.nowMs }),
  ];
}

/** What an action keeps busy: one action at a time on each. */
const RESOURCES: { readonly [K in Started['kind']]: Resource } = {
  'pg.initialise': 'postgres',
  'pg.startStandby': 'postgres',
  'pg.startPrimary': 'postgres',
  'pg.follow': 'postgres',
  'pg.setNames': 'postgres',
  'pg.promote': 'postgres',
  'pg.mark': 'postgres',
  'pg.ensureSlot': 'postgres',
  'pg.rewind': 'postgres',
  'pg.baseBackup': 'postgres',
  // Of its own, so that it may overtake what PostgreSQL is busy with.
  'pg.stop': 'stop',
  'vip.hold': 'vip',
  'vip.release': 'vip',
  'fence.off': 'fence',
  'fence.on': 'fence',
  'hook.run': 'hook',
  'manager.restart': 'manager',
};

/** A stop may overtake anything; nothing else starts while a stop, or another action on the same thing, is in flight. */
function start(state: ControllerState, action: Started): ControllerEffect[] {
  const resource = RESOURCES[action.kind];
  if (state.busy.has(resource) || (resource === 'postgres' && state.busy.has('stop'))) return [];
  // What it changed must be seen before it is done again.
  if (state.nowMs - (state.endedMs.get(action.kind) ?? Number.NEGATIVE_INFINITY) < SETTLE_MS) return [];
  state.busy.set(resource, { action, sinceMs: state.nowMs });
  noteOrder(state, action);
  if (action.kind === 'hook.run') hookIs(state, action, 'running');
  if (action.kind === 'pg.startPrimary' && state.record.phase === 'serving')
    state.restarts = [...state.restarts, state.nowMs].slice(-MAX_RESTARTS_KNOWN);
  if (showsWaiting(state, action)) state.gate = { lsn: null };
  if (action.kind === 'manager.restart') noteManagerRestart(state);
  beginProgress(state, action);
  return [
    { kind: 'log', level: 'info', event: 'failover.act', fields: { ...action, epoch: state.record.epoch } },
    { kind: 'act', resource, action },
  ];
}

/** Of one epoch: what an older one's program said counts for nothing. */
export function hookIs(
  state: ControllerState,
  { which, epoch }: Extract<Action, { kind: 'hook.run' }>,
  is: 'none' | 'running' | 'passed' | 'vetoed',
): void {
  const known = state.hooks.epoch === epoch ? state.hooks : { before: 'none' as const, after: 'none' as const };
  if (epoch < state.hooks.epoch) return;
  state.hooks =
    which === 'before'
      ? { ...known, epoch, before: is }
      : { ...known, epoch, after: is === 'running' || is === 'none' ? is : 'done' };
}

function beginProgress(state: ControllerState, action: Action): void {
  if (action.kind === 'pg.rewind') state.progress = { method: 'rewind', detail: 'pg_rewind', fraction: null, running: true };
  if (action.kind === 'pg.baseBackup')
    state.progress = { method: 'basebackup', detail: 'base backup', fraction: null, running: true };
  if (
    action.kind === 'pg.startStandby' &&
    action.follow !== null &&
    state.progress?.running !== true &&
    state.decision.role === 'STOPPED'
  )
    state.progress = state.progress ?? { method: 'follow', detail: 'starting as a standby', fraction: null, running: false };
}

/** Ruling 6: voters know who should lead. */
function preferEffects(state: ControllerState): ControllerEffect[] {
  const { may, extraDelayMs } = state.decision.campaign;
  const { syncSet } = state.record;
  const told = state.preferred;
  if (told?.may === may && told.extraDelayMs === extraDelayMs && areSame(told.syncSet, syncSet)) return [];
  state.preferred = { syncSet, may, extraDelayMs };
  return raftInput(state, { kind: 'prefer', preferred: syncSet, mayCampaign: may, extraDelayMs });
}

/** The record never changes in place: mostly the two are one. */
const areSame = (one: readonly NodeId[], other: readonly NodeId[]): boolean =>
  one === other || (one.length === other.length && one.every((id, index) => id === other[index]));
