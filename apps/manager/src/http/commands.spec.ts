import 'reflect-metadata';
import { epoch } from '@yosugara/kernel';
import { EMPTY_BATCH } from '@yosugara/runtime';
import { OperationsRepository, Partitions } from '@yosugara/store';
import { freePort, startTestPostgres, type TestPostgres } from '@yosugara/testkit';
import pg from 'pg';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { eventLike } from '../../../../libs/store/src/testing/told.js';
import { type CommitProxy, startCommitProxy } from '../testing/commit-proxy.js';
import { type Answer, Eras, PROBE_TOKEN, startNode, type TestNode } from '../testing/harness.js';

const soon = { timeout: 60_000, interval: 20 };
const CHANGES = '/api/v1/events/changes';
const eras = new Eras();
let server: TestPostgres;
let proxy: CommitProxy;
let pool: pg.Pool;
let a: TestNode;
let b: TestNode;
let admin: string;

beforeAll(async () => {
  server = await startTestPostgres();
  proxy = await startCommitProxy(server);
  const { host } = server;
  pool = new pg.Pool({ host, port: server.port, user: 'postgres', database: 'postgres' });
  const port = await freePort();
  const start = async (node: 'a' | 'b', address: string, postgres: number) =>
    await startNode({ node, address, vip: '127.0.86.9', port, postgres: { host: '127.0.0.1', port: postgres } });
  a = await start('a', '127.0.86.1', proxy.port);
  b = await start('b', '127.0.86.2', server.port);
  await eras.becomeActive(a, 'a');
  const operations = new OperationsRepository(pool, new Partitions(pool, 'collected'));
  const events = Array.from({ length: 9 }, (_, at) => eventLike({ atMs: Date.now() + at }));
  await operations.storeOperations({ ...EMPTY_BATCH, events }, epoch(eras.now), 0);
  admin = await a.login();
});
afterAll(async () => {
  await Promise.allSettled([a?.stop(), b?.stop()]);
  await pool?.end();
  await proxy?.close();
  await server?.stop();
});

const command = async (key: string, path: string, body: object, node = a): Promise<Answer> =>
  await node.call('POST', path, { cookie: admin, body, headers: { 'idempotency-key': key } });
const confirm = async (key: string, number: number, node = a) =>
  await command(key, CHANGES, { numbers: [number], state: 'confirmed' }, node);
const audited = async (action: string) =>
  (await pool.query('select count(*)::int as count from audit where action = $1', [action])).rows[0].count;

