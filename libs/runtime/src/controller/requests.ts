import { amnesiacs, isLeader, leaderOf, leaderReady, strangers } from '@yosugara/consensus';
import {
  awaitsForce,
  isAfar,
  levelOf,
  maintenanceOf,
  mayClaim,
  mayServe,
  outOnPurpose,
  partnerOf,
  successor,
} from '@yosugara/failover';
import { assertNever, type NodeId } from '@yosugara/kernel';
import { planRecover, planText, type RecoverPlan, refusedPlan } from '../recover/plan.js';
import { foreignOf, type PreflightInput, preflight, type RefusalCode } from '../recover/preflight.js';
import { propose } from './acting.js';
import { isJustAwake, planAway, supersededNow } from './away.js';
import { fenceRequest, refusalOfFence } from './fence-by-hand.js';
import { hasTwoVoters, votersOf } from './fence-facts.js';
import { hasGoneOn, isBlind, takeWord } from './fencing.js';
import { isKnownRequest, levelToFinish, REQUEST_LEVELS } from './levels.js';
import { observe } from './observe.js';
import { raftInput } from './raft-input.js';
import { sideOf } from './recovering.js';
import type { ControllerState } from './state.js';
import type { Answer, ControllerEffect, OperatorRequest, PeerMessage } from './types.js';

const ANSWER_PATIENCE_MS = 3_000;
const MAX_WAITING = 64;
const A_WORD = { requestId: '', evidence: '' };

/** From this node's operator (from null) or, forwarded, from another's. The answer goes where it came from. */
export function request(state: ControllerState, id: string, asked: OperatorRequest, from: NodeId | null): ControllerEffect[] {
  if (!isKnownRequest(asked)) return answer(id, from, false, 'another version asked: it is not known here', 'LEVEL_NOT_SPOKEN');
  if (asked.kind === 'promote') return promote(state, id, asked, from);
  if (asked.kind === 'drPromote') return drPromote(state, id, asked, from);
  const early = asksTooEarly(state, asked);
  if (early !== null) return answer(id, from, false, early, 'UPGRADE_UNFINISHED');
  const newer = supersededNow(state);
  if (newer !== null && from === null && asked.kind === 'recover') {
    remember(state, id, null);
    return [{ kind: 'send', to: newer, message: { k: 'request', id, request: asked } }];
  }
  if (!isLeader(state.raft)) {
    const leader = leaderOf(state.raft);
    if (leader === null || from !== null) {
      const why = 'no leader is known: no majority of the members answers';
      return asked.kind === 'recover'
        ? cannotRecover(id, from, asked, 'NO_QUORUM', why)
        : answer(id, from, false, why, 'NO_QUORUM');
    }
    remember(state, id, null);
    return [{ kind: 'send', to: leader, message: { k: 'request', id, request: asked } }];
  }
  if (state.proposal !== null) return answer(id, from, false, 'busy with another change; ask again');
  switch (asked.kind) {
    case 'recover':
      return recover(state, id, asked, from);
    case 'switchover':
      return switchover(state, id, asked.to, from);
    case 'finishUpgrade':
      return finishUpgrade(state, id, from);
    case 'pause':
      return pause(state, id, asked, from);
    case 'maintenance':
      return maintenance(state, id, asked, from);
    case 'fence': {
      const no = refusalOfFence(state, asked.node);
      if (no !== null) return answer(id, from, false, no.why, no.code);
      remember(state, id, from);
      return propose(state, fenceRequest(state, id, asked));
    }
    default:
      return assertNever(asked);
  }
}

/** Before it goes to a leader that may be of an older version. */
function asksTooEarly(state: ControllerState, asked: OperatorRequest): string | null {
  if (asked.kind !== 'finishUpgrade')
    return REQUEST_LEVELS[asked.kind] > levelOf(state.record) ? 'an upgrade is under way: `yosugara upgrade finish` first' : null;
  const to = levelToFinish(state);
  return 'no' in to ? to.no : null;
}

function finishUpgrade(state: ControllerState, id: string, from: NodeId | null): ControllerEffect[] {
  const to = levelToFinish(state);
  if ('no' in to) return answer(id, from, false, to.no, 'UPGRADE_UNFINISHED');
  remember(state, id, from);
  return propose(state, { kind: 'level', requestId: id, level: to.level });
}

type Asked<K extends OperatorRequest['kind']> = Extract<OperatorRequest, { readonly kind: K }>;

