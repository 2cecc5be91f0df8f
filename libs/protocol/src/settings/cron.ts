import { WEEKDAYS } from './calendar.js';

export const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'] as const;

/** A schedule by crontab(5), read. */
export interface CronTimes {
  /** Ascending. */
  readonly minutes: readonly number[];
  /** Ascending. */
  readonly hours: readonly number[];
  /** 1..12 */
  readonly months: ReadonlySet<number>;
  /** 1..31 */
  readonly daysOfMonth: ReadonlySet<number>;
  /** `L`: days before the last one of the month; 0 is that day itself. */
  readonly fromLast: ReadonlySet<number>;
  /** 0..6, from Sunday. */
  readonly weekdays: ReadonlySet<number>;
  /** `fri#2`, `friL`. */
  readonly nthWeekdays: readonly { readonly weekday: number; readonly nth: 1 | 2 | 3 | 4 | 5 | 'last' }[];
  /**
   * Where neither day field begins with `*`, a day is meant by either of them; else by both (crontab(5), "Note: The day of a command's
   * execution can be specified in the following two fields").
   */
  readonly isEitherDay: boolean;
}

/** Of which field of the expression, what is there, and what could be. */
export interface CronMistake {
  readonly field: string;
  readonly found: string;
  readonly allowed: string;
}

export type ParsedCron =
  | { readonly ok: true; readonly times: CronTimes }
  | { readonly ok: false; readonly mistakes: readonly CronMistake[] };

interface Field {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  readonly names: readonly string[];
  /** Number of the first name. */
  readonly first: number;
  /** Forms that only this field has. */
  readonly special?: (item: string, into: Days) => boolean;
  readonly also?: string;
}

interface Days {
  readonly fromLast: Set<number>;
  readonly nthWeekdays: CronTimes['nthWeekdays'][number][];
}

const NTHS = [1, 2, 3, 4, 5] as const;
const FIELDS: readonly Field[] = [
  { name: 'minute', min: 0, max: 59, names: [], first: 0 },
  { name: 'hour', min: 0, max: 23, names: [], first: 0 },
  {
    name: 'day of the month',
    min: 1,
    max: 31,
    names: [],
    first: 1,
    special: lastDay,
    also: 'L for the last day, L-3 for three days before it',
  },
  { name: 'month', min: 1, max: 12, names: MONTHS, first: 1 },
  {
    name: 'weekday',
    min: 0,
    max: 7,
    names: WEEKDAYS,
    first: 0,
    special: nthWeekday,
    also: 'fri#2 for the second Friday, friL for the last',
  },
];
/** crontab(5); `@reboot` is nothing that a cluster could mean. */
const NICKNAMES: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};
/** With the 29 days that a February has at most. */
const MOST_DAYS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** All that is wrong with it, named by its field. */
export function parseCron(expression: string): ParsedCron {
  const text = expression.trim().toLowerCase();
  const words = (NICKNAMES[text] ?? text).split(/\s+/);
  if (text.startsWith('@') && NICKNAMES[text] === undefined) return refused('nickname', text, Object.keys(NICKNAMES).join(', '));
  if (words.length !== FIELDS.length)
    return refused(
      'expression',
      words.length === 1 && text === '' ? 'nothing' : `${words.length} fields`,
      `5 fields with spaces between: ${FIELDS.map(({ name }) => name).join(', ')}`,
    );
  const days: Days = { fromLast: new Set(), nthWeekdays: [] };
  const mistakes: CronMistake[] = [];
  const sets = FIELDS.map((field, at) => valuesOf(field, words[at]!, days, mistakes));
  if (mistakes.length > 0) return { ok: false, mistakes };
  const [minutes, hours, daysOfMonth, months, weekdays] = sets as [
    Set<number>,
    Set<number>,
    Set<number>,
    Set<number>,
    Set<number>,
  ];
  // Sunday is 0 and 7.
  if (weekdays.delete(7)) weekdays.add(0);
  const isEitherDay = !words[2]!.startsWith('*') && !words[4]!.startsWith('*');
  const times: CronTimes = {
    ...{ minutes: ascending(minutes), hours: ascending(hours), months, daysOfMonth, weekdays, isEitherDay, ...days },
  };
  const never = neverMistake(times, words);
  return never === null ? { ok: true, times } : { ok: false, mistakes: [never] };
}

