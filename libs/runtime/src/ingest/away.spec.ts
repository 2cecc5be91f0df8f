import type { RawRecord, RecordRef } from '@yosugara/operations';
import type { Watermark } from '@yosugara/protocol';
import { describe, expect, it } from 'vitest';
import type { AwayAnswer, AwayRange } from '../receive/away.js';
import { WAIT_FOR_PEER_MS } from './feed.js';
import { type IngestOptions, type LostStretch, letGoThrough } from './index.js';
import { begin, inVirtualTime, Memory, markOf, record, texts, until } from './testing/memory.js';

inVirtualTime();

const ALL = texts(20);
const lost = (code: string, range: object) => Object.assign(new Error(code), { code, ...range });
/** The other node: it holds everything but `lacks`, and says how it was asked. */
function peerWith(records: readonly RawRecord[], perAnswer = 4) {
  const asked: AwayRange[] = [];
  let isThere = true;
  const read = async (range: AwayRange): Promise<AwayAnswer<RawRecord>> => {
    asked.push(range);
    if (!isThere) return { kind: 'unasked', why: 'gone' };
    const first = records.find(({ seq }) => seq >= range.fromSeq && seq <= range.throughSeq);
    if (first === undefined) return { kind: 'missing', throughSeq: range.throughSeq };
    if (first.seq > range.fromSeq) return { kind: 'missing', throughSeq: first.seq - 1 };
    const found: RawRecord[] = [];
    for (const each of records)
      if (each.seq === range.fromSeq + found.length && each.seq <= range.throughSeq && found.length < perAnswer) found.push(each);
    return { kind: 'found', records: found };
  };
  const away = { read };
  return { away, asked, be: (there: boolean) => void (isThere = there) };
}
const mark = (change: Partial<Watermark['journals'][number]>): Watermark => ({
  ...markOf({}, {}),
  journals: [{ journalId: 'a-1', side: 'own', node: 'a', firstSeq: 1, durableSeq: 20, bothSeq: 20, ...change }],
});
const has = (store: Memory) => [...store.rows.values()].map(({ seq }) => seq).sort((one, two) => one - two);
const numbers = (from: number, through: number) => Array.from({ length: through - from + 1 }, (_, at) => from + at);
const readOnly = (
  records: readonly RawRecord[],
  damaged?: { readonly from: number; readonly through: number },
): IngestOptions['own'] => ({
  read: async (_, from, through) => {
    if (damaged !== undefined && from >= damaged.from && from <= damaged.through)
      throw lost('JOURNAL_CORRUPT', { lost: damaged });
    const end = damaged === undefined || from > damaged.from ? through : Math.min(through, damaged.from - 1);
    const found = records.filter(({ seq }) => seq >= from && seq <= end);
    if (found.length === 0) throw lost('JOURNAL_GAP', { missing: { from, through } });
    return found;
  },
});
/** A clock that can be moved on. */
const clockOf = () => {
  let addMs = 0;
  return { monotonicMs: () => performance.now() + addMs, wallMs: () => Date.now(), add: (ms: number) => void (addMs += ms) };
};

describe('what this node lacks and the other one holds', () => {
  it.each<[string, IngestOptions['own'], Watermark]>([
    ['a journal that was lost', readOnly([]), mark({ firstSeq: 21 })],
    ['the end of a journal on a disk that was set back', readOnly(ALL.slice(0, 8)), mark({})],
    ['a journal that is damaged in the middle', readOnly(ALL, { from: 6, through: 9 }), mark({})],
    ['what was let go before the database went back', readOnly(ALL.slice(12)), mark({ firstSeq: 13 })],
  ])('is stored in its order: %s', async (_, own, watermark) => {
    const { away, asked } = peerWith(ALL);
    const { store, said } = begin({}, {}, { own, watermark: () => watermark, away });
    await until(() => store.positions.get('a-1') === 20);
    expect(has(store)).toEqual(numbers(1, 20));
    expect([...store.rows.values()].map(({ seq }) => seq)).toEqual(numbers(1, 20));
    expect([said.includes('ingest.gap'), asked.length > 0]).toEqual([false, true]);
  });
  it('is stepped over only where neither has it', async () => {
    const { away } = peerWith(ALL.filter(({ seq }) => seq !== 7 && seq < 19));
    const lost: (readonly [number, number])[] = [];
    const onLost = ({ from, through }: LostStretch) => void lost.push([from, through]);
    const { store, said } = begin({}, {}, { own: readOnly([]), watermark: () => mark({ firstSeq: 21 }), away, onLost });
    await until(() => store.positions.get('a-1') === 20);
    expect(has(store)).toEqual(numbers(1, 18).filter((seq) => seq !== 7));
    expect(lost).toEqual([
      [7, 7],
      [19, 20],
    ]);
    expect(said.filter((event) => event === 'ingest.gap')).toHaveLength(2);
  });
  it('is not taken when it is something else than was asked for', async () => {
    const answers: AwayAnswer<RawRecord>[] = [
      { kind: 'found', records: [record(2, 'x')] },
      { kind: 'missing', throughSeq: 0 },
      { kind: 'found', records: [] },
    ];
    const { away } = peerWith(ALL);
    const clock = clockOf();
    const read = async (range: AwayRange) => answers.shift() ?? (await away.read(range));
    const { store } = begin(
      {},
      {},
      { own: readOnly(ALL.slice(3)), watermark: () => mark({ firstSeq: 4 }), away: { read }, clock },
    );
    const timer = setInterval(() => clock.add(500), 5);
    await until(() => store.rows.size === 20).finally(() => clearInterval(timer));
    expect(has(store)).toEqual(numbers(1, 20));
    expect(store.rows.get('a-1 2')?.text).toBe('m1');
  });
});

