import type { JobTriggerBody, JobTriggerOf, Schedule } from '@yosugara/protocol';
import { type Timetable, timetableOf } from './timetable.js';

const DAY_MS = 86_400_000;
/** 29 February and `fri#5` come again within so many days, also about 2100. */
const NEXT_WITHIN_MS = 8 * 366 * DAY_MS;
/** Runs that a calendar takes out before the search for the next one gives up. */
const MOST_CLOSED = 50_000;

/** Whether a calendar is open; `Calendars.isOpen` fits. null = there is none. */
export type IsOpen = (calendar: string | null, atMs: number) => boolean;
export const ALWAYS_OPEN: IsOpen = () => true;

export type ScheduleTrigger = Pick<JobTriggerOf<'schedule'>, 'type' | 'calendar' | 'timeZone' | 'schedule'>;

export const isSchedule = (body: JobTriggerBody): body is JobTriggerOf<'schedule'> => body.type === 'schedule';

/** Bodies of settings stay the same object until they are changed. */
const timetables = new WeakMap<Schedule, { readonly timeZone: string; readonly timetable: Timetable }>();

function timetableFor({ schedule, timeZone }: ScheduleTrigger): Timetable {
  const known = timetables.get(schedule);
  if (known?.timeZone === timeZone) return known.timetable;
  const timetable = timetableOf(schedule, timeZone);
  timetables.set(schedule, { timeZone, timetable });
  return timetable;
}

/** As `firesBetween`, one after the other, as many as there are. */
export function* firesOf(trigger: ScheduleTrigger, fromMs: number, toMs: number, isOpen: IsOpen): Generator<number> {
  for (const atMs of timetableFor(trigger).due(fromMs, toMs)) if (isOpen(trigger.calendar, atMs)) yield atMs;
}

/**
 * The moments at which it is due after `fromMs`, and at `toMs` at the latest: a function of the setting and its calendar alone. A run
 * whose calendar is closed at that moment is none.
 *
 * @returns ascending, the first `most` of them; whoever wants more asks from the last one on.
 */
export function firesBetween(
  trigger: ScheduleTrigger,
  fromMs: number,
  toMs: number,
  isOpen: IsOpen = ALWAYS_OPEN,
  most = 10_000,
): readonly number[] {
  const found: number[] = [];
  for (const atMs of firesOf(trigger, fromMs, toMs, isOpen)) if (found.push(atMs) >= most) break;
  return found;
}

/** null = not within eight years, or the calendar took 50 000 in a row out. */
export function nextFire(trigger: ScheduleTrigger, afterMs: number, isOpen: IsOpen = ALWAYS_OPEN): number | null {
  let closed = 0;
  for (const atMs of timetableFor(trigger).due(afterMs, afterMs + NEXT_WITHIN_MS)) {
    if (isOpen(trigger.calendar, atMs)) return atMs;
    if (++closed >= MOST_CLOSED) return null;
  }
  return null;
}
