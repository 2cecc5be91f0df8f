import { type CalendarBody, CalendarBodySchema, type CalendarPatternBody } from '@yosugara/protocol';
import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { Calendars, daysOfPatterns } from './calendars.js';
import { CompiledCalendar, NO_ROW, NOT_VALID } from './compiled.js';
import { dayNumber } from './local-time.js';

type Rows = NonNullable<z.input<typeof CalendarBodySchema>['rows']>;
const WORKDAYS = {
  kind: 'weekday' as const,
  weekdays: ['mon' as const, 'tue' as const, 'wed' as const, 'thu' as const, 'fri' as const],
};
const WEEKEND = { kind: 'weekday' as const, weekdays: ['sat' as const, 'sun' as const] };
const HOLIDAYS = new Map([
  ['holidays', { dates: ['2026-05-03', '2026-05-04', '2026-05-05', '2026-09-21', '2026-09-22', '2026-09-23'] }],
]);

const bodyOf = (rows: Rows, more: Partial<z.input<typeof CalendarBodySchema>> = {}): CalendarBody =>
  CalendarBodySchema.parse({ timeZone: 'Asia/Tokyo', rows, ...more });
const compiled = (
  rows: Rows,
  more: Partial<z.input<typeof CalendarBodySchema>> = {},
  patterns: ReadonlyMap<string, CalendarPatternBody> = HOLIDAYS,
) => {
  const body = bodyOf(rows, more);
  return new CompiledCalendar(body, daysOfPatterns(body, patterns));
};
const ms = (utc: string) => Date.parse(utc);
const utc = (at: number) => new Date(at).toISOString().slice(0, 19);
/** Open days of a month, on the calendar's clock. */
function openDays(calendar: CompiledCalendar, month: string): readonly number[] {
  const first = dayNumber(`${month}-01`);
  return Array.from({ length: 31 }, (_, at) => calendar.openDay(first + at))
    .filter(({ day, open }) => new Date(day * 86_400_000).toISOString().startsWith(month) && open.length > 0)
    .map(({ day }) => new Date(day * 86_400_000).getUTCDate());
}
const spans = (calendar: CompiledCalendar, from: string, to: string) =>
  calendar.openSpans(ms(from), ms(to)).map(({ fromMs, toMs }) => `${utc(fromMs)} ${utc(toMs)}`);

describe('a row names days', () => {
  it.each<[string, Rows[number], string, readonly number[]]>([
    ['all of a month of one year', { year: 2026, month: 2 }, '2026-02', Array.from({ length: 28 }, (_, at) => at + 1)],
    ['none of another year', { year: 2027, month: 2 }, '2026-02', []],
    ['none of another month', { month: 3 }, '2026-02', []],
    ['the Mondays', { days: { kind: 'weekday', weekdays: ['mon'] } }, '2026-11', [2, 9, 16, 23, 30]],
    ['the third Tuesday', { days: { kind: 'weekday', weekdays: ['tue'], week: 3 } }, '2026-11', [17]],
    ['the first of each weekday named', { days: { kind: 'weekday', weekdays: ['sun', 'mon'], week: 1 } }, '2026-11', [1, 2]],
    ['the fifth Friday of a month that has one', { days: { kind: 'weekday', weekdays: ['fri'], week: 5 } }, '2026-10', [30]],
    ['no fifth Friday of a month that has none', { days: { kind: 'weekday', weekdays: ['fri'], week: 5 } }, '2026-11', []],
    ['the last Friday, be it the fourth', { days: { kind: 'weekday', weekdays: ['fri'], week: 'last' } }, '2026-11', [27]],
    ['the last Friday, be it the fifth', { days: { kind: 'weekday', weekdays: ['fri'], week: 'last' } }, '2026-10', [30]],
    [
      'the last Tuesday, a week before the next month begins',
      { days: { kind: 'weekday', weekdays: ['tue'], week: 'last' } },
      '2026-11',
      [24],
    ],
    ['the 25th', { days: { kind: 'day', day: 25 } }, '2026-11', [25]],
    ['no 31st of a month without one', { days: { kind: 'day', day: 31 } }, '2026-11', []],
    ['the last day', { days: { kind: 'day', day: 'last' } }, '2026-11', [30]],
    ['the last day of February', { days: { kind: 'day', day: 'last' } }, '2026-02', [28]],
    ['the leap day', { days: { kind: 'day', day: 29 }, month: 2 }, '2028-02', [29]],
    ['the last day of a February with a leap day', { days: { kind: 'day', day: 'last' }, month: 2 }, '2028-02', [29]],
    ['no leap day in a year without', { days: { kind: 'day', day: 29 }, month: 2 }, '2100-02', []],
    ['those of a pattern', { days: { kind: 'pattern', pattern: 'holidays' } }, '2026-05', [3, 4, 5]],
    ['those of a pattern in its month only', { days: { kind: 'pattern', pattern: 'holidays' }, month: 9 }, '2026-05', []],
    ['none of a pattern that is not there', { days: { kind: 'pattern', pattern: 'nothing' } }, '2026-05', []],
  ])('%s', (_, row, month, days) => expect(openDays(compiled([row]), month)).toEqual(days));
});

