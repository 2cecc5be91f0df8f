import { leaderReady, type Restored, type Snapshot } from '@yosugara/consensus';
import {
  type Away,
  applyCommand,
  type ClusterRecord,
  type Command,
  EMPTY_RECORD,
  estimateOf,
  goAway,
  isAwaited,
  maintenanceOf,
  mayWrite,
  type Observation,
  type PostgresFacts,
  wallTime,
} from '@yosugara/failover';
import { formatLsn, invariant, type NodeId } from '@yosugara/kernel';
import type { ControllerState } from './state.js';
import type { BranchOrder, ControllerEffect, NodeReport, OperatorRequest, Superseded } from './types.js';

/*
 * T9 in practice (docs/decisions/0014-another-site.md). The member of the other site begins a branch: a consensus log of its own that goes
 * on from what had arrived there, in which it alone votes. The logs never mix: messages of one are not read in another. Reports
 * are, so that whoever is on the older branch stops, and stays stopped.
 */

const MIN_EVIDENCE = 10;
const TELL_EVERY_MS = 1_000;
const HEARD_MS = 1_500;

type DrPromote = Extract<OperatorRequest, { readonly kind: 'drPromote' }>;

/** The promotion of this very node: why not, or what is to be begun and what the operator is told. */
export function planAway(
  state: ControllerState,
  id: string,
  asked: DrPromote,
): { readonly no: string } | { readonly order: BranchOrder; readonly says: string } {
  const { config, record, facts } = state;
  const evidence = asked.evidence.trim();
  if (evidence.length < MIN_EVIDENCE)
    return { no: 'say how you know that the other site is down: it is written into the record' };
  if (state.branching) return { no: 'the controller is about to start again with a log of its own: wait for it' };
  if (state.nowMs < state.raft.bootUntilMs || isJustAwake(state))
    return {
      no: 'this controller has just started, or stood still, and has not listened long enough to tell who is there; ask again',
    };
  const why = heardHere(state) ?? unfitData(record, facts) ?? (asked.override === true ? null : outByHand(state));
  if (why !== null) return { no: why };
  const away = awayNow(state, id, asked.by ?? 'an operator', evidence);
  const upTo = away.received === null ? '' : `; WAL has arrived up to ${formatLsn(away.received)}`;
  return {
    order: { kind: 'lead', branch: away.branch, away },
    says: `promotion of ${config.self} is under way${upTo}; ${estimateOf(away)}; the other site returns by recover only`,
  };
}

/** It stood still until just now: who was not heard meanwhile may be there all the same. */
export const isJustAwake = ({ nowMs, awakeSinceMs, config }: ControllerState): boolean =>
  nowMs - awakeSinceMs < config.settings.timings.leaseVoteMs;

function heardHere(state: ControllerState): string | null {
  const heard = [...state.heardMs].find(
    ([node, atMs]) => node !== state.config.self && state.nowMs - atMs < state.config.settings.timings.leaseVoteMs,
  );
  return heard === undefined ? null : `${heard[0]} of the other site is heard: it is not down; use switchover there`;
}

/** What is here could not be served. null: it could. */
function unfitData(record: ClusterRecord, facts: PostgresFacts): string | null {
  if (record.systemId === null) return 'this node has not been told yet of any Master: there is nothing here to promote';
  if ('systemId' in facts && facts.systemId !== record.systemId)
    return `the data directory here belongs to another database system (${facts.systemId}, not ${record.systemId})`;
  switch (facts.kind) {
    case 'standby':
      return null;
    case 'empty':
      return 'no data is here: it was never copied from the other site';
    case 'stopped':
      if (facts.state === 'incomplete') return 'the data here is an interrupted copy or rewind, and cannot be served';
      // After its own restart it waits for a majority that will never come: it is started once this site has a log of its own.
      return facts.state === 'standby' ? null : `PostgreSQL here was a Master and is ${facts.state}: its data may have diverged`;
    case 'unknown':
    case 'starting':
      return `PostgreSQL here is ${facts.kind}; ask again`;
    default:
      return `PostgreSQL here is ${facts.kind}, not a standby`;
  }
}

/** An operator wanted nothing to move, and what could end that is away, too. */
function outByHand(state: ControllerState): string | null {
  const { record, config, wallMs } = state;
  const anyway = 'if it is meant all the same, ask with --override';
  const { pause } = record;
  if (pause !== null && pause.untilWallMs > wallMs)
    return `the cluster is paused until ${wallTime(pause.untilWallMs)} (${pause.why}): ${anyway}`;
  const worked = maintenanceOf(record, config.self);
  if (worked !== null && worked.untilWallMs > wallMs)
    return `${config.self} is in maintenance until ${wallTime(worked.untilWallMs)} (${worked.why}): ${anyway}`;
  return state.leaving ? `${config.self} is being shut down` : null;
}

