import { epoch, SILENT_LOG } from '@yosugara/kernel';
import type { Result } from '@yosugara/operations';
import { RETAINED, type RetainedView } from '@yosugara/protocol';
import { EMPTY_BATCH } from '@yosugara/runtime';
import { OperationsRepository, Partitions } from '@yosugara/store';
import { freePort, startTestPostgres, type TestPostgres } from '@yosugara/testkit';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventLike } from '../../../../libs/store/src/testing/told.js';
import { Eras, startNode, type TestNode } from '../testing/harness.js';
import { CleanUpTeller } from './teller.js';
import { isInWindow } from './window.js';

const DAY = 86_400_000;
const R = '/api/v1/retention';
const SETTING = '/api/v1/settings/retention/cluster';
const eras = new Eras();
const soon = { timeout: 60_000, interval: 50 };
let server: TestPostgres;
let pool: pg.Pool;
let node: TestNode;
let cookie: string;

beforeAll(async () => {
  server = await startTestPostgres();
  const postgres = { host: server.host, port: server.port };
  pool = new pg.Pool({ ...postgres, database: 'postgres', user: 'postgres' });
  node = await startNode({ node: 'a', address: '127.0.96.1', vip: '127.0.96.10', port: await freePort(), postgres });
  await eras.becomeActive(node, 'a');
  // It has just looked at all of it: in 5 s it would clean up by itself what this spec has put there.
  await pool.query(
    `insert into clean_up_look (kind, at) select unnest($1::text[]), now() on conflict (kind) do update set at = excluded.at`,
    [RETAINED],
  );
  await eras.becomeActive(node, 'a');
  cookie = await node.login();
});
afterAll(async () => {
  await node?.stop();
  await pool?.end();
  await server?.stop();
});

const call = async (method: 'GET' | 'POST' | 'PUT', path: string, body?: unknown, headers: Record<string, string> = {}) =>
  await node.call(method, path, { cookie, body, headers, withinMs: 60_000 });
const kept = async (kind: string): Promise<RetainedView> =>
  (await call('GET', R)).body.kinds.find((each: RetainedView) => each.kind === kind);

describe('what is kept', () => {
  it('is told of each kind with how long, by whom, and since when; of the audit log by the file alone', async () => {
    expect(await kept('events')).toMatchObject({ days: 400, source: 'file', fileDays: 400, isEditable: true, rows: 0 });
    expect(await kept('audit')).toMatchObject({ days: 3_660, source: 'file', isEditable: false, isAbout: false });
    expect((await kept('audit')).rows).toBeGreaterThan(0);
    expect(await kept('jobs')).toMatchObject({ days: null, source: 'unit' });
    expect(await kept('notifications')).toMatchObject({ days: 7, source: 'program', isEditable: false });
    expect((await call('GET', R)).body).toMatchObject({ setting: null, isOpen: true, node: 'a' });
  });

  it('is as long as the setting says, which is changed from a known revision only', async () => {
    expect((await call('PUT', SETTING, { body: { days: { audit: 1 } } })).status).toBe(400);
    expect((await call('PUT', SETTING, { body: { days: { values: 30, hours: 30 } } })).status).toBe(400);
    expect((await call('PUT', SETTING, { body: { days: { events: 30 } } }, { 'if-none-match': '*' })).status).toBe(200);
    expect((await call('PUT', SETTING, { body: { days: { events: 1 } } }, { 'if-match': '"7"' })).status).toBe(412);
    expect(await kept('events')).toMatchObject({ days: 30, source: 'setting', fileDays: 400 });
    const values = { body: { days: { events: 30, values: 500 } } };
    expect((await call('PUT', SETTING, values, { 'if-match': '"1"' })).status).toBe(200);
    expect(await kept('hours')).toMatchObject({ days: 501, isRaised: true });
  });
});