function pause(state: ControllerState, id: string, asked: Asked<'pause'>, from: NodeId | null): ControllerEffect[] {
  const { untilWallMs, why } = asked;
  if (untilWallMs === null && state.record.pause === null) return answer(id, from, true, 'the cluster is not paused');
  if (untilWallMs !== null && untilWallMs <= state.wallMs) return answer(id, from, false, 'the end of the pause is in the past');
  remember(state, id, from);
  return propose(state, { kind: 'pause', requestId: id, untilWallMs, why });
}

/** T10 of one node. A Master gives way first, so somebody must be able to take over. */
function maintenance(state: ControllerState, id: string, asked: Asked<'maintenance'>, from: NodeId | null): ControllerEffect[] {
  const { node, untilWallMs, why } = asked;
  const { record, config } = state;
  const no = (message: string): ControllerEffect[] => answer(id, from, false, message);
  const data = config.members.filter((member) => member.kind === 'data').map((member) => member.id);
  if (!data.includes(node)) return no(`${node} is not a data node; data nodes are ${data.join(', ')}`);
  if (untilWallMs === null) {
    if (maintenanceOf(record, node) === null) return answer(id, from, true, `${node} is not in maintenance`);
  } else {
    if (untilWallMs <= state.wallMs) return no('the end of the maintenance is in the past');
    const other = record.maintenance.find((entry) => entry.node !== node);
    if (other !== undefined) return no(`${other.node} is in maintenance already: end that first`);
    if (record.phase !== 'serving') return no('no Master is serving: wait until one does');
    if (node === record.owner && successor(observe(state)) === null)
      return no(`${node} is the Master and no other node can take over now: see \`yosugara status\``);
    if (node !== record.owner && config.settings.policy === 'strict' && record.syncSet.includes(node))
      return no(`the policy is strict: without ${node} every write would wait for it; change the policy first`);
  }
  remember(state, id, from);
  return propose(state, { kind: 'maintenance', requestId: id, node, untilWallMs, why });
}

function recover(state: ControllerState, id: string, asked: Asked<'recover'>, from: NodeId | null): ControllerEffect[] {
  const { record } = state;
  const wanted = asked.node;
  const data = dataMembers(state);
  if (wanted !== null && !data.includes(wanted))
    return cannotRecover(id, from, asked, 'NODE_UNKNOWN', `${wanted} is not a data node; data nodes are ${data.join(', ')}`);
  // The owner first; but an old owner's word may be what a take-over waits for, and without a vote it is told of no epoch (seed 40145).
  const silent = [...withoutVote(state), ...switchedOff(state)];
  const voiceless =
    wanted === null ? (silent.find((node) => node === record.owner) ?? silent[0]) : silent.find((node) => node === wanted);
  const served = isServed(state);
  if (voiceless !== undefined && !served) return recoverVote(state, id, voiceless, from, asked.dryRun === true);
  const held = served ? null : heldByFence(state, wanted);
  if (held !== null && asked.dryRun === true) return planned(id, from, startPlan(held));
  if (held !== null) return openRecover(state, id, held, from);
  if (record.owner === null || record.phase !== 'serving')
    return cannotRecover(id, from, asked, 'NO_MASTER', 'no Master is serving: a node can be brought back only to a Master');
  if (wanted === record.owner)
    return cannotRecover(id, from, asked, 'IS_MASTER', `${wanted} is the Master: only a node that is out can be recovered`);
  // With `strict` a node that waits for us is still in the sync set.
  const lacking = (candidate: NodeId): boolean =>
    state.reports.get(candidate)?.report.needsRecover === true ||
    (!record.syncSet.includes(candidate) && (candidate === wanted || !isAfar(observe(state), candidate)));
  const node = wanted ?? data.find((candidate) => candidate !== record.owner && lacking(candidate)) ?? null;
  if (node === null || !lacking(node)) return answer(id, from, true, 'nothing to recover: every node is in the sync set');
  const input: PreflightInput = {
    record,
    wallMs: state.wallMs,
    quorum: leaderReady(state.raft),
    source: sideOf(state, record.owner),
    target: sideOf(state, node),
    discardUnknown: asked.discardUnknown ?? false,
    logLost: withoutVote(state).includes(node),
  };
  if (asked.dryRun === true) return planned(id, from, planRecover(input));
  const refused = preflight(input);
  if (refused !== null) return answer(id, from, false, refused.message, refused.code);
  return openRecover(state, id, node, from, foreignOf(record, input.target) ?? undefined);
}

