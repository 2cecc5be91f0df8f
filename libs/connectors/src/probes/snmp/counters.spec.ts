import { describe, expect, it } from 'vitest';
import { grewBy, MAX_LEFT, type Reading, ReadingsBefore } from './counters.js';
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
    expect(before.since('a', reading(100, 1))).toBeNull();
    expect(before.since('b', reading(100, 2))).toBeNull();
    expect(before.since('a', reading(200, 1_001))).toEqual({ counts: new Map(), seconds: 1 });
  });
  it('does not count when the agent was restarted since, but the next one does', () => {
    const before = new ReadingsBefore();
    before.since('a', reading(100, 1));
    expect(before.since('a', reading(50, 2))).toBeNull();
    expect(before.since('a', reading(60, 102))).toEqual({ counts: new Map(), seconds: 0.1 });
  });
});

describe('the reading that is left for whoever takes over', () => {
  const counts = new Map([
    ['1.2', counter(18_446_744_073_709_551_600n)],
    ['1.3', { kind: 'number', number: 1 } as const],
  ]);
  const at = (upTime: number) => ({ upTime, atMs: upTime * 10, counts });
  /** As the database gives it back. */
  const memoryOf = (stored: unknown = null) => {
    const memory = { stored, keep: (state: unknown) => void (memory.stored = JSON.parse(JSON.stringify(state))) };
    return memory;
  };
  it('is the one before of a Master that has none, by the clock of the agent', () => {
    const memory = memoryOf();
    expect(new ReadingsBefore().since('a', at(1_000), memory)).toBeNull();
    expect(new ReadingsBefore().since('a', { ...at(3_000), atMs: 7 }, memory)).toEqual({
      ...{ counts: new Map([['1.2', counts.get('1.2')]]), seconds: 20 },
    });
  });
  it('is a new one each minute, and when the agent was restarted', () => {
    const memory = memoryOf();
    const before = new ReadingsBefore();
    const left = [1_000, 2_000, 6_999, 7_000, 9_000, 500].map((upTime) => {
      before.since('a', at(upTime), memory);
      return (memory.stored as { upTime: number }).upTime;
    });
    expect(left).toEqual([1_000, 1_000, 1_000, 7_000, 7_000, 500]);
  });
  it('does not count when the agent was restarted since, when it is hours old, or cannot be read', () => {
    const memory = memoryOf();
    new ReadingsBefore().since('a', at(1_000), memory);
    const { stored } = memory;
    for (const upTime of [999, 1_000, 721_001]) expect(new ReadingsBefore().since('a', at(upTime), memoryOf(stored))).toBeNull();
    for (const other of [7, 'x', [], { upTime: '1', columns: [] }, { upTime: 1, columns: 1 }, { upTime: 1, counts: [] }])
      expect(new ReadingsBefore().since('a', at(2_000), memoryOf(other))).toBeNull();
    const columns = [7, ['1', 16, { 2: '1' }], ['1', 32, { 2: 'x' }], ['1', 32, null], ['1', 32, ['x']]];
    expect(new ReadingsBefore().since('a', at(2_000), memoryOf({ upTime: 1_000, columns }))).toEqual({
      ...{ counts: new Map(), seconds: 10 },
    });
  });
  it('is there of all counters of a switch with 500 ports, and small', () => {
    const ports = Array.from({ length: 500 }, (_, port) => 10_101 + port);
    const many = new Map(
      ports.flatMap((port) => [
        [`1.3.6.1.2.1.31.1.1.1.6.${port}`, counter(18_446_744_073_709_551_000n + BigInt(port % 500))] as const,
        [`1.3.6.1.2.1.2.2.1.10.${port}`, counter(4_294_967_000n, 32)] as const,
      ]),
    );
    const memory = memoryOf();
    new ReadingsBefore().since('a', { upTime: 1_000, atMs: 1, counts: many }, memory);
    expect(JSON.stringify(memory.stored).length).toBeLessThan(32 * 1_024);
    expect(new ReadingsBefore().since('a', { upTime: 7_000, atMs: 1, counts: many }, memory)).toEqual({
      counts: many,
      seconds: 60,
    });
  });
  it.each([
    [MAX_LEFT, true],
    [MAX_LEFT + 1, false],
  ])('of %d counters: %s', (length, isLeft) => {
    const many = new Map(Array.from({ length }, (_, row) => [`1.${row}`, counter(1n)] as const));
    const memory = memoryOf();
    new ReadingsBefore().since('a', { upTime: 1_000, atMs: 1, counts: many }, memory);
    expect(memory.stored !== null).toBe(isLeft);
  });
  it('is not there of an agent that tells no time', () => {
    const memory = memoryOf();
    new ReadingsBefore().since('a', at(0), memory);
    expect(memory.stored).toBeNull();
  });
});
