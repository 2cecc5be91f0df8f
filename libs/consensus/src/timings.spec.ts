import { describe, expect, it } from 'vitest';
import { timingsProblems } from './index.js';
import { TIMINGS } from './testing/world.js';

describe('timings (failover.md 2.5)', () => {
  it.each([
    ['fast', 2_000, 2_100],
    ['lan', 3_300, 3_500],
    ['tolerant', 5_500, 6_000],
    ['vm', 11_000, 12_000],
    ['wan-arbiter', 16_500, 18_000],
  ])('the profile %s holds', (_, leaseOwnMs, leaseVoteMs) =>
    expect(timingsProblems({ ...TIMINGS, leaseOwnMs, leaseVoteMs })).toEqual([]),
  );

  it.each([
    [{ leaseOwnMs: 2_059 }, 'two nodes could hold a lease'],
    [{ heartbeatMs: 667, witnessDelayMs: 9_000 }, 'two lost heartbeats'],
    [{ witnessDelayMs: 549 }, 'after every data node'],
    [{ transferTimeoutMs: 499 }, 'end a transfer'],
    [{ heartbeatMs: 0 }, 'positive'],
    [{ candidateDelayMaxMs: Number.NaN }, 'positive'],
  ])('%j is refused in a sentence', (change, says) => expect(timingsProblems({ ...TIMINGS, ...change }).join()).toMatch(says));

  it.each([
    [2_058, 0],
    [2_059, 1],
  ])('with 1 %% drift and a promise of 2100 ms, a lease of %d ms breaks %d rules', (leaseOwnMs, count) =>
    expect(timingsProblems({ ...TIMINGS, leaseOwnMs })).toHaveLength(count),
  );

  it('an own bound of drift may be given', () => expect(timingsProblems(TIMINGS, 0.05)).toHaveLength(1));
});