/** A dry run is never refused: that it would be is what it tells. */
function cannotRecover(
  id: string,
  from: NodeId | null,
  asked: Asked<'recover'>,
  code: RefusalCode,
  message: string,
): ControllerEffect[] {
  if (asked.dryRun !== true) return answer(id, from, false, message, code);
  return planned(id, from, refusedPlan(asked.node ?? '', [{ code, message }]));
}

const planned = (id: string, from: NodeId | null, plan: RecoverPlan, message = planText(plan)): ControllerEffect[] =>
  told(from, { id, ok: true, message, plan });

/** A second asker joins the first, unless there is more to give up than the first one knew. */
function openRecover(
  state: ControllerState,
  id: string,
  node: NodeId,
  from: NodeId | null,
  givesUp?: string,
): ControllerEffect[] {
  const open = state.record.recover.find((known) => known.node === node && known.state === 'open');
  if (open !== undefined && (givesUp === undefined || open.givesUp === givesUp))
    return answer(id, from, true, `recover of ${node} is under way already (${open.requestId})`);
  remember(state, id, from);
  return propose(state, { kind: 'recover', node, requestId: id, ...(givesUp === undefined ? {} : { givesUp }) });
}

const dataMembers = ({ config }: ControllerState): readonly NodeId[] =>
  config.members.filter((member) => member.kind === 'data').map((member) => member.id);

/** Data nodes whose consensus log is not the one they are counted by, or is another one of the cluster's (T9). */
function withoutVote(state: ControllerState): readonly NodeId[] {
  const lost = [...strangers(state.raft), ...amnesiacs(state.raft)].map(({ member }) => member);
  return dataMembers(state).filter((node) => lost.includes(node) || state.foreign.has(node));
}

/** Without an arbiter: holds every commit, is heard, and has no vote because its power was cut (ruling 7). */
function switchedOff(state: ControllerState): readonly NodeId[] {
  const { record } = state;
  if (!hasTwoVoters(state)) return [];
  const voters = votersOf(state);
  return record.fenced
    .map(({ node }) => node)
    .filter((node) => record.syncSet.includes(node) && !voters.includes(node) && sideOf(state, node).heard);
}

/**
 * It was switched off, is on again, and nobody serves: with the Master's data gone it may hold all that is left. By the operator's word it
 * starts as a standby again; whether it may own is asked as ever (seed 81810 of the simulator).
 */
function heldByFence(state: ControllerState, wanted: NodeId | null): NodeId | null {
  const { record } = state;
  // While somebody takes over there will be a Master to come back to; and what an operator holds up stays where it is.
  if (record.phase !== 'serving' || record.pause !== null) return null;
  const { self } = state.config;
  const roleOf = (node: NodeId) => (node === self ? state.decision.role : state.reports.get(node)?.report.role);
  const waits = (node: NodeId): boolean =>
    (wanted === null || node === wanted) && sideOf(state, node).heard && roleOf(node) === 'FENCED';
  return record.fenced.find(({ node }) => waits(node) && maintenanceOf(record, node) === null)?.node ?? null;
}

const startPlan = (node: NodeId): RecoverPlan => ({
  ...refusedPlan(node, []),
  ...{ why: `${node} would start as a standby again: nobody serves, and it was only switched off`, bytes: 0 },
});

/** As far as can be told now: what an owner said before it fell silent tells nothing. */
function isServed(state: ControllerState): boolean {
  const { owner, phase } = state.record;
  if (owner === null || phase !== 'serving') return false;
  const { heard, facts } = sideOf(state, owner);
  return heard && facts.kind === 'primary';
}

/**
 * The only node with all the data came back without its consensus log: no Master can be made before it has its vote again, so phase 3
 * is all there is to do. Nothing of its data is touched; whether it may own is asked as ever (seeds 20045, 20326 of the simulator).
 */
function recoverVote(state: ControllerState, id: string, node: NodeId, from: NodeId | null, dryRun: boolean): ControllerEffect[] {
  if (dryRun) {
    const what = `${node} would get its vote back as a new member of the consensus; its data would not be touched`;
    return planned(id, from, votePlan(node, what), what);
  }
  return openRecover(state, id, node, from);
}

