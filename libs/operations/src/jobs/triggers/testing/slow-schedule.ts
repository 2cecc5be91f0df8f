import { clockSeconds, type Schedule, WEEKDAYS } from '@yosugara/protocol';

const MINUTE_MS = 60_000;
const DAY_MINUTES = 1_440;
/** No clock was ever put back by more. */
const BACK_MINUTES = 26 * 60;
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

/**
 * What schedules mean, minute by minute, with nothing done for speed: the clock of the zone is read off Intl at each of them, and each is
 * asked whether the schedule means it. Of schedules whose times are whole minutes. To compare the fast one with.
 */
export class SlowSchedule {
  readonly #schedule: Schedule;
  readonly #clock: Intl.DateTimeFormat;
  readonly #anchor: number;

  constructor(schedule: Schedule, timeZone: string) {
    this.#schedule = schedule;
    const part = 'numeric' as const;
    const parts = { year: part, month: part, day: part, hour: part, minute: part };
    this.#clock = new Intl.DateTimeFormat('en-US', { ...parts, timeZone, hourCycle: 'h23' });
    this.#anchor = this.#anchorOf(schedule);
  }

  /** After `fromMs`, at `toMs` at the latest; both whole minutes. */
  due(fromMs: number, toMs: number): number[] {
    const [from, to] = [fromMs / MINUTE_MS, toMs / MINUTE_MS];
    const found: number[] = [];
    // The latest time that the clock has shown: while it shows less, it stands.
    let latest = Number.NEGATIVE_INFINITY;
    for (let minute = from - BACK_MINUTES; minute <= from; minute++) latest = Math.max(latest, this.#shown(minute));
    for (let minute = from + 1; minute <= to; minute++) {
      const shown = this.#shown(minute);
      let isDue = false;
      if (this.#schedule.kind === 'interval') isDue = this.#isOnInterval(minute);
      else if (this.#isOfEveryHour()) isDue = this.#means(shown);
      // All that it came to just now; more than one when it jumped.
      else for (let local = latest + 1; local <= shown; local++) isDue ||= this.#means(local);
      latest = Math.max(latest, shown);
      if (isDue) found.push(minute * MINUTE_MS);
    }
    return found;
  }

  /** Minutes since 1970 on that clock. */
  #shown(minute: number): number {
    const found = Object.fromEntries(
      this.#clock.formatToParts(minute * MINUTE_MS).map(({ type, value }) => [type, Number(value)]),
    ) as Record<string, number>;
    return Date.UTC(found['year']!, found['month']! - 1, found['day']!, found['hour']!, found['minute']!) / MINUTE_MS;
  }

  #isOfEveryHour(): boolean {
    const { kind } = this.#schedule;
    if (kind !== 'cron') return kind === 'hourly';
    const hours = this.#schedule.expression.split(' ')[1]!;
    return Array.from({ length: 24 }, (_, hour) => hour).every((hour) => isIn(hours, hour, 0, 23, []));
  }

  #means(local: number): boolean {
    const schedule = this.#schedule;
    switch (schedule.kind) {
      case 'hourly': {
        const minute = mod(local, 60);
        return minute >= schedule.fromMinute && (minute - schedule.fromMinute) % schedule.everyMinutes === 0;
      }
      case 'daily':
        return mod(local - clockSeconds(schedule.at) / 60, DAY_MINUTES) === 0;
      case 'weekly': {
        const begin = local - clockSeconds(schedule.at) / 60;
        return mod(begin, DAY_MINUTES) === 0 && schedule.weekdays.includes(WEEKDAYS[mod(begin / DAY_MINUTES + 4, 7)]!);
      }
      case 'cron':
        return meansByCron(schedule.expression, local);
      case 'interval':
        return false;
    }
  }

  #isOnInterval(minute: number): boolean {
    return this.#schedule.kind === 'interval' && mod(minute - this.#anchor, this.#schedule.minutes) === 0;
  }

  /** The first minute of 1970 at which the clock had come to it. */
  #anchorOf(schedule: Schedule): number {
    if (schedule.kind !== 'interval') return 0;
    const from = clockSeconds(schedule.from) / 60;
    let anchor = from - BACK_MINUTES;
    while (this.#shown(anchor) < from) anchor++;
    return anchor;
  }
}

const mod = (value: number, by: number): number => ((value % by) + by) % by;

function meansByCron(expression: string, local: number): boolean {
  const date = new Date(local * MINUTE_MS);
  const [minutes, hours, days, months, weekdays] = expression.split(' ') as [string, string, string, string, string];
  const weekday = date.getUTCDay();
  const isDay = days.split(',').some((item) => isDayOf(item, date));
  const isWeekday = weekdays.split(',').some((item) => isWeekdayOf(item, date)) || isIn(weekdays, weekday, 0, 6, [...WEEKDAYS]);
  const byDays = days.startsWith('*') || weekdays.startsWith('*') ? isDay && isWeekday : isDay || isWeekday;
  return (
    byDays &&
    isIn(minutes, date.getUTCMinutes(), 0, 59, []) &&
    isIn(hours, date.getUTCHours(), 0, 23, []) &&
    isIn(months, date.getUTCMonth() + 1, 1, 12, ['', ...MONTHS])
  );
}

function isDayOf(item: string, date: Date): boolean {
  const day = date.getUTCDate();
  if (!item.startsWith('L')) return isIn(item, day, 1, 31, []);
  const before = Number(item.slice(2) || '0');
  const later = (days: number) => new Date(date.getTime() + days * DAY_MINUTES * MINUTE_MS).getUTCMonth();
  return later(before) === date.getUTCMonth() && later(before + 1) !== date.getUTCMonth();
}

function isWeekdayOf(item: string, date: Date): boolean {
  const [, name, nth] = /^(\w{3})(?:#(\d)|L)$/.exec(item) ?? [];
  if (name === undefined || WEEKDAYS[date.getUTCDay()] !== name) return false;
  const moved = (weeks: number) => new Date(date.getTime() + weeks * 7 * DAY_MINUTES * MINUTE_MS).getUTCMonth();
  if (nth === undefined) return moved(1) !== date.getUTCMonth();
  // So many weeks back it was still the month before, and one fewer it was not.
  return moved(-Number(nth)) !== date.getUTCMonth() && (nth === '1' || moved(1 - Number(nth)) === date.getUTCMonth());
}

/** Lists, ranges, steps, names: whether that value is one of them. */
function isIn(field: string, value: number, min: number, max: number, names: readonly string[]): boolean {
  const number = (text: string) => (names.includes(text) ? names.indexOf(text) : Number(text));
  return field.split(',').some((item) => {
    const [range, step = '1'] = item.split('/') as [string, string?];
    const [low, high = low] = range.split('-') as [string, string?];
    const [from, to] = range === '*' ? [min, max] : [number(low), number(high)];
    // 7 is Sunday, too.
    const isOne = (each: number) => from <= each && each <= to && (each - from) % Number(step) === 0;
    return isOne(value) || (names[0] === 'sun' && value === 0 && isOne(7));
  });
}
