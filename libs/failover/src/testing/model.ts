import { epoch, type Lsn, lsn, type NodeId } from '@yosugara/kernel';
import {
  type Action,
  applyCommand,
  type ClusterRecord,
  type Command,
  type Decision,
  decide,
  lint,
  type Observation,
  type PeerView,
  type PostgresFacts,
  type Settings,
} from '../index.js';
import { a, b, leading, NOW, peer, seenByA, w } from '../testing.js';

/**
 * A cluster as small as the table needs: every action takes effect at once and succeeds, every look is fresh. It answers one
 * question only: does what the deciders ask for lead anywhere? (L4; faults and races are the simulator's.)
 */
export interface ModelNode {
  up: boolean;
  boot: string;
  postgres: PostgresFacts;
  sinceMs: number;
  vip: boolean;
  slots: NodeId[];
  joinMark: Observation['joinMark'];
  renounced: number;
  hooks: { epoch: number; before: Observation['hookBefore']; after: Observation['hookAfter'] };
  leaving: boolean;
  /** An operator's `promote` of it, with the word that the other is off. */
  forced: boolean;
  unfit: string | null;
}
export interface Model {
  nowMs: number;
  record: ClusterRecord;
  leader: NodeId | null;
  witnessUp: boolean;
  readonly settings: Settings;
  readonly nodes: ReadonlyMap<NodeId, ModelNode>;
}

const STEP_MS = 1_600;
const DATA = [a, b] as const;
const other = (node: NodeId): NodeId => (node === a ? b : a);

export const modelNode = (postgres: PostgresFacts, over: Partial<ModelNode> = {}): ModelNode => ({
  up: true,
  boot: '',
  postgres,
  sinceMs: 0,
  vip: false,
  slots: [],
  joinMark: null,
  renounced: 0,
  hooks: { epoch: 0, before: 'none', after: 'none' },
  leaving: false,
  forced: false,
  unfit: null,
  ...over,
});

const at = (model: Model, node: NodeId): ModelNode => model.nodes.get(node)!;
const hasMajority = (model: Model): boolean =>
  [model.witnessUp, ...DATA.map((node) => at(model, node).up)].filter(Boolean).length >= 2;

/** Whose WAL streams to whom right now. */
function facts(model: Model, node: NodeId): PostgresFacts {
  const { postgres } = at(model, node);
  const peers = at(model, other(node));
  if (postgres.kind === 'standby' && postgres.receiver !== 'cut') {
    const source = postgres.follows !== null && postgres.follows !== node && peers.up ? peers.postgres : null;
    const streams = source?.kind === 'primary' && source.timeline >= postgres.timeline;
    if (!streams) return { ...postgres, receiver: 'connecting' };
    return { ...postgres, receiver: 'streaming', timeline: source.timeline, walEnd: source.walEnd, replayLsn: source.walEnd };
  }
  if (postgres.kind !== 'primary') return postgres;
  const follower = peers.up ? peers.postgres : null;
  const streams = follower?.kind === 'standby' && follower.follows === node && follower.receiver !== 'cut';
  const sync = postgres.names?.includes(other(node)) === true;
  return {
    ...postgres,
    peers: streams ? [{ node: other(node), streaming: true, sync, flushLsn: postgres.walEnd }] : [],
  };
}

function viewOf(model: Model, node: NodeId): PeerView {
  const known = model.nodes.get(node);
  if (known === undefined)
    return peer({ kind: 'witness', postgres: { kind: 'unknown' }, heardAgoMs: model.witnessUp ? 50 : 60_000 });
  return peer({
    heardAgoMs: known.up ? 50 : 60_000,
    postgres: facts(model, node),
    boot: known.boot,
    knowsEpoch: model.record.epoch,
    unfit: known.unfit,
    leaving: known.leaving,
    stopped: known.renounced > 0 ? { epoch: epoch(known.renounced), boot: known.boot } : null,
  });
}