it('a command that is sent again under its key is done once, and answered as the first time', async () => {
  const first = await confirm('"one"', 1);
  expect([first.status, first.body, first.headers.get('idempotency-replayed')]).toEqual([
    200,
    { changed: [1], unknown: [] },
    null,
  ]);
  const again = await confirm('one', 1);
  expect([again.status, again.body, again.headers.get('idempotency-replayed')]).toEqual([
    200,
    { changed: [1], unknown: [] },
    'true',
  ]);
  // Without a key it is asked anew: nothing is left to be changed.
  expect((await a.call('POST', CHANGES, { cookie: admin, body: { numbers: [1], state: 'confirmed' } })).body.changed).toEqual([]);
  expect(await audited('event.change')).toBe(1);
});
it('a key that came with another request before is refused, and so is one where none is taken, or that is none', async () => {
  const other = await confirm('one', 2);
  expect([other.status, other.body.code, other.body.place]).toEqual([422, 'IDEMPOTENCY_KEY_REUSED', 'idempotency-key']);
  expect((await command('one', '/api/v1/users/1/unlock', {})).status).toBe(422);
  const elsewhere = await command('two', '/api/v1/monitors/try', { monitor: {}, text: '' });
  expect([elsewhere.status, elsewhere.body.code]).toEqual([400, 'IDEMPOTENCY_KEY_NOT_TAKEN']);
  for (const none of ['a b', '""', 'x'.repeat(129)]) expect((await confirm(none, 3)).status, none).toBe(400);
});
it('keys are everybody’s own', async () => {
  const host = await a.call('POST', CHANGES, {
    ...{ bearer: PROBE_TOKEN, headers: { 'idempotency-key': 'one' } },
    body: { numbers: [2], state: 'confirmed', by: 'eva' },
  });
  expect(host.body).toEqual({ changed: [2], unknown: [] });
});
it('what was refused did nothing, and is asked anew', async () => {
  const wish = { login: 'eva', roles: ['nobody-knows'] };
  expect((await command('eva', '/api/v1/users', wish)).status).toBe(400);
  expect((await command('eva', '/api/v1/users', { ...wish, roles: ['viewer'] })).status).toBe(200);
});
it('a secret that is told once is told again under its key; in the database nobody can read it', async () => {
  const wish = { name: 'deploy', roles: ['admin'], days: 3 };
  const [one, two] = [await command('token', '/api/v1/tokens', wish), await command('token', '/api/v1/tokens', wish)];
  expect([one.status, two.body]).toEqual([200, one.body]);
  expect((await pool.query('select count(*)::int as count from api_token')).rows[0].count).toBe(1);
  const { rows } = await pool.query<{ answer: string }>('select answer from command_answer');
  for (const { answer } of rows) expect(Buffer.from(answer, 'base64').toString('latin1')).not.toContain(one.body.secret);
});
it('while it is still being done, the same key is told so', async () => {
  const holder = await pool.connect();
  await holder.query('begin; select * from event where number = 4 for update');
  // Whichever comes first waits for the row.
  const both = [confirm('held', 4), confirm('held', 4)];
  expect((await Promise.race(both)).body.code).toBe('COMMAND_UNDER_WAY');
  await holder.query('rollback');
  holder.release();
  const first = (await Promise.all(both)).find(({ status }) => status === 200);
  expect([first?.body, (await confirm('held', 4)).body]).toEqual(Array(2).fill({ changed: [4], unknown: [] }));
});
it('a switchover is asked of the controller once under a key', async () => {
  const asked = () => a.controller.commands.filter(({ method }) => method === 'switchover').length;
  const [one, two] = [await command('go', '/api/cluster/switchover', {}), await command('go', '/api/cluster/switchover', {})];
  expect([one.status, two.status, asked()]).toEqual([200, 200, 1]);
  expect(two.body.ok).toBe(true);
});
it('a manager that dies between the commit and its answer: its successor answers as it would have', async () => {
  const sent = proxy.silenceCommits();
  const unheard = confirm('unheard', 5).then(
    ({ status }) => status,
    () => 0,
  );
  await sent;
  const committed = async () => (await pool.query('select 1 from event_history where event = 5')).rowCount;
  await vi.waitFor(async () => expect(await committed()).toBe(1), soon);
  eras.become(a, 'b', { mode: 'passive' });
  await Promise.all([a.stop(), proxy.close()]);
  expect([0, 503]).toContain(await unheard);
  await eras.becomeActive(b, 'b');
  const before = await audited('event.change');
  const again = await confirm('unheard', 5, b);
  expect([again.status, again.body, again.headers.get('idempotency-replayed')]).toEqual([
    200,
    { changed: [5], unknown: [] },
    'true',
  ]);
  expect(await audited('event.change')).toBe(before);
  // Nobody had committed it: its successor does it.
  expect((await confirm('fresh', 6, b)).body).toEqual({ changed: [6], unknown: [] });
});
it('answers are kept for a day, and not more than there is room for', async () => {
  await pool.query(
    `insert into command_answer (key, request, answer, at) values ('\\x00', '\\x00', 'x', now() - interval '25 hours')`,
  );
  const { openStorage } = await import('../wiring.js');
  const { SILENT_LOG } = await import('@yosugara/kernel');
  const postgres = {
    host: server.host,
    port: server.port,
    user: 'postgres',
    database: 'postgres',
    password: 'x',
    clusterCa: null,
  };
  const { store } = openStorage(postgres, 'b', SILENT_LOG);
  const day = new Date(Date.now() - 86_400_000);
  // The manager itself may have looked just now.
  await store.answers.retain(day, 100_000, eras.now, () => undefined);
  expect((await pool.query(`select 1 from command_answer where at < $1`, [day])).rowCount).toBe(0);
  await store.answers.retain(day, 2, eras.now, () => undefined);
  expect((await pool.query('select count(*)::int as count from command_answer')).rows[0].count).toBe(2);
  await store.close();
});
