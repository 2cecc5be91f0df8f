import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Forecast, forecastOf, foremostOf, type Look, REACH } from './forecast.js';
import type { Point } from './trend.js';

const MINUTE_MS = 60_000;
const series = (count: number, value: (at: number) => number, stepMs = MINUTE_MS): readonly Point[] =>
  Array.from({ length: count }, (_, at) => ({ atMs: at * stepMs, value: value(at) }));
const ask = (points: readonly Point[], limit: number | null): Forecast =>
  forecastOf({ points, limit, nowMs: points.at(-1)?.atMs ?? 0 }).forecast;
/** Reproducible, and no worse than a disk: -1..1. */
const jitter = (at: number): number => ((at * 2_654_435_761) >>> 0) / 2 ** 31 - 1;

describe('a forecast', () => {
  it('of a straight line is its end', () =>
    fc.assert(
      fc.property(
        fc.double({ min: 1e-3, max: 1e6, noNaN: true }),
        fc.double({ min: 0, max: 1e9, noNaN: true }),
        fc.integer({ min: 12, max: 120 }),
        fc.double({ min: 1, max: 9, noNaN: true }),
        (perStep, from, count, times) => {
          const inSteps = times * (count - 1);
          const forecast = ask(
            series(count, (at) => from + perStep * at),
            from + perStep * (count - 1 + inSteps),
          );
          expect(forecast.kind).toBe('full');
          if (forecast.kind !== 'full') return;
          const wanted = (count - 1 + inSteps) * MINUTE_MS;
          expect(Math.abs(forecast.atMs - wanted) / wanted).toBeLessThan(1e-3);
        },
      ),
    ));
  it('has what it says between the earliest and the latest it may be, and never a time before now', () =>
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -1e12, max: 1e12, noNaN: true }), { minLength: 0, maxLength: 60 }),
        fc.double({ min: -1e12, max: 1e12, noNaN: true }),
        (values, limit) => {
          const points = series(values.length, (at) => values[at]!);
          const forecast = ask(points, limit);
          if (forecast.kind !== 'full') return;
          const nowMs = points.at(-1)!.atMs;
          expect(forecast.earliestMs).toBeGreaterThanOrEqual(nowMs);
          expect(forecast.atMs).toBeGreaterThanOrEqual(forecast.earliestMs);
          if (forecast.latestMs !== null) expect(forecast.latestMs).toBeGreaterThanOrEqual(forecast.atMs);
        },
      ),
    ));
  it('is never sooner with more room', () =>
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 1_000_000 }), { minLength: 12, maxLength: 40 }),
        fc.integer({ min: 1_000_000, max: 2_000_000 }),
        fc.integer({ min: 0, max: 1_000_000 }),
        (values, limit, more) => {
          const points = series(values.length, (at) => values[at]!);
          const rank = (forecast: Forecast) => (forecast.kind === 'full' ? forecast.atMs : Number.POSITIVE_INFINITY);
          expect(rank(ask(points, limit + more))).toBeGreaterThanOrEqual(rank(ask(points, limit)));
        },
      ),
    ));
  it('does not depend on the unit', () =>
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 2, max: 8 }), (perStep, power) => {
        const line = (unit: number) => series(40, (at) => unit * (1_000 + perStep * at + 3 * jitter(at)));
        const unit = 2 ** power;
        const [one, other] = [ask(line(1), 1_000 + perStep * 100), ask(line(unit), unit * (1_000 + perStep * 100))];
        expect(other.kind).toBe(one.kind);
        if (one.kind === 'full' && other.kind === 'full') expect(Math.abs(one.atMs - other.atMs)).toBeLessThan(1);
      }),
    ));
  it.each([
    ['12 points', 12, 'full'],
    ['11 points', 11, 'unknown'],
  ])('of %s is told or not', (_, count, kind) =>
    expect(
      ask(
        series(count, (at) => at),
        2 * count,
      ).kind,
    ).toBe(kind),
  );
  it('of what does not grow, or shrinks, is never', () => {
    expect(
      ask(
        series(60, () => 7),
        10,
      ),
    ).toEqual({ kind: 'never' });
    expect(
      ask(
        series(60, (at) => 100 - at),
        200,
      ),
    ).toEqual({ kind: 'never' });
    expect(
      ask(
        series(60, (at) => 100 + jitter(at)),
        110,
      ),
    ).toEqual({ kind: 'never' });
  });
  it('of what is at its limit is now', () =>
    expect(
      ask(
        series(60, () => 10),
        10,
      ),
    ).toMatchObject({ kind: 'full', atMs: 59 * MINUTE_MS }));
  it('without a limit says how it grows, and no end', () => {
    const { forecast, perMs } = forecastOf({ points: series(60, (at) => 3 * at), limit: null, nowMs: 0 });
    expect([forecast, perMs]).toEqual([{ kind: 'unknown', why: 'no-limit' }, 3 / MINUTE_MS]);
  });
  it('reaches ten times as far as the history, and no further', () => {
    const line = series(61, (at) => at);
    expect(ask(line, 60 + 59 * REACH).kind).toBe('full');
    expect(ask(line, 60 + 61 * REACH)).toEqual({ kind: 'far', afterMs: (60 + 60 * REACH) * MINUTE_MS });
  });
  it('is not moved by single odd values, nor by a file that comes and goes', () => {
    const plain = (at: number) => 100 + at + 0.5 * jitter(at);
    const odd = (at: number) => plain(at) + (at === 20 || at === 41 ? 5_000 : 0);
    const [one, other] = [ask(series(60, plain), 300), ask(series(60, odd), 300)];
    if (one.kind !== 'full') throw new Error(one.kind);
    expect(other.kind === 'full' && Math.abs(other.atMs / one.atMs - 1)).toBeLessThan(0.1);
  });
  it('is the surer, the straighter the line is and the nearer its end', () => {
    const with_ = (noise: number, limit: number) =>
      ask(
        series(60, (at) => at + noise * jitter(at)),
        limit,
      );
    expect(with_(1, 100)).toMatchObject({ confidence: 'high' });
    expect(with_(1, 300)).toMatchObject({ confidence: 'medium' });
    expect(with_(1, 500)).toMatchObject({ confidence: 'low' });
  });
});

