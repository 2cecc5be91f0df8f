import { epoch } from '@yosugara/kernel';
import { EMPTY_WINDOW } from '@yosugara/operations';
import type { MessageToStore } from '@yosugara/runtime';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { IngestTraces, type Store } from './index.js';
import { isMigrated, migrate } from './migrate.js';
import { type OpenedStore, openTestStore } from './testing/opened.js';

let opened: OpenedStore;
let store: Store;
let pool: pg.Pool;
const NOON_US = Date.parse('2026-11-21T12:00:00Z') * 1_000;
const CONTENT = Buffer.alloc(16, 7).toString('base64');
const TEXT = 'An event of some length, as there are so many';
const LINE = `<13>1 2026-11-21T12:00:00.003Z web1 app1 4711 - - ${TEXT}`;
const row = (seq: number, change: Partial<MessageToStore> = {}): MessageToStore => ({
  ...{ journalId: 'a-1-1', seq, node: 'a', receivedAtUs: NOON_US + seq, kind: 'syslog', flags: 0, source: '10.0.0.1' },
  ...{ raw: Buffer.from(LINE), facility: 1, severity: 5, host: 'web1', app: 'app1', procId: '4711', msgId: null },
  ...{ sentAtUs: NOON_US + 3_000, structured: null, varbinds: null, text: TEXT, reason: null, content: CONTENT },
  ...{ seenBy: ['a', 'b'], transport: 'udp' },
  ...change,
});
/** As the version before wrote a row. */
const insertOld = async (seq: number, seenBy: string) =>
  await pool.query(
    `insert into message (received_at, journal_id, seq, node, kind, source, host, app, proc_id, sent_at, text, raw, flags, seen_by, content, late_us, transport)
     values (timestamptz '2026-11-21T12:00:00Z' + $1::int * interval '1 microsecond', 'a-1-1', $1, 'a', 'syslog', '10.0.0.1', 'web1', 'app1', '4711',
       '2026-11-21T12:00:00.003Z', $2, $3, 0, $4::text[], $5, 0, 0)`,
    [seq, TEXT, Buffer.from(LINE), seenBy, Buffer.from(CONTENT, 'base64')],
  );
const files = async () =>
  (await pool.query("select relname, relfilenode from pg_class where relname like 'message\\_p%' order by 1")).rows;

let before: Awaited<ReturnType<typeof files>>;
let after: typeof before;
beforeAll(async () => {
  opened = await openTestStore();
  ({ store, pool } = opened);
  await migrate(store.db, '0009-stored-late');
  await store.partitions.createAhead(1, NOON_US / 1_000);
  await insertOld(1, '{a,b}');
  await insertOld(2, '{a}');
  before = await files();
  expect(await isMigrated(pool as unknown as pg.ClientBase)).toBe(false);
  expect((await store.migrate())[0]).toBe('0010-narrow-rows');
  after = await files();
  await store.messages.storeBatch({
    ...{ epoch: epoch(1), version: 0, seenAlso: [], positions: [], window: EMPTY_WINDOW },
    rows: [
      ...[row(3), row(4, { seenBy: ['a'] }), row(5, { node: 'b', seenBy: ['a', 'b'] }), row(6, { seenBy: ['a', 'b', 'c'] })],
      ...[row(7, { seenBy: ['b'] }), row(8, { seenBy: ['a'], lateByUs: 5, raw: Buffer.from('<13>\x06') })],
      row(9, { seenBy: ['a'], content: null }),
    ],
  });
}, 120_000);
afterAll(async () => await opened?.close());

const seqs = (rows: readonly { readonly id: string }[]) => rows.map(({ id }) => Number(id.split('.').at(-1))).sort();

describe('rows that say nothing twice', () => {
  it('come to a table that has others without a partition being written anew', () => {
    expect(after.length).toBeGreaterThan(1);
    // Some of them may be gone; none is new.
    expect(before).toEqual(expect.arrayContaining(after));
  });
  it('take a fraction of the bytes', async () => {
    const { rows } = await pool.query<{ seq: string; bytes: number }>(
      'select seq, pg_column_size(m.*) as bytes from message m where seq in (1, 3) order by seq',
    );
    expect(rows[0]!.bytes - rows[1]!.bytes).toBeGreaterThan(110);
  });
  it('tell who saw them, as those do that were there', async () => {
    const { rows } = await store.messages.search({});
    const seenBy = Object.fromEntries(rows.map(({ id, seenBy }) => [seqs([{ id }])[0], seenBy.join()]));
    expect(seenBy).toEqual({ 1: 'a,b', 2: 'a', 3: 'a,b', 4: 'a', 5: 'a,b', 6: 'a,b,c', 7: 'b', 8: 'a', 9: 'a' });
    const only = async (node: string) => seqs((await store.messages.search({ seenOnlyBy: node })).rows);
    expect([await only('a'), await only('b')]).toEqual([[2, 4, 8, 9], [7]]);
  });
  it('are found as late partners when one node saw them', async () => {
    const lone = await store.messages.findLone({ node: 'a', contents: [CONTENT], fromUs: NOON_US, throughUs: NOON_US + 20 }, 10);
    expect(lone.map(({ seq, lateByUs }) => [seq, lateByUs])).toEqual([
      [2, undefined],
      [4, undefined],
      [7, undefined],
      [8, 5],
    ]);
  });
  it('of which a partner may still come have their list, so that a program of before finds them, too', async () => {
    const { rows } = await pool.query('select seq from message where seen_by is null order by seq');
    expect(rows.map(({ seq }) => Number(seq))).toEqual([3, 5, 9]);
  });
  it('give back the bytes that came', async () => {
    const traces = new IngestTraces(pool);
    for (const seq of [1, 2, 3, 4, 5, 6, 7]) {
      const found = await traces.row(NOON_US + seq, { journalId: 'a-1-1', seq });
      expect(found?.raw.toString()).toBe(LINE);
    }
    expect((await traces.row(NOON_US + 8, { journalId: 'a-1-1', seq: 8 }))?.raw.toString()).toBe('<13>\x06');
    expect(
      (await traces.rowsOfContent(CONTENT, 'b', NOON_US, NOON_US + 9)).map(({ seq, seenBy }) => [seq, seenBy.join()]),
    ).toEqual([
      ...[
        [1, 'a,b'],
        [3, 'a,b'],
        [6, 'a,b,c'],
      ],
    ]);
  });
});