const votePlan = (node: NodeId, what: string): RecoverPlan => ({
  ...refusedPlan(node, []),
  ...{ cause: 'consensus-log-lost', why: what, bytes: 0, phases: [{ phase: 'consensus', what }] },
});

function switchover(state: ControllerState, id: string, wanted: NodeId | null, from: NodeId | null): ControllerEffect[] {
  const { record } = state;
  const to = wanted ?? record.syncSet.find((node) => node !== record.owner) ?? null;
  if (to === null) return answer(id, from, false, 'no other node is in the sync set');
  remember(state, id, from);
  return propose(state, { kind: 'switchover', to, requestId: id, epoch: record.epoch });
}

/** `promote --accept-data-loss`: on the node itself; it needs leadership, and the old Master proven off by the operator (P5). */
function promote(state: ControllerState, id: string, asked: Asked<'promote'>, from: NodeId | null): ControllerEffect[] {
  const { record, config } = state;
  const target = asked.node ?? config.self;
  if (target !== config.self) {
    remember(state, id, null);
    return from === null
      ? [{ kind: 'send', to: target, message: { k: 'request', id, request: asked } }]
      : answer(id, from, false, `ask ${target}`);
  }
  if (config.kind !== 'data') return answer(id, from, false, 'an arbiter never becomes Master');
  if (record.owner === config.self && record.phase === 'stopping-old') return confirm(state, id, asked, from);
  if (record.owner !== null && state.heardMs.has(record.owner) && isJustAwake(state))
    return answer(
      id,
      from,
      false,
      `this controller has just started, or stood still, and has not listened long enough for ${record.owner}; ask again`,
    );
  const off = asked.oldMasterIsOff ? takeWord(state, id, asker(asked)) : null;
  if (off !== null) return answer(id, from, true, `${off} counts as off: this node goes on alone`);
  if (mayServe(observe(state))) {
    const says = hasGoneOn(state) ? 'another member was heard in a newer epoch than ours' : 'this node is the Master';
    return answer(id, from, false, says);
  }
  // Without an arbiter a node that booted alone starts nothing before somebody tells it how things stand: that is this request.
  const mayStart =
    hasTwoVoters(state) && asked.oldMasterIsOff && state.facts.kind === 'stopped' && state.facts.state !== 'incomplete';
  if (state.facts.kind !== 'standby' && !mayStart)
    return answer(id, from, false, `PostgreSQL here is ${state.facts.kind}, not a running standby`);
  // Without an arbiter the last Master itself may be the one that waits for the other node's end.
  const owner = record.owner === config.self ? (partnerOf(observe(state)) ?? record.owner) : record.owner;
  const ownerHeard =
    owner !== null &&
    state.nowMs - (state.heardMs.get(owner) ?? Number.NEGATIVE_INFINITY) < state.config.settings.timings.leaseVoteMs;
  if (ownerHeard && sideOf(state, owner).facts.kind === 'empty')
    return answer(id, from, false, `${owner} is heard, and its data is gone: switch it off first, so that nothing of it is left`);
  if (ownerHeard && record.phase === 'serving') return answer(id, from, false, `${owner} is heard and serves: use switchover`);
  if (hasTwoVoters(state) && state.informed && !votersOf(state).includes(config.self))
    return answer(
      id,
      from,
      false,
      `${owner} went on alone, and only it holds the votes: start ${owner} again, nothing here can replace it`,
    );
  const out = outOnPurpose(observe(state), config.self);
  if (out !== null) return answer(id, from, false, `${out}: end that first`);
  // It holds every acknowledged commit, and only a pause or the limit keeps it back: nothing is lost, and its proof is looked for as ever.
  const seen = observe(state);
  const isGivingUp = seen.twoNodes && (awaitsForce(seen) !== null || (asked.oldMasterIsOff && isBlind(state, seen)));
  const holdsAll = !isGivingUp && record.syncSet.includes(config.self) && mayClaim({ ...seen, forced: A_WORD }) === null;
  if (!asked.oldMasterIsOff && !holdsAll)
    return answer(
      id,
      from,
      false,
      `confirm that ${owner} is off (--old-master-is-off): nothing else can prove that it has stopped`,
    );
  state.forced = {
    requestId: id,
    evidence: asked.oldMasterIsOff
      ? `${asker(asked)} confirmed that ${owner} is off and accepted the loss of what it alone holds (request ${id})`
      : `${asker(asked)} asked for it (request ${id})`,
    isOff: asked.oldMasterIsOff,
    epoch: record.epoch,
    atMs: state.nowMs,
  };
  const leader = leaderOf(state.raft);
  const yieldTo: ControllerEffect[] =
    leader !== null && leader !== config.self ? [{ kind: 'send', to: leader, message: { k: 'yield' } }] : [];
  const says = holdsAll ? 'the take-over goes on; nothing is lost' : 'promotion with acceptance of data loss is under way';
  return [...answer(id, from, true, says), ...yieldTo];
}

