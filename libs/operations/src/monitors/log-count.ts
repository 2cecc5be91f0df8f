import { isPolled, type MonitorOf, SYSLOG_FACILITIES, SYSLOG_SEVERITIES } from '@yosugara/protocol';
import type { ParsedMessage } from '../events/record.js';
import type { CompiledMonitor } from './compile.js';
import type { LineWorld } from './lines.js';
import type { Sample, SampleValue } from './result.js';

type Check = MonitorOf<'log-count'>['check'];
type GroupBy = Check['groupBy'];

/** A line that a log-count monitor counts. */
export interface CountedLine {
  readonly monitor: string;
  readonly facility: string;
  /** The monitor whose line it is. */
  readonly of: string;
  /** Of the line. */
  readonly origin: string;
  readonly by: GroupBy;
  /** '' when all are counted together. */
  readonly group: string;
}

/**
 * How many lines were counted at one node, group by group. It only grows, and is stored with the lines: whoever looks at a tick remembers
 * how far it was, so that each line is in one value, whichever node stored it and whichever looks.
 */
export interface LineTotals {
  /** The line that was counted first: of another one nothing that is remembered of before counts. */
  readonly began: string;
  readonly by: GroupBy;
  readonly totals: readonly (readonly [group: string, lines: number])[];
}

/** Further ones are counted together: whoever sends lines may name as many as he likes. */
const MOST_GROUPS = 100;
const OTHERS = '(others)';
/** A line does not say it. */
const NONE = '-';
const MAX_GROUP = 256;

/**
 * Where the totals are remembered: no facility has such an id, and so no item of the monitor is there. Lines of one monitor are counted in
 * one place only, by whoever stores them.
 */
export const lineTotalsKey = ({ monitor, facility, of }: Pick<CountedLine, 'monitor' | 'facility' | 'of'>) => ({
  ...{ monitor, facility: `${facility}/lines`, item: of },
});

interface Counting {
  readonly monitor: CompiledMonitor;
  readonly check: Check;
  readonly words: readonly string[];
}
const NOBODY: readonly Counting[] = [];

/** Which log-count monitors count a line that another monitor has seen. */
export class LineCounter {
  readonly #world: LineWorld;
  /** By the monitor whose lines they count. */
  readonly #by = new Map<string, Counting[]>();

  constructor(monitors: readonly CompiledMonitor[], world: LineWorld) {
    this.#world = world;
    const receiving = new Set(monitors.flatMap(({ id, body }) => (isPolled(body) ? [] : [id])));
    for (const monitor of monitors) {
      const { enabled, body } = monitor;
      if (!enabled || body.type !== 'log-count' || !(body.monitor || body.collect)) continue;
      const { check } = body;
      if (!receiving.has(check.of)) continue;
      const one = { monitor, check, words: check.words.map((word) => word.toLowerCase()) };
      this.#by.set(check.of, [...(this.#by.get(check.of) ?? []), one]);
    }
  }

  /** @param sample of a line that its monitor makes something of. @param line null = it came as nothing but a text, such as from a file. */
  countedIn(sample: Sample, line: ParsedMessage | null): readonly CountedLine[] {
    const { monitor: of, facility, origin, value } = sample;
    return (this.#by.get(of) ?? NOBODY).flatMap(({ monitor, check, words }) => {
      if (!hasWords(value, words, check.match) || !this.#isInForce(monitor, sample)) return [];
      return [{ monitor: monitor.id, facility, of, origin, by: check.groupBy, group: groupOf(line, check.groupBy) }];
    });
  }

  /** It is about the node, and its calendar is open at the time of the message. */
  #isInForce({ body: { facility, calendar } }: CompiledMonitor, sample: Sample): boolean {
    return this.#world.isWithin(sample.facility, facility) && this.#world.isOpen(calendar, sample.atMs);
  }
}

function hasWords(value: SampleValue, words: readonly string[], match: Check['match']): boolean {
  if (words.length === 0) return true;
  const text = textOf(value).toLowerCase();
  return match === 'all' ? words.every((word) => text.includes(word)) : words.some((word) => text.includes(word));
}

function textOf(value: SampleValue): string {
  if (value.kind === 'matched') return value.original;
  if (value.kind === 'text') return value.original ?? value.text;
  return value.kind === 'number' ? String(value.number) : '';
}

function groupOf(line: ParsedMessage | null, by: GroupBy): string {
  if (line === null) return by === null ? '' : NONE;
  const { host, app, facility, severity } = line;
  switch (by) {
    case null:
      return '';
    case 'host':
      return named(host);
    case 'app':
      return named(app);
    case 'facility':
      return named(facility === null ? null : SYSLOG_FACILITIES[facility]);
    case 'severity':
      return named(severity === null ? null : SYSLOG_SEVERITIES[severity]);
  }
}

const named = (name: string | null | undefined): string => (name ? name.slice(0, MAX_GROUP) : NONE);

/** @param before as it was stored; null = nothing was counted yet. @param lines of one monitor at one node, in their order. */
export function countLines(before: unknown, lines: readonly CountedLine[]): LineTotals | null {
  let totals = readTotals(before);
  for (const { origin, by, group } of lines)
    totals = counted(totals?.by === by ? totals : { began: origin, by, totals: [] }, group);
  return totals;
}

function counted({ began, by, totals }: LineTotals, named: string): LineTotals {
  const isNew = totals.length >= MOST_GROUPS && !totals.some(([group]) => group === named);
  const name = isNew ? OTHERS : named;
  const at = totals.findIndex(([group]) => group === name);
  if (at < 0) return { began, by, totals: [...totals, [name, 1]] };
  return { began, by, totals: totals.with(at, [name, totals[at]![1] + 1]) };
}

/** What a look at the totals sees, item by item. @param stored null = nothing was counted yet. */
export function seenOfTotals(stored: unknown, by: GroupBy): readonly { readonly item: string; readonly value: SampleValue }[] {
  const totals = readTotals(stored);
  const found = totals?.by === by ? totals : null;
  if (by === null) {
    const total = found?.totals[0]?.[1] ?? 0;
    return [{ item: '', value: { kind: 'counted', began: found?.began ?? null, total } }];
  }
  if (found === null) return [];
  return found.totals.map(([item, total]) => ({ item, value: { kind: 'counted', began: found.began, total } }));
}

/** One that is not understood is none. */
function readTotals(stored: unknown): LineTotals | null {
  const { began, by, totals } = (stored ?? {}) as Partial<LineTotals>;
  return typeof began === 'string' && by !== undefined && Array.isArray(totals) ? { began, by, totals } : null;
}