describe('a shift moves a row’s days', () => {
  it.each<[string, Rows[number], string, readonly number[]]>([
    ['over the end of a month', { days: { kind: 'day', day: 'last' }, shiftDays: 2 }, '2026-12', [2]],
    ['back over the beginning of one', { days: { kind: 'day', day: 1 }, shiftDays: -1 }, '2026-02', [28]],
    ['back over a leap day', { days: { kind: 'day', day: 1 }, shiftDays: -1 }, '2028-02', [29]],
    ['after their month was looked at', { month: 12, days: { kind: 'day', day: 31 }, shiftDays: 1 }, '2027-01', [1]],
    ['after their year was', { year: 2026, month: 12, days: { kind: 'day', day: 31 }, shiftDays: 1 }, '2027-01', [1]],
    ['by as much as can be said', { year: 1970, month: 1, days: { kind: 'day', day: 1 }, shiftDays: 32_767 }, '2059-09', [18]],
    ['also of a pattern', { days: { kind: 'pattern', pattern: 'holidays' }, shiftDays: -1 }, '2026-05', [2, 3, 4]],
    ['the day after the second Tuesday', { days: { kind: 'weekday', weekdays: ['tue'], week: 2 }, shiftDays: 1 }, '2026-09', [9]],
  ])('%s', (_, row, month, days) => expect(openDays(compiled([row]), month)).toEqual(days));
});

describe('the first row that says something decides', () => {
  const office = compiled([
    { description: 'lunch', from: '12:00', to: '13:00', operate: false },
    { description: 'holidays', days: { kind: 'pattern', pattern: 'holidays' }, operate: false },
    { description: 'office hours', days: WORKDAYS, from: '09:00', to: '18:00' },
  ]);
  it('so that exceptions stand above the rule', () =>
    expect(spans(office, '2026-09-17T15:00:00Z', '2026-09-24T15:00:00Z')).toEqual([
      '2026-09-18T00:00:00 2026-09-18T03:00:00',
      '2026-09-18T04:00:00 2026-09-18T09:00:00',
      '2026-09-24T00:00:00 2026-09-24T03:00:00',
      '2026-09-24T04:00:00 2026-09-24T09:00:00',
    ]));
  it('and which one it was can be told', () => {
    expect(office.decidingRow(ms('2026-09-18T03:59:59Z'))).toBe(0);
    expect(office.decidingRow(ms('2026-09-18T04:00:00Z'))).toBe(2);
    expect(office.decidingRow(ms('2026-09-21T04:00:00Z'))).toBe(1);
    expect(office.decidingRow(ms('2026-09-18T09:00:00Z'))).toBe(NO_ROW);
  });
  it('in the other order the exception says nothing', () =>
    expect(openDays(compiled([{ operate: true }, { days: WEEKEND, operate: false }]), '2026-02')).toHaveLength(28));
  it('where none does it is closed', () => expect(openDays(compiled([]), '2026-02')).toEqual([]));
});

