import { describe, expect, it } from 'vitest';
import { runTarget } from './run.js';
import { must, type Target, utf8 } from './target.js';
import { TARGETS } from './targets.js';

const quick = { seed: 42, limitMs: 1_000, maxGrowthBytes: Number.POSITIVE_INFINITY } as const;

it.each(TARGETS.map((target) => [target.name, target] as const))('%s: a few inputs', (_, target) =>
  expect(runTarget(target, { ...quick, inputs: 200 }).found).toEqual([]),
);

describe('the fuzzer itself', () => {
  const planted = (check: Target['check']): Target => ({
    name: 'planted',
    corpus: [utf8('abcdef')],
    dictionary: [utf8('BUG')],
    check,
  });
  it('finds what throws, and the same again by its index', () => {
    const target = planted((input) => must(!Buffer.from(input).includes('BUG'), 'a bug'));
    const first = runTarget(target, { ...quick, inputs: 200 });
    expect(first.found[0]?.why).toContain('a bug');
    expect(runTarget(target, { ...quick, inputs: 200 }).found.map((one) => one.index)).toEqual(
      first.found.map((one) => one.index),
    );
  });
  it('finds what takes too long', () => {
    const target = planted((input) => {
      const cpuUs = () => Object.values(process.threadCpuUsage?.() ?? process.cpuUsage()).reduce((sum, us) => sum + us, 0);
      const endUs = cpuUs() + (Buffer.from(input).includes('BUG') ? 20_000 : 0);
      while (cpuUs() < endUs);
    });
    expect(runTarget(target, { ...quick, limitMs: 4, inputs: 100 }).found[0]?.why).toContain('took');
  });
});
