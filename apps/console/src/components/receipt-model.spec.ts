import type { IngestSource } from '@yosugara/protocol';
import { describe, expect, it } from 'vitest';
import { differenceOf, missingOf, RECEIPT_MINUTES, receiptBins, refusalsOf, sumOf } from './receipt-model.js';

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

describe('what ingest went on behind', () => {
  const stretch = (from: number) => ({ journalId: 'b-1', node: 'b', from, through: from + 2 });
  it('is told by kind, with the first stretches of journals', () => {
    const owed = { records: 21, stretches: Array.from({ length: 7 }, (_, at) => ({ ...stretch(at * 10), left: 3 })) };
    const lost = {
      since: '2026-11-21T10:00:00Z',
      records: 3,
      stretches: [{ ...stretch(5), at: '2026-11-21T10:01:00Z', why: 'gone' }],
    };
    expect(missingOf({ missing: { owed, lost } })).toEqual([
      {
        ...{ kind: 'owed', records: 21, more: 2 },
        stretches: ['b-1: 0 – 2', 'b-1: 10 – 12', 'b-1: 20 – 22', 'b-1: 30 – 32', 'b-1: 40 – 42'],
      },
      { kind: 'lost', records: 3, more: 0, stretches: ['b-1: 5 – 7'] },
    ]);
  });
  it('is nothing where there is nothing, where nothing is known, and of an older manager', () => {
    expect(missingOf({ missing: { owed: { records: 0, stretches: [] }, lost: null } })).toEqual([]);
    expect(missingOf({})).toEqual([]);
  });
});
