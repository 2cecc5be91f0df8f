import 'reflect-metadata';
import { epoch } from '@yosugara/kernel';
import type { EventRow, Events, SeriesList, SeriesValues, Statuses } from '@yosugara/protocol';
import { EMPTY_BATCH, type OperationsBatch } from '@yosugara/runtime';
import { OperationsRepository, Partitions } from '@yosugara/store';
import { freePort, startTestPostgres, type TestPostgres } from '@yosugara/testkit';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { eventLike, statusLike } from '../../../../libs/store/src/testing/told.js';
import { Eras, PROBE_TOKEN, startNode, type TestNode } from '../testing/harness.js';
import { readEvents } from '../testing/read-tail.js';

const soon = { timeout: 60_000, interval: 50 };
const HOUR = 3_600_000;
// Of old ones the manager lets go.
const nowMs = Date.now();
let server: TestPostgres;
let node: TestNode;
let pool: pg.Pool;
let operations: OperationsRepository;
let version = 0;
const eras = new Eras();

beforeAll(async () => {
  server = await startTestPostgres();
  pool = new pg.Pool({ host: server.host, port: server.port, user: 'postgres', database: 'postgres' });
  operations = new OperationsRepository(pool, new Partitions(pool, 'collected'));
  const address = '127.0.87.1';
  const { host, port } = server;
  node = await startNode({ node: 'a', address, vip: '127.0.87.9', port: await freePort(), postgres: { host, port } });
  await eras.becomeActive(node, 'a');
});
afterAll(async () => {
  await node?.stop();
  await pool?.end();
  await server?.stop();
});

const put = async (change: Partial<OperationsBatch>) =>
  await operations.storeOperations({ ...EMPTY_BATCH, ...change }, epoch(eras.now), version++);
const get = async <T>(path: string): Promise<T> => {
  const { status, body } = await node.call('GET', path, { bearer: PROBE_TOKEN });
  expect([status, path]).toEqual([200, path]);
  return body as T;
};
const numbers = (rows: readonly EventRow[]) => rows.map(({ number }) => number);