function awayNow(state: ControllerState, requestId: string, by: string, evidence: string): Away {
  const { config, record, facts, nowMs } = state;
  const owner = record.owner === null ? undefined : state.reports.get(record.owner);
  const theirs = owner?.report.postgres;
  const received = 'walEnd' in facts ? facts.walEnd : null;
  const lostBytes = theirs?.kind === 'primary' && received !== null ? Math.max(0, theirs.walEnd - received) : null;
  return {
    ...{ node: config.self, requestId, by, evidence, atWallMs: state.wallMs },
    // Never called so before: the boot is random.
    branch: `${config.self}.${record.generation + 1}.${config.boot}`,
    generation: record.generation,
    received,
    lostBytes,
    heardAgoMs: owner === undefined ? null : Math.round(nowMs - owner.atMs),
  };
}

/** The log with which the new branch begins: all that had arrived, committed or not, and this node as the only one that votes. */
export function beginBranch(self: NodeId, away: Away, held: Restored, incarnation: string): Snapshot {
  const last = held.entries.at(-1);
  const index = last?.index ?? held.snapshot?.index ?? 0;
  invariant(index > 0, 'a branch goes on from a log that holds something');
  let record: ClusterRecord = { ...EMPTY_RECORD, ...(held.snapshot?.state as ClusterRecord | undefined) };
  for (const { payload } of held.entries)
    if (payload.kind === 'command') record = applyCommand(record, payload.command as Command).record;
  return {
    index,
    term: last?.term ?? held.snapshot?.term ?? 0,
    members: [{ id: self, kind: 'data', voter: true, incarnation }],
    state: goAway(record, away),
  };
}

/** The claim for which the branch was begun: it is made as soon as it can be, whatever restarts in between. */
export function awaitedForce({ record, config }: ControllerState): Observation['forced'] {
  const { away } = record;
  if (away == null || !isAwaited(record, config.self)) return null;
  const evidence = `${away.by} declared the other site off: ${away.evidence} (request ${away.requestId})`;
  return { requestId: away.requestId, evidence, isOff: true };
}

/** Of two branches the one of the newer generation lives on; of equal ones the one that was begun by an operator's word. */
const isNewer = (state: ControllerState, other: Omit<Superseded, 'by'>): boolean =>
  other.branch !== state.branch &&
  (other.generation > state.record.generation || (other.generation === state.record.generation && other.branch > state.branch));

export const supersededNow = (state: ControllerState): NodeId | null =>
  state.superseded !== null && isNewer(state, state.superseded) ? state.superseded.by : null;

/** On whose log is it? Whoever is of an older branch must know it after a restart, too, with the line down again. */
export function noteBranch(state: ControllerState, from: NodeId, report: NodeReport): ControllerEffect[] {
  const branch = report.branch ?? '';
  if (branch === state.branch) {
    if (state.foreign.size > 0) state.foreign.delete(from);
    return report.superseded === undefined ? [] : supersede(state, report.superseded);
  }
  state.foreign.add(from);
  const leads = report.role.startsWith('MASTER');
  const known = state.superseded?.branch === branch ? state.superseded.by : null;
  return supersede(state, { by: leads || known === null ? from : known, branch, generation: report.generation });
}

function supersede(state: ControllerState, told: Superseded): ControllerEffect[] {
  if (told.by === state.config.self || !isNewer(state, told)) return [];
  const known = state.superseded;
  if (known !== null && known.branch !== told.branch && isNewer(state, known) && known.generation > told.generation) return [];
  state.superseded = told;
  if (known?.branch === told.branch && known.generation === told.generation) return [];
  return [
    { kind: 'superseded', superseded: told },
    { kind: 'log', level: 'error', event: 'raft.superseded', fields: { ...told } },
  ];
}

/** By the leader: whoever may come back is told to begin anew on this log. An arbiter at once, a data node under an open `recover`. */
export function tellForeign(state: ControllerState, mayReturn: (node: NodeId) => boolean): ControllerEffect[] {
  if (state.foreign.size === 0 || !leaderReady(state.raft) || isAwaited(state.record, state.config.self)) return [];
  return [...state.foreign].flatMap((node): ControllerEffect[] => {
    const held = state.reports.get(node);
    if (held === undefined || state.nowMs - held.atMs > HEARD_MS || !mayReturn(node)) return [];
    // Theirs is the newer one: it is for us to go.
    if (isNewer(state, { branch: held.report.branch ?? '', generation: held.report.generation })) return [];
    if (state.nowMs - (state.identityToldMs.get(node) ?? Number.NEGATIVE_INFINITY) < TELL_EVERY_MS) return [];
    state.identityToldMs.set(node, state.nowMs);
    return [{ kind: 'send', to: node, message: { k: 'adopt', branch: state.branch, generation: state.record.generation } }];
  });
}

/** A leader of the newer branch takes us in: our log is put aside, and the next start begins blank on that one. */
export function onAdopt(
  state: ControllerState,
  from: NodeId,
  { branch, generation }: Omit<Superseded, 'by'>,
): ControllerEffect[] {
  if (state.branching || !isNewer(state, { branch, generation })) return [];
  // What runs here is stopped first (the decision sees to that).
  if (mayWrite(state.facts) || state.vipHeld || state.busy.size > 0) return [];
  state.branching = true;
  return [
    { kind: 'log', level: 'warn', event: 'raft.adopts', fields: { branch, generation, from } },
    { kind: 'branch', order: { kind: 'join', branch, by: from } },
  ];
}