describe('times beyond the day', () => {
  it('reach into the day after', () =>
    expect(
      spans(
        compiled([{ days: { kind: 'day', day: 20 }, from: '22:00', to: '30:00' }]),
        '2026-11-01T00:00:00Z',
        '2026-12-01T00:00:00Z',
      ),
    ).toEqual(['2026-11-20T13:00:00 2026-11-20T21:00:00']));
  it('reach over several days, from the month before too', () =>
    expect(openDays(compiled([{ days: { kind: 'day', day: 'last' }, from: '00:00', to: '72:00:01' }]), '2026-12')).toEqual([
      1, 2, 3, 31,
    ]));
  it('begin on the day before', () =>
    expect(
      spans(
        compiled([{ days: { kind: 'day', day: 1 }, from: '-02:00', to: '01:00' }]),
        '2026-11-29T00:00:00Z',
        '2026-12-02T00:00:00Z',
      ),
    ).toEqual(['2026-11-30T13:00:00 2026-11-30T16:00:00']));
  it('begin and end before it', () =>
    expect(
      spans(
        compiled([{ days: { kind: 'day', day: 5 }, from: '-99:59:59', to: '-96:00' }]),
        '2026-11-29T00:00:00Z',
        '2026-12-04T00:00:00Z',
      ),
    ).toEqual(['2026-11-30T11:00:01 2026-11-30T15:00:00']));
  it('reach as far as can be said', () => {
    const far = compiled([{ year: 2026, month: 1, days: { kind: 'day', day: 1 }, from: '999:00:00', to: '999:59:59' }]);
    expect(spans(far, '2025-12-01T00:00:00Z', '2026-04-01T00:00:00Z')).toEqual(['2026-02-11T06:00:00 2026-02-11T06:59:59']);
  });
  it('one row’s days may lie over each other', () =>
    expect(
      spans(compiled([{ days: WORKDAYS, from: '00:00', to: '36:00' }]), '2026-11-15T15:00:00Z', '2026-11-22T15:00:00Z'),
    ).toEqual(['2026-11-15T15:00:00 2026-11-21T03:00:00']));
  it('and the row before still decides in the other’s day', () => {
    const night = compiled([
      { days: { kind: 'weekday', weekdays: ['fri'] }, from: '22:00', to: '30:00', operate: false },
      { operate: true },
    ]);
    expect(spans(night, '2026-11-20T00:00:00Z', '2026-11-21T15:00:00Z')).toEqual([
      '2026-11-20T00:00:00 2026-11-20T13:00:00',
      '2026-11-20T21:00:00 2026-11-21T15:00:00',
    ]);
  });
});

