import { MERGE_LIMITS, type RecordRef } from '@yosugara/operations';
import type { RoleNotice } from '@yosugara/protocol';
import { describe, expect, it } from 'vitest';
import { type IngestPermit, ingestPermitOf, type JournalFiles, type RefusedRow, StaleEpochError } from './index.js';
import { begin, filesOf, inVirtualTime, Memory, markOf, PERMIT, record, texts, until } from './testing/memory.js';

inVirtualTime();

describe('ingest', () => {
  it('stores a message once that both nodes received', async () => {
    const { store, said } = begin({ 'a-1': texts(50) }, { 'b-1': texts(50) });
    await until(() => store.positions.get('a-1') === 50 && store.positions.get('b-1') === 50);
    expect([...store.rows.values()].map((row) => row.seenBy)).toEqual(Array(50).fill(['a', 'b']));
    expect(said).not.toContain('ingest.key_hits');
  });
  it.each([
    ['refused', 'refuse'],
    ['stored and the answer lost', 'store and lose the answer'],
  ] as const)('goes on without loss or doubling when batches are %s', async (_, what) => {
    const started = begin(
      { 'a-1': texts(40) },
      { 'b-1': texts(30) },
      { limits: { ...MERGE_LIMITS, pairingDelayMs: 20, maxOpen: 3, openMs: 1 } },
    );
    started.store.next = [what, 'store', 'store', what, 'store', what];
    await until(() => started.store.positions.get('a-1') === 40 && started.store.positions.get('b-1') === 30);
    expect(started.store.rows.size).toBe(40);
    expect(started.said).not.toContain('ingest.key_hits');
    const seen =
      [...started.store.rows.values()].reduce((sum, row) => sum + row.seenBy.length, 0) + started.store.seenAlso.length;
    expect(seen).toBe(70);
  });
  it('tells of rows that the database refused and stored bare, and goes on', async () => {
    const refusedRows: RefusedRow[] = [];
    const { store, said } = begin({ 'a-1': texts(20) }, {}, { onRefused: (rows) => void refusedRows.push(...rows) });
    const storeBatch = store.storeBatch.bind(store);
    const refused = [{ journalId: 'a-1', seq: 3, source: '10.0.0.1', why: 'index row size 8200 exceeds' }];
    store.storeBatch = async (batch) => ({
      ...(await storeBatch(batch)),
      ...(batch.rows.some(({ seq }) => seq === 3) ? { refused } : {}),
    });
    await until(() => store.positions.get('a-1') === 20);
    expect([refusedRows, said.filter((event) => event === 'ingest.refused_by_database').length]).toEqual([refused, 1]);
  });
  it('holds so many bytes and stores so many at once, however long the messages are', async () => {
    const MIB = 1024 * 1024;
    const raw = Buffer.from(`<13>${'x'.repeat(MIB)}`);
    const long = Array.from({ length: 120 }, (_, at) => record(at + 1, '', { raw }));
    const own = { 'a-1': long };
    const files = filesOf(own);
    let [readBytes, storedBytes, mostHeld, mostStored] = [0, 0, 0, 0];
    const sizeOf = (all: readonly { readonly raw: Uint8Array }[]) => all.reduce((sum, { raw }) => sum + raw.length, 0);
    const reading: JournalFiles = {
      read: async (...asked) => {
        const records = await files.read(asked[0], asked[1], asked[2]);
        readBytes += sizeOf(records);
        mostHeld = Math.max(mostHeld, readBytes - storedBytes);
        return records;
      },
    };
    const { store } = begin(own, {}, { own: reading, maxBatch: 5_000 });
    const storeBatch = store.storeBatch.bind(store);
    store.storeBatch = async (batch) => {
      // So long that everything would be read meanwhile.
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      const stored = await storeBatch(batch);
      mostStored = Math.max(mostStored, sizeOf(batch.rows));
      storedBytes += sizeOf(batch.rows);
      return stored;
    };
    await until(() => store.positions.get('a-1') === 120, 600_000);
    expect(store.rows.size).toBe(120);
    // A read of these files has seven messages.
    expect(mostHeld).toBeLessThan(72 * MIB);
    expect(mostStored).toBeLessThan(18 * MIB);
  });
  it('consumes no own record that only this node holds', async () => {
    const own = { 'a-1': texts(10) };
    const mark = markOf(own, {}, { peerLink: 'down' });
    const { store } = begin(
      own,
      {},
      { watermark: () => ({ ...mark, journals: mark.journals.map((journal) => ({ ...journal, bothSeq: 4 })) }) },
    );
    await until(() => store.positions.get('a-1') === 4);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(store.rows.size).toBe(4);
  });
  it('consumes them by permission', async () => {
    const own = { 'a-1': texts(10) };
    const mark = markOf(own, {}, { peerLink: 'down' });
    const { store } = begin(
      own,
      {},
      {
        permit: () => ({ ...PERMIT, ingestAlone: true }),
        watermark: () => ({ ...mark, journals: mark.journals.map((journal) => ({ ...journal, bothSeq: 0 })) }),
      },
    );
    await until(() => store.positions.get('a-1') === 10);
  });
  it.each<[string, () => IngestPermit | null]>([
    ['without a permit', () => null],
    ['at the end of the lease', () => ({ ...PERMIT, leaseUntilMs: performance.now() + 100 })],
  ])('stores nothing %s', async (_, permit) => {
    let asked = 0;
    const { store } = begin(
      { 'a-1': texts(1) },
      {},
      {
        permit: () => {
          asked++;
          return permit();
        },
      },
    );
    await until(() => asked > 1);
    expect(store.batches).toBe(0);
  });
  it('stores nothing that was read under a permit which is gone', async () => {
    let asked = 0;
    const { store, loop } = begin(
      { 'a-1': texts(1) },
      { 'b-1': texts(1) },
      { permit: () => (asked++ === 1 ? null : asked > 2 ? null : PERMIT) },
    );
    await until(() => asked > 2);
    await loop.stop();
    expect(store.batches).toBe(0);
  });
  it('says when the database belongs to a younger epoch', async () => {
    const stale: StaleEpochError[] = [];
    const { store } = begin({ 'a-1': texts(1) }, { 'b-1': texts(1) }, { onStale: (error) => stale.push(error) });
    store.storeBatch = async () => {
      throw new StaleEpochError(1, 2);
    };
    await until(() => stale.length > 0);
  });
  // How soon: permitted-loop.spec.ts, where time is simulated.
  it('stops though the database hangs for ever', async () => {
    const { store, loop } = begin({ 'a-1': texts(1) }, { 'b-1': texts(1) });
    let hanging = false;
    store.storeBatch = () => {
      hanging = true;
      return new Promise<never>(() => undefined);
    };
    await until(() => hanging);
    await loop.stop();
  });
  it('tells what it has stored, and through where both databases hold it, though nothing more comes', async () => {
    const told: RecordRef[] = [];
    const stored: string[] = [];
    begin(
      { 'a-1': texts(3) },
      { 'b-1': texts(3) },
      { onIngested: (positions) => told.push(...positions), onStored: (rows) => stored.push(...rows.map((row) => row.text)) },
    );
    await until(() => stored.length === 3);
    expect(told).toEqual([]);
    await until(() => told.some(({ journalId, seq }) => journalId === 'a-1' && seq === 3));
  });
  it('tells of no position that it stored solo until the other database is back in the sync set', async () => {
    let bothDatabases = true;
    const told: RecordRef[] = [];
    const { store } = begin(
      { 'a-1': texts(3) },
      {},
      {
        permit: () => ({ ...PERMIT, bothDatabases }),
        onIngested: (positions) => told.push(...positions),
        // The commit that waited for the other database is released by its leaving.
        onStored: () => {
          bothDatabases = false;
        },
      },
    );
    await until(() => store.positions.get('a-1') === 3);
    const before = performance.now();
    await until(() => performance.now() - before > 2_200);
    expect(told).toEqual([]);
    bothDatabases = true;
    await until(() => told.some(({ seq }) => seq === 3));
  });
  it('tells of no position that it only read', async () => {
    const store = new Memory();
    store.positions.set('a-1', 3);
    const told: RecordRef[] = [];
    begin({ 'a-1': texts(3) }, {}, { store, onIngested: (positions) => told.push(...positions) });
    const before = performance.now();
    await until(() => performance.now() - before > 2_200);
    expect(told).toEqual([]);
  });
  it('corrects by the measured offset, whichever node it runs on', async () => {
    const late = texts(3).map((each) => ({ ...each, receivedAtUs: each.receivedAtUs + 3_600_000_000 }));
    const { store } = begin(
      { 'a-1': texts(3) },
      { 'b-1': late },
      { watermark: () => markOf({ 'a-1': texts(3) }, { 'b-1': late }, { clockOffsetUs: 3_600_000_000 }) },
    );
    await until(() => store.positions.get('b-1') === 3);
    expect([store.rows.size, store.window.offsetUs]).toEqual([3, 3_600_000_000]);
  });
  it('says what is missing in a journal, and goes on behind it', async () => {
    const own = { 'a-1': texts(5).slice(2) };
    const { store, said } = begin(
      own,
      {},
      {
        watermark: () => ({
          ...markOf({}, {}),
          peerLink: 'down',
          journals: [{ journalId: 'a-1', side: 'own', node: 'a', firstSeq: 3, durableSeq: 5, bothSeq: 5 }],
        }),
      },
    );
    await until(() => store.positions.get('a-1') === 5);
    expect([store.rows.size, said.includes('ingest.gap')]).toEqual([3, true]);
  });
});

it('a manager may ingest when it is active, and never when it is anything less', () => {
  const notice: RoleNotice = {
    node: 'a',
    epoch: 4,
    mode: 'active',
    leaseUntilMs: 9,
    master: 'a',
    vip: true,
    syncSet: ['a'],
    ingestAlone: true,
  };
  expect(ingestPermitOf(notice)).toEqual({ epoch: 4, leaseUntilMs: 9, ingestAlone: true, bothDatabases: false });
  for (const mode of ['off', 'passive', 'gated'] as const) expect(ingestPermitOf({ ...notice, mode })).toBeNull();
  expect(ingestPermitOf(null)).toBeNull();
});
