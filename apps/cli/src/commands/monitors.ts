import type { Tried } from '@yosugara/protocol';
import { monitorsTry } from '@yosugara/protocol/api';
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
