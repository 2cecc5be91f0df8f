import { type CalendarBody, CalendarBodySchema, WEEKDAYS } from '@yosugara/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { daysOfPatterns } from './calendars.js';
import { CompiledCalendar } from './compiled.js';
import { DAY_MS } from './local-time.js';
import { SlowCalendar } from './testing/slow-calendar.js';

const RUNS = 300;
const ZONES = ['Asia/Tokyo', 'Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'America/Sao_Paulo', 'UTC'];
/** Clocks change, months, years and Februaries end. */
const PLACES = [
  ...['2026-03-29', '2026-10-25', '2026-03-08', '2026-11-01', '2026-04-05', '2026-10-04', '2018-11-04', '2019-02-17'],
  ...['2026-12-31', '2027-01-01', '2028-02-29', '2026-02-28', '2100-02-28', '2026-05-04', '2026-11-21'],
];
const DATES = ['2026-02-28', '2026-03-29', '2026-05-03', '2026-05-04', '2026-10-25', '2026-11-21', '2027-01-01', '2028-02-29'];

const clock = (seconds: number) => {
  const all = Math.abs(seconds);
  const two = (part: number) => String(part).padStart(2, '0');
  return `${seconds < 0 ? '-' : ''}${two(Math.floor(all / 3_600))}:${two(Math.floor(all / 60) % 60)}:${two(all % 60)}`;
};
const days = fc.oneof(
  fc.constant({ kind: 'all' as const }),
  fc.record({
    kind: fc.constant('weekday' as const),
    weekdays: fc.subarray([...WEEKDAYS], { minLength: 1 }),
    week: fc.constantFrom('every' as const, 'last' as const, 1, 2, 3, 4, 5),
  }),
  fc.record({ kind: fc.constant('day' as const), day: fc.oneof(fc.integer({ min: 1, max: 31 }), fc.constant('last' as const)) }),
  fc.record({ kind: fc.constant('pattern' as const), pattern: fc.constant('dates') }),
);
/** Mostly within the day and on quarters, now and then as far as can be said. */
const time = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: -8, max: 120 }).map((quarters) => quarters * 900) },
  { weight: 2, arbitrary: fc.integer({ min: -90_000, max: 200_000 }) },
  { weight: 1, arbitrary: fc.integer({ min: -359_999, max: 3_599_999 }) },
);
const row = fc
  .record({
    year: fc.option(fc.constantFrom(2026, 2027), { freq: 8 }),
    month: fc.option(fc.integer({ min: 1, max: 12 }), { freq: 5 }),
    days,
    shiftDays: fc.oneof(
      { weight: 4, arbitrary: fc.constant(0) },
      fc.integer({ min: -3, max: 3 }),
      fc.integer({ min: -32_767, max: 32_767 }),
    ),
    substitute: fc.option(fc.record({ hours: fc.constantFrom(24, -24, 1, -5, 12, 168), tries: fc.integer({ min: 1, max: 6 }) }), {
      freq: 2,
    }),
    times: fc.tuple(time, time).filter(([one, other]) => one !== other),
    operate: fc.boolean(),
  })
  .map(({ times: [one, other], ...rest }) => ({ ...rest, from: clock(Math.min(one, other)), to: clock(Math.max(one, other)) }));

const body: fc.Arbitrary<CalendarBody> = fc
  .record({
    timeZone: fc.constantFrom(...ZONES),
    validFrom: fc.option(fc.constantFrom('2018-11-04', '2026-03-29T02:30', '2026-10-25T02:30:30'), { freq: 6 }),
    validTo: fc.option(fc.constantFrom('2026-11-01T01:30:00', '2026-12-31', '2100-02-28'), { freq: 6 }),
    rows: fc.array(row, { minLength: 1, maxLength: 5 }),
  })
  .map((made) => CalendarBodySchema.parse(made));

const moments = fc.record({
  place: fc.constantFrom(...PLACES),
  offsetsS: fc.array(fc.integer({ min: -3 * 86_400, max: 3 * 86_400 }), { minLength: 8, maxLength: 8 }),
});

describe('a compiled calendar', () => {
  it('says of every second what the slow and obvious one says, and where it changes', () =>
    fc.assert(
      fc.property(body, moments, (calendar, { place, offsetsS }) => {
        const slow = new SlowCalendar(calendar, new Map([['dates', DATES]]));
        const fast = new CompiledCalendar(calendar, daysOfPatterns(calendar, new Map([['dates', { dates: DATES }]])));
        for (const offsetS of offsetsS) {
          const atS = Date.parse(`${place}T00:00:00Z`) / 1_000 + offsetS;
          expect(fast.isOpen(atS * 1_000), `at ${new Date(atS * 1_000).toISOString()}`).toBe(slow.isOpen(atS));
          const changeMs = fast.nextChange(atS * 1_000, 3);
          if (changeMs === null) continue;
          const change = new Date(changeMs).toISOString();
          expect(slow.isOpen(changeMs / 1_000), `at the change ${change}`).toBe(!slow.isOpen(atS));
          expect(slow.isOpen(changeMs / 1_000 - 1), `before the change ${change}`).toBe(slow.isOpen(atS));
        }
      }),
      { numRuns: RUNS },
    ));

  it('shows spans that are open, with what is closed between them, whatever is asked first', () =>
    fc.assert(
      fc.property(body, moments, (calendar, { place, offsetsS: [offsetS = 0, lengthS = 0, probeS = 0] }) => {
        const patterns = daysOfPatterns(calendar, new Map([['dates', { dates: DATES }]]));
        const fromMs = Date.parse(`${place}T00:00:00Z`) + offsetS * 1_000;
        const toMs = fromMs + Math.abs(lengthS) * 10_000;
        const whole = new CompiledCalendar(calendar, patterns);
        const spans = whole.openSpans(fromMs, toMs);
        const other = new CompiledCalendar(calendar, patterns);
        const at = fromMs + Math.min(Math.abs(probeS) * 10_000, Math.max(0, toMs - fromMs - 1));
        if (toMs > fromMs) expect(other.isOpen(at)).toBe(spans.some((span) => span.fromMs <= at && at < span.toMs));
        for (const [index, span] of spans.entries()) {
          expect(span.fromMs).toBeLessThan(span.toMs);
          if (index > 0) expect(span.fromMs).toBeGreaterThan(spans[index - 1]!.toMs);
          expect([other.isOpen(span.fromMs), other.isOpen(span.toMs - 1)]).toEqual([true, true]);
          if (span.toMs < toMs) expect(other.isOpen(span.toMs)).toBe(false);
        }
        const byDay = [];
        for (let day = whole.dayAt(fromMs); whole.openDay(day).fromMs < toMs; day++) byDay.push(whole.openDay(day));
        const sum = (list: readonly { fromMs: number; toMs: number }[]) =>
          list.reduce((all, span) => all + Math.max(0, Math.min(span.toMs, toMs) - Math.max(span.fromMs, fromMs)), 0);
        expect(sum(byDay.flatMap(({ open }) => open))).toBe(sum(spans));
        for (const { open } of byDay)
          for (const { fromLocalMs, toLocalMs } of open) {
            expect(fromLocalMs).toBeGreaterThanOrEqual(0);
            expect(toLocalMs).toBeLessThanOrEqual(DAY_MS);
          }
      }),
      { numRuns: RUNS },
    ));
});
