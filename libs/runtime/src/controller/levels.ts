import { leaderReady } from '@yosugara/consensus';
import { COMMAND_LEVELS, type Command, levelOf } from '@yosugara/failover';
import { type NodeId, YosugaraError } from '@yosugara/kernel';
import { type Levels, levelsOf, SPEAKS, type UpgradeState } from '@yosugara/protocol';
import type { ControllerState } from './state.js';
import type { StatusContext } from './status.js';
import type { NodeReport, OperatorRequest, PeerMessage } from './types.js';

/*
 * Versions side by side (docs/decisions/0033-levels-and-steps.md). Nothing new is said or logged before the cluster is at its level;
 * a program that does not speak that level stops by itself, and is not listened to.
 */

/** This program must not go on in this cluster: it would hold another record than the others. */
export class BuildTooOldError extends YosugaraError {
  override readonly name = 'BuildTooOldError';
  constructor(why: string, speaks: Levels) {
    const range = `this version speaks levels ${speaks.from} to ${speaks.through}`;
    super('LEVEL_NOT_SPOKEN', `${why}, and ${range}: install the version that the other members run`);
  }
}

/** Of a member that came back with a version from before the last upgrade's end. */
export interface LeftBehind {
  readonly version: string | null;
  readonly speaks: Levels;
}

/** Since which level of the cluster each kind may be sent: an older version stops at a message that it does not know. */
export const MESSAGE_LEVELS: Readonly<Record<PeerMessage['k'], number>> = {
  raft: 1,
  adopt: 1,
  identity: 1,
  report: 1,
  request: 1,
  answer: 1,
  yield: 1,
};
/** Likewise, what an operator asks of the leader; `finishUpgrade` looks at everybody first. */
export const REQUEST_LEVELS: Readonly<Record<OperatorRequest['kind'], number>> = {
  recover: 1,
  switchover: 1,
  promote: 1,
  pause: 1,
  maintenance: 1,
  fence: 1,
  drPromote: 1,
  finishUpgrade: 1,
};

/** A newer member may know more than we do. */
export const isKnownMessage = ({ k }: { readonly k: string }): boolean => Object.hasOwn(MESSAGE_LEVELS, k);
export const isKnownRequest = ({ kind }: { readonly kind: string }): boolean => Object.hasOwn(REQUEST_LEVELS, kind);

export const spokenHere = ({ config }: ControllerState): Levels => config.speaks ?? SPEAKS;

/** Before it is applied. @throws BuildTooOldError */
export function demandKnown(state: ControllerState, command: Command): void {
  if (!Object.hasOwn(COMMAND_LEVELS, command.kind))
    throw new BuildTooOldError(
      `the log holds ${JSON.stringify((command as { readonly kind: string }).kind)}, which is not known here`,
      spokenHere(state),
    );
}

/** After the record changed. @throws BuildTooOldError */
export function demandLevel(state: ControllerState, level = levelOf(state.record)): void {
  const speaks = spokenHere(state);
  if (level > speaks.through) throw new BuildTooOldError(`the cluster is at level ${level}`, speaks);
  // What the disk remembers may be older than the cluster.
  if (level < speaks.from && state.informed) throw new BuildTooOldError(`the cluster is at level ${level} only`, speaks);
}

/**
 * Takes notice of what a member says of itself. @returns false: it does not speak the cluster's level, and nothing of it counts.
 * @throws BuildTooOldError — the cluster has left this program behind.
 */
export function heardLevel(state: ControllerState, from: NodeId, report: NodeReport): boolean {
  if (report.level !== undefined) demandLevel(state, Math.max(report.level, levelOf(state.record)));
  const speaks = levelsOf(report.speaks);
  if (speaks.through >= levelOf(state.record)) {
    state.leftBehind.delete(from);
    return true;
  }
  state.leftBehind.set(from, { version: report.version ?? null, speaks });
  return false;
}

/** Every member's range; undefined: not heard. */
interface Spoken {
  readonly node: NodeId;
  readonly version: string | null;
  readonly speaks: Levels | undefined;
}

