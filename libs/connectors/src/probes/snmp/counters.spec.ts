import { describe, expect, it } from 'vitest';
import { grewBy, type Reading, ReadingsBefore } from './counters.js';
import type { SnmpValue } from './value.js';

const counter = (count: bigint, bits: 32 | 64 = 64): SnmpValue => ({ kind: 'counter', bits, count });
const reading = (upTime: number, atMs: number): Reading => ({ upTime, atMs, counts: new Map() });

describe('a counter', () => {
  it('of 32 bits that is lower went round', () => expect(grewBy(counter(4_294_967_290n, 32), counter(10n, 32))).toBe(16));
  it('of 64 bits that is lower began anew', () => expect(grewBy(counter(100n), counter(10n))).toBeNull());
  it('beyond what a number holds is exact in its difference', () =>
    expect(grewBy(counter(18_446_744_073_709_551_600n), counter(18_446_744_073_709_551_607n))).toBe(7));
  it('of another kind than before says nothing', () => expect(grewBy(counter(1n, 32), counter(2n))).toBeNull());
  it('that was not there says nothing', () => expect(grewBy(undefined, counter(2n))).toBeNull());
});

describe('the reading before', () => {
  it('is that of the same monitor and node', () => {
    const before = new ReadingsBefore();
    expect(before.swap('a', reading(100, 1))).toBeNull();
    expect(before.swap('b', reading(100, 2))).toBeNull();
    expect(before.swap('a', reading(200, 3))).toEqual(reading(100, 1));
  });
  it('does not count when the agent was restarted since, but the next one does', () => {
    const before = new ReadingsBefore();
    before.swap('a', reading(100, 1));
    expect(before.swap('a', reading(50, 2))).toBeNull();
    expect(before.swap('a', reading(60, 3))).toEqual(reading(50, 2));
  });
});
