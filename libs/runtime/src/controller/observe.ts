import { givenUpMember, isLeader, lastHeardMs, leaderReady, promiseUntilMs, transferring } from '@yosugara/consensus';
import type { Command, Observation, PeerView } from '@yosugara/failover';
import { RESTARTS_WITHIN_MS } from '@yosugara/failover';
import { NO_EPOCH, type NodeId } from '@yosugara/kernel';
import { awaitedForce, supersededNow } from './away.js';
import { believedLeaseMs } from './doubt.js';
import { hasTwoVoters, healthFromReport, votersOf } from './fence-facts.js';
import { managerSeen, REPORT_FRESH_MS } from './manager-watch.js';
import type { ControllerState } from './state.js';
import type { ControllerConfig, HeldReport, NodeReport, ReportView } from './types.js';

const FORCED_FOR_MS = 30_000;
const NOT_STALLED: ReadonlyMap<NodeId, number> = new Map();

/** One look at the world, from all that came in so far. `peers`: of a look taken in this very step, where nothing was heard since. */
export function observe(state: ControllerState, peers: Observation['peers'] = peersOf(state)): Observation {
  const { config, raft, nowMs } = state;
  const receiver = state.receiver !== null && nowMs - state.receiver.atMs <= REPORT_FRESH_MS ? state.receiver.report : null;
  return {
    nowMs,
    wallMs: state.wallMs,
    self: config.self,
    kind: config.kind,
    boot: config.boot,
    dataNodes: dataNodesOf(config),
    settings: config.settings,
    record: state.record,
    informed: state.informed,
    lead: isLeader(raft)
      ? {
          ready: leaderReady(raft),
          leaseUntilMs: believedLeaseMs(state),
          sinceMs: state.leaderSinceMs ?? nowMs,
          transferring: transferring(raft) !== null,
          quorumSentMs: raft.lead?.quorumSentMs ?? nowMs,
        }
      : null,
    awakeSinceMs: state.awakeSinceMs,
    promisedUntilMs: promiseUntilMs(raft),
    voters: votersOf(state),
    postgres: state.facts,
    postgresSinceMs: state.factsSinceMs,
    postgresBusy: state.busy.get('stop')?.action.kind ?? state.busy.get('postgres')?.action.kind ?? null,
    vipHeld: state.vipHeld,
    vipBusy: state.busy.has('vip'),
    manager: managerSeen(state),
    receiver:
      receiver === null
        ? null
        : { link: state.receiverLink.link, sinceMs: state.receiverLink.sinceMs, behindPeer: receiver.behindPeer },
    peers,
    stopProofs: state.stopProofs,
    armed: state.lease.epoch === state.record.epoch && state.lease.untilMs > nowMs,
    renounced: state.renounced,
    overdue: state.overdue,
    stalledSinceMs: state.stalled.size === 0 ? NOT_STALLED : stalledSince(state),
    joinMark: state.joinMark,
    joining: waitingFor(state, 'join')?.node ?? null,
    releasing: waitingFor(state, 'release') !== null,
    slots: state.slots.epoch === state.record.epoch ? state.slots.nodes : [],
    failures: state.failures,
    lastLeaveMs: state.lastLeaveMs,
    restartsInPlace: state.restarts.length === 0 ? 0 : state.restarts.filter((atMs) => nowMs - atMs < RESTARTS_WITHIN_MS).length,
    gated: state.gate !== null,
    forced: forcedNow(state) ?? awaitedForce(state),
    superseded: supersededNow(state),
    givenUp: givenUpNow(state),
    arming: state.host.arming,
    twoNodes: hasTwoVoters(state),
    fenceRight: state.fenceRight,
    fenceHealth: state.fenceHealth,
    fenceBusy: state.busy.has('fence'),
    fenceOutcome: state.fenceOutcome,
    poweredOn: state.poweredOn,
    unfit: state.host.unfit,
    damage: state.survey?.damage ?? null,
    leaving: state.leaving,
    hookBefore: state.hooks.epoch === state.record.epoch ? state.hooks.before : 'none',
    hookAfter: state.hooks.epoch === state.record.epoch ? state.hooks.after : 'none',
  };
}

function givenUpNow(state: ControllerState): NonNullable<Observation['givenUp']> | null {
  const given = hasTwoVoters(state) ? givenUpMember(state.raft) : null;
  return given === null ? null : { node: given.node, generation: given.mark };
}

function stalledSince(state: ControllerState): ReadonlyMap<NodeId, number> {
  const since = new Map<NodeId, number>();
  for (const [node, { sinceMs }] of state.stalled) since.set(node, sinceMs);
  return since;
}

const dataNodes = new WeakMap<ControllerConfig, readonly NodeId[]>();

