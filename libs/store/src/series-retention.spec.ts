import { epoch } from '@yosugara/kernel';
import type { Collected } from '@yosugara/operations';
import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { cleanUp, OperationsRepository, Partitions } from './index.js';
import { dayOf } from './partitions.js';
import { letGoOfSeries } from './series-retention.js';
import { type OpenedStore, openMigratedStore } from './testing/opened.js';
import { batchWith } from './testing/told.js';

const T0 = Date.UTC(2026, 10, 21);
const free = async () => undefined;
let opened: OpenedStore;
let pool: pg.Pool;
let operations: OperationsRepository;
let version = 0;
beforeAll(async () => {
  opened = await openMigratedStore();
  pool = opened.pool;
});
afterAll(async () => await opened?.close());
beforeEach(async () => {
  await pool.query(`truncate series, collected, collected_hour, collected_day, collected_month restart identity;
    update operations_progress set version = 0; update ownership set epoch = 1`);
  operations = new OperationsRepository(pool, new Partitions(pool, 'collected'));
  version = 0;
});
const value = (item: string, atMs = T0): Collected => ({ monitor: 'disk', facility: 'web1', item, atMs, value: 1 });
const put = async (...collected: readonly Collected[]) =>
  await operations.storeOperations(batchWith({ collected }), epoch(1), version++);
const items = async () =>
  (await pool.query<{ item: string }>('select item from series order by item')).rows.map(({ item }) => item);
/** Values whose series is not there. */
const orphans = async () =>
  (await pool.query('select from collected c where not exists (select from series s where s.id = c.series)')).rowCount;

describe('series', () => {
  it('go when they have no value any more, and none of its sums', async () => {
    await put(...['none', 'value', 'hour', 'day', 'month'].map((item) => value(item)));
    await pool.query("delete from collected where series <> (select id from series where item = 'value')");
    await new Partitions(pool, 'collected_hour').ensureMonth(dayOf(T0 * 1_000));
    for (const unit of ['hour', 'day', 'month'])
      await pool.query(
        `insert into collected_${unit} (at, sum, series, count, missing) select '2026-11-21', 1, id, 1, 0 from series where item = '${unit}'`,
      );
    expect(await letGoOfSeries(pool, free)).toBe(1);
    expect(await items()).toEqual(['day', 'hour', 'month', 'value']);
    expect(await letGoOfSeries(pool, free)).toBe(0);
  });
  it('are looked at with what else is left of settings, once a day', async () => {
    await put(value('none'));
    await pool.query('delete from collected');
    const what = { kind: 'memory', beforeMs: 0 } as const;
    expect((await cleanUp(pool, (table) => new Partitions(pool, table), what, free)).rows).toBe(1);
  });
  it('go in parts, however many there are', async () => {
    await pool.query(`insert into series (key, monitor, facility, item, since)
      select decode(lpad(to_hex(n), 32, '0'), 'hex'), 'disk', 'web' || n, '', '2026-01-01' from generate_series(1, 41000) n`);
    await put(value('kept'));
    expect(await letGoOfSeries(pool, free)).toBe(41_000);
    expect(await items()).toEqual(['kept']);
  });
  it('that get a value again are there again, also for who remembers them', async () => {
    await put(value('a'), value('b'));
    await pool.query('delete from collected');
    expect(await letGoOfSeries(pool, free)).toBe(2);
    await put(value('a', T0 + 60_000));
    expect([await items(), await orphans()]).toEqual([['a'], 0]);
  });
  it('stay when a value of theirs is being stored meanwhile', async () => {
    await put(value('a'));
    await pool.query('delete from collected');
    const writer = await pool.connect();
    await writer.query('begin');
    await operations.write(writer, batchWith({ collected: [value('a', T0 + 60_000)] }));
    const gone = letGoOfSeries(pool, free);
    await expect.poll(async () => (await pool.query('select from pg_locks where not granted')).rowCount).toBe(1);
    await writer.query('commit');
    writer.release();
    expect([await gone, await items(), await orphans()]).toEqual([0, ['a'], 0]);
  });
  it('stay when this process may change the database no more', async () => {
    await put(value('a'));
    await pool.query('delete from collected');
    const refused = async () => {
      throw new Error('another owner');
    };
    await expect(letGoOfSeries(pool, refused)).rejects.toThrow('another owner');
    expect(await items()).toEqual(['a']);
  });
});