describe('events over HTTP', () => {
  it('are listed, filtered and paged; what makes no sense is refused with its place', async () => {
    await put({
      events: Array.from({ length: 5 }, (_, at) => eventLike({ atMs: nowMs + at, priority: at === 2 ? 'info' : 'critical' })),
    });
    const first = await get<Events>('/api/v1/events?limit=2');
    expect([numbers(first.rows), first.next]).toEqual([[5, 4], '4']);
    expect(numbers((await get<Events>(`/api/v1/events?after=${first.next}`)).rows)).toEqual([3, 2, 1]);
    expect(numbers((await get<Events>('/api/v1/events?priority=info,warning&state=unconfirmed')).rows)).toEqual([3]);
    expect(numbers((await get<Events>('/api/v1/events?facility=web1&text=DISK')).rows)).toHaveLength(5);
    expect(numbers((await get<Events>('/api/v1/events?facility=nowhere')).rows)).toEqual([]);
    for (const query of ['priority=bad', 'limit=0', 'after=x', 'since=yesterday', 'nonsense=1'])
      expect((await node.call('GET', `/api/v1/events?${query}`, { bearer: PROBE_TOKEN })).status, query).toBe(400);
    expect((await node.call('GET', '/api/v1/events/999', { bearer: PROBE_TOKEN })).status).toBe(404);
    expect((await node.call('GET', '/api/v1/events')).status).toBe(401);
  });
  it('are confirmed many at once, by whoever is logged in, with an entry of the audit trail', async () => {
    const cookie = await node.login();
    const { status, body } = await node.call('POST', '/api/v1/events/changes', {
      cookie,
      body: { numbers: [1, 2, 2, 77], state: 'confirmed', comment: 'seen', by: 'somebody else' },
    });
    expect([status, body]).toEqual([200, { changed: [1, 2], unknown: [77] }]);
    expect(await get('/api/v1/events/1')).toMatchObject({ state: 'confirmed', comment: 'seen', changedBy: 'admin' });
    const { rows } = await pool.query("select actor, detail from audit where action = 'event.change'");
    expect(rows).toMatchObject([{ actor: 'admin', detail: { count: 2, numbers: [1, 2], state: 'confirmed' } }]);
    expect(await get('/api/v1/events/counts')).toEqual({ open: { critical: 2, unknown: 0, warning: 0, info: 1 }, newest: 5 });
    expect((await node.call('POST', '/api/v1/events/changes', { cookie, body: { numbers: [1] } })).status).toBe(400);
  });
  it('are followed: new ones and changed ones, and from the last one on, on whichever node', async () => {
    const live = await readEvents(`${node.url}/api/v1/events/stream`, null);
    await put({ events: [eventLike({ atMs: nowMs + 2_000 })] });
    await vi.waitFor(() => expect(numbers(live.rows())).toEqual([6]), soon);
    await node.call('POST', '/api/v1/events/changes', { bearer: PROBE_TOKEN, body: { numbers: [6], owner: 'eva', by: 'eva' } });
    await vi.waitFor(
      () =>
        expect(live.rows().map(({ number, owner }) => [number, owner])).toEqual([
          [6, null],
          [6, 'eva'],
        ]),
      soon,
    );
    await live.close();
    await put({ events: [eventLike({ atMs: nowMs + 3_000 }), eventLike({ atMs: nowMs + 3_001, priority: 'info' })] });
    const again = await readEvents(`${node.url}/api/v1/events/stream?priority=critical`, live.lastId());
    await vi.waitFor(() => expect(numbers(again.rows())).toEqual([7]), soon);
    await again.close();
    await expect(readEvents(`${node.url}/api/v1/events/stream`, 'nonsense')).rejects.toThrow('400');
  });
  it('come as a table, as many as are asked for, page after page', async () => {
    await put({ events: [eventLike({ atMs: nowMs + 9, message: '=1+1, "x"', priority: 'unknown' })] });
    const table = async (query: string, headers: Record<string, string> = {}) => {
      const answer = await node.call('GET', `/api/v1/events?${query}`, { bearer: PROBE_TOKEN, headers });
      expect(answer.headers.get('content-type')).toBe('text/csv; charset=utf-8; header=present');
      return (answer.body as string).trimEnd().split('\r\n');
    };
    const [head, first, ...rest] = await table('format=csv');
    expect(head).toMatch(/^number,at,storedAt,priority,state,facility,scope,/);
    expect(first).toMatch(/^9,2.*,unknown,unconfirmed,web1,.*,"'=1\+1, ""x""",/);
    expect(rest.map((line) => line.split(',')[0])).toEqual(['8', '7', '6', '5', '4', '3', '2', '1']);
    expect(await table('limit=2&priority=critical', { accept: 'text/csv' })).toHaveLength(3);
    for (const query of ['format=csv&limit=0', 'limit=1001', 'format=xml'])
      expect((await node.call('GET', `/api/v1/events?${query}`, { bearer: PROBE_TOKEN })).status, query).toBe(400);
  });
});

it('statuses come the worst first, and go when their time is over', async () => {
  await put({
    statuses: [
      statusLike({ item: 'a', priority: 'info' }),
      statusLike({ item: 'b', priority: 'critical' }),
      statusLike({ item: 'c', priority: 'unknown' }),
    ],
  });
  const table = await node.call('GET', '/api/v1/statuses?format=csv&priority=critical', { bearer: PROBE_TOKEN });
  expect(table.headers.get('content-type')).toContain('text/csv');
  expect((table.body as string).split('\r\n')[0]).toMatch(/^at,since,priority,facility,/);
  const items = async () => (await get<Statuses>('/api/v1/statuses')).rows.map(({ item }) => item);
  expect(await items()).toEqual(['b', 'c', 'a']);
  await put({ statuses: [statusLike({ item: 'c', priority: 'unknown' }, { expiresAtMs: Date.now() + 100 })] });
  await vi.waitFor(async () => expect(await items()).toEqual(['b', 'a']), soon);
});