/** A configuration never changes in a controller's life. */
function dataNodesOf(config: ControllerConfig): readonly NodeId[] {
  const known = dataNodes.get(config);
  if (known !== undefined) return known;
  const found = config.members
    .filter((member) => member.kind === 'data' && !config.settings.drNodes.includes(member.id))
    .map((member) => member.id);
  dataNodes.set(config, found);
  return found;
}

/** The change of this epoch that waits in our log for a majority. */
function waitingFor<K extends Command['kind']>(state: ControllerState, kind: K): Extract<Command, { readonly kind: K }> | null {
  const { entries, commit, baseIndex } = state.raft;
  for (let at = Math.max(0, commit - baseIndex); at < entries.length; at += 1) {
    const { payload } = entries[at]!;
    const command = payload.kind === 'command' ? (payload.command as Command) : null;
    if (command?.kind === kind && 'epoch' in command && command.epoch === state.record.epoch)
      return command as Extract<Command, { readonly kind: K }>;
  }
  return null;
}

function peersOf(state: ControllerState): Map<NodeId, PeerView> {
  const peers = new Map<NodeId, PeerView>();
  for (const member of state.config.members) {
    if (member.id === state.config.self) continue;
    const heardMs = Math.max(lastHeardMs(state.raft, member.id), state.heardMs.get(member.id) ?? Number.NEGATIVE_INFINITY);
    const view = state.reports.get(member.id)?.view ?? NEVER_SEEN;
    peers.set(member.id, peerOf(view, member.kind, state.nowMs - heardMs));
  }
  return peers;
}

/** Spelt out: it is made twenty times a second for each, and a spread costs more than the rest of the look. */
const peerOf = (view: ReportView, kind: PeerView['kind'], heardAgoMs: number): PeerView => ({
  kind,
  heardAgoMs,
  postgres: view.postgres,
  boot: view.boot,
  knowsEpoch: view.knowsEpoch,
  stopped: view.stopped,
  unfit: view.unfit,
  needsRecover: view.needsRecover,
  managerReady: view.managerReady,
  oldestWal: view.oldestWal,
  leaving: view.leaving,
  generation: view.generation,
  arming: view.arming,
  fenceRight: view.fenceRight,
  fenceHealth: view.fenceHealth,
});

const NOT_ARMED = { kind: 'none', timeoutMs: null } as const;
const NEVER_SEEN: ReportView = {
  postgres: { kind: 'unknown' },
  boot: null,
  knowsEpoch: NO_EPOCH,
  stopped: null,
  unfit: null,
  needsRecover: false,
  oldestWal: null,
  leaving: false,
  generation: 0,
  arming: NOT_ARMED,
  fenceRight: false,
};

/** What decisions go by, of a report. `atMs`: when it came. */
export function viewOf(report: NodeReport, atMs: number): ReportView {
  const view = {
    postgres: report.postgres,
    boot: report.boot,
    knowsEpoch: report.epoch,
    stopped: report.stopped,
    unfit: report.host.unfit,
    needsRecover: report.needsRecover,
    managerReady: report.manager?.ready === true,
    oldestWal: report.survey?.oldestWal ?? null,
    leaving: report.leaving,
    generation: report.generation ?? 0,
    arming: report.host.arming ?? NOT_ARMED,
    fenceRight: report.fenceRight ?? false,
  };
  return report.fenceHealth.length === 0 ? view : { ...view, fenceHealth: healthFromReport(report, atMs) };
}

/** It says what the one before it said: nothing but times has changed, and those are the next tick's business. */
export function saysTheSame(state: ControllerState, before: HeldReport | undefined, now: HeldReport): boolean {
  // Whoever was silent for long is seen in another light as soon as it is heard.
  if (before === undefined || now.atMs - before.atMs > 2 * state.config.raft.heartbeatMs) return false;
  return sameFields(before.view, now.view, (one, two) => isPlain(one) && isPlain(two) && sameFields(one, two, () => false));
}

function sameFields(one: object, two: object, alike: (one: unknown, two: unknown) => boolean): boolean {
  const [known, told] = [one as Record<string, unknown>, two as Record<string, unknown>];
  for (const key in told) if (known[key] !== told[key] && !alike(known[key], told[key])) return false;
  for (const key in known) if (!(key in told)) return false;
  return true;
}

const isPlain = (value: unknown): value is object => typeof value === 'object' && value !== null && !Array.isArray(value);

/** An operator's word is about the moment it was given: another epoch, an owner that is heard again, or half a minute end it. */
function forcedNow(state: ControllerState): Observation['forced'] {
  const { forced, record, nowMs } = state;
  if (forced === null || forced.epoch !== record.epoch || nowMs - forced.atMs > FORCED_FOR_MS) return null;
  const heardMs = record.owner === null ? undefined : state.heardMs.get(record.owner);
  return record.owner !== state.config.self && heardMs !== undefined && heardMs > forced.atMs ? null : forced;
}
