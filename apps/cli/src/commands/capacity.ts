import type { Capacity, CapacityRow } from '@yosugara/protocol';
import { capacityShow } from '@yosugara/protocol/api';
import type { ManagerApi } from '../control/manager-api.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { amount } from '../output/amounts.js';
import { bar } from '../output/bar.js';
import { type Paint, printable, table } from '../output/terminal.js';

export const readCapacity = async (api: ManagerApi): Promise<Capacity> => await api.ask(capacityShow());

/** Unhealthy: something is full so soon that it is told as a warning or worse. */
export const exitOfCapacity = ({ rows }: Capacity): ExitCode =>
  rows.some(({ level }) => level === 'warning' || level === 'critical') ? EXIT.unhealthy : EXIT.ok;

const STYLES = { ok: null, notice: 'dim', warning: 'yellow', critical: 'red' } as const;
const CELLS = 12;
/** Fuller than this is worth an advice, however it grows. */
const MUCH = 0.8;

const nameOf = ({ resource, node, item }: CapacityRow): string =>
  [node === '' ? '' : `${node}:`, resource, printable(item)].filter((part) => part !== '').join(' ');

function useOf({ share, level, used, limit, unit }: CapacityRow, paint: Paint): readonly string[] {
  const style = STYLES[level];
  const drawn = share === null ? '' : `${bar(share, CELLS)} ${`${Math.round(share * 100)} %`.padStart(5)}`;
  const of = limit === null ? '' : ` of ${amount(limit, unit)}`;
  return [style === null ? drawn : paint(drawn, style), used === null ? 'not known' : `${amount(used, unit)}${of}`];
}

function growth({ perDay, unit }: CapacityRow): string {
  if (perDay === null) return '';
  const per = amount(Math.abs(perDay), unit);
  return per.startsWith('0 ') || per === '0' ? '±0' : `${perDay < 0 ? '-' : '+'}${per}`;
}

function fullOf({ full, level }: CapacityRow, paint: Paint): readonly string[] {
  const day = full.kind === 'full' && full.at !== null ? `${full.at.slice(0, 16).replace('T', ' ')} (${full.says})` : full.says;
  const style = STYLES[level];
  return [style === null ? day : paint(day, style), full.confidence ?? ''];
}

/** @param all what neither fills up nor is nearly full, too. */
export function renderCapacity({ rows, node, at, everySeconds }: Capacity, all: boolean, paint: Paint): string {
  const isOfInterest = ({ full, share }: CapacityRow) => full.kind === 'full' || (share ?? 0) >= MUCH;
  const shown = rows.filter((row) => all || row.share !== null || isOfInterest(row));
  const head = `${at}, worked out by ${node}; measured every ${everySeconds} s, times in UTC`;
  if (shown.length === 0) return `${head}\nnothing was measured yet`;
  const lines = shown.map((row) => [nameOf(row), ...useOf(row, paint), growth(row), ...fullOf(row, paint)]);
  const advice = shown.filter(isOfInterest).map((row) => `${nameOf(row)}: ${row.advice} (${row.manual})`);
  return [
    head,
    table(['WHAT', 'USE', 'USED', 'A DAY', 'FULL', 'SURE'], lines),
    ...(advice.length === 0 ? [] : ['', ...advice]),
  ].join('\n');
}
