import type { CalendarDays, CalendarRow } from '@yosugara/protocol';
import { type CivilDay, civilDay, clockMs, DAY_MS } from './local-time.js';

const HOUR_MS = 3_600_000;
const MAX_REMEMBERED = 4_096;
const NEVER: readonly LocalSpan[] = [];

/** On the clock of the calendar: ms since 1970 as if that clock were UTC's. `toMs` is not in. */
export interface LocalSpan {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Days of `calendar-pattern`s, by id. One that is not there, or is disabled, has none. */
export type Patterns = ReadonlyMap<string, ReadonlySet<number>>;

/** One row, and when it says something. */
export interface CompiledRow {
  readonly operate: boolean;
  /** Its spans that touch that day, in any order; they may reach beyond it and lie over each other. */
  spansOn(day: number): readonly LocalSpan[];
}

export function compileRows(rows: readonly CalendarRow[], patterns: Patterns): readonly CompiledRow[] {
  const compiled: CompiledRow[] = [];
  for (const row of rows) {
    const { substitute } = row;
    const above = () => new Above([...compiled]);
    compiled.push(substitute === null ? new PlainRow(row, patterns) : new MovedRow(row, substitute, patterns, above()));
  }
  return compiled;
}

/** Days of the row, moved by its shift and by nothing else. */
function dayTest(row: CalendarRow, patterns: Patterns): (day: number) => boolean {
  const { year, month, days, shiftDays } = row;
  if (year === null && month === null && days.kind === 'all') return () => true;
  const dates = days.kind === 'pattern' ? (patterns.get(days.pattern) ?? null) : null;
  if (year === null && month === null && days.kind === 'pattern') return (day) => dates?.has(day - shiftDays) ?? false;
  const isOf = (moved: number) => {
    const day = moved - shiftDays;
    if (days.kind === 'pattern' && dates?.has(day) !== true) return false;
    const civil = civilDay(day);
    return (year ?? civil.year) === civil.year && (month ?? civil.month) === civil.month && isNamed(days, civil);
  };
  // Where a day reaches far, each is asked about again for many others.
  const isFar = clockMs(row.to) - clockMs(row.from) > 2 * DAY_MS || row.substitute !== null;
  if (!isFar) return isOf;
  const known = new Map<number, boolean>();
  return (day) => known.get(day) ?? remember(known, day, isOf(day));
}

function isNamed(days: CalendarDays, { dayOfMonth, daysInMonth, weekday }: CivilDay): boolean {
  switch (days.kind) {
    case 'all':
    case 'pattern':
      return true;
    case 'day':
      return dayOfMonth === (days.day === 'last' ? daysInMonth : days.day);
    case 'weekday':
      if (!days.weekdays.includes(weekday)) return false;
      if (days.week === 'every') return true;
      return days.week === 'last' ? dayOfMonth > daysInMonth - 7 : Math.ceil(dayOfMonth / 7) === days.week;
  }
}

class PlainRow implements CompiledRow {
  readonly operate: boolean;
  readonly #fromMs: number;
  readonly #toMs: number;
  readonly #isItsDay: (day: number) => boolean;

  constructor(row: CalendarRow, patterns: Patterns) {
    this.operate = row.operate;
    this.#fromMs = clockMs(row.from);
    this.#toMs = clockMs(row.to);
    this.#isItsDay = dayTest(row, patterns);
  }

