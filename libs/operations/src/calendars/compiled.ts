import { invariant } from '@yosugara/kernel';
import type { CalendarBody } from '@yosugara/protocol';
import { firstReachedMs, zoneOffsetUs } from '../time/index.js';
import { DAY_MS, localEndMs, localTimeMs } from './local-time.js';
import { type CompiledRow, compileRows, type LocalSpan, type Patterns } from './rows.js';

/** How far `nextChange` looks: a year with its leap day, and what rows reach beyond it. */
export const CHANGE_WITHIN_DAYS = 400;
const MAX_TABLES = 512;
const MAX_VIEW_DAYS = 3_700;

/** No row says anything of the time. */
export const NO_ROW = -1;
/** The time is outside of the calendar's validity. */
export const NOT_VALID = -2;

/** In ms since 1970 UTC; `toMs` is not in. */
export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/** A day on the calendar's clock, and when it is open. */
export interface OpenDay extends Span {
  /** Since 1970-01-01. */
  readonly day: number;
  readonly open: readonly (Span & { readonly fromLocalMs: number; readonly toLocalMs: number })[];
}

/** Which row decides on one day: from `atMs[i]` on it is `row[i]`. A day that the zone leaves out has nothing. */
interface DayTable {
  readonly day: number;
  readonly beginMs: number;
  readonly endMs: number;
  readonly atMs: readonly number[];
  readonly row: readonly number[];
}

/**
 * A calendar ready to be asked, at any rate and for any time; what was found of a day is kept.
 *
 * Summer time: the clock that decides is that of the zone, and it never goes back. While the zone's clock shows an hour for the second
 * time the calendar's stands still, at the last moment before; what the zone's clock jumps over is not there. So each time is come to
 * once, and no span falls apart or is there twice.
 */
export class CompiledCalendar {
  readonly body: CalendarBody;
  readonly #rows: readonly CompiledRow[];
  readonly #validMs: Span;
  readonly #tables = new Map<number, DayTable>();
  #newest: DayTable | null = null;

