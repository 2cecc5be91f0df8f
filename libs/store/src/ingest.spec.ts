import { epoch, SILENT_LOG } from '@yosugara/kernel';
import type { RawRecord, Tally } from '@yosugara/operations';
import type { Watermark } from '@yosugara/protocol';
import { IngestLoop, type IngestStore, type MessageToStore } from '@yosugara/runtime';
import { sql } from 'kysely';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { IngestReport, IngestTraces, type LateBatch, LateBatches, type Store } from './index.js';
import { IngestCounts } from './ingest-counts.js';
import { type OpenedStore, openMigratedStore } from './testing/opened.js';

let opened: OpenedStore;
let store: Store;
let pool: pg.Pool;
beforeAll(async () => {
  opened = await openMigratedStore();
  ({ store, pool } = opened);
});
afterAll(async () => await opened?.close());

const START_US = Date.parse('2026-11-21T23:59:59Z') * 1_000;
/** Every third line is said twice; every seventh never reached b. Across midnight, so two partitions. */
const said = Array.from({ length: 4_000 }, (_, index) => (index % 3 === 2 ? `<13>line ${index - 1}` : `<13>line ${index}`));
const all = said.map((line, index) => ({ line, index }));
/** @param frozen while these lines came, the receiver stood still: it read them all at the end of that. */
const journal = (lines: typeof all, skewUs: number, frozen: readonly [number, number]): RawRecord[] =>
  lines.map(({ line, index }, at) => ({
    ...(index >= frozen[0] && index < frozen[1]
      ? { receivedAtUs: START_US + frozen[1] * 5_000 + skewUs, lateByUs: (frozen[1] - frozen[0]) * 5_000 }
      : { receivedAtUs: START_US + index * 5_000 + skewUs }),
    ...{
      seq: at + 1,
      kind: 'syslog',
      transport: 'udp',
      source: { address: '10.0.0.1', port: 1 },
      flags: 0,
    },
    ...{ listener: { kind: 'own', address: '127.0.0.1' }, raw: Buffer.from(line) },
  }));
const own = journal(all, 0, [2_800, 3_600]);
const peer = journal(
  all.filter(({ index }) => index % 7 !== 0),
  800,
  [400, 1_600],
);
const files = (records: readonly RawRecord[]) => ({
  read: async (_: string, from: number, through: number) => records.slice(from - 1, Math.min(through, from + 249)),
});
const mark: Watermark = {
  journals: [
    { journalId: 'a-1-1', side: 'own', node: 'a', firstSeq: 1, durableSeq: own.length, bothSeq: own.length },
    { journalId: 'b-1-1', side: 'peer', node: 'b', firstSeq: 1, durableSeq: peer.length, bothSeq: peer.length },
  ],
  peerLink: 'up',
  clockOffsetUs: 0,
};

