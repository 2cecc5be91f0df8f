import { describe, expect, it } from 'vitest';
import { LAG_BOUNDS_MS, LagCounts } from './lag-counts.js';

describe('how late things were', () => {
  it('is counted by the least bound that is not below it', () => {
    const lags = new LagCounts();
    for (const ms of [-3, 25, 26, 1_000, 1_000.5, 60_001]) lags.add(ms);
    const { counts, sumMs } = lags.counted();
    const found = counts.flatMap((count, at) => (count === 0 ? [] : [[LAG_BOUNDS_MS[at] ?? 'more', count]]));
    expect(found).toEqual([
      [25, 2],
      [50, 1],
      [1_000, 1],
      [1_250, 1],
      ['more', 1],
    ]);
    expect(sumMs).toBe(25 + 26 + 1_000 + 1_000.5 + 60_001);
  });
  it('has bounds that ascend', () => expect([...LAG_BOUNDS_MS].sort((one, other) => one - other)).toEqual(LAG_BOUNDS_MS));
});
