import type { IngestSource } from '@yosugara/protocol';
import { describe, expect, it } from 'vitest';
import { differenceOf, RECEIPT_MINUTES, receiptBins, refusalsOf, sumOf } from './receipt-model.js';

const now = Date.parse('2026-11-21T10:30:20Z');

describe('the minutes of the last hour', () => {
  it('tell what came to both nodes from what came to one', () => {
    const minutes = [{ at: '2026-11-21T10:29:00.000000Z', received: { a: 100, b: 90 }, onlyAt: { a: 12, b: 2 } }];
    const bins = receiptBins(minutes, ['a', 'b'], now);
    expect(bins).toHaveLength(RECEIPT_MINUTES);
    expect(bins.at(-2)).toEqual({ atMs: Date.parse('2026-11-21T10:29:00Z'), both: 88, only: [12, 2] });
    expect([sumOf(bins.at(-2)!), sumOf(bins.at(-1)!), sumOf(bins[0]!)]).toEqual([102, 0, 0]);
  });
});

describe('a source', () => {
  const source: IngestSource = {
    ...{ source: '10.0.0.1', received: { a: 100, b: 90 }, matched: 88, onlyAt: { a: 12, b: 2 }, unpaired: {}, oneSided: 0.1 },
    atReceiver: { b: { since: null, received: 90, refused: { rate: 7 }, slowed: 0, cut: 1 } },
  };
  it('has a difference between the nodes, where there are two', () => {
    expect(differenceOf(source, ['a', 'b'])).toBe(10);
    expect(differenceOf(source, ['a'])).toBeNull();
  });
  it('shows what was refused of it, and where', () =>
    expect(refusalsOf(source)).toEqual([
      { node: 'b', reason: 'rate', count: 7 },
      { node: 'b', reason: 'cut', count: 1 },
    ]));
});