describe('a substitute moves a day that the rows above close', () => {
  const payday = (hours: number, tries: number, closed: Rows = [{ days: WEEKEND, operate: false }]) =>
    compiled([...closed, { days: { kind: 'day', day: 25 }, from: '09:00', to: '18:00', substitute: { hours, tries } }]);
  it('to the next that they do not', () => {
    expect(openDays(payday(24, 5), '2026-10')).toEqual([26]);
    expect(openDays(payday(24, 5), '2026-11')).toEqual([25]);
  });
  it('to the one before', () => {
    expect(openDays(payday(-24, 5), '2026-10')).toEqual([23]);
    expect(openDays(payday(-24, 5), '2027-12')).toEqual([24]);
  });
  it('into another month', () => {
    const last = compiled([
      { days: WEEKEND, operate: false },
      { days: { kind: 'day', day: 'last' }, substitute: { hours: 24, tries: 3 } },
    ]);
    expect(openDays(last, '2026-10')).toEqual([]);
    expect(openDays(last, '2026-11')).toEqual([2, 30]);
  });
  it('and gives up after its tries', () => {
    expect(openDays(payday(24, 1), '2026-07')).toEqual([]);
    expect(openDays(payday(24, 2), '2026-07')).toEqual([27]);
  });
  it('by hours, to the end of what is closed', () => {
    const night = compiled([
      { from: '00:00', to: '06:00', operate: false },
      { days: { kind: 'day', day: 10 }, from: '03:30', to: '04:00', substitute: { hours: 1, tries: 10 } },
    ]);
    expect(spans(night, '2026-11-09T00:00:00Z', '2026-11-11T00:00:00Z')).toEqual(['2026-11-09T21:30:00 2026-11-09T22:00:00']);
  });
  it('and what it moves to stays as long', () => {
    const long = compiled([
      { days: WEEKEND, operate: false },
      { days: { kind: 'weekday', weekdays: ['sat'] }, from: '22:00', to: '46:00', substitute: { hours: 24, tries: 2 } },
    ]);
    expect(spans(long, '2026-11-20T15:00:00Z', '2026-11-25T15:00:00Z')).toEqual(['2026-11-23T13:00:00 2026-11-24T13:00:00']);
  });
  it('it asks whether its beginning is closed, not all of it', () =>
    expect(
      openDays(payday(24, 5, [{ days: { kind: 'day', day: 25 }, from: '10:00', to: '11:00', operate: false }]), '2026-11'),
    ).toEqual([25]));
  it('a substitute holiday: closed days move as well, and paydays past them', () => {
    // Japan, May 2026: the 3rd is a Sunday and a holiday, as are the 4th and 5th; so the 6th is none to work on.
    const rows: Rows = [
      { days: { kind: 'weekday', weekdays: ['sun'] }, operate: false },
      { days: { kind: 'pattern', pattern: 'holidays' }, operate: false },
      { days: { kind: 'day', day: 3 }, month: 5, operate: false, substitute: { hours: 24, tries: 9 } },
      { days: { kind: 'day', day: 3 }, substitute: { hours: 24, tries: 9 } },
    ];
    expect(openDays(compiled(rows), '2026-05')).toEqual([7]);
  });
  it('where nothing above says anything it stays', () =>
    expect(
      openDays(
        compiled([
          { days: { kind: 'day', day: 25 }, substitute: { hours: 24, tries: 5 } },
          { days: WEEKEND, operate: false },
        ]),
        '2026-10',
      ),
    ).toEqual([25]));
  it('the week after, many times', () => {
    const rows: Rows = [
      { month: 11, operate: false },
      { days: { kind: 'day', day: 2 }, month: 11, substitute: { hours: 168, tries: 52 } },
    ];
    expect(openDays(compiled(rows), '2026-12')).toEqual([7]);
  });
});

describe('validity', () => {
  const valid = (validFrom: string | null, validTo: string | null) => compiled([{}], { validFrom, validTo });
  const year = ['2026-01-01T00:00:00Z', '2027-01-01T00:00:00Z'] as const;
  it('a date is the whole of it, on the calendar’s clock', () =>
    expect(spans(valid('2026-04-01', '2026-04-30'), ...year)).toEqual(['2026-03-31T15:00:00 2026-04-30T15:00:00']));
  it('a time at the end is the first that is out', () =>
    expect(spans(valid('2026-04-01T09:00', '2026-04-01T17:30:30'), ...year)).toEqual([
      '2026-04-01T00:00:00 2026-04-01T08:30:30',
    ]));
  it('may be open to one side', () => {
    expect(spans(valid(null, '2026-01-31'), ...year)).toEqual(['2026-01-01T00:00:00 2026-01-31T15:00:00']);
    expect(spans(valid('2026-12-31T12:00', null), ...year)).toEqual(['2026-12-31T03:00:00 2027-01-01T00:00:00']);
  });
  it('wins over every row', () => {
    const calendar = valid('2026-04-01', '2026-04-30');
    expect(calendar.decidingRow(ms('2026-03-31T14:59:59Z'))).toBe(NOT_VALID);
    expect(calendar.decidingRow(ms('2026-03-31T15:00:00Z'))).toBe(0);
    expect(calendar.decidingRow(ms('2026-04-30T15:00:00Z'))).toBe(NOT_VALID);
  });
});