  constructor(body: CalendarBody, patterns: Patterns) {
    this.body = body;
    this.#rows = compileRows(body.rows, patterns);
    const { validFrom, validTo, timeZone } = body;
    this.#validMs = {
      fromMs: validFrom === null ? Number.NEGATIVE_INFINITY : firstReachedMs(localTimeMs(validFrom), timeZone),
      toMs: validTo === null ? Number.POSITIVE_INFINITY : firstReachedMs(localEndMs(validTo), timeZone),
    };
  }

  isOpen(atMs: number): boolean {
    return this.#operates(this.decidingRow(atMs));
  }

  /** Its place from 0, NO_ROW or NOT_VALID. */
  decidingRow(atMs: number): number {
    const table = this.#tableAt(atMs);
    let at = table.atMs.length - 1;
    while (at > 0 && table.atMs[at]! > atMs) at--;
    return table.row[at]!;
  }

  /** When it becomes open if it is closed, and closed if it is open; null = not within so many days. */
  nextChange(atMs: number, withinDays = CHANGE_WITHIN_DAYS): number | null {
    const isOpen = this.isOpen(atMs);
    const { day } = this.#tableAt(atMs);
    for (let ahead = 0; ahead <= withinDays; ahead++) {
      const table = this.#tableOf(day + ahead);
      const found = table.atMs.findIndex((ms, at) => ms > atMs && this.#operates(table.row[at]!) !== isOpen);
      if (found >= 0) return table.atMs[found]!;
    }
    return null;
  }

  /** Between two moments, in order, none touching the next. */
  openSpans(fromMs: number, toMs: number): readonly Span[] {
    invariant(toMs - fromMs <= MAX_VIEW_DAYS * DAY_MS, `a calendar is shown for at most ${MAX_VIEW_DAYS} days`);
    const spans: Span[] = [];
    if (toMs <= fromMs) return spans;
    for (let { day } = this.#tableAt(fromMs), beginMs = fromMs; beginMs < toMs; day++) {
      const table = this.#tableOf(day);
      for (const span of this.#openOf(table)) {
        const clipped = { fromMs: Math.max(span.fromMs, fromMs), toMs: Math.min(span.toMs, toMs) };
        if (clipped.fromMs < clipped.toMs) append(spans, clipped);
      }
      beginMs = table.endMs;
    }
    return spans;
  }

  /** For views: whole days on the calendar's clock. */
  openDay(day: number): OpenDay {
    const table = this.#tableOf(day);
    const localMs = (ms: number) =>
      ms >= table.endMs ? DAY_MS : Math.min(DAY_MS, Math.max(0, this.#localMs(ms) - day * DAY_MS));
    const open = this.#openOf(table).map((span) => ({
      ...span,
      fromLocalMs: span.fromMs <= table.beginMs ? 0 : localMs(span.fromMs),
      toLocalMs: localMs(span.toMs),
    }));
    return { day, fromMs: table.beginMs, toMs: table.endMs, open };
  }

  /** The day on the calendar's clock, since 1970-01-01. */
  dayAt(atMs: number): number {
    return this.#tableAt(atMs).day;
  }

  #operates(row: number): boolean {
    return row >= 0 && this.#rows[row]!.operate;
  }

  #localMs(atMs: number): number {
    return atMs + zoneOffsetUs(this.body.timeZone, atMs * 1_000) / 1_000;
  }

  #openOf({ atMs, row, endMs }: DayTable): readonly Span[] {
    const spans: Span[] = [];
    for (const [at, fromMs] of atMs.entries())
      if (this.#operates(row[at]!)) append(spans, { fromMs, toMs: atMs[at + 1] ?? endMs });
    return spans;
  }

  #tableAt(atMs: number): DayTable {
    const newest = this.#newest;
    if (newest !== null && newest.beginMs <= atMs && atMs < newest.endMs) return newest;
    let table = this.#tableOf(Math.floor(this.#localMs(atMs) / DAY_MS));
    // A clock that was put back over midnight shows the day before once more, or there is no such day at all.
    while (atMs >= table.endMs) table = this.#tableOf(table.day + 1);
    this.#newest = table;
    return table;
  }

  #tableOf(day: number): DayTable {
    const known = this.#tables.get(day);
    if (known !== undefined) return known;
    if (this.#tables.size >= MAX_TABLES) this.#tables.clear();
    const table = this.#makeTable(day);
    this.#tables.set(day, table);
    return table;
  }

  #makeTable(day: number): DayTable {
    const whole: LocalSpan = { fromMs: day * DAY_MS, toMs: (day + 1) * DAY_MS };
    const moment = (localMs: number) => firstReachedMs(localMs, this.body.timeZone);
    const [beginMs, endMs] = [moment(whole.fromMs), moment(whole.toMs)];
    const layers: (Span & { readonly row: number })[] = [];
    const edges = new Set<number>([beginMs]);
    const { fromMs: validFromMs, toMs: validToMs } = this.#validMs;
    if (validFromMs > beginMs) layers.push({ fromMs: beginMs, toMs: validFromMs, row: NOT_VALID });
    if (validToMs < endMs) layers.push({ fromMs: validToMs, toMs: endMs, row: NOT_VALID });
    for (const [row, compiled] of this.#rows.entries())
      for (const span of compiled.spansOn(day)) {
        const fromMs = span.fromMs <= whole.fromMs ? beginMs : moment(span.fromMs);
        const toMs = span.toMs >= whole.toMs ? endMs : moment(span.toMs);
        if (fromMs < toMs) layers.push({ fromMs, toMs, row });
      }
    for (const { fromMs, toMs } of layers) edges.add(fromMs).add(toMs);
    const inside = [...edges].filter((ms) => ms >= beginMs && ms < endMs).sort((x, y) => x - y);
    const [atMs, row]: [number[], number[]] = [[], []];
    for (const ms of inside) {
      // Validity, then rows in their order.
      const decides = layers.find(({ fromMs, toMs }) => fromMs <= ms && ms < toMs)?.row ?? NO_ROW;
      if (row.at(-1) === decides) continue;
      atMs.push(ms);
      row.push(decides);
    }
    return { day, beginMs, endMs, atMs, row };
  }
}

function append(spans: Span[], span: Span): void {
  const last = spans.at(-1);
  if (last !== undefined && last.toMs === span.fromMs) spans[spans.length - 1] = { fromMs: last.fromMs, toMs: span.toMs };
  else spans.push(span);
}
