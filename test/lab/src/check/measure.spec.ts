import { describe, expect, it } from 'vitest';
import { longestGapMs, nameHolders, percentiles, twoMastersMs, worstGapMs } from './measure.js';
import type { Acknowledged } from './types.js';

const acks = (writer: 'sql' | 'api', holder: string, ...times: readonly number[]): readonly Acknowledged[] =>
  times.map((atMs, key) => ({ writer, key, atMs, holder, attempts: 1 }));

describe('the gap around a fault', () => {
  it('is the longest between two neighbouring acknowledgements that overlaps the window', () =>
    expect(longestGapMs(acks('sql', 'x', 0, 900, 1000, 1100, 4100, 4200), 'sql', { fromMs: 1050, toMs: 4300 })).toBe(3000));
  it('begins before the window when the last write was acknowledged before the fault', () =>
    expect(longestGapMs(acks('sql', 'x', 0, 5000), 'sql', { fromMs: 4000, toMs: 5100 })).toBe(5000));
  it('leaves out what ended before the window', () =>
    expect(longestGapMs(acks('sql', 'x', 0, 3000, 3100, 3200), 'sql', { fromMs: 3050, toMs: 3200 })).toBe(100));
  it('reaches to the window’s end when the writer was never acknowledged again', () =>
    expect(longestGapMs(acks('sql', 'x', 0, 100), 'sql', { fromMs: 50, toMs: 9100 })).toBe(9000));
  it('is the worse of the two writers', () =>
    expect(worstGapMs([...acks('sql', 'x', 0, 100, 200), ...acks('api', 'x', 0, 150, 200)], { fromMs: 0, toMs: 200 })).toBe(150));
  it('is unknown when a writer was never acknowledged', () =>
    expect(worstGapMs(acks('sql', 'x', 0, 100), { fromMs: 0, toMs: 100 })).toBeNull());
});

describe('two Masters at one time', () => {
  it('are not there when one interval ends before the next begins', () =>
    expect(twoMastersMs([...acks('sql', 'a#timeline 1', 0, 100), ...acks('sql', 'b#timeline 2', 101, 200)], [])).toBe(0));
  it('are the overlap of the intervals, also where no sample fell into it', () =>
    expect(twoMastersMs([...acks('api', 'a#1', 0, 150), ...acks('api', 'b#2', 100, 300)], [])).toBe(50));
  it('are found in the answers of the status endpoints', () => {
    const answers = [0, 100, 200, 300].flatMap((atMs) => [{ node: 'a', atMs }, ...(atMs >= 200 ? [{ node: 'b', atMs }] : [])]);
    expect(twoMastersMs([], answers)).toBe(100);
  });
  it('are not there when a node was Master, stopped, and is Master again', () => {
    const answers = [
      ['a', 0],
      ['a', 100],
      ['b', 2000],
      ['b', 2900],
      ['a', 5000],
    ].map(([node, atMs]) => ({ node: String(node), atMs: Number(atMs) }));
    expect(twoMastersMs([], answers)).toBe(0);
  });
  it('are found when one node answers 200 while another takes API writes', () =>
    expect(
      twoMastersMs(acks('api', 'b#2', 100, 200), [
        { node: 'a', atMs: 120 },
        { node: 'a', atMs: 180 },
      ]),
    ).toBe(60));
});

it('names the node behind an epoch, where the history knows it', () => {
  const named = nameHolders(
    acks('api', '#7', 1, 2).concat(acks('sql', 'a#timeline 1', 3), acks('api', '#9', 4)),
    new Map([[7, 'b']]),
  );
  expect(named.map((write) => write.holder)).toEqual(['b#7', 'b#7', 'a#timeline 1', '#9']);
});

describe('percentiles', () => {
  it('are values that were measured', () => expect(percentiles([5, 1, 3, 2, 4])).toEqual({ p50: 3, p95: 5, max: 5 }));
  it('of nothing are nothing', () => expect(percentiles([])).toEqual({ p50: null, p95: null, max: null }));
});