/** As fresh as the status has it. */
const HEARD_MS = 2_500;

function spokenBy(state: ControllerState, node: NodeId): Spoken {
  const { config } = state;
  if (node === config.self) return { node, version: config.version ?? null, speaks: spokenHere(state) };
  const left = state.leftBehind.get(node);
  if (left !== undefined) return { node, ...left };
  const held = state.reports.get(node);
  if (held === undefined || state.nowMs - held.atMs > HEARD_MS) return { node, version: null, speaks: undefined };
  return { node, version: held.report.version ?? null, speaks: levelsOf(held.report.speaks) };
}

const spoken = (state: ControllerState): readonly Spoken[] => state.config.members.map(({ id }) => spokenBy(state, id));

/** The highest level that all speak; null: somebody is not heard. */
function commonLevel(all: readonly Spoken[]): number | null {
  const ranges = all.map(({ speaks }) => speaks);
  return ranges.every((range) => range !== undefined) ? Math.min(...ranges.map(({ through }) => through)) : null;
}

/** To which level an upgrade would be finished now, or why it cannot be. */
export function levelToFinish(state: ControllerState): { readonly level: number } | { readonly no: string } {
  const all = spoken(state);
  const silent = all.filter(({ speaks }) => speaks === undefined).map(({ node }) => node);
  if (silent.length > 0) return { no: `${silent.join(', ')} is not heard: every member must say which levels it speaks` };
  const level = levelOf(state.record);
  const common = commonLevel(all)!;
  if (common > level) return { level: common };
  const highest = Math.max(...all.map(({ speaks }) => speaks!.through));
  if (highest === level)
    return { no: `the cluster is at level ${level}, the highest that its members speak: nothing is to be finished` };
  const behind = all
    .filter(({ speaks }) => speaks!.through === common)
    .map(({ node, version }) => `${node} (${nameOf(version)})`);
  return { no: `${behind.join(', ')} speaks level ${common} only: upgrade it first` };
}

/**
 * A cluster that was born with all its members at a higher level is at that level: there is no older version that could come back. Its
 * first Master is the one that it was born with, as a restart would have begun another epoch.
 */
export function levelOfNewborn(state: ControllerState): number | null {
  const { record } = state;
  if (record.epoch !== 1 || record.phase !== 'serving' || record.level !== undefined || !leaderReady(state.raft)) return null;
  const to = levelToFinish(state);
  return 'level' in to ? to.level : null;
}

const nameOf = (version: string | null): string => version ?? 'a version of before there were levels';

export function upgradeOf(state: ControllerState, context: StatusContext): UpgradeState {
  const all = spoken(state);
  const level = levelOf(state.record);
  const members = context.members.map(({ id, kind }) => {
    const { version, speaks } = all.find(({ node }) => node === id) ?? { version: null, speaks: undefined };
    return { name: id, kind, heard: speaks !== undefined, version, speaks: levelsOf(speaks) };
  });
  return { level, common: commonLevel(all), ...nextOf(level, all), members };
}

function nextOf(level: number, all: readonly Spoken[]): Pick<UpgradeState, 'state' | 'next'> {
  const left = all.find(({ speaks }) => speaks !== undefined && speaks.through < level);
  if (left !== undefined) {
    const next = `${left.node} runs ${nameOf(left.version)}, which does not speak level ${level}: nothing of it counts; upgrade it`;
    return { state: 'rolling', next };
  }
  const silent = all.filter(({ speaks }) => speaks === undefined).map(({ node }) => node);
  if (silent.length > 0) return { state: 'unknown', next: `${silent.join(', ')} is not heard` };
  const versions = new Set(all.map(({ version }) => version));
  if (versions.size > 1)
    return { state: 'rolling', next: 'an upgrade is under way: `yosugara upgrade check` says what comes next' };
  if (commonLevel(all)! > level)
    return { state: 'ready', next: '`yosugara upgrade finish` is the last step; before it, the older version can be put back' };
  return { state: 'none', next: 'nothing is to be done' };
}
