import { type Schedule, ScheduleSchema, WEEKDAYS } from '@yosugara/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { zoneOffsetUs } from '../../time/index.js';
import { SlowSchedule } from './testing/slow-schedule.js';
import { timetableOf } from './timetable.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const RUNS = 60;
/** Where clocks do what few think of; those between which a day is missing, or half an hour, or two. */
const ODD_ZONES = [
  ...['Australia/Lord_Howe', 'America/Sao_Paulo', 'Pacific/Apia', 'Antarctica/Troll', 'Pacific/Chatham', 'Asia/Kathmandu'],
  ...['Africa/Casablanca', 'Africa/Cairo', 'Asia/Gaza', 'Asia/Beirut', 'Atlantic/Azores', 'America/Scoresbysund', 'America/Nuuk'],
  ...[
    'Pacific/Easter',
    'America/Havana',
    'America/Asuncion',
    'Europe/Dublin',
    'America/Caracas',
    'Asia/Pyongyang',
    'Asia/Tehran',
  ],
  ...['Pacific/Norfolk', 'Australia/Eucla', 'America/St_Johns', 'Europe/Volgograd', 'America/Metlakatla', 'Asia/Amman'],
  ...[
    'Europe/Berlin',
    'America/New_York',
    'Asia/Tokyo',
    'UTC',
    'Africa/Juba',
    'Pacific/Bougainville',
    'Asia/Hovd',
    'Europe/Istanbul',
  ],
];
const ALL_ZONES = Intl.supportedValuesOf('timeZone');
const [FIRST_MS, LAST_MS] = [Date.UTC(2011, 10, 15), Date.UTC(2037, 0, 1)];

const shownMs = (zone: string, atMs: number) => {
  const found = Object.fromEntries(
    clockOf(zone)
      .formatToParts(atMs)
      .map(({ type, value }) => [type, Number(value)]),
  ) as Record<string, number>;
  return Date.UTC(found['year']!, found['month']! - 1, found['day']!, found['hour']!, found['minute']!, found['second']!);
};
const clocks = new Map<string, Intl.DateTimeFormat>();
function clockOf(zone: string): Intl.DateTimeFormat {
  const part = 'numeric' as const;
  const parts = { year: part, month: part, day: part, hour: part, minute: part, second: part };
  const clock = clocks.get(zone) ?? new Intl.DateTimeFormat('en-US', { ...parts, timeZone: zone, hourCycle: 'h23' });
  clocks.set(zone, clock);
  return clock;
}

/** The next change of the clock after a moment, to the minute; null = none within that time. */
function nextChangeMs(zone: string, fromMs: number, withinMs: number): number | null {
  const offset = (atMs: number) => shownMs(zone, atMs) - atMs;
  for (let atMs = fromMs; atMs < fromMs + withinMs; atMs += 10 * DAY_MS) {
    if (offset(atMs) === offset(atMs + 10 * DAY_MS)) continue;
    let [low, high] = [atMs / MINUTE_MS, (atMs + 10 * DAY_MS) / MINUTE_MS];
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (offset(middle * MINUTE_MS) === offset(atMs)) low = middle;
      else high = middle;
    }
    return high * MINUTE_MS;
  }
  return null;
}

const two = (value: number) => String(value).padStart(2, '0');
/** Around the hours at which clocks change, mostly. */
const timeOfDay = fc
  .oneof(
    fc.integer({ min: 0, max: 48 * 60 }),
    fc.integer({ min: 0, max: 4 * 60 }),
    fc.constantFrom(23 * 60, 24 * 60, 26 * 60 + 30),
  )
  .map((minutes) => `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`);
const list = <T>(item: fc.Arbitrary<T>) => fc.array(item, { minLength: 1, maxLength: 3 }).map((items) => items.join(','));
const values = (min: number, max: number) =>
  fc.oneof(
    { weight: 3, arbitrary: fc.integer({ min, max }).map(String) },
    fc
      .tuple(fc.integer({ min, max }), fc.integer({ min, max }))
      .map(([one, other]) => `${Math.min(one, other)}-${Math.max(one, other)}`),
    fc
      .tuple(fc.integer({ min, max: max - 1 }), fc.integer({ min: 1, max: max - min || 1 }))
      .map(([from, step]) => `${from}-${max}/${step}`),
    fc.integer({ min: 1, max }).map((step) => `*/${step}`),
  );
const orStar = (field: fc.Arbitrary<string>, weight = 2) =>
  fc.oneof({ weight, arbitrary: fc.constant('*') }, { weight: 2, arbitrary: field });
const cron = fc
  .tuple(
    list(fc.oneof(values(0, 59), fc.constantFrom('0', '30', '*/10'))),
    orStar(list(fc.oneof(values(0, 23), values(0, 3)))),
    orStar(list(fc.oneof(values(1, 31), fc.constantFrom('L', 'L-3', '31'))), 6),
    orStar(list(fc.oneof(values(1, 12), fc.constantFrom('jan', 'mar-nov', 'oct'))), 9),
    orStar(list(fc.oneof(values(0, 6), fc.constantFrom('7', '5-7', 'sun', 'mon-fri', 'sun#1', 'sunL', 'fri#2', 'sat#5'))), 6),
  )
  .map((fields) => fields.join(' '))
  .filter((expression) => ScheduleSchema.safeParse({ kind: 'cron', expression }).success);