describe('a clean-up', () => {
  it('deletes what its preview told, of those that it was asked for, and says so', async () => {
    const now = Date.now();
    const events = [40, 39, 20].map((age) => eventLike({ atMs: now - age * DAY }));
    const operations = new OperationsRepository(pool, new Partitions(pool, 'collected'));
    await operations.storeOperations({ ...EMPTY_BATCH, events }, epoch(eras.now), 0);
    const preview = (await call('POST', `${R}/preview`, { kinds: ['events'] })).body.kinds;
    expect(preview).toMatchObject([{ kind: 'events', days: 30, rows: 2, isMore: false, parts: [], bytes: null }]);
    const other = (await call('POST', `${R}/preview`, { kinds: ['events'], days: { events: 10 } })).body.kinds;
    expect(other).toMatchObject([{ days: 10, rows: 3 }]);
    expect((await call('POST', `${R}/clean-up`, { kinds: ['statuses'] })).status).toBe(409);
    expect((await call('POST', `${R}/clean-up`, { kinds: ['events'] })).status).toBe(202);
    const runs = async () => (await call('GET', `${R}/runs?kind=events`)).body.rows;
    await expect.poll(runs, soon).toMatchObject([{ kind: 'events', state: 'done', rows: 2, by: 'admin', parts: [], why: null }]);
    expect((await pool.query('select count(*)::int as n from event')).rows).toEqual([{ n: 1 }]);
    const audit = (await call('GET', '/api/v1/audit?what=retention.')).body.rows;
    expect(audit).toMatchObject([{ action: 'retention.clean-up', who: 'admin', detail: { kinds: ['events'] } }]);
  });

  it('of partitions names those that go whole, and the next owner finds what was left running cut', async () => {
    const today = Math.floor(Date.now() / DAY);
    const old = new Date((today - 120) * DAY).toISOString().slice(0, 10);
    await new Partitions(pool, 'message').ensure(today - 120);
    expect((await call('POST', `${R}/preview`, { kinds: ['messages'] })).body.kinds).toMatchObject([{ parts: [old] }]);
    await pool.query("insert into clean_up_run (kind, epoch, before) values ('messages', 0, now())");
    await call('POST', `${R}/clean-up`, { kinds: ['messages'] });
    const runs = async () => (await call('GET', `${R}/runs?kind=messages`)).body.rows;
    await expect.poll(runs, soon).toMatchObject([
      { state: 'done', parts: [old], rows: 0 },
      { state: 'cut', why: 'the Master changed' },
    ]);
    expect((await kept('messages')).last).toMatchObject({ state: 'done' });
  });
});

it('the last clean-up of a kind is shown also when none of it ever came to its end', async () => {
  expect((await kept('jobs')).last).toBe(null);
  await pool.query("insert into clean_up_run (kind, epoch, before, state, why) values ('jobs', 1, now(), 'failed', 'disk')");
  expect((await kept('jobs')).last).toMatchObject({ state: 'failed', why: 'disk' });
});

describe('the time of day at which rows are deleted', () => {
  const at = (clock: string) => Date.parse(`2026-11-22T${clock}:00Z`);
  const night = { timeZone: 'Asia/Tokyo', from: '22:00', to: '05:00' };
  it.each([
    ['12:59', false],
    ['13:00', true],
    ['19:59', true],
    ['20:00', false],
  ] as const)('goes over midnight on the clock of its zone: %s UTC', (clock, isOpen) =>
    expect(isInWindow(night, at(clock))).toBe(isOpen),
  );
  it('ends on the same day when it begins before', () => {
    const noon = { timeZone: 'UTC', from: '12:00', to: '13:00' };
    expect(['11:59', '12:00', '13:00'].map((clock) => isInWindow(noon, at(clock)))).toEqual([false, true, false]);
    expect(isInWindow(null, 0)).toBe(true);
  });
});

describe('events of clean-ups', () => {
  it('tell at once what was asked for and what failed, and once a day what went by itself', async () => {
    const told: Result[] = [];
    let nowMs = 5 * DAY;
    const clock = { wallMs: () => nowMs, monotonicMs: () => nowMs };
    const teller = new CleanUpTeller({ tell: async (result) => void told.push(result), clock, log: SILENT_LOG });
    const cleaned = { kind: 'events', rows: 3, parts: [], state: 'done', why: null, by: null, days: 30 } as const;
    await teller.note(cleaned);
    await teller.tellWhatWaits();
    await teller.note(cleaned);
    await teller.note({ ...cleaned, rows: 4 });
    await teller.tellWhatWaits();
    await teller.note({ ...cleaned, by: 'eva' });
    await teller.note({ ...cleaned, state: 'failed', why: 'no room' });
    await teller.note({ ...cleaned, state: 'failed', why: 'no room' });
    nowMs += DAY;
    await teller.tellWhatWaits();
    expect(told.map(({ priority, message }) => [priority, message])).toEqual([
      ['info', 'clean-up: events older than 30 days: 3 rows deleted'],
      ['info', 'clean-up asked for by eva: events older than 30 days: 3 rows deleted'],
      ['warning', 'clean-up of events failed: no room'],
      ['info', 'clean-up: events older than 30 days: 7 rows deleted'],
    ]);
  });
});
