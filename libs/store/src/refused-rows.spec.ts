import { randomBytes } from 'node:crypto';
import { epoch } from '@yosugara/kernel';
import type { IngestBatch, MessageToStore } from '@yosugara/runtime';
import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Store } from './index.js';
import { isRefusedByItsData, storeApart } from './refused-rows.js';
import { type OpenedStore, openMigratedStore } from './testing/opened.js';

let opened: OpenedStore;
let store: Store;
let pool: pg.Pool;
beforeAll(async () => {
  opened = await openMigratedStore();
  ({ store, pool } = opened);
});
afterAll(async () => await opened?.close());
beforeEach(async () => void (await pool.query('truncate message')));

const NOON_US = Date.parse('2026-11-21T12:00:00Z') * 1_000;
const row = (seq: number, change: Partial<MessageToStore> = {}): MessageToStore => ({
  ...{ journalId: 'a-1-1', seq, node: 'a', receivedAtUs: NOON_US + seq, kind: 'syslog', source: '10.2.0.1', flags: 0 },
  ...{ raw: Buffer.from(`raw ${seq}`), facility: 1, severity: 5, host: 'h', app: 'app', procId: '7', msgId: 'ID' },
  ...{ sentAtUs: NOON_US, structured: { x: { y: 'z' } }, varbinds: null, text: `text ${seq}`, reason: null },
  ...{ content: null, seenBy: ['a'] },
  ...change,
});
/** So random that it cannot be made small enough for an entry of an index. */
const tooLong = () => randomBytes(7_500).toString('base64');
const storeRows = async (rows: readonly MessageToStore[], change: Partial<IngestBatch> = {}) => {
  const { version, window } = await store.messages.loadProgress();
  return await store.messages.storeBatch({ epoch: epoch(1), version, rows, window, seenAlso: [], positions: [], ...change });
};
const stored = async () =>
  (await pool.query('select seq::int, host, app, text, raw, parse_reason, severity from message order by seq')).rows;

describe('a row that PostgreSQL refuses by its data', () => {
  it.each<[string, Partial<MessageToStore>]>([
    ['a host that is longer than an entry of an index', { host: tooLong() }],
    ['an application that is', { app: tooLong() }],
    ['a text with a NUL', { text: 'a\0b' }],
    ['a host with a NUL', { host: 'a\0b' }],
    ['JSON with a NUL', { structured: { x: { y: '\0' } } }],
    ['JSON with half of a surrogate pair', { varbinds: [{ oid: '1', type: 'x', value: '\ud800' }] }],
    ['a time that there is not', { sentAtUs: -(2 ** 60) }],
  ])('because of %s is stored bare, and the others as they are', async (_, change) => {
    const rows = [1, 2, 3, 4, 5, 6, 7].map((seq) => row(seq, seq === 5 ? change : {}));
    const said = await storeRows(rows, { positions: [{ journalId: 'a-1-1', seq: 7 }] });
    expect(said).toMatchObject({ keyHits: 0, refused: [{ journalId: 'a-1-1', seq: 5, source: '10.2.0.1' }] });
    expect(said.refused?.[0]?.why.length).toBeGreaterThan(10);
    const found = await stored();
    expect(found.map(({ seq, host }) => [seq, host])).toEqual([1, 2, 3, 4, 5, 6, 7].map((seq) => [seq, seq === 5 ? null : 'h']));
    expect(found[4]).toEqual({
      ...{ seq: 5, host: null, app: null, severity: 5, parse_reason: 'refused_by_database', raw: Buffer.from('raw 5') },
      text: change.text === undefined ? 'text 5' : 'a\ufffdb',
    });
    expect((await store.messages.loadProgress()).positions.get('a-1-1')).toBe(7);
  });
  it('keeps the reason that it had, and a text of a length that can be read', async () => {
    await storeRows([row(1, { host: tooLong(), reason: 'not_utf8', text: 'x'.repeat(60_000) })]);
    const [found] = await stored();
    expect([found.parse_reason, found.text.length]).toEqual(['not_utf8,refused_by_database', 2_000]);
  });
  it('is found among thousands, also at both ends, and beside rows that are there already: nothing is lost or doubled', async () => {
    const bad = new Set([1, 2, 700, 1_999, 2_000]);
    const rows = Array.from({ length: 2_000 }, (_, at) => row(at + 1, bad.has(at + 1) ? { host: tooLong() } : {}));
    await storeRows([row(9), row(1_500)]);
    const { keyHits, refused } = await storeRows(rows);
    expect([keyHits, refused?.map(({ seq }) => seq)]).toEqual([2, [...bad]]);
    const found = await stored();
    expect(found.map(({ seq }) => seq)).toEqual(rows.map(({ seq }) => seq));
    expect(found.filter(({ host }) => host === null).map(({ seq }) => seq)).toEqual([...bad]);
  });
  it('is told of nobody where there is none', async () => expect(await storeRows([row(1)])).toEqual({ keyHits: 0 }));
});

describe('a batch that is stored part by part', () => {
  const inTransaction = async <T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T> => {
    const client = await pool.connect();
    await client.query('begin');
    return await work(client).finally(async () => {
      await client.query('rollback');
      client.release();
    });
  };
  const refusing = (written: number[]) => async (part: readonly MessageToStore[]) => {
    if (part.some(({ host }) => host === 'bad')) throw Object.assign(new Error('too long'), { code: '54000' });
    written.push(...part.map(({ seq }) => seq));
  };
  const rows = [1, 2, 3, 4].map((seq) => row(seq, seq === 2 ? { host: 'bad' } : {}));

  it('is stored bare as far as it is refused when there is no more time: ingest goes on', async () => {
    const written: number[] = [];
    const refused = await inTransaction(async (client) => await storeApart(client, rows, refusing(written), 0));
    expect([written, refused.length]).toEqual([[1, 2, 3, 4], 4]);
  });
  it('is stored in its order', async () => {
    const written: number[] = [];
    const refused = await inTransaction(
      async (client) => await storeApart(client, rows, refusing(written), Number.POSITIVE_INFINITY),
    );
    expect([written, refused.map(({ seq }) => seq)]).toEqual([[1, 2, 3, 4], [2]]);
  });
  it('is given up on what is no refusal of data', async () => {
    const cancelled = async () => {
      throw Object.assign(new Error('canceling statement'), { code: '57014' });
    };
    await expect(inTransaction(async (client) => await storeApart(client, rows, cancelled, 0))).rejects.toThrow('canceling');
  });
});

it.each([
  ['54000', true],
  ['22021', true],
  ['23514', true],
  ['23505', false],
  ['40001', false],
  ['53100', false],
  ['57014', false],
  ['08006', false],
])('SQLSTATE %s is a refusal of data: %s', (code, is) =>
  expect(isRefusedByItsData(Object.assign(new Error('x'), { code }))).toBe(is),
);