const schedule: fc.Arbitrary<Schedule> = fc
  .oneof(
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('daily'), at: timeOfDay }) },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('weekly'),
        weekdays: fc.subarray([...WEEKDAYS], { minLength: 1 }),
        at: timeOfDay,
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('hourly'),
        fromMinute: fc.integer({ min: 0, max: 59 }),
        everyMinutes: fc.integer({ min: 1, max: 60 }),
      }),
    },
    fc.record({ kind: fc.constant('interval'), minutes: fc.integer({ min: 1, max: 1_440 }), from: timeOfDay }),
    { weight: 5, arbitrary: fc.record({ kind: fc.constant('cron'), expression: cron }) },
  )
  .map((made) => ScheduleSchema.parse(made));

/** A day or two around a change of the clock where there is one, else anywhere. */
const span = (zones: readonly string[]) =>
  fc
    .record({
      zone: fc.constantFrom(...zones),
      startMs: fc.integer({ min: FIRST_MS / DAY_MS, max: LAST_MS / DAY_MS }).map((day) => day * DAY_MS),
      before: fc.integer({ min: 1, max: 30 * 60 }),
      length: fc.integer({ min: 0, max: 40 * 60 }),
    })
    .map(({ zone, startMs, before, length }) => {
      const middleMs = nextChangeMs(zone, startMs, 250 * DAY_MS) ?? startMs;
      const fromMs = middleMs - before * MINUTE_MS;
      return { zone, fromMs, toMs: fromMs + length * MINUTE_MS };
    });

function compare(one: Schedule, { zone, fromMs, toMs }: { zone: string; fromMs: number; toMs: number }): void {
  const slow = new SlowSchedule(one, zone).due(fromMs, toMs);
  const fast = [...timetableOf(one, zone).due(fromMs, toMs)];
  const iso = (times: readonly number[]) => times.map((ms) => new Date(ms).toISOString());
  expect(iso(fast), `${zone} ${JSON.stringify(one)}`).toEqual(iso(slow));
}

describe('a timetable', () => {
  it('says what the slow one says minute by minute, about changes of odd clocks', () =>
    fc.assert(fc.property(schedule, span(ODD_ZONES), compare), { numRuns: RUNS }));

  it('says what the slow one says in each zone of the IANA database', () => {
    const samples = fc.sample(fc.tuple(schedule, span(ALL_ZONES.filter((zone) => !NOT_AT_QUARTERS.includes(zone)))), 60);
    for (const [one, when] of samples) compare(one, when);
  });

  it('says the same however the time is cut, so that both nodes agree and nothing comes twice', () =>
    fc.assert(
      fc.property(
        schedule,
        span(ODD_ZONES),
        fc.array(fc.integer({ min: 0, max: 40 * HOUR_MS }), { maxLength: 5 }),
        (one, { zone, fromMs, toMs }, cuts) => {
          const whole = [...timetableOf(one, zone).due(fromMs, toMs)];
          const times = [fromMs, ...cuts.map((cut) => Math.min(fromMs + cut, toMs)).sort((x, y) => x - y), toMs];
          const parts = times.slice(1).flatMap((to, at) => [...timetableOf(one, zone).due(times[at]!, to)]);
          expect(parts).toEqual(whole);
          expect([...new Set(whole)].sort((x, y) => x - y)).toEqual(whole);
        },
      ),
      { numRuns: RUNS },
    ));
});

/** A station in Antarctica, at 00:01: for 14 minutes its look-up was wrong. */
const NOT_AT_QUARTERS = ['Antarctica/Casey'];

it('clocks change at whole quarters of an hour in every other zone from 2012 on, which is what look-ups rely on', () => {
  let changes = 0;
  for (const zone of ALL_ZONES.filter((each) => !NOT_AT_QUARTERS.includes(each)))
    for (let atMs = Date.UTC(2012, 0, 1); atMs < Date.UTC(2030, 0, 1); ) {
      const changeMs = nextChangeMs(zone, atMs, 370 * DAY_MS);
      if (changeMs === null) {
        atMs += 370 * DAY_MS;
        continue;
      }
      expect(changeMs % (15 * MINUTE_MS), `${zone} ${new Date(changeMs).toISOString()}`).toBe(0);
      expect(zoneOffsetUs(zone, changeMs * 1_000), zone).toBe((shownMs(zone, changeMs) - changeMs) * 1_000);
      changes++;
      // The next but one half of a year is enough of zones that change each year alike.
      atMs = changeMs + 700 * DAY_MS;
    }
  expect(changes).toBeGreaterThan(500);
});
