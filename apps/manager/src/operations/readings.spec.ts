import { NewestValues } from '@yosugara/runtime';
import { expect, it } from 'vitest';
import { readingsOf } from './readings.js';

const NOON_MS = Date.UTC(2026, 10, 21, 12);
const row = (id: number, item: string) => ({ id, monitor: 'load', facility: 'web1', item, since: '' });
const point = (atMs: number, mean: number | null) => ({
  at: new Date(atMs).toISOString(),
  mean,
  least: mean,
  most: mean,
  count: 1,
  missing: 0,
});

it('values of a series are those of its item, at most two thousand', async () => {
  const steps: unknown[] = [];
  const readings = readingsOf(new NewestValues(), {
    series: async () => ({ series: [row(1, 'cpu0'), row(2, '')], more: false }),
    linesCounted: async () => null,
    values: async ({ ids, step }) => {
      steps.push(step);
      return new Map(ids.map((id) => [id, [point(NOON_MS, id), point(NOON_MS + 60_000, null)]]));
    },
  });
  const of = (item: string, minutes = 30) =>
    readings.series({ monitor: 'load', facility: 'web1', item }, NOON_MS - minutes * 60_000, NOON_MS);
  expect(await of('')).toEqual([
    [NOON_MS, 2],
    [NOON_MS + 60_000, null],
  ]);
  expect(await of('cpu1')).toEqual([]);
  await of('', 10_080);
  expect(steps).toEqual([1_000, 303_000]);
});