export function look(model: Model, node: NodeId): Observation {
  const known = model.nodes.get(node);
  const leads = model.leader === node;
  const { record } = model;
  const postgres = known === undefined ? ({ kind: 'unknown' } as const) : facts(model, node);
  const stalls = new Map<NodeId, number>();
  if (postgres.kind === 'primary' && record.owner === node)
    for (const member of record.syncSet)
      if (member !== node && !postgres.peers.some((row) => row.node === member)) stalls.set(member, known!.sinceMs);
  return seenByA({
    nowMs: model.nowMs,
    self: node,
    kind: known === undefined ? 'witness' : 'data',
    boot: known?.boot ?? 'boot-w',
    settings: model.settings,
    record,
    lead: leads ? { ...leading, leaseUntilMs: model.nowMs + 3_200 } : null,
    postgres,
    postgresSinceMs: known?.sinceMs ?? 0,
    vipHeld: known?.vip ?? false,
    manager: known === undefined ? null : { mode: 'gated', epoch: record.epoch, ready: true },
    peers: new Map([a, b, w].filter((member) => member !== node).map((member) => [member, viewOf(model, member)])),
    stalledSinceMs: stalls,
    joinMark: known?.joinMark ?? null,
    slots: known?.slots ?? [],
    renounced: epoch(known?.renounced ?? 0),
    overdue: epoch(0),
    leaving: known?.leaving ?? false,
    unfit: known?.unfit ?? null,
    forced: known?.forced === true && record.owner !== node ? { requestId: 'r', evidence: 'seen off', isOff: true } : null,
    hookBefore: known?.hooks.epoch === record.epoch ? known.hooks.before : 'none',
    hookAfter: known?.hooks.epoch === record.epoch ? known.hooks.after : 'none',
  });
}

/** One round: leadership, then each member decides and what it decides happens. @returns what each said. */
export function round(model: Model): ReadonlyMap<NodeId, Decision> {
  model.nowMs += STEP_MS;
  elect(model);
  const said = new Map<NodeId, Decision>();
  for (const node of [a, b, w]) {
    if (node === w ? !model.witnessUp : !at(model, node).up) continue;
    const o = look(model, node);
    const decision = decide(o);
    said.set(node, decision);
    let proposed = false;
    for (const action of decision.actions) {
      const objection = lint(o, action);
      if (objection !== null) throw new Error(`${node} wants ${JSON.stringify(action)}: ${objection}`);
      if (action.kind === 'record.propose' && proposed) continue;
      proposed ||= action.kind === 'record.propose';
      perform(model, node, action);
    }
    for (const member of DATA) settle(model, member);
  }
  return said;
}

/** What starts is up by the next look, unless nobody says what it is. */
function settle(model: Model, node: NodeId): void {
  const known = at(model, node);
  if (known.postgres.kind === 'starting') put(model, node, standbyAt(1, null));
  if (known.postgres.kind === 'unknown') put(model, node, stoppedAs('standby', 1));
}

function elect(model: Model): void {
  const isUp = (node: NodeId): boolean => (node === w ? model.witnessUp : at(model, node).up);
  if (!hasMajority(model)) model.leader = null;
  else if (model.leader === null || !isUp(model.leader)) {
    const may = [a, b, w]
      .filter(isUp)
      .map((node) => ({ node, campaign: decide(look(model, node)).campaign }))
      .filter(({ campaign }) => campaign.may)
      .sort((one, two) => one.campaign.extraDelayMs - two.campaign.extraDelayMs);
    model.leader = may[0]?.node ?? null;
  }
  // Whoever leads without serving gives way to a node that an operator promotes.
  const wanted = DATA.find((node) => at(model, node).forced && isUp(node));
  if (wanted !== undefined && model.leader !== null && model.record.owner !== model.leader) model.leader = wanted;
}

const stoppedAs = (state: Extract<PostgresFacts, { kind: 'stopped' }>['state'], timeline: number, walEnd: Lsn = lsn(1_000)) =>
  ({ kind: 'stopped', state, timeline, walEnd, systemId: '7' }) as const;
const standbyAt = (timeline: number, follows: NodeId | null, walEnd: Lsn = lsn(1_000)) =>
  ({
    kind: 'standby',
    timeline,
    systemId: '7',
    walEnd,
    replayLsn: walEnd,
    receiver: follows === null ? 'cut' : 'connecting',
    follows,
  }) as const;

function put(model: Model, node: NodeId, postgres: PostgresFacts): void {
  const known = at(model, node);
  const key = (seen: PostgresFacts): string => (seen.kind === 'standby' ? `standby ${seen.receiver}` : seen.kind);
  if (key(known.postgres) !== key(postgres)) known.sinceMs = model.nowMs;
  known.postgres = postgres;
}

