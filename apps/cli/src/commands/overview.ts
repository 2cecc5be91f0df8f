import { type Overview, PRIORITIES, type PriorityTally, type ScopeHealth } from '@yosugara/protocol';
import { overviewShow } from '@yosugara/protocol/api';
import type { ManagerApi } from '../control/manager-api.js';
import { type Paint, printable, table } from '../output/terminal.js';

const STYLES = { critical: 'red', unknown: 'yellow', warning: 'yellow', info: 'dim' } as const;

export const readOverview = async (api: ManagerApi): Promise<Overview> => await api.ask(overviewShow());

function tally(counts: PriorityTally, paint: Paint): string {
  const parts = PRIORITIES.filter((priority) => counts[priority] > 0).map((priority) =>
    paint(`${counts[priority]} ${priority}`, STYLES[priority]),
  );
  return parts.length === 0 ? '–' : parts.join(', ');
}

/** One look at everything; a part that the asker may not read is left out. */
export function renderOverview(found: Overview, paint: Paint): string {
  const { at, node, open, scopes, silent, jobs, agents, self } = found;
  return [
    `${at}, seen by ${node}`,
    ...(open === null ? [] : [`open events: ${tally(open, paint)}`]),
    ...(jobs === null ? [] : [jobsLine(jobs, paint)]),
    ...(agents === null ? [] : [`agents: ${agents.connected} of ${agents.known} connected${listed(agents.away)}`]),
    ...(self === null ? [] : [`the manager itself: ${self.worst}`]),
    ...(self?.bad ?? []).map(({ level, watch, item, says }) => `  ${level} ${watch} ${printable(item)} ${printable(says ?? '')}`),
    ...(jobs?.late ?? []).map(({ session, unit, job, why }) => paint(`  late: ${unit}/${job} of ${session} (${why})`, 'yellow')),
    ...(silent === null || silent.rows.length === 0 ? [] : ['', silentTable(silent, paint)]),
    ...(scopes === null || scopes.length === 0 ? [] : ['', scopeTable(scopes, paint)]),
  ].join('\n');
}

const listed = (names: readonly string[]) => (names.length === 0 ? '' : `; away: ${printable(names.join(', '))}`);

function jobsLine({ states, failed, late, moreLate }: NonNullable<Overview['jobs']>, paint: Paint): string {
  const running = Object.entries(states).map(([state, count]) => `${count} ${state}`);
  const bad = [
    ...(late.length === 0 ? [] : [paint(`${late.length}${moreLate ? ' or more' : ''} late`, 'yellow')]),
    ...(failed === 0 ? [] : [paint(`${failed} failed within a day`, 'red')]),
  ];
  const all = [...running, ...bad];
  return `jobs: ${all.length === 0 ? 'none runs' : all.join(', ')}`;
}

function silentTable({ rows, more }: NonNullable<Overview['silent']>, paint: Paint): string {
  const cells = rows.map(({ facility, name, since, priority, monitor, message }) => [
    printable(facility),
    printable(name),
    since,
    paint(priority, STYLES[priority]),
    monitor,
    printable(message),
  ]);
  return `${table(['DOES NOT ANSWER', 'NAME', 'SINCE', 'PRIORITY', 'MONITOR', 'MESSAGE'], cells)}${more ? '\n… and more' : ''}`;
}

function scopeTable(scopes: readonly ScopeHealth[], paint: Paint): string {
  const depths = new Map<string, number>();
  const cells = scopes.map(({ id, name, parent, nodes, open, now }) => {
    const depth = parent === null ? 0 : (depths.get(parent) ?? 0) + 1;
    depths.set(id, depth);
    return [`${'  '.repeat(depth)}${printable(id)}`, printable(name), String(nodes), tally(now, paint), tally(open, paint)];
  });
  return table(['SCOPE', 'NAME', 'NODES', 'NOW', 'OPEN EVENTS'], cells);
}