const refused = (field: string, found: string, allowed: string): ParsedCron => ({
  ok: false,
  mistakes: [{ field, found: JSON.stringify(found), allowed }],
});
const ascending = (values: Iterable<number>) => [...values].sort((one, other) => one - other);

function valuesOf(field: Field, word: string, days: Days, mistakes: CronMistake[]): Set<number> {
  const values = new Set<number>();
  for (const item of word.split(',')) {
    if (field.special?.(item, days) === true) continue;
    const wrong = addItem(field, item, values);
    if (wrong !== null) mistakes.push({ field: field.name, found: JSON.stringify(item), allowed: wrong });
  }
  return values;
}

/** @returns what would be allowed in its place; null = it is well. */
function addItem(field: Field, item: string, into: Set<number>): string | null {
  const [, all, low, high, step] = /^(?:(\*)|([a-z]+|\d{1,2})(?:-([a-z]+|\d{1,2}))?)(?:\/(\d{1,4}))?$/.exec(item) ?? [];
  if (all === undefined && low === undefined) return formsOf(field);
  const from = all === undefined ? numberOf(field, low!) : field.min;
  // 7 is another name of Sunday, not an eighth day.
  const to = all === undefined ? (high === undefined ? from : numberOf(field, high)) : field.max === 7 ? 6 : field.max;
  if (from === null || to === null) return formsOf(field);
  if (from > to) return `a range whose end is not before its beginning; ${item.split('/')[0]} can be said as two of them`;
  if (step !== undefined && all === undefined && high === undefined)
    return `a range or * before a step, such as ${low}-${field.max}/${step}`;
  const by = step === undefined ? 1 : Number(step);
  if (by < 1 || by > field.max)
    return `a step of 1 to ${field.max}: steps begin anew with each ${field.name === 'minute' ? 'hour' : field.name === 'hour' ? 'day' : 'month or week or year'}`;
  for (let value = from; value <= to; value += by) into.add(value);
  return null;
}

function numberOf({ min, max, names, first }: Field, text: string): number | null {
  const named = names.indexOf(text);
  if (named >= 0) return first + named;
  const number = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  return number >= min && number <= max ? number : null;
}

function formsOf({ min, max, names, also }: Field): string {
  const named = names.length === 0 ? '' : `, ${names[0]} to ${names.at(-1)}`;
  return `${min} to ${max}${named}, a range such as ${min}-${min + 1}, * or either with a step such as */2${also === undefined ? '' : `, ${also}`}`;
}

function lastDay(item: string, { fromLast }: Days): boolean {
  const found = /^l(?:-(\d|[12]\d|30))?$/.exec(item);
  if (found !== null) fromLast.add(Number(found[1] ?? '0'));
  return found !== null;
}

function nthWeekday(item: string, { nthWeekdays }: Days): boolean {
  const [, name, which] = /^([a-z]{3}|[0-7])(#[1-5]|l)$/.exec(item) ?? [];
  if (name === undefined) return false;
  const named = (WEEKDAYS as readonly string[]).indexOf(name);
  const weekday = named >= 0 ? named : /^\d$/.test(name) ? Number(name) % 7 : null;
  if (weekday === null) return false;
  nthWeekdays.push({ weekday, nth: which === 'l' ? 'last' : NTHS[Number(which!.slice(1)) - 1]! });
  return true;
}

/** 31 February. */
function neverMistake({ months, daysOfMonth, fromLast, isEitherDay }: CronTimes, words: readonly string[]): CronMistake | null {
  const canBe = [...months].some((month) => {
    const most = MOST_DAYS[month - 1]!;
    return [...daysOfMonth].some((day) => day <= most) || [...fromLast].some((before) => before < most);
  });
  if (canBe || isEitherDay) return null;
  const found = JSON.stringify(`${words[2]} ${words[3]}`);
  return { field: 'day of the month', found, allowed: 'a day that one of these months has: it would never run' };
}

/** For people: `minute: found "61", allowed are …`. */
export const cronSentence = ({ field, found, allowed }: CronMistake): string => `${field} ${found}: allowed is ${allowed}`;
