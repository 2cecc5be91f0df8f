import { InvalidInputError } from '@yosugara/kernel';
import { type CalendarDay, type CalendarMoment, type CalendarView, type SettingPage } from '@yosugara/protocol';
import { calendarsDays, calendarsOpen } from '@yosugara/protocol/api';
import { known, type ManagerApi } from '../control/manager-api.js';
import { type Paint, printable, table } from '../output/terminal.js';
import { listSettings } from './settings.js';

/** A month, and what is now. */
export interface CalendarMonth {
  readonly view: CalendarView;
  readonly now: CalendarMoment;
}

const WEEK = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
/** Of a day's bar. */
const CELLS = 8;
const CELL_S = 86_400 / CELLS;

/** @param month such as 2026-11; undefined = the present one, on the calendar's own clock. */
export async function showCalendar(api: ManagerApi, id: string, month: string | undefined): Promise<CalendarMonth> {
  if (month !== undefined && !/^\d{4}-(0[1-9]|1[0-2])$/.test(month))
    throw new InvalidInputError('--month', month, 'a month, such as 2026-11');
  const view = await known(api.ask(calendarsDays(id, month === undefined ? {} : { from: `${month}-01` })));
  return { view, now: await askCalendar(api, id, undefined) };
}

const PAGE = 1_000;

/** All of them, each with what it says now. */
export async function listCalendars(api: ManagerApi): Promise<readonly CalendarMoment[]> {
  const moments: CalendarMoment[] = [];
  for (let after: string | null | undefined; after !== null; ) {
    const page: SettingPage = await listSettings(api, 'calendar', { limit: PAGE, after });
    for (const { id } of page.rows) moments.push(await askCalendar(api, id, undefined));
    after = page.next;
  }
  return moments;
}

export function renderCalendars(moments: readonly CalendarMoment[]): string {
  if (moments.length === 0) return 'there is no calendar';
  const cells = moments.map(({ id, open, enabled, changes, why }) => [
    printable(id),
    `${open ? 'open' : 'closed'}${enabled ? '' : ', disabled'}`,
    changes ?? '–',
    printable(why),
  ]);
  return table(['CALENDAR', 'NOW', 'UNTIL', 'WHY'], cells);
}

export async function askCalendar(api: ManagerApi, id: string, at: string | undefined): Promise<CalendarMoment> {
  return await known(api.ask(calendarsOpen(id, { at })));
}

export function renderMoment({ id, enabled, at, why, open, changes }: CalendarMoment): string {
  const then = changes === null ? 'and so it stays for at least 400 days' : `${open ? 'closes' : 'opens'} ${changes}`;
  const off = enabled ? '' : '\ndisabled: what names it is in force all the time';
  return `${printable(id)} at ${at}: ${printable(why)}; ${then}${off}`;
}

/** Weeks as rows, a day as its number and a bar of three hours a cell; below, the exact times. */
export function renderMonth({ view, now }: CalendarMonth, paint: Paint): string {
  const { id, description, timeZone, days } = view;
  const head = [id, description, days[0]?.date.slice(0, 7) ?? '', timeZone].filter((part) => part !== '');
  return [
    paint(printable(head.join(' · ')), 'bold'),
    renderMoment(now),
    '',
    table(
      WEEK,
      weeksOf(days).map((week) => week.map((day) => (day === null ? '' : cellOf(day, paint)))),
    ),
    '',
    ...timesOf(days),
  ].join('\n');
}

function weeksOf(days: readonly CalendarDay[]): readonly (readonly (CalendarDay | null)[])[] {
  const weeks: (CalendarDay | null)[][] = [];
  for (const day of days) {
    const column = WEEK.indexOf(day.weekday);
    if (column === 0 || weeks.length === 0) weeks.push(WEEK.map(() => null));
    weeks.at(-1)![column] = day;
  }
  return weeks;
}

const cellOf = (day: CalendarDay, paint: Paint): string =>
  `${day.date.slice(8)} ${paint(barOf(day), day.state === 'closed' ? 'dim' : 'green')}`;

function barOf({ open }: CalendarDay): string {
  return Array.from({ length: CELLS }, (_, cell) => {
    const [from, to] = [cell * CELL_S, (cell + 1) * CELL_S];
    const covered = open.reduce(
      (sum, span) => sum + Math.max(0, Math.min(to, secondsOf(span.toClock)) - Math.max(from, secondsOf(span.fromClock))),
      0,
    );
    return covered === 0 ? '·' : covered < CELL_S ? '▒' : '█';
  }).join('');
}

const secondsOf = (clock: string): number => {
  const [hours = 0, minutes = 0, seconds = 0] = clock.split(':').map(Number);
  return hours * 3_600 + minutes * 60 + seconds;
};

const shortClock = (clock: string): string => clock.replace(/:00$/, '');

/** Days that are open at the same times, together. */
function timesOf(days: readonly CalendarDay[]): readonly string[] {
  const together = new Map<string, number[]>();
  for (const { open, date } of days) {
    const times = open.map(({ fromClock, toClock }) => `${shortClock(fromClock)}–${shortClock(toClock)}`).join(' ') || 'closed';
    together.set(times, [...(together.get(times) ?? []), Number(date.slice(8))]);
  }
  return [...together].map(([times, numbers]) => `${times}: ${runsOf(numbers)}`);
}

/** `2–6, 9` */
function runsOf(numbers: readonly number[]): string {
  const runs: [number, number][] = [];
  for (const number of numbers) {
    const last = runs.at(-1);
    if (last !== undefined && last[1] === number - 1) last[1] = number;
    else runs.push([number, number]);
  }
  return runs.map(([from, to]) => (from === to ? `${from}` : `${from}–${to}`)).join(', ');
}
