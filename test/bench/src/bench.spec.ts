import { describe, expect, it } from 'vitest';
import { alternate, goalMet, type Measure, median } from './benchmark.js';
import { PARSE } from './parse.js';
import { RULES_BENCH } from './rules.js';

describe('a benchmark', () => {
  it('takes the median of runs made by turns, without the first pair', async () => {
    const order: string[] = [];
    const next = (name: string, values: number[]) => () => {
      order.push(name);
      return values.shift()!;
    };
    const found = await alternate(3, next('ours', [1_000, 10, 30, 20]), next('peer', [1_000, 5, 4, 6]));
    expect(found).toEqual({ ours: 20, peer: 5, ratio: 4, runs: { ours: [10, 30, 20], peer: [5, 4, 6] } });
    expect(order.join(' ')).toBe('ours peer ours peer ours peer ours peer');
  });
  it('has no ratio without a peer', async () =>
    expect(await alternate(1, () => 7, null)).toEqual({ ours: 7, peer: null, ratio: null, runs: { ours: [7], peer: [] } }));
  it('the median of an even number is between the two in the middle', () => expect(median([4, 1, 3, 2])).toBe(2.5));
  it.each([
    [{ of: 'ours', is: 'at least', value: 7 }, true],
    [{ of: 'ours', is: 'at least', value: 8 }, false],
    [{ of: 'ours', is: 'at most', value: 8 }, true],
    [{ of: 'ratio', is: 'at least', value: 1 }, null],
  ] as const)('%j is judged %s', (goal, met) => {
    const measure: Measure = {
      name: 'x',
      unit: 's',
      ours: 7,
      peer: null,
      peerName: '–',
      ratio: null,
      goal,
      runs: { ours: [7], peer: [] },
    };
    expect(goalMet(measure)).toBe(met);
  });
});

it('parse measures every format against one peer', async () => {
  const measures = await PARSE.run({ runs: 3, seconds: 0.01, say: () => undefined });
  expect(measures.map(({ name }) => name)).toEqual(['parse/rfc5424-sd', 'parse/rfc5424', 'parse/rfc3164']);
  for (const { ours, peer } of measures) expect(Math.min(ours, peer!)).toBeGreaterThan(1_000);
});

it('rules measures lines that rules tell and lines that none tells', async () => {
  const measures = await RULES_BENCH.run({ runs: 1, seconds: 0.01, say: () => undefined });
  expect(measures.map(({ name }) => name)).toEqual([
    ...['rules/miss', 'rules/hit', 'rules/miss-without-case', 'rules/hit-without-case', 'rules/wordless'],
  ]);
  for (const { ours, peer } of measures) expect(Math.min(ours, peer!)).toBeGreaterThan(0);
});
