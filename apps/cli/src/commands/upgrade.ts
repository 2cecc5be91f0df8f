import type { Status, UpgradeState } from '@yosugara/protocol';
import type { Controllers } from '../control/client.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { type Paint, table } from '../output/terminal.js';
import { CommandFailedError, send } from './follow.js';

export interface UpgradeReport extends UpgradeState {
  /** Of the program that was asked: what is installed on this host. */
  readonly installedHere: string;
}

/** @throws CommandFailedError — a controller of before there were levels. */
export function upgradeStatus(status: Status, installedHere: string): UpgradeReport {
  if (status.upgrade === undefined)
    throw new CommandFailedError(
      'LEVEL_NOT_SPOKEN',
      `the controller of ${status.answeredBy} is of a version that knows no levels: ask where the new version runs`,
    );
  return { ...status.upgrade, installedHere };
}

export function renderUpgrade(report: UpgradeReport): string {
  const rows = report.members.map(({ name, kind, heard, version, speaks }) => [
    name,
    kind === 'witness' ? 'arbiter' : kind,
    heard ? (version ?? 'older') : 'not heard',
    heard ? (speaks.from === speaks.through ? String(speaks.through) : `${speaks.from} to ${speaks.through}`) : '',
  ]);
  const level = `The cluster is at level ${report.level}; installed here: ${report.installedHere}`;
  return [level, table(['MEMBER', 'KIND', 'VERSION', 'LEVELS'], rows), report.next].join('\n\n');
}

export interface UpgradeCheck {
  readonly ok: boolean;
  /** What is in the way of the next step; empty: nothing. */
  readonly problems: readonly string[];
  /** Which step comes next. */
  readonly next: string;
}

/**
 * May the next member be stopped for its new version, and which one is it? The Standby first, then the arbiter and copies in other
 * sites, and the Master when it is Master no more: only a switchover keeps clients from writing, and it is the only one.
 */
export function upgradeCheck(status: Status, installedHere: string): UpgradeCheck {
  const problems = problemsOf(status);
  const members = status.upgrade?.members ?? [];
  const outdated = (name: string) => members.find((member) => member.name === name && member.version !== installedHere);
  const standby = status.nodes.find(({ name, kind }) => name !== status.master && kind !== 'dr');
  const copy = status.nodes.find(({ name, kind }) => kind === 'dr' && outdated(name));
  const at = (name: string, more = '') => `install ${installedHere} on ${name}${more}`;
  const next = (): string => {
    if (status.upgrade === undefined) return at(standby?.name ?? 'the Standby', ', the Standby');
    if (standby !== undefined && outdated(standby.name)) {
      const master = status.master !== null && !outdated(status.master);
      return at(standby.name, master ? ', which was the Master' : ', the Standby');
    }
    if (status.arbiter !== null && outdated(status.arbiter.name)) return at(status.arbiter.name, ', the arbiter');
    if (copy !== undefined) return at(copy.name, ', the copy in another site');
    if (status.master !== null && outdated(status.master)) return '`yosugara switchover`: the Master is of the other version';
    return status.upgrade.next;
  };
  return { ok: problems.length === 0, problems, next: problems.length > 0 ? 'mend that first' : next() };
}

function problemsOf(status: Status): readonly string[] {
  const { nodes, arbiter, master, pause, maintenance = [], upgrade } = status;
  const silent = (upgrade?.members ?? []).filter(({ heard }) => !heard).map(({ name }) => `${name} is not heard`);
  return [
    ...(master === null ? ['no Master is serving'] : []),
    ...nodes.flatMap(({ name, kind, syncSet, why }) =>
      kind === 'dr' || syncSet ? [] : [`${name} is not in the sync set: ${why}`],
    ),
    ...(arbiter !== null && !arbiter.voting ? [`the arbiter ${arbiter.name} does not vote`] : []),
    ...(pause == null ? [] : [`the cluster is paused until ${pause.until}`]),
    ...maintenance.map(({ node }) => `${node} is in maintenance`),
    ...nodes.flatMap(({ name, recover }) => (recover?.state === 'running' ? [`a recover of ${name} is under way`] : [])),
    ...silent.filter((text) => !nodes.some(({ name, reachable }) => !reachable && text.startsWith(`${name} `))),
  ];
}

export const renderCheck = ({ problems, next }: UpgradeCheck, paint: Paint): string =>
  [...problems.map((problem) => `${paint('!', 'red')} ${problem}`), `Next: ${next}`].join('\n');

export const checkHealth = ({ ok }: UpgradeCheck): ExitCode => (ok ? EXIT.ok : EXIT.unhealthy);

/** The last step. @throws RefusedError — with the reason. */
export async function finishUpgrade(controllers: Controllers): Promise<{ readonly message: string }> {
  return { message: await send(controllers, { method: 'finishUpgrade' }) };
}