function perform(model: Model, node: NodeId, action: Action): void {
  if (action.kind === 'record.propose') return commit(model, { ...action.command, id: 'm' } as Command);
  if (action.kind === 'raft.transfer') {
    if (action.to === w ? model.witnessUp : at(model, action.to).up) model.leader = action.to;
    return;
  }
  if (node !== w) onHost(model, node, action);
}

function commit(model: Model, command: Command): void {
  if (!hasMajority(model)) return;
  const before = model.record;
  model.record = applyCommand(before, command).record;
  if (model.record.epoch === before.epoch) return;
  for (const known of model.nodes.values()) {
    known.joinMark = null;
    known.slots = [];
  }
}

function onHost(model: Model, node: NodeId, action: Action): void {
  const known = at(model, node);
  const now = known.postgres;
  const timeline = 'timeline' in now ? now.timeline : 1;
  const walEnd = 'walEnd' in now ? now.walEnd : lsn(1_000);
  switch (action.kind) {
    case 'pg.initialise':
      return put(model, node, stoppedAs('clean-primary', 1));
    case 'pg.startStandby':
      return put(model, node, standbyAt(timeline, action.follow, walEnd));
    case 'pg.follow':
      return put(model, node, standbyAt(timeline, action.follow, walEnd));
    case 'pg.startPrimary':
      return put(model, node, serverOf(timeline, walEnd, action.names, []));
    case 'pg.setNames':
      if (now.kind === 'primary') known.postgres = { ...now, names: action.names };
      if (action.names.length === 0) known.joinMark = null;
      return;
    case 'pg.promote': {
      const next = Math.max(timeline, action.above) + 1;
      return put(model, node, serverOf(next, walEnd, action.names, [{ timeline: next, forkLsn: walEnd }]));
    }
    case 'pg.mark':
      known.joinMark = { node: action.node, epoch: model.record.epoch, lsn: walEnd, atMs: model.nowMs };
      return;
    case 'pg.ensureSlot':
      known.slots = [...known.slots, action.node];
      return;
    case 'pg.stop': {
      const wasPrimary = now.kind === 'primary' || (now.kind === 'hung' && now.wasPrimary);
      const state = !wasPrimary ? 'standby' : action.mode === 'kill' ? 'crashed-primary' : 'clean-primary';
      return put(model, node, stoppedAs(state, timeline, walEnd));
    }
    case 'pg.rewind':
    case 'pg.baseBackup': {
      const source = at(model, action.source).postgres;
      return put(
        model,
        node,
        stoppedAs('standby', 'timeline' in source ? source.timeline : 1, 'walEnd' in source ? source.walEnd : walEnd),
      );
    }
    case 'vip.hold':
    case 'vip.release':
      known.vip = action.kind === 'vip.hold';
      return;
    case 'renounce':
      known.renounced = action.epoch;
      return;
    case 'hook.run':
      known.hooks =
        action.which === 'before'
          ? { epoch: action.epoch, before: 'passed', after: 'none' }
          : { ...known.hooks, epoch: action.epoch, after: 'done' };
      return;
    default:
      return;
  }
}

const serverOf = (
  timeline: number,
  walEnd: Lsn,
  names: readonly NodeId[],
  forks: readonly { readonly timeline: number; readonly forkLsn: Lsn }[],
): PostgresFacts => ({ kind: 'primary', timeline, systemId: '7', walEnd, names, peers: [], forks, syncWaiters: 0 });

/** An operator who types `recover` wherever a node waits for it. */
export function recoverAll(model: Model, said: ReadonlyMap<NodeId, Decision>): boolean {
  const waits = [...said].find(([node, decision]) => decision.needsRecover && node !== model.record.owner)?.[0];
  if (waits === undefined || model.record.phase !== 'serving') return false;
  if (model.record.recover.some((request) => request.node === waits && request.state === 'open')) return false;
  commit(model, { id: 'o', kind: 'recover', node: waits, requestId: `r${model.nowMs}` });
  return true;
}

export const isWhole = (model: Model, said: ReadonlyMap<NodeId, Decision>): boolean => {
  const { owner } = model.record;
  if (owner === null || said.get(owner)?.role !== 'MASTER_SYNC') return false;
  return said.get(other(owner))?.role === 'STANDBY_SYNC';
};
export const startMs = NOW;
