import { type CalendarBody, type CalendarRow, clockSeconds, WEEKDAYS } from '@yosugara/protocol';

/**
 * What a calendar means, with nothing done twice or left out for speed: each question goes through every row and every day near by, and
 * the clock of the zone is read off Intl second by second where it was put back. To compare the fast one with.
 */
export class SlowCalendar {
  readonly #body: CalendarBody;
  readonly #dates: ReadonlyMap<string, readonly string[]>;
  readonly #clock: Intl.DateTimeFormat;

  constructor(body: CalendarBody, dates: ReadonlyMap<string, readonly string[]>) {
    this.#body = body;
    this.#dates = dates;
    const part = 'numeric' as const;
    const parts = { year: part, month: part, day: part, hour: part, minute: part, second: part };
    this.#clock = new Intl.DateTimeFormat('en-US', { ...parts, timeZone: body.timeZone, hourCycle: 'h23' });
  }

  /** At a whole second. */
  isOpen(atS: number): boolean {
    const localS = this.#neverBackS(atS);
    const { validFrom, validTo, rows } = this.#body;
    if (validFrom !== null && localS < secondsOf(validFrom)) return false;
    if (validTo !== null && localS >= secondsOf(validTo) + (validTo.length === 10 ? 86_400 : 0)) return false;
    const deciding = rows.findIndex((_, at) => this.#covers(at, localS));
    return deciding >= 0 && rows[deciding]!.operate;
  }

  /** The latest time that the zone's clock has shown by then. */
  #neverBackS(atS: number): number {
    // Clocks are put back by two hours at the most.
    const quarters = [1, 2, 3, 4, 5, 6, 7, 8].map((back) => atS - back * 900);
    const now = this.#shownS(atS);
    if (quarters.every((earlier) => this.#shownS(earlier) < now)) return now;
    let latest = now;
    for (let earlier = atS - 7_200; earlier < atS; earlier++) latest = Math.max(latest, this.#shownS(earlier));
    return latest;
  }

  #shownS(atS: number): number {
    const found = Object.fromEntries(this.#clock.formatToParts(atS * 1_000).map(({ type, value }) => [type, Number(value)]));
    const { year, month, day, hour, minute, second } = found as Record<string, number>;
    return Date.UTC(year!, month! - 1, day, hour, minute, second) / 1_000;
  }

  #covers(at: number, localS: number): boolean {
    const row = this.#body.rows[at]!;
    const [from, to] = [clockSeconds(row.from), clockSeconds(row.to)];
    const { hours = 0, tries = 0 } = row.substitute ?? {};
    const farthest = Math.abs(hours * tries) * 3_600;
    const today = Math.floor(localS / 86_400);
    const reach = Math.ceil((farthest + Math.max(Math.abs(from), Math.abs(to))) / 86_400) + 1;
    for (let day = today - reach; day <= today + reach; day++) {
      if (!this.#isItsDay(row, day - row.shiftDays)) continue;
      const begin = this.#beginOf(at, day * 86_400 + from);
      if (begin !== null && begin <= localS && localS < begin + to - from) return true;
    }
    return false;
  }

  #beginOf(at: number, beginS: number): number | null {
    const { substitute } = this.#body.rows[at]!;
    if (substitute === null) return beginS;
    for (let tried = 0; tried <= substitute.tries; tried++) {
      const begin = beginS + tried * substitute.hours * 3_600;
      const above = this.#body.rows.slice(0, at).find((_, row) => this.#covers(row, begin));
      if (above === undefined || above.operate) return begin;
    }
    return null;
  }

  #isItsDay({ year, month, days }: CalendarRow, day: number): boolean {
    const date = new Date(day * 86_400_000);
    const iso = date.toISOString();
    const next = (by: number) => new Date((day + by) * 86_400_000).getUTCMonth() !== date.getUTCMonth();
    if (year !== null && Number(iso.slice(0, 4)) !== year) return false;
    if (month !== null && Number(iso.slice(5, 7)) !== month) return false;
    if (days.kind === 'all') return true;
    if (days.kind === 'pattern') return this.#dates.get(days.pattern)?.includes(iso.slice(0, 10)) ?? false;
    if (days.kind === 'day') return days.day === 'last' ? next(1) : Number(iso.slice(8, 10)) === days.day;
    if (!days.weekdays.includes(WEEKDAYS[date.getUTCDay()]!)) return false;
    if (days.week === 'every') return true;
    if (days.week === 'last') return next(7);
    // So many weeks back it was still the month before, and one fewer it was not.
    return next(-7 * days.week) && (days.week === 1 || !next(-7 * (days.week - 1)));
  }
}

const secondsOf = (text: string): number => Date.parse(`${text.padEnd(19, text.length === 10 ? 'T00:00:00' : ':00')}Z`) / 1_000;