describe('when the clocks are changed', () => {
  const night = (timeZone: string, from: string, to: string) => compiled([{ from, to }], { timeZone });
  it.each([
    ['the hour that is jumped over is not there', 'Europe/Berlin', '02:00', '03:00', '2026-03-28T12:00:00Z', []],
    [
      'of a span that begins in it the rest is',
      'Europe/Berlin',
      '02:30',
      '04:00',
      '2026-03-28T12:00:00Z',
      ['2026-03-29T01:00:00 2026-03-29T02:00:00'],
    ],
    [
      'of one that ends in it what was before',
      'Europe/Berlin',
      '01:00',
      '02:30',
      '2026-03-28T12:00:00Z',
      ['2026-03-29T00:00:00 2026-03-29T01:00:00'],
    ],
    [
      'the hour that comes twice lasts two',
      'Europe/Berlin',
      '02:00',
      '03:00',
      '2026-10-24T12:00:00Z',
      ['2026-10-25T00:00:00 2026-10-25T02:00:00'],
    ],
    [
      'half of it is there once',
      'Europe/Berlin',
      '02:00',
      '02:30',
      '2026-10-24T12:00:00Z',
      ['2026-10-25T00:00:00 2026-10-25T00:30:00'],
    ],
    [
      'and what follows it begins where it ends',
      'Europe/Berlin',
      '02:30',
      '04:00',
      '2026-10-24T12:00:00Z',
      ['2026-10-25T00:30:00 2026-10-25T03:00:00'],
    ],
    [
      'New York, jumping',
      'America/New_York',
      '01:00',
      '04:00',
      '2026-03-08T00:00:00Z',
      ['2026-03-08T06:00:00 2026-03-08T08:00:00'],
    ],
    [
      'New York, twice',
      'America/New_York',
      '01:00',
      '02:00',
      '2026-11-01T00:00:00Z',
      ['2026-11-01T05:00:00 2026-11-01T07:00:00'],
    ],
    [
      'Lord Howe, half an hour forward',
      'Australia/Lord_Howe',
      '02:00',
      '03:00',
      '2026-10-03T10:00:00Z',
      ['2026-10-03T15:30:00 2026-10-03T16:00:00'],
    ],
    [
      'Lord Howe, half an hour back',
      'Australia/Lord_Howe',
      '01:30',
      '02:00',
      '2026-04-04T10:00:00Z',
      ['2026-04-04T14:30:00 2026-04-04T15:30:00'],
    ],
  ])('%s', (_, zone, from, to, noon, expected) => {
    const day = new Date(ms(noon) + 86_400_000).toISOString();
    expect(spans(night(zone, from, to), noon, day)).toEqual(expected);
  });
  it('a day has 23, 24 or 25 hours', () => {
    const all = compiled([{}], { timeZone: 'Europe/Berlin' });
    const hours = (date: string) => {
      const { fromMs, toMs } = all.openDay(dayNumber(date));
      return (toMs - fromMs) / 3_600_000;
    };
    expect(['2026-03-28', '2026-03-29', '2026-10-25', '2026-10-26'].map(hours)).toEqual([24, 23, 25, 24]);
  });
  it('a day that a zone left out has nothing, and nobody stumbles over it', () => {
    const apia = compiled([{}], { timeZone: 'Pacific/Apia' });
    expect(apia.openDay(dayNumber('2011-12-30'))).toMatchObject({ open: [] });
    expect(apia.isOpen(ms('2011-12-30T10:00:00Z'))).toBe(true);
    expect(spans(apia, '2011-12-29T00:00:00Z', '2012-01-02T00:00:00Z')).toEqual(['2011-12-29T00:00:00 2012-01-02T00:00:00']);
  });
  it('a clock put back over midnight does not open the day before again', () => {
    const sat = compiled([{ days: { kind: 'weekday', weekdays: ['sat'] } }], { timeZone: 'America/Sao_Paulo' });
    expect(spans(sat, '2019-02-15T00:00:00Z', '2019-02-19T00:00:00Z')).toEqual(['2019-02-16T02:00:00 2019-02-17T03:00:00']);
  });
});

