import { describe, expect, it } from 'vitest';
import { baselineOf, correlationOf, pairsOf, piecePath, sharesOf, unusualIn, weekBefore } from './graph-kinds.js';

const at = (minute: number, weeksAgo = 0): string =>
  new Date(Date.UTC(2026, 10, 22, 0, minute) - weeksAgo * 7 * 86_400_000).toISOString();
const point = (minute: number, mean: number | null, weeksAgo = 0, count = 1) => ({
  ...{ at: at(minute, weeksAgo), mean, least: mean, most: mean, count, missing: mean === null ? 1 : 0 },
});

describe('a pie', () => {
  it('gives each its share of the sum of means; what is below zero or was not measured has none', () =>
    expect(
      sharesOf([
        { id: 1, points: [point(0, 2), point(1, 4)] },
        { id: 2, points: [point(0, 9)] },
        { id: 3, points: [point(0, -5)] },
        { id: 4, points: [point(0, null)] },
      ]),
    ).toEqual([
      { id: 1, mean: 3, share: 0.25 },
      { id: 2, mean: 9, share: 0.75 },
      { id: 3, mean: 0, share: 0 },
      { id: 4, mean: 0, share: 0 },
    ]));
  it('of nothing has no shares', () => expect(sharesOf([{ id: 1, points: [] }])).toEqual([{ id: 1, mean: 0, share: 0 }]));
  it('is cut clockwise from the top, and whole where one has all', () => {
    expect(piecePath(0, 0.25, 10)).toBe('M0,0L0.00,-10.00A10,10 0 0 1 10.00,-0.00Z');
    expect(piecePath(0.25, 1, 10)).toContain('0 1 1');
    expect(piecePath(0, 1, 10)).not.toContain('10 0 1 1 0.00,-10.00');
  });
});

describe('a scatter', () => {
  it('is of the steps that both have a value of', () =>
    expect(pairsOf([point(0, 1), point(1, 2), point(2, null)], [point(1, 20), point(2, 30), point(3, 40)])).toEqual([
      { at: at(1), x: 2, y: 20 },
    ]));
  it.each([
    ['along with each other', [1, 2, 3], 1],
    ['against each other', [3, 2, 1], -1],
    ['not at all', [2, 2, 2], null],
  ] as const)('says whether they go %s', (_, ups, correlation) => {
    const found = correlationOf(ups.map((y, x) => ({ at: at(x), x, y })));
    if (correlation === null) expect(found).toBeNull();
    else expect(found).toBeCloseTo(correlation, 10);
  });
  it('of two points says nothing', () => expect(correlationOf([1, 2].map((x) => ({ at: at(x), x, y: x })))).toBeNull());
});

describe('a baseline', () => {
  const weeks = [[point(0, 10, 1), point(1, 5, 1)], [point(0, 14, 2), point(1, null, 2)], [point(0, 12, 3)], []];
  it('is the mean of the same time of the weeks before, with its deviation to both sides', () => {
    const [first] = baselineOf([point(0, 100)], weeks);
    expect(first).toMatchObject({ at: at(0), mean: 12, least: 10, most: 14, count: 3 });
  });
  it('is not known where fewer than two weeks have a value', () =>
    expect(baselineOf([point(1, 5), point(2, 5)], weeks).map(({ mean }) => mean)).toEqual([null, null]));
  it('tells how many values are not usual: beyond twice the deviation', () => {
    const points = [point(0, 16), point(1, 99)];
    expect(unusualIn(points, baselineOf(points, weeks))).toBe(0);
    expect(unusualIn([point(0, 16.1)], baselineOf(points, weeks))).toBe(1);
  });
  it('asks for the same span of a week before', () =>
    expect(weekBefore({ from: '2026-11-22T00:00:00.000Z', to: '2026-11-23T00:00:00.000Z' }, 2)).toEqual([
      '2026-11-08T00:00:00.000Z',
      '2026-11-09T00:00:00.000Z',
    ]));
});
