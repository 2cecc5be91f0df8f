import { describe, expect, it } from 'vitest';
import { rfc3339 } from './index.js';

describe('a time in microseconds', () => {
  it.each([
    [0, '1970-01-01T00:00:00.000000Z'],
    [1_790_000_000_123_456, '2026-09-21T14:13:20.123456Z'],
    [1_790_000_000_000_007, '2026-09-21T14:13:20.000007Z'],
    [-1, '1969-12-31T23:59:59.999999Z'],
    [Number.MAX_SAFE_INTEGER, '2255-06-05T23:47:34.740991Z'],
  ])('%d is %s', (us, text) => expect(rfc3339(us)).toBe(text));
});