/**
 * T9: on the DR member itself. Its site cannot be judged from here: the operator says how they know, and that goes into the record. It
 * votes nowhere, so it begins a log in which it does; the claim follows by itself.
 */
function drPromote(state: ControllerState, id: string, asked: Asked<'drPromote'>, from: NodeId | null): ControllerEffect[] {
  const { record, config } = state;
  const no = (message: string): ControllerEffect[] => answer(id, from, false, message);
  if (!config.settings.drNodes.includes(asked.node)) return no(`${asked.node} is not a DR member: use switchover or promote`);
  if (record.owner === asked.node && record.phase === 'serving') return no(`${asked.node} is the Master`);
  if (record.away?.node === asked.node) return no(`${asked.node} was promoted already: see \`yosugara status\``);
  if (asked.node !== config.self) {
    if (from !== null) return no(`ask ${asked.node}`);
    remember(state, id, null);
    return [{ kind: 'send', to: asked.node, message: { k: 'request', id, request: asked } }];
  }
  const plan = planAway(state, id, asked);
  if ('no' in plan) return no(plan.no);
  state.branching = true;
  return [...answer(id, from, true, plan.says), { kind: 'branch', order: plan.order }];
}

/** A take-over that waits for a proof: this node holds every commit, only the old Master's end is unproven. */
function confirm(state: ControllerState, id: string, asked: Asked<'promote'>, from: NodeId | null): ControllerEffect[] {
  const { record } = state;
  const old = record.previous?.node ?? 'the old Master';
  if (!asked.oldMasterIsOff)
    return answer(id, from, false, `confirm that ${old} is off (--old-master-is-off): nothing else has proven that it stopped`);
  if (!isLeader(state.raft) || state.proposal !== null) return answer(id, from, false, 'busy with another change; ask again');
  const evidence = `${asker(asked)} confirmed that ${old} is off (request ${id})`;
  return [
    ...answer(id, from, true, 'the take-over goes on'),
    ...propose(state, { kind: 'confirmStopped', epoch: record.epoch, evidence }),
  ];
}

/** Whose word it was: the history of take-overs is read by people. */
const asker = ({ by }: Asked<'promote'>): string => (by === undefined ? 'an operator' : `an operator (${by})`);

/** Whoever leads without serving gives way to a node that an operator promotes. */
export function yieldTo(state: ControllerState, to: NodeId): ControllerEffect[] {
  if (!isLeader(state.raft) || mayServe(observe(state))) return [];
  return raftInput(state, { kind: 'transfer', to, nowMs: state.nowMs });
}

export function answered(state: ControllerState, message: Extract<PeerMessage, { k: 'answer' }>): ControllerEffect[] {
  if (!state.waiting.delete(message.id)) return [];
  const { k: _, ...said } = message;
  return [{ kind: 'answer', ...said }];
}

/** Requests nobody answered in time. */
export function expire(state: ControllerState): ControllerEffect[] {
  if (state.waiting.size === 0) return [];
  const late = [...state.waiting].filter(([, asked]) => state.nowMs - asked.atMs > ANSWER_PATIENCE_MS);
  return late.flatMap(([id, asked]) => {
    state.waiting.delete(id);
    return answer(id, asked.from, false, 'the leader did not answer in time; ask again');
  });
}

function remember(state: ControllerState, id: string, from: NodeId | null): void {
  if (state.waiting.size >= MAX_WAITING) state.waiting.delete(state.waiting.keys().next().value!);
  state.waiting.set(id, { atMs: state.nowMs, from, requestId: id });
}

const answer = (id: string, from: NodeId | null, ok: boolean, message: string, code?: string): ControllerEffect[] =>
  told(from, { id, ok, message, ...(code === undefined ? {} : { code }) });

const told = (from: NodeId | null, said: Answer): ControllerEffect[] =>
  from === null ? [{ kind: 'answer', ...said }] : [{ kind: 'send', to: from, message: { k: 'answer', ...said } }];