describe('the next change', () => {
  const office = compiled([{ days: WORKDAYS, from: '09:00', to: '18:00' }]);
  it.each([
    ['closes in the evening', '2026-11-20T03:00:00Z', '2026-11-20T09:00:00'],
    ['opens after a weekend', '2026-11-20T09:00:00Z', '2026-11-23T00:00:00'],
    ['is after that moment, not at it', '2026-11-20T00:00:00Z', '2026-11-20T09:00:00'],
  ])('%s', (_, at, change) => expect(utc(office.nextChange(ms(at))!)).toBe(change));
  it('is none where nothing ever changes, or nothing within the days looked at', () => {
    expect(compiled([{}]).nextChange(ms('2026-11-20T00:00:00Z'))).toBeNull();
    expect(compiled([]).nextChange(ms('2026-11-20T00:00:00Z'))).toBeNull();
    const later = compiled([{ year: 2028 }]);
    expect(later.nextChange(ms('2026-11-20T00:00:00Z'))).toBeNull();
    expect(utc(later.nextChange(ms('2026-11-20T00:00:00Z'), 500)!)).toBe('2027-12-31T15:00:00');
  });
  it('passes over rows that change who decides and not what', () => {
    const twice = compiled([
      { from: '09:00', to: '12:00' },
      { from: '12:00', to: '18:00' },
    ]);
    expect(utc(twice.nextChange(ms('2026-11-20T01:00:00Z'))!)).toBe('2026-11-20T09:00:00');
  });
});

describe('all calendars of the settings', () => {
  const at = ms('2026-05-04T01:00:00Z');
  const body = bodyOf([{ days: { kind: 'pattern', pattern: 'holidays' }, operate: false }, { operate: true }]);
  const never = bodyOf([]);
  const setting = (kind: 'calendar' | 'calendar-pattern', id: string, its: unknown, enabled = true) => ({
    kind,
    id,
    enabled,
    body: its,
  });
  const settings = [
    setting('calendar', 'work', body),
    setting('calendar', 'never', never),
    setting('calendar', 'off', never, false),
    setting('calendar-pattern', 'holidays', HOLIDAYS.get('holidays')),
  ];
  const calendars = Calendars.of(settings);
  it('say what is in force', () => {
    expect(calendars.isOpen('work', at)).toBe(false);
    expect(calendars.isOpen('work', ms('2026-05-06T01:00:00Z'))).toBe(true);
    expect(calendars.isOpen('never', at)).toBe(false);
  });
  it('what names none always is; so it is with one that is disabled, or is not there', () =>
    expect([null, 'off', 'nobody'].map((id) => calendars.isOpen(id, at))).toEqual([true, true, true]));
  it('a pattern that is disabled has no days', () => {
    const [work] = settings;
    expect(
      Calendars.of([work!, setting('calendar-pattern', 'holidays', HOLIDAYS.get('holidays'), false)]).isOpen('work', at),
    ).toBe(true);
  });
  it('what was not changed is not compiled again, what was is', () => {
    expect(Calendars.of(settings, calendars).get('work')!.calendar).toBe(calendars.get('work')!.calendar);
    const other = settings.with(3, setting('calendar-pattern', 'holidays', { dates: [] }));
    const changed = Calendars.of(other, calendars);
    expect(changed.isOpen('work', at)).toBe(true);
    expect(changed.get('never')!.calendar).toBe(calendars.get('never')!.calendar);
  });
});
