import type { CalendarDay, CalendarMoment, CalendarView } from '@yosugara/protocol';
import { describe, expect, it } from 'vitest';
import { renderMoment, renderMonth } from './calendars.js';

const plain = (text: string) => text;
const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;
const span = (fromClock: string, toClock: string) => ({
  from: '',
  to: '',
  fromClock: `${fromClock}:00`,
  toClock: `${toClock}:00`,
});
const days = Array.from({ length: 30 }, (_, at): CalendarDay => {
  const date = new Date(Date.UTC(2026, 10, at + 1));
  const weekday = WEEKDAYS[date.getUTCDay()]!;
  const isOff = weekday === 'sat' || weekday === 'sun' || [3, 23].includes(at + 1);
  const open = isOff ? [] : weekday === 'fri' ? [span('00:00', '24:00')] : [span('09:00', '12:00'), span('13:00', '17:30')];
  return {
    date: date.toISOString().slice(0, 10),
    weekday,
    state: isOff ? 'closed' : weekday === 'fri' ? 'open' : 'partly',
    open,
  };
});
const view: CalendarView = { id: 'office', description: 'Tokyo office', enabled: true, timeZone: 'Asia/Tokyo', days };
const now: CalendarMoment = {
  ...{ id: 'office', enabled: true, at: '2026-11-21T12:00:00.000Z', open: false, row: null },
  ...{ why: 'closed: none of its 2 rows says anything of that time', changes: '2026-11-24T00:00:00.000Z' },
};

describe('a month in the terminal', () => {
  const text = renderMonth({ view, now }, plain);
  it('is drawn in weeks, a cell for three hours of a day', () =>
    expect(text.split('\n').slice(0, 9)).toEqual([
      'office · Tokyo office · 2026-11 · Asia/Tokyo',
      'office at 2026-11-21T12:00:00.000Z: closed: none of its 2 rows says anything of that time; opens 2026-11-24T00:00:00.000Z',
      '',
      'mon          tue          wed          thu          fri          sat          sun',
      `${' '.repeat(78)}01 ········`,
      '02 ···█▒▒··  03 ········  04 ···█▒▒··  05 ···█▒▒··  06 ████████  07 ········  08 ········',
      '09 ···█▒▒··  10 ···█▒▒··  11 ···█▒▒··  12 ···█▒▒··  13 ████████  14 ········  15 ········',
      '16 ···█▒▒··  17 ···█▒▒··  18 ···█▒▒··  19 ···█▒▒··  20 ████████  21 ········  22 ········',
      '23 ········  24 ···█▒▒··  25 ···█▒▒··  26 ···█▒▒··  27 ████████  28 ········  29 ········',
    ]));
  it('says below which days are open when, to the minute', () =>
    expect(text.split('\n').slice(-3)).toEqual([
      'closed: 1, 3, 7–8, 14–15, 21–23, 28–29',
      '09:00–12:00 13:00–17:30: 2, 4–5, 9–12, 16–19, 24–26, 30',
      '00:00–24:00: 6, 13, 20, 27',
    ]));
  it('fits into a hundred columns', () =>
    expect(
      Math.max(
        ...text
          .split('\n')
          .slice(3, 10)
          .map((line) => line.length),
      ),
    ).toBeLessThanOrEqual(100));
});

it('a calendar that is disabled says what that means', () =>
  expect(renderMoment({ ...now, enabled: false, open: true, why: 'open: so says row 1', changes: null })).toBe(
    'office at 2026-11-21T12:00:00.000Z: open: so says row 1; and so it stays for at least 400 days\ndisabled: what names it is in force all the time',
  ));