describe('a peer that cannot be asked', () => {
  const begun = () => {
    const clock = clockOf();
    const peer = peerWith(ALL);
    peer.be(false);
    const own = readOnly(ALL.slice(10));
    const options = { own, watermark: () => mark({ firstSeq: 11 }), away: peer.away, clock };
    return { clock, peer, options, ...begin({}, {}, options) };
  };
  it('is waited for, and nothing behind is stored before', async () => {
    const { store, peer } = begun();
    await until(() => peer.asked.length > 1);
    expect(has(store)).toEqual([]);
    peer.be(true);
    await until(() => store.positions.get('a-1') === 20);
    expect([...store.rows.values()].map(({ seq }) => seq)).toEqual(numbers(1, 20));
  });
  it('is not waited for for ever: what it may have is owed, by whoever serves next too, and stored when it is there', async () => {
    const { store, peer, clock, loop, options, said } = begun();
    await until(() => peer.asked.length > 0);
    clock.add(WAIT_FOR_PEER_MS);
    await until(() => store.positions.get('a-1') === 20);
    expect([has(store), said.includes('ingest.owed'), said.includes('ingest.gap')]).toEqual([numbers(11, 20), true, false]);
    expect(store.positions.get('a-1@1-10')).toBe(0);
    await until(() => loop.behind === 10);
    expect(loop.owed).toBe(10);
    await loop.stop();
    peer.be(true);
    const next = begin({}, {}, { ...options, store });
    await until(() => store.positions.get('a-1@1-10') === 10);
    expect([has(store), store.positions.get('a-1')]).toEqual([numbers(1, 20), 20]);
    expect(next.said).not.toContain('ingest.key_hits');
  });
  it('is owed nothing more when it says that it has lost it, too', async () => {
    const { store, peer, clock } = begun();
    await until(() => peer.asked.length > 0);
    clock.add(WAIT_FOR_PEER_MS);
    await until(() => store.positions.get('a-1') === 20);
    peer.away.read = async ({ throughSeq }) => ({ kind: 'missing', throughSeq });
    const timer = setInterval(() => clock.add(500), 5);
    await until(() => store.positions.get('a-1@1-10') === 10).finally(() => clearInterval(timer));
    expect(has(store)).toEqual(numbers(11, 20));
  });
  it('has what is owed on this disk, when this node takes over', async () => {
    const store = new Memory();
    for (const [id, seq] of [
      ['a-1', 20],
      ['a-1@1-10', 4],
    ] as const)
      store.positions.set(id, seq);
    begin({}, {}, { store, own: readOnly(ALL), watermark: () => mark({}) });
    await until(() => store.positions.get('a-1@1-10') === 10);
    expect(has(store)).toEqual(numbers(5, 10));
  });
});

describe('journals let go', () => {
  const told = (positions: Record<string, number>): readonly RecordRef[] =>
    letGoThrough(Object.entries(positions).map(([journalId, seq]) => ({ journalId, seq })));
  it.each<[string, Record<string, number>, Record<string, number>]>([
    ['of what is consumed', { 'a-1': 7, 'b-1': 5 }, { 'a-1': 7, 'b-1': 5 }],
    ['of nothing that is still owed', { 'a-1': 70, 'a-1@20-30': 24, 'b-1': 5 }, { 'a-1': 24, 'b-1': 5 }],
    ['of what was owed and has come', { 'a-1': 70, 'a-1@20-30': 30 }, { 'a-1': 70 }],
    ['of what lies before all that is owed', { 'a-1@50-60': 49, 'a-1': 70, 'a-1@20-30': 19 }, { 'a-1': 19 }],
  ])('%s', (_, positions, expected) =>
    expect(Object.fromEntries(told(positions).map(({ journalId, seq }) => [journalId, seq]))).toEqual(expected),
  );
});