it('both journals become one table, exactly once, through crashes, lost answers, a peer that comes late and receivers that stood still', async () => {
  let batches = 0;
  let keyHits = 0;
  const shaky: IngestStore = {
    loadProgress: () => store.messages.loadProgress(),
    findLone: (question, limit) => store.messages.findLone(question, limit),
    storeBatch: async (batch) => {
      batches++;
      if (batches % 5 === 2) throw new Error('the server went away before');
      const stored = await store.messages.storeBatch(batch);
      keyHits += stored.keyHits;
      if (batches % 5 === 4) throw new Error('the server went away after');
      return stored;
    },
  };
  const begin = (watermark: () => Watermark) => {
    const loop = new IngestLoop({
      ...{
        self: 'a',
        peer: 'b',
        own: files(own),
        peerCopy: files(peer),
        store: shaky,
        log: SILENT_LOG,
        watermark,
        maxBatch: 300,
        batchMs: 5,
      },
      clock: { monotonicMs: () => performance.now(), wallMs: () => Date.now() },
      permit: () => ({ epoch: epoch(3), leaseUntilMs: Number.POSITIVE_INFINITY, ingestAlone: true, bothDatabases: false }),
    });
    loop.start();
    return loop;
  };
  const consumed = async (ownSeq: number, peerSeq: number) => {
    for (
      const end = performance.now() + 90_000;
      performance.now() < end;
      await new Promise((resolve) => setTimeout(resolve, 20))
    ) {
      const { positions } = await store.messages.loadProgress();
      if ((positions.get('a-1-1') ?? 0) >= ownSeq && (positions.get('b-1-1') ?? 0) >= peerSeq) return;
    }
    throw new Error('not consumed within the deadline');
  };
  // The peer is away: the first half is stored alone.
  const first = begin(() => ({ ...mark, peerLink: 'down', journals: [{ ...mark.journals[0]!, durableSeq: 2_000 }] }));
  await consumed(2_000, 0);
  await first.stop();
  const second = begin(() => mark);
  await consumed(own.length, peer.length);
  await second.stop();
  const { rows } = await sql<{ n: number; both: number; texts: number }>`
    select count(*)::int as n, count(distinct text)::int as texts,
      (select count(*) from message where cardinality(seen_by) = 2 or seen_with is not null)::int + (select count(*) from message_seen_also)::int as both
    from message`.execute(store.db);
  expect(rows[0]).toEqual({ n: said.length, texts: new Set(said).size, both: peer.length });
  expect(keyHits).toBe(0);
  const late = await sql<{ n: number }>`select count(*)::int as n from message_seen_also`.execute(store.db);
  expect(late.rows[0]!.n).toBeGreaterThan(1_000);
  // Counted with the rows: as often as they were stored, whatever was tried twice.
  const report = new IngestReport(pool);
  const [fromMs, toMs] = [START_US / 1_000 - 3_600_000, START_US / 1_000 + 86_400_000];
  const counts = {
    received: { a: own.length, b: peer.length },
    matched: peer.length,
    onlyAt: { a: own.length - peer.length, b: 0 },
    unpaired: { a: 0, b: 0 },
  };
  expect(await report.total(fromMs, toMs)).toEqual(counts);
  expect(await report.sources({ fromMs, toMs, limit: 10 })).toEqual({ found: 1, sources: [{ source: '10.0.0.1', ...counts }] });
  const minutes = await report.minutes(fromMs, toMs);
  expect(minutes.map(({ at }) => at)).toEqual(['2026-11-21T23:59:00.000000Z', '2026-11-22T00:00:00.000000Z']);
  expect(minutes.reduce((sum, { received }) => sum + (received['a'] ?? 0), 0)).toBe(own.length);
  // Marks say which batch of which owner brought the journals how far.
  const marks = await sql<{ epoch: string; own: string }>`
    select epoch, positions->>'a-1-1' as own from ingest_mark order by version`.execute(store.db);
  expect(marks.rows.length).toBeGreaterThan(1);
  const traces = new IngestTraces(pool);
  const { position, commit } = await traces.progress({ journalId: 'a-1-1', seq: 1_000 }, START_US);
  expect([position, commit?.epoch]).toEqual([own.length, 3]);
  expect(commit!.batches.through).toBeGreaterThanOrEqual(commit!.batches.from!);
  const [row] = await traces.rowsOfCopy({ journalId: 'b-1-1', seq: 1 }, START_US, START_US + 10_000_000);
  expect([row?.seenBy, row?.seenLater]).toEqual([['a'], [{ node: 'b', journalId: 'b-1-1', seq: 1 }]]);
  expect(await traces.row(row!.receivedAtUs, row!)).toEqual(row);
  expect(new Set(marks.rows.map((mark) => mark.epoch))).toEqual(new Set(['3']));
});

