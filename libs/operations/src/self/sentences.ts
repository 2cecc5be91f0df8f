/** How much, as somebody would say it. */
export type Unit = 'seconds' | 'bytes' | 'ratio' | 'count' | 'level';

const MINUTE_S = 60;
const HOUR_S = 3_600;
const DAY_S = 86_400;

/** `45 s`, `12 min`, `3.5 h`, `12 days`. */
export function duration(seconds: number): string {
  const s = Math.abs(seconds);
  if (s < 10) return `${round(s, 1)} s`;
  if (s < 2 * MINUTE_S) return `${Math.round(s)} s`;
  if (s < 2 * HOUR_S) return `${Math.round(s / MINUTE_S)} min`;
  if (s < 2 * DAY_S) return `${round(s / HOUR_S, 1)} h`;
  return `${Math.floor(s / DAY_S)} days`;
}

const BYTES = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

export function bytes(value: number): string {
  let [left, at] = [Math.abs(value), 0];
  for (; left >= 1_024 && at < BYTES.length - 1; left /= 1_024) at++;
  return `${round(left, left < 10 && at > 0 ? 1 : 0)} ${BYTES[at]}`;
}

export const percent = (ratio: number): string => `${round(ratio * 100, 1)} %`;
/** 1 234 567. */
export const count = (value: number): string => String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ' ');

/** A value of a watch in its unit. */
export function amount(value: number, unit: Unit): string {
  if (unit === 'seconds') return duration(value);
  if (unit === 'bytes') return bytes(value);
  return unit === 'ratio' ? percent(value) : count(value);
}

const round = (value: number, digits: number): string => String(Number(value.toFixed(digits)));
