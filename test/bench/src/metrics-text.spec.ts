import { describe, expect, it } from 'vitest';
import { grown, quantile, samplesOf } from './metrics-text.js';

const text = (counts: readonly number[]) => `# HELP lag_seconds x
# TYPE lag_seconds histogram
lag_seconds_bucket{le="0.1"} ${counts[0]}
lag_seconds_bucket{le="0.2"} ${counts[1]}
lag_seconds_bucket{le="+Inf"} ${counts[2]}
lag_seconds_count ${counts[2]}
mode{mode="active"} 1
`;
const [before, after] = [samplesOf(text([100, 100, 100])), samplesOf(text([150, 199, 200]))];

describe('what Prometheus would read', () => {
  it('is taken apart by name and labels', () =>
    expect([after.get('mode{mode="active"}'), grown('lag_seconds_count', before, after)]).toEqual([1, 100]));
  it.each([
    [0.5, 0.1],
    [0.25, 0.05],
    [0.99, 0.2],
    [1, Number.POSITIVE_INFINITY],
  ])('the quantile %d is %d', (share, value) => expect(quantile('lag_seconds', share, before, after)).toBeCloseTo(value, 6));
  it('has no quantile when nothing came', () => expect(quantile('lag_seconds', 0.5, after, after)).toBeNaN());
});
