import { clockSeconds, WEEKDAYS, type Weekday } from '@yosugara/protocol';
import { daysIn } from '../time/index.js';

export const DAY_MS = 86_400_000;

/** A day of the Gregorian calendar. */
export interface CivilDay {
  readonly year: number;
  readonly month: number;
  readonly dayOfMonth: number;
  readonly daysInMonth: number;
  readonly weekday: Weekday;
}

/** @param day since 1970-01-01, which was a Thursday. */
export function civilDay(day: number): CivilDay {
  const date = new Date(day * DAY_MS);
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth() + 1];
  return {
    ...{ year, month, dayOfMonth: date.getUTCDate() },
    daysInMonth: daysIn(year, month),
    weekday: WEEKDAYS[date.getUTCDay()]!,
  };
}

/** `2026-11-21` as days since 1970-01-01. */
export const dayNumber = (date: string): number => Date.parse(`${date.slice(0, 10)}T00:00:00Z`) / DAY_MS;

/** `2026-11-21` */
export const dateText = (day: number): string => new Date(day * DAY_MS).toISOString().slice(0, 10);

/** `2026-11-21`, `…T09:00`, `…T09:00:00` in ms, as if the clock were that of UTC. */
export const localTimeMs = (text: string): number => Date.parse(text.length === 10 ? `${text}T00:00:00Z` : `${text}Z`);

/** As the end of something, a date means the whole of it. */
export const localEndMs = (text: string): number => localTimeMs(text) + (text.length === 10 ? DAY_MS : 0);

export const clockMs = (text: string): number => clockSeconds(text) * 1_000;

/** Of a time within a day or at its end, `HH:MM:SS`. */
export function clockText(msOfDay: number): string {
  const seconds = Math.floor(msOfDay / 1_000);
  return [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60, seconds % 60]
    .map((part) => String(part).padStart(2, '0'))
    .join(':');
}
