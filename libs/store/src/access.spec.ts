import { epoch as epochOf } from '@yosugara/kernel';
import { startTestPostgres, type TestPostgres } from '@yosugara/testkit';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { letGoOfAudit } from './audit-repository.js';
import { openStore, type Store } from './store.js';
import { TokenRepository } from './tokens-repository.js';

let server: TestPostgres;
let store: Store;
let pool: pg.Pool;

beforeAll(async () => {
  server = await startTestPostgres();
  const { host, port } = server;
  store = openStore({ host, port, database: 'postgres', user: 'postgres' });
  pool = new pg.Pool({ host, port, user: 'postgres', database: 'postgres' });
  await store.migrate();
});
afterAll(async () => {
  await store?.close();
  await pool?.end();
  await server?.stop();
});

const person = async (login: string, roles: readonly string[] = ['viewer']) =>
  (await store.users.create({ login, roles, passwordHash: 'h', mustChange: false }))!;
const query = async (text: string, values: unknown[] = []) => (await pool.query(text, values)).rows;

describe('a user', () => {
  it('is changed from the revision that was read, and from no other', async () => {
    const { id, revision } = await person('changed');
    expect(await store.users.change(id, { name: 'One', roles: ['a', 'b'] }, revision)).toMatchObject({
      revision: 2,
      roles: ['a', 'b'],
    });
    expect(await store.users.change(id, { name: 'Two' }, revision)).toBeNull();
    expect(await store.users.find(id)).toMatchObject({ name: 'One' });
  });
  it('is found by parts of name and mail, by role, and page after page', async () => {
    const [one, two] = [await person('listed1', ['web']), await person('listed2', ['web', 'db'])];
    await store.users.change(two.id, { mail: '100%_sure@example.org' });
    const list = async (how: object) => (await store.users.list({ limit: 10, ...how })).map(({ login }) => login);
    expect(await list({ role: 'web' })).toEqual(['listed1', 'listed2']);
    expect(await list({ role: 'web', after: String(one.id) })).toEqual(['listed2']);
    expect(await list({ text: '%_SURE' })).toEqual(['listed2']);
    expect((await store.users.countByRole()).get('web')).toBe(2);
  });
  it('is locked for longer and longer after wrong passwords, never for more than is said, and not after a right one', async () => {
    const { id } = await person('locked');
    const minutes = async () => {
      const { lockedUntil } = await store.users.failed(id, 3, 5);
      return lockedUntil === null ? 0 : Math.round((lockedUntil.getTime() - Date.now()) / 60_000);
    };
    expect([await minutes(), await minutes(), await minutes(), await minutes(), await minutes(), await minutes()]).toEqual([
      0, 0, 1, 2, 4, 5,
    ]);
    await store.users.loggedIn(id);
    expect(await store.users.find(id)).toMatchObject({ failures: 0, lockedUntil: null });
    expect(await minutes()).toBe(0);
  });
  it('uses each code of a second factor once, those before it never, and each recovery code once', async () => {
    const { id } = await person('factor');
    const steps = [100, 100, 99, 101];
    const used: boolean[] = [];
    for (const step of steps) used.push(await store.users.useTotpStep(id, step));
    expect(used).toEqual([true, false, false, true]);
    await store.users.setRecoveryCodes(id, [Buffer.from('a'), Buffer.from('b')]);
    expect([
      await store.users.useRecoveryCode(id, Buffer.from('a')),
      await store.users.useRecoveryCode(id, Buffer.from('a')),
    ]).toEqual([...[true, false]]);
    expect(await store.users.recoveryCodes(id)).toBe(1);
  });
});

describe('a token', () => {
  it('is good until it expires or is taken away, and goes with its user', async () => {
    const tokens = new TokenRepository(store.db);
    const { id: userId } = await person('bearer');
    const add = async (digest: string, days: number) =>
      await tokens.add({ ...{ userId, name: 'n', start: 'yst_a', roles: ['viewer'], days }, digest: Buffer.from(digest) });
    const [good, old] = [await add('good', 1), await add('old', -1)];
    expect(await tokens.userOf(Buffer.from('good'))).toMatchObject({ id: good, roles: ['viewer'], user: { login: 'bearer' } });
    expect(await tokens.userOf(Buffer.from('old'))).toBeNull();
    await tokens.used([{ id: good, at: new Date(1_000), from: '10.0.0.1' }]);
    expect(await tokens.list(userId)).toMatchObject([
      { id: good, lastUsedAt: new Date(1_000), lastUsedFrom: '10.0.0.1' },
      { id: old },
    ]);
    await tokens.remove(good);
    expect(await tokens.userOf(Buffer.from('good'))).toBeNull();
    await store.users.remove(userId);
    expect(await tokens.find(old)).toBeNull();
  });
});