describe('a saw: clean-ups take away what came', () => {
  /** Every 20 points, up to 100 and down to 20. */
  const saw = (rise: number) => (at: number) => rise * at + 20 + 4 * (at % 20) + 0.1 * jitter(at);
  it('whose tips stay where they are is never full, however steep its teeth', () =>
    expect(ask(series(110, saw(0)), 110)).toEqual({ kind: 'never' }));
  it('is full when its tips are', () => {
    // Tips: 96 + at * 0.2 and so on: 200 after about 520 points, not after the 26 of the tooth that rises now.
    const forecast = ask(series(116, saw(0.2)), 200);
    if (forecast.kind !== 'full') throw new Error(forecast.kind);
    expect(forecast.atMs / MINUTE_MS).toBeGreaterThan(400);
    expect(forecast.atMs / MINUTE_MS).toBeLessThan(640);
  });
  it('whose clean-up does not come goes by the tooth that rises on', () => {
    const stuck = (at: number) => (at < 100 ? saw(0)(at) : 20 + 4 * (at - 100));
    const forecast = ask(series(150, stuck), 300);
    if (forecast.kind !== 'full') throw new Error(forecast.kind);
    expect(Math.round(forecast.atMs / MINUTE_MS)).toBe(170);
  });
  it('of one clean-up goes by what came after it, and is not sure', () => {
    const once = (at: number) => (at < 40 ? 100 + 4 * at : 60 + 4 * (at - 40));
    const forecast = ask(series(80, once), 300);
    expect(forecast).toMatchObject({ kind: 'full', confidence: 'low' });
    if (forecast.kind === 'full') expect(Math.round(forecast.atMs / MINUTE_MS)).toBe(100);
  });
  it('says nothing just after somebody made room', () =>
    expect(
      ask(
        series(45, (at) => (at < 40 ? 100 + 4 * at : 60 + 4 * (at - 40))),
        300,
      ),
    ).toEqual({ kind: 'unknown', why: 'short' }));
});

describe('of looks of different lengths', () => {
  const look = (points: readonly Point[], limit: number): Look => ({
    ...forecastOf({ points, limit, nowMs: points.at(-1)!.atMs }),
    stepMs: points[1]!.atMs - points[0]!.atMs,
  });
  it('the earliest end counts that is fairly sure', () => {
    const quick = look(
      series(60, (at) => 40 + at),
      150,
    );
    const slow = look(
      series(60, (at) => at, 60 * MINUTE_MS),
      150,
    );
    expect(foremostOf([slow, quick])).toBe(quick);
  });
  it('a tooth of a saw that the longer one knows is none', () => {
    const long = look(
      series(120, (at) => 20 + 4 * (at % 20), 20 * MINUTE_MS),
      110,
    );
    const tooth = look(
      series(60, (at) => 20 + 0.2 * at),
      110,
    );
    expect(tooth.forecast.kind).toBe('full');
    expect(foremostOf([tooth, long])?.forecast).toEqual({ kind: 'never' });
    const flood = look(
      series(60, (at) => 20 + at),
      110,
    );
    expect(foremostOf([flood, long])).toBe(flood);
  });
  it('of no history there is no answer, and the one that says something is preferred', () => {
    const none = look(
      series(5, (at) => at),
      9,
    );
    const flat = look(
      series(30, () => 4),
      9,
    );
    expect(foremostOf([])).toBeNull();
    expect(foremostOf([none])).toBe(none);
    expect(foremostOf([none, flat])).toBe(flat);
  });
});
