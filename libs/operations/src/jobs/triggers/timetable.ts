import { invariant } from '@yosugara/kernel';
import { type CronTimes, clockSeconds, parseCron, type Schedule, WEEKDAYS } from '@yosugara/protocol';
import { type CivilDay, civilDay, DAY_MS } from '../../calendars/local-time.js';
import { firstReachedMs, zoneOffsetUs } from '../../time/index.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const QUARTER_MS = 15 * MINUTE_MS;
/** What a clock is at most from UTC, days that a zone left out or had twice, and times of day to 48:00. */
const REACH_DAYS = 4;
/** No zone ever put its clock by more, but for whole days at midnight. */
const MOST_SHIFT_MS = 3 * HOUR_MS;

/**
 * When a schedule is due, as a function of the setting alone: whoever asks, on whichever node, in whichever order, gets the same moments.
 *
 * Summer time (docs/jobs.md has it for users):
 * - Times of day (`daily`, `weekly`, cron that leaves out some hours) follow the clock of calendars, which never goes back: what the
 *   zone's clock shows twice is the first time, what it jumps over is the moment of the jump. Each is due once; two that come to the same
 *   moment are one.
 * - What is due in each hour (`hourly`, cron that names all 24 hours) goes by what the clock shows: in the hour that comes twice it is due
 *   twice, in the one that is left out it is not due. Nobody who wants something every ten minutes wants a pause of an hour.
 * - `interval` counts minutes and looks at no clock.
 */
export interface Timetable {
  /** Ascending: after `afterMs`, at `throughMs` at the latest. Asked from one `throughMs` to the next, each comes once. */
  due(afterMs: number, throughMs: number): Generator<number>;
}

export function timetableOf(schedule: Schedule, timeZone: string): Timetable {
  switch (schedule.kind) {
    case 'daily':
      return timesOfDay([clockSeconds(schedule.at) * 1_000], () => true, timeZone);
    case 'weekly': {
      const weekdays: ReadonlySet<string> = new Set(schedule.weekdays);
      return timesOfDay([clockSeconds(schedule.at) * 1_000], ({ weekday }) => weekdays.has(weekday), timeZone);
    }
    case 'hourly': {
      const minutes: number[] = [];
      for (let minute = schedule.fromMinute; minute < 60; minute += schedule.everyMinutes) minutes.push(minute);
      return everyHour(minutes, null, timeZone);
    }
    case 'interval':
      return interval(firstReachedMs(clockSeconds(schedule.from) * 1_000, timeZone), schedule.minutes * MINUTE_MS);
    case 'cron':
      return cron(schedule.expression, timeZone);
  }
}

function cron(expression: string, timeZone: string): Timetable {
  const parsed = parseCron(expression);
  invariant(parsed.ok, `the setting was read with a cron expression that is none: ${expression}`);
  const { times } = parsed;
  const isItsDay = (day: CivilDay) => isCronDay(times, day);
  if (times.hours.length === 24) return everyHour(times.minutes, isItsDay, timeZone);
  const timesMs = times.hours.flatMap((hour) => times.minutes.map((minute) => hour * HOUR_MS + minute * MINUTE_MS));
  return timesOfDay(timesMs, isItsDay, timeZone);
}

function isCronDay(times: CronTimes, { month, dayOfMonth, daysInMonth, weekday }: CivilDay): boolean {
  if (!times.months.has(month)) return false;
  const byDate = times.daysOfMonth.has(dayOfMonth) || times.fromLast.has(daysInMonth - dayOfMonth);
  const at = WEEKDAYS.indexOf(weekday);
  const byWeekday =
    times.weekdays.has(at) ||
    times.nthWeekdays.some(
      (one) => one.weekday === at && (one.nth === 'last' ? dayOfMonth > daysInMonth - 7 : Math.ceil(dayOfMonth / 7) === one.nth),
    );
  return times.isEitherDay ? byDate || byWeekday : byDate && byWeekday;
}

/** @param timesMs from the beginning of the day, ascending; more than one are within the day. */
function timesOfDay(timesMs: readonly number[], isItsDay: (day: CivilDay) => boolean, timeZone: string): Timetable {
  return {
    *due(afterMs, throughMs) {
      let newest = afterMs;
      const lastDay = Math.floor(throughMs / DAY_MS) + REACH_DAYS;
      for (let day = Math.floor(afterMs / DAY_MS) - REACH_DAYS; day <= lastDay; day++) {
        if (!isItsDay(civilDay(day))) continue;
        for (const timeMs of timesMs) {
          const atMs = firstReachedMs(day * DAY_MS + timeMs, timeZone);
          if (atMs > throughMs) return;
          if (atMs <= newest) continue;
          newest = atMs;
          yield atMs;
        }
      }
    },
  };
}

/** @param isItsDay null = every day. */
function everyHour(minutes: readonly number[], isItsDay: ((day: CivilDay) => boolean) | null, timeZone: string): Timetable {
  return {
    *due(afterMs, throughMs) {
      // Clocks change at whole quarters of an hour: within one they go as UTC's does.
      for (let quarterMs = Math.floor(afterMs / QUARTER_MS) * QUARTER_MS; quarterMs <= throughMs; ) {
        const localMs = quarterMs + zoneOffsetUs(timeZone, quarterMs * 1_000) / 1_000;
        const day = Math.floor(localMs / DAY_MS);
        if (isItsDay !== null && !isItsDay(civilDay(day))) {
          const leftMs = (day + 1) * DAY_MS - localMs - MOST_SHIFT_MS;
          quarterMs += Math.max(1, Math.floor(leftMs / QUARTER_MS)) * QUARTER_MS;
          continue;
        }
        const first = Math.ceil(localMs / MINUTE_MS);
        for (let at = 0; at < 15; at++) {
          const atMs = quarterMs + (first + at) * MINUTE_MS - localMs;
          if (atMs > throughMs) return;
          if (atMs > afterMs && minutes.includes((first + at) % 60)) yield atMs;
        }
        quarterMs += QUARTER_MS;
      }
    },
  };
}

function interval(anchorMs: number, everyMs: number): Timetable {
  return {
    *due(afterMs, throughMs) {
      const first = anchorMs + (Math.floor((afterMs - anchorMs) / everyMs) + 1) * everyMs;
      for (let atMs = first; atMs <= throughMs; atMs += everyMs) yield atMs;
    },
  };
}