describe('the audit log', () => {
  const note = async (actor: string, action: string, target: string | null = null, done = true) =>
    await store.audit.note({ actor, action, target, epoch: 1, done, detail: { x: 1 } });

  it('is only added to', async () => {
    await note('eva', 'login');
    for (const text of ["update audit set actor = 'x'", 'delete from audit', 'truncate audit'])
      await expect(query(text), text).rejects.toThrow('the audit log is only added to');
    await expect(query("begin; set local yosugara.audit_retention to 'on'; delete from audit; commit")).rejects.toThrow(
      'only added to',
    );
  });
  it('is let go of when it is old', async () => {
    await query("insert into audit (actor, action, epoch, at) values ('old', 'login', 1, now() - interval '9 days')");
    const fence = async () => undefined;
    expect(await letGoOfAudit(pool, Date.now() - 10 * 86_400_000, fence)).toBe(0);
    expect(await letGoOfAudit(pool, Date.now() - 8 * 86_400_000, fence)).toBe(1);
    expect((await store.audit.search({ limit: 10 })).map(({ actor }) => actor)).toEqual(['eva']);
  });
  it('is searched by who, what, object and outcome, newest first, page after page', async () => {
    await note('finn', 'setting.put', 'monitor/ping');
    await note('finn', 'setting.delete', 'monitor/pong', false);
    await note('finn', 'login');
    const found = async (how: object) => (await store.audit.search({ limit: 10, ...how })).map(({ action }) => action);
    expect(await found({ who: 'finn' })).toEqual(['login', 'setting.delete', 'setting.put']);
    expect(await found({ what: 'setting.' })).toEqual(['setting.delete', 'setting.put']);
    expect(await found({ object: 'monitor/' })).toEqual(['setting.delete', 'setting.put']);
    expect(await found({ object: 'monitor/p' })).toEqual([]);
    expect(await found({ done: false })).toEqual(['setting.delete']);
    const [first] = await store.audit.search({ limit: 1, who: 'finn' });
    expect(await found({ who: 'finn', after: first!.id })).toEqual(['setting.delete', 'setting.put']);
  });
  it('is read on in an order in which nothing comes late: an open transaction is waited for', async () => {
    const begin = await store.audit.end();
    const client = await pool.connect();
    await client.query("begin; insert into audit (actor, action, epoch) values ('slow', 'x', 1)");
    await note('quick', 'y');
    expect(await store.audit.since(begin, 10)).toEqual([]);
    await client.query('commit');
    client.release();
    const lines = await store.audit.since(begin, 10);
    expect(lines.map(({ actor }) => actor)).toEqual(['slow', 'quick']);
    await store.audit.setPosition('there', lines[0]!);
    const position = await store.audit.position('there');
    expect((await store.audit.since(position!, 10)).map(({ actor }) => actor)).toEqual(['quick']);
  });
});

it('people of before keep their role', async () => {
  const fresh = await startTestPostgres();
  const { host, port } = fresh;
  const before = openStore({ host, port, database: 'postgres', user: 'postgres' });
  try {
    const { migrate } = await import('./migrate.js');
    await migrate(before.db, '0017-read-much-later');
    await before.claim(epochOf(1));
    const client = new pg.Client({ host, port, user: 'postgres', database: 'postgres' });
    await client.connect();
    await client.query("insert into app_user (login, password_hash, role, must_change) values ('old', 'h', 'operator', false)");
    await client.end();
    await before.migrate();
    expect(await before.users.findByLogin('old')).toMatchObject({
      roles: ['operator'],
      enabled: true,
      source: 'local',
      passwordHash: 'h',
    });
  } finally {
    await before.close();
    await fresh.stop();
  }
});
