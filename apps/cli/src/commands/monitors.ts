import type { MonitorLook, MonitorRan, Tried } from '@yosugara/protocol';
import { monitorsTry, tryOutMonitor } from '@yosugara/protocol/api';
import type { ManagerApi } from '../control/manager-api.js';
import { type Paint, printable, table } from '../output/terminal.js';

const DEADLINE_MS = 15_000;

/** Nothing is stored, and nobody is told. */
export const tryMonitor = async (api: ManagerApi, monitor: unknown, text: string): Promise<Tried> =>
  await api.ask(monitorsTry({ monitor, text }), DEADLINE_MS);

const STYLES = { critical: 'red', unknown: 'yellow', warning: 'yellow', info: 'green' } as const;

export function renderTried({ text, rules, told, why }: Tried, paint: Paint): string {
  const cells = rules.map(({ place, description, outcome, why: reason }) => [
    place,
    printable(description),
    outcome === 'tells' ? paint(outcome, 'green') : outcome === 'broken' ? paint(outcome, 'red') : outcome,
    printable(reason),
  ]);
  return [
    `matched with: ${printable(text)}`,
    ...(cells.length === 0 ? [] : [table(['RULE', 'DESCRIPTION', 'OUTCOME', 'WHY'], cells)]),
    told === null
      ? `nothing would be told: ${printable(why)}`
      : `told: ${paint(told.priority, STYLES[told.priority])} ${printable(told.message)} (${printable(why)})`,
  ].join('\n');
}

/** What is seen is stored, judged and told as of any look. */
export const runMonitor = async (
  api: ManagerApi,
  id: string,
  facilities: readonly string[],
  withinS: number,
  by: string,
): Promise<MonitorRan> =>
  await api.ask(tryOutMonitor(id, { facilities: [...facilities], withinS, by }), withinS * 1_000 + DEADLINE_MS);

const SAID: Readonly<Record<MonitorLook['state'], string>> = {
  seen: 'nothing is to be said of it',
  'under way': 'not over yet: what is seen is stored when it is',
  maintenance: 'a maintenance window keeps monitors from looking there',
};

export function renderRan({ monitor, looks }: MonitorRan, paint: Paint): string {
  const cells = looks.flatMap(({ facility, state, seen, results }) =>
    results.length === 0
      ? [[facility, '', '', seen.find(({ why }) => why !== null)?.why ?? SAID[state]]]
      : results.map(({ item, priority, message }) => [facility, item, paint(priority, STYLES[priority]), message]),
  );
  const rows = cells.map((row) => row.map((cell, at) => (at === 2 ? cell : printable(cell))));
  return [`${monitor} looked at ${looks.length} nodes`, table(['NODE', 'ITEM', 'PRIORITY', 'MESSAGE'], rows)].join('\n');
}
