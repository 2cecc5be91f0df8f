import { startTestPostgres, type TestPostgres } from '@yosugara/testkit';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { completeIndexes, openStore, Partitions, type Store, setOptionalIndexes } from './index.js';

let server: TestPostgres;
let store: Store;
let pool: pg.Pool;
let partitions: Partitions;
const DAY_MS = 86_400_000;
const NOON_MS = Date.parse('2026-11-21T12:00:00Z');
const TODAY = Math.floor(NOON_MS / DAY_MS);
const ALWAYS_HOURS = { width: 'hour', hourlyFromBytes: 1 } as const;

beforeAll(async () => {
  server = await startTestPostgres();
  const { host, port } = server;
  store = openStore({ host, port, database: 'postgres', user: 'postgres' });
  await store.migrate();
  pool = new pg.Pool({ connectionString: server.connectionString });
  // Its server ends before it does.
  pool.on('error', () => undefined);
});
beforeEach(async () => {
  partitions = new Partitions(pool);
  await partitions.dropBefore((NOON_MS + 100 * DAY_MS) * 1_000);
});
afterAll(async () => {
  await pool?.end();
  await store?.close();
  await server?.stop();
});

const put = async (at: string) =>
  await pool.query(
    "insert into message (received_at, journal_id, seq, node, kind, source, text, raw, flags, seen_by) values ($1, 'a-1-1', 1, 'a', 'syslog', '10.0.0.1', 't', '', 0, '{a}')",
    [at],
  );
const widths = async () => {
  const found = await partitions.list();
  return [0, 1, 2].map((ahead) => {
    const ofDay = found.filter(({ fromUs }) => Math.floor(fromUs / 1_000 / DAY_MS) === TODAY + ahead);
    return `${ofDay.length} ${ofDay[0]?.width}`;
  });
};
const indexes = async (like: string) =>
  (await pool.query<{ name: string }>('select relname as name from pg_class where relname like $1 order by 1', [like])).rows
    .length;

describe('partitions', () => {
  it('are days, and hours from a set rate on; a day that has begun stays what it is', async () => {
    await partitions.createAhead(2, NOON_MS, { width: 'auto', hourlyFromBytes: 1e12 });
    expect(await widths()).toEqual(['1 day', '1 day', '0 undefined']);
    await put('2026-11-21T12:00:00Z');
    await partitions.createAhead(3, NOON_MS, { width: 'auto', hourlyFromBytes: 1 });
    expect(await widths()).toEqual(['1 day', '24 hour', '24 hour']);
  });
  it('of a day to come keep their width when they hold a row', async () => {
    await partitions.createAhead(2, NOON_MS, { width: 'day', hourlyFromBytes: 1 });
    await put('2026-11-22T05:00:00Z');
    await partitions.createAhead(2, NOON_MS, ALWAYS_HOURS);
    expect(await widths()).toEqual(['1 day', '1 day', '0 undefined']);
  });
  it('that another process makes in another width meanwhile are used as they are', async () => {
    await partitions.createAhead(1, NOON_MS, ALWAYS_HOURS);
    const other = new Partitions(pool);
    await Promise.all([other.ensure(TODAY), other.ensureHour(TODAY * 24 + 3), partitions.ensure(TODAY)]);
    expect(await widths()).toEqual(['24 hour', '0 undefined', '0 undefined']);
    await put('2026-11-21T23:59:59.999999Z');
  });
});

describe('retention', () => {
  it('takes partitions out while a search reads the table and a batch is written', async () => {
    for (const age of [3, 2, 0]) await partitions.ensure(TODAY - age);
    const writer = await pool.connect();
    try {
      await writer.query('begin');
      await writer.query(
        "insert into message select '2026-11-21T01:00:00Z', 'a-1-1', 2, 'a', 'syslog', '10.0.0.1', null, null, null, null, null, null, null, null, null, 't', '', 0, null, '{a}'",
      );
      const dropping = partitions.dropBefore((TODAY - 1) * DAY_MS * 1_000);
      // It waits for the writer in the end; nobody waits for it.
      await put('2026-11-21T02:00:00Z');
      await writer.query('commit');
      expect(await dropping).toEqual(['2026-11-18', '2026-11-19']);
    } finally {
      writer.release(true);
    }
    expect(await partitions.days()).toEqual(['2026-11-21']);
  });
  it('ends what was interrupted: a partition taken out half or wholly', async () => {
    for (const age of [4, 3, 0]) await partitions.ensure(TODAY - age);
    await pool.query('alter table message detach partition message_p20261117');
    const reader = await pool.connect();
    try {
      await reader.query('begin isolation level repeatable read; select count(*) from message');
      const hasty = new pg.Client({ connectionString: `${server.connectionString}?options=-c%20statement_timeout%3D300` });
      await hasty.connect();
      await expect(hasty.query('alter table message detach partition message_p20261118 concurrently')).rejects.toThrow('timeout');
      await hasty.end();
    } finally {
      reader.release(true);
    }
    expect((await partitions.dropBefore((TODAY - 1) * DAY_MS * 1_000)).toSorted()).toEqual(['2026-11-17', '2026-11-18']);
    expect(await indexes('message_p20261117')).toBe(0);
  });
  it('changes nothing when the fence refuses', async () => {
    await partitions.ensure(TODAY - 3);
    const refused = partitions.dropBefore(NOON_MS * 1_000, async () => Promise.reject(new Error('the lease is over')));
    await expect(refused).rejects.toThrow('the lease is over');
    expect(await partitions.days()).toEqual(['2026-11-18']);
  });
});

describe('indexes of the search', () => {
  it('come to partitions that were there before, beside writers, and to new ones when they are attached', async () => {
    await partitions.ensure(TODAY);
    await setOptionalIndexes(pool, { text: true, structured: true });
    await put('2026-11-21T12:00:00Z');
    expect(await completeIndexes(pool)).toEqual(['structured', 'text', 'varbinds'].map((each) => `message_p20261121_${each}`));
    expect(await completeIndexes(pool)).toEqual([]);
    await partitions.ensure(TODAY + 1);
    expect(await completeIndexes(pool)).toEqual([]);
    const { rows } = await pool.query('select indexrelid::regclass::text as name from pg_index where not indisvalid');
    expect(rows).toEqual([]);
    await setOptionalIndexes(pool, { text: false, structured: false });
    expect(await indexes('message_p%text%')).toBe(0);
  });
  it('that an interrupted build left invalid are made anew', async () => {
    await partitions.ensure(TODAY);
    await setOptionalIndexes(pool, { text: true, structured: false });
    await pool.query('create index message_p20261121_text on message_p20261121 (text)');
    expect(await completeIndexes(pool)).toEqual(['message_p20261121_text']);
    await setOptionalIndexes(pool, { text: false, structured: false });
  });
});