describe('what is stored more than a minute after its receipt', () => {
  const row = (journalId: string, seq: number, agoMs: number): MessageToStore => ({
    ...{ journalId, seq, node: journalId[0]!, receivedAtUs: (Date.now() - agoMs) * 1_000, source: '10.2.0.1', kind: 'syslog' },
    ...{ flags: 0, raw: Buffer.from('x'), facility: null, severity: null, host: null, app: null, procId: null, msgId: null },
    ...{ sentAtUs: null, structured: null, varbinds: null, text: 'x', reason: null, content: null, seenBy: [journalId[0]!] },
  });
  const stored = async (...rows: MessageToStore[]): Promise<number> => {
    const { version, window } = await store.messages.loadProgress();
    await store.messages.storeBatch({ epoch: epoch(3), version, rows, window, seenAlso: [], positions: [] });
    return version + 1;
  };
  const late = () => new LateBatches(pool);

  it('is told by batch and journal, in the order of storing; what is stored in time is not', async () => {
    const before = await late().version();
    const HOUR_MS = 3_600_000;
    await stored(row('a-7-1', 1, 0), row('b-7-1', 1, 20_000));
    const first = await stored(
      row('a-7-1', 2, 0),
      row('c-7-1', 5, 2 * HOUR_MS),
      row('c-7-1', 6, HOUR_MS),
      row('b-7-1', 2, 61_000),
    );
    const second = await stored(row('c-7-1', 7, HOUR_MS));
    expect(await late().version()).toBe(second);
    const byJournal = (one: LateBatch, two: LateBatch) => one.version - two.version || one.journalId.localeCompare(two.journalId);
    const found = [...(await late().after(before, 10))].sort(byJournal);
    expect(
      found.map(({ version, journalId, fromSeq, throughSeq, rows }) => [version, journalId, fromSeq, throughSeq, rows]),
    ).toEqual([
      [first, 'b-7-1', 2, 2, 1],
      [first, 'c-7-1', 5, 6, 2],
      [second, 'c-7-1', 7, 7, 1],
    ]);
    const [, ofC] = found;
    expect(Math.round((ofC!.throughUs - ofC!.fromUs) / 1_000_000)).toBe(3_600);
    const page = await store.messages.search({ sinceUs: ofC!.fromUs, untilUs: ofC!.throughUs + 1, records: ofC! });
    expect(page.rows.map(({ id }) => id.split('.').slice(1).join('.'))).toEqual(['c-7-1.6', 'c-7-1.5']);
    expect(await late().after(first, 10)).toHaveLength(1);
    // A batch comes whole: whoever goes on behind it leaves none of its journals out.
    expect((await late().after(before, 1)).map(({ version }) => version)).toEqual([first, first]);
  });
  it('is let go in the end', async () => {
    const beforeMs = Date.now() + 60_000;
    await new IngestReport(pool).retain({ hoursBeforeMs: beforeMs, minutesBeforeMs: 0 }, async () => undefined);
    expect(await late().after(0, 10)).toEqual([]);
  });
});

describe('counts by source', () => {
  const hourMs = Date.parse('2026-11-21T10:00:00Z');
  const minute = hourMs / 60_000;
  const tally = (source: string, node: string, received: number, matched: number) => ({
    ...{ minute, source, node, received, matched, unpaired: 0 },
  });
  const add = async (counts: IngestCounts, ...tallies: readonly Tally[]) => {
    const client = await pool.connect();
    await counts.add(client, tallies).finally(() => client.release());
  };
  const range = { fromMs: hourMs, toMs: hourMs + 3_600_000, limit: 10 };

  it('have a bound: what is more is counted together, also by another process', async () => {
    const flood = Array.from({ length: 50 }, (_, at) => tally(`10.9.0.${at}`, 'a', 1, 0));
    await add(new IngestCounts(3), tally('10.0.0.1', 'a', 5, 5), ...flood);
    await add(new IngestCounts(3), tally('10.0.0.1', 'b', 5, 5), ...flood);
    const { found, sources } = await new IngestReport(pool).sources(range);
    expect(found).toBe(4);
    const received = Object.fromEntries(sources.map((each) => [each.source, each.received['a']]));
    expect(received).toEqual({ others: 96, '10.9.0.0': 2, '10.9.0.1': 2, '10.0.0.1': 5 });
  });
  it('tell a sender to both nodes of which one lacks something from one that sends to one place', async () => {
    const counts = new IngestCounts();
    const lossy = [tally('10.1.0.1', 'a', 1_000, 980), tally('10.1.0.1', 'b', 980, 980)];
    const good = [tally('10.1.0.2', 'a', 5_000, 4_991), tally('10.1.0.2', 'b', 4_991, 4_991)];
    await add(counts, ...lossy, ...good, tally('10.1.0.3', 'b', 500, 0));
    const one = await new IngestReport(pool).oneSided(['a', 'b'], hourMs + 60_000, { atLeast: 10, share: 0.01 });
    expect(one).toEqual([{ source: '10.1.0.1', missingAt: 'b', lost: 20, messages: 1_000 }]);
  });
  it('are let go in the end', async () => {
    const report = new IngestReport(pool);
    const fence = async () => undefined;
    await report.retain({ hoursBeforeMs: range.toMs, minutesBeforeMs: range.toMs }, fence);
    expect(await report.sources(range)).toEqual({ found: 0, sources: [] });
    expect(await report.minutes(range.fromMs, range.toMs)).toEqual([]);
  });
});