it('values are read in steps, of one series or of several', async () => {
  const fromMs = Math.floor(Date.now() / HOUR) * HOUR - 2 * HOUR;
  const collected = (item: string, scale: number) =>
    Array.from({ length: 60 }, (_, minute) => ({
      ...{ monitor: 'ping', facility: 'web1', item, atMs: fromMs + minute * 60_000, value: minute === 7 ? null : minute * scale },
    }));
  await put({ collected: [...collected('a', 1), ...collected('b', 2)] });
  const { series } = await get<SeriesList>('/api/v1/series?facility=web1');
  expect(series.map(({ item }) => item)).toEqual(['a', 'b']);
  const itemsOf = async (query: string) => (await get<SeriesList>(`/api/v1/series?${query}`)).series.map(({ item }) => item);
  expect([await itemsOf('facility=web1&item=B'), await itemsOf('text=WEB1&item=a'), await itemsOf('text=nothing')]).toEqual([
    ...[['b'], ['a'], []],
  ]);
  const ids = series.map(({ id }) => id).join(',');
  const span = `from=${new Date(fromMs).toISOString()}&to=${new Date(fromMs + HOUR).toISOString()}`;
  const values = await get<SeriesValues>(`/api/v1/series/${ids}/values?${span}&step=30m`);
  expect(
    values.series.map(({ points }) => points.map(({ count, missing, least, most }) => [count, missing, least, most])),
  ).toEqual([
    [
      [29, 1, 0, 29],
      [30, 0, 30, 59],
    ],
    [
      [29, 1, 0, 58],
      [30, 0, 60, 118],
    ],
  ]);
  const { stepMs, series: usual } = await get<SeriesValues>(`/api/v1/series/${ids}/values?${span}`);
  expect([stepMs, usual[0]?.points.length]).toEqual([30_000, 60]);
  const table = await node.call('GET', `/api/v1/series/${ids}/values?${span}&step=30m&format=csv`, { bearer: PROBE_TOKEN });
  const lines = (table.body as string).trimEnd().split('\r\n');
  const [one, other] = series.map(({ id }) => id);
  expect(lines[0]).toBe('series,monitor,facility,item,at,mean,least,most,count,missing');
  expect(lines.slice(1).map((line) => line.split(',').toSpliced(4, 2).join(' '))).toEqual([
    ...[`${one} ping web1 a 0 29 29 1`, `${one} ping web1 a 30 59 30 0`],
    ...[`${other} ping web1 b 0 58 29 1`, `${other} ping web1 b 60 118 30 0`],
  ]);
  // Of an hour that is not summed up yet: what comes to one that is waits for the next look of the Master.
  const latestMs = Date.now();
  await put({ collected: [{ monitor: 'ping', facility: 'web1', item: 'c', atMs: latestMs, value: 5 }] });
  const { series: three } = await get<SeriesList>('/api/v1/series?facility=web1');
  const latest = `from=${new Date(latestMs).toISOString()}&to=${new Date(latestMs + 1).toISOString()}`;
  const months = await get<SeriesValues>(`/api/v1/series/${three.at(-1)!.id}/values?${latest}&step=1month`);
  expect([months.stepMs, months.series[0]!.points]).toMatchObject([
    2_629_746_000,
    [{ at: expect.stringMatching(/-01T00:00:00.000Z$/), mean: 5, count: 1 }],
  ]);
  expect((await node.call('GET', `/api/v1/series/${ids}/values?step=2month`, { bearer: PROBE_TOKEN })).status).toBe(400);
  expect((await node.call('GET', '/api/v1/series/99999/values', { bearer: PROBE_TOKEN })).status).toBe(404);
});
