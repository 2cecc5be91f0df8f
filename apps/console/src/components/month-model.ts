/** A month of a year, as `2026-11`. */
export type Month = string;

const pad = (value: number): string => String(value).padStart(2, '0');
const DAY_MS = 86_400_000;

export const isMonth = (text: string | null): text is Month =>
  text !== null && /^(19[7-9]\d|20\d\d|21\d\d)-(0[1-9]|1[0-2])$/.test(text);
export const monthOf = (date: Date): Month => `${date.getFullYear()}-${pad(date.getMonth() + 1)}`;

export function monthAfter(month: Month, by: number): Month {
  const [year = 1970, number = 1] = month.split('-').map(Number);
  const at = year * 12 + number - 1 + by;
  return `${Math.floor(at / 12)}-${pad((at % 12) + 1)}`;
}

export function daysOfMonth(month: Month): { readonly first: string; readonly last: string } {
  const next = Date.parse(`${monthAfter(month, 1)}-01T00:00:00Z`);
  return { first: `${month}-01`, last: new Date(next - DAY_MS).toISOString().slice(0, 10) };
}

/** Days of other months before the first: 0 = it begins with a Monday. */
export const leadingDays = (month: Month): number => (new Date(`${month}-01T00:00:00Z`).getUTCDay() + 6) % 7;

const seconds = (clock: string): number => {
  const [hours = 0, minutes = 0, rest = 0] = clock.split(':').map(Number);
  return hours * 3_600 + minutes * 60 + rest;
};

/** Where in its day a span lies, in percent of it. */
export function spanOf(fromClock: string, toClock: string): { readonly left: number; readonly width: number } {
  const [from, to] = [seconds(fromClock), seconds(toClock)];
  return { left: (from / 86_400) * 100, width: Math.max(0, ((to - from) / 86_400) * 100) };
}
