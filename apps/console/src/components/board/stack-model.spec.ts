import { describe, expect, it } from 'vitest';
import { joined, levelOf, stacked, summaryOf } from './stack-model.js';

const point = (minute: number, mean: number | null, count = 1) => ({
  ...{ at: `2026-11-22T00:0${minute}:00.000Z`, mean, least: mean, most: mean, count, missing: mean === null ? 1 : 0 },
});

describe('lines upon each other', () => {
  it('meet at every time that one of them has, and add nothing where they were not measured', () => {
    const [one, other] = stacked([
      { points: [point(0, 1), point(2, 3)] },
      { points: [point(0, 2), point(1, 5), point(3, null)] },
    ]);
    expect(one!.map(({ from, to }) => [from, to])).toEqual([
      [0, 1],
      [0, 0],
      [0, 3],
    ]);
    expect(other!.map(({ from, to }) => [from, to])).toEqual([
      [1, 3],
      [0, 5],
      [3, 3],
    ]);
  });
});
describe('a figure', () => {
  it('is of what was measured; a mean counts samples, not steps', () =>
    expect(summaryOf([point(0, 1, 3), point(1, 5), point(2, null)])).toEqual({ last: 5, mean: 2, least: 1, most: 5 }));
  it('of nothing is none', () => {
    expect(summaryOf([point(0, null)])).toEqual({ last: null, mean: null, least: null, most: null });
    expect(joined([null], 'sum')).toBeNull();
  });
  it('of several series is as asked for', () =>
    expect((['most', 'least', 'mean', 'sum'] as const).map((how) => joined([1, null, 5], how))).toEqual([5, 1, 3, 6]));
  it.each([
    [79, false, null],
    [80, false, 'warning'],
    [90, false, 'critical'],
    [91, true, null],
    [90, true, 'critical'],
  ] as const)('%d, bad when low: %s, is %s', (value, isLowBad, level) =>
    expect(levelOf(value, { warning: 80, critical: 90, isLowBad })).toBe(level),
  );
});
