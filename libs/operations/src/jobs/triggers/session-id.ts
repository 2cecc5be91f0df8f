import { zoneOffsetUs } from '../../time/index.js';

const FORM = /^(\d{14})-(\d{3,9})$/;

/** `yyyyMMddHHmmss` on the clock of that zone. */
export function sessionStamp(scheduledAtMs: number, timeZone: string): string {
  const localMs = scheduledAtMs + zoneOffsetUs(timeZone, scheduledAtMs * 1_000) / 1_000;
  return new Date(localMs).toISOString().slice(0, 19).replace(/\D/g, '');
}

/** `yyyyMMddHHmmss-NNN`; the thousandth of one second has four digits. @param number from 0 */
export const sessionIdOf = (stamp: string, number: number): string => `${stamp}-${String(number).padStart(3, '0')}`;

/** null = it is none. */
export function partsOfSessionId(id: string): { readonly stamp: string; readonly number: number } | null {
  const [, stamp, number] = FORM.exec(id) ?? [];
  return stamp === undefined || number === undefined ? null : { stamp, number: Number(number) };
}

/**
 * The first that is not taken, for a session of that time. An hour that comes twice shares its stamps: the numbers tell them apart.
 * @param newest the highest number that is taken of a stamp; null = none is.
 */
export function nextSessionId(scheduledAtMs: number, timeZone: string, newest: (stamp: string) => number | null): string {
  const stamp = sessionStamp(scheduledAtMs, timeZone);
  const taken = newest(stamp);
  return sessionIdOf(stamp, taken === null ? 0 : taken + 1);
}