  spansOn(day: number): readonly LocalSpan[] {
    let spans: LocalSpan[] | null = null;
    const [first, last] = daysThatReach(day, this.#fromMs, this.#toMs);
    for (let own = first; own <= last; own++)
      if (this.#isItsDay(own)) (spans ??= []).push({ fromMs: own * DAY_MS + this.#fromMs, toMs: own * DAY_MS + this.#toMs });
    return spans ?? NEVER;
  }
}

/** A row with a substitute. What it asks of the rows above is asked again for every day near by, so answers are remembered. */
class MovedRow implements CompiledRow {
  readonly operate: boolean;
  readonly #fromMs: number;
  readonly #lengthMs: number;
  readonly #reach: readonly [fromMs: number, toMs: number];
  readonly #stepMs: number;
  readonly #tries: number;
  readonly #isItsDay: (day: number) => boolean;
  readonly #above: Above;
  readonly #begins = new Map<number, number | null>();
  readonly #spans = new Map<number, readonly LocalSpan[]>();

  constructor(row: CalendarRow, { hours, tries }: NonNullable<CalendarRow['substitute']>, patterns: Patterns, above: Above) {
    this.operate = row.operate;
    const toMs = clockMs(row.to);
    this.#fromMs = clockMs(row.from);
    this.#lengthMs = toMs - this.#fromMs;
    this.#stepMs = hours * HOUR_MS;
    this.#tries = tries;
    const farthestMs = this.#stepMs * tries;
    this.#reach = [this.#fromMs + Math.min(0, farthestMs), toMs + Math.max(0, farthestMs)];
    this.#isItsDay = dayTest(row, patterns);
    this.#above = above;
  }

  spansOn(day: number): readonly LocalSpan[] {
    const known = this.#spans.get(day);
    if (known !== undefined) return known;
    const spans: LocalSpan[] = [];
    const [first, last] = daysThatReach(day, ...this.#reach);
    for (let own = first; own <= last; own++) {
      const fromMs = this.#isItsDay(own) ? this.#beginOf(own) : null;
      if (fromMs === null) continue;
      const toMs = fromMs + this.#lengthMs;
      if (fromMs < (day + 1) * DAY_MS && toMs > day * DAY_MS) spans.push({ fromMs, toMs });
    }
    return remember(this.#spans, day, spans);
  }

  /** null: closed wherever it was tried. */
  #beginOf(own: number): number | null {
    const known = this.#begins.get(own);
    if (known !== undefined) return known;
    let beginMs = own * DAY_MS + this.#fromMs;
    for (let moves = 0; moves <= this.#tries; moves++, beginMs += this.#stepMs)
      if (!this.#above.close(beginMs)) return remember(this.#begins, own, beginMs);
    return remember(this.#begins, own, null);
  }
}

/** What the rows above another one say together. */
class Above {
  readonly #rows: readonly CompiledRow[];
  /** By day, those parts of it that they close. */
  readonly #closed = new Map<number, readonly LocalSpan[]>();

  constructor(rows: readonly CompiledRow[]) {
    this.#rows = rows;
  }

  /** That none of them says anything is not closed: the row itself will. */
  close(localMs: number): boolean {
    const day = Math.floor(localMs / DAY_MS);
    const closed = this.#closed.get(day) ?? remember(this.#closed, day, this.#closedOn(day));
    return closed.some((span) => isWithin(localMs, span));
  }

  #closedOn(day: number): readonly LocalSpan[] {
    const closed: LocalSpan[] = [];
    // What no row has spoken of yet.
    let left: readonly LocalSpan[] = [{ fromMs: day * DAY_MS, toMs: (day + 1) * DAY_MS }];
    for (const row of this.#rows) {
      if (left.length === 0) break;
      for (const span of row.spansOn(day)) {
        if (!row.operate) for (const part of left) if (overlaps(part, span)) closed.push(common(part, span));
        left = left.flatMap((part) => without(part, span));
      }
    }
    return closed;
  }
}

const isWithin = (localMs: number, { fromMs, toMs }: LocalSpan): boolean => fromMs <= localMs && localMs < toMs;
const overlaps = (one: LocalSpan, other: LocalSpan): boolean => one.fromMs < other.toMs && other.fromMs < one.toMs;
const common = (one: LocalSpan, other: LocalSpan): LocalSpan => ({
  fromMs: Math.max(one.fromMs, other.fromMs),
  toMs: Math.min(one.toMs, other.toMs),
});

function without(part: LocalSpan, span: LocalSpan): readonly LocalSpan[] {
  if (!overlaps(part, span)) return [part];
  const rest: LocalSpan[] = [];
  if (part.fromMs < span.fromMs) rest.push({ fromMs: part.fromMs, toMs: span.fromMs });
  if (span.toMs < part.toMs) rest.push({ fromMs: span.toMs, toMs: part.toMs });
  return rest;
}

/** First and last day from whose beginning `fromMs` to `toMs` touches `day`. */
function daysThatReach(day: number, fromMs: number, toMs: number): readonly [first: number, last: number] {
  return [Math.floor(day - toMs / DAY_MS) + 1, Math.ceil(day + 1 - fromMs / DAY_MS) - 1];
}

function remember<T>(known: Map<number, T>, key: number, value: T): T {
  if (known.size >= MAX_REMEMBERED) known.clear();
  known.set(key, value);
  return value;
}
