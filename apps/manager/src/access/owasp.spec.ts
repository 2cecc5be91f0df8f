import 'reflect-metadata';
import { epoch } from '@yosugara/kernel';
import { FUNCTION_MODES, KNOWN_KINDS } from '@yosugara/protocol';
import { EMPTY_BATCH } from '@yosugara/runtime';
import { OperationsRepository, Partitions } from '@yosugara/store';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { eventLike, statusLike } from '../../../../libs/store/src/testing/told.js';
import { type Answer, type Method, PROBE_TOKEN } from '../testing/harness.js';
import { readEvents } from '../testing/read-tail.js';
import { type AccessWorld, accessWorld } from './testing/access-world.js';

/** The OWASP API security top ten (2023), risk by risk, on the running API. */
const S = '/api/v1/settings';
let world: AccessWorld;
let viewer: string;
let operator: string;
/** Of a role that may do everything with what is the role's, and reaches nothing else. */
let wendy: string;
let dan: string;
let nobody: string;
const status = (answer: Answer) => answer.status;

const ALL = Object.fromEntries(Object.entries(FUNCTION_MODES).filter(([what]) => !['access', 'audit'].includes(what)));

/** One of each kind, of the role `db`. */
const OBJECTS: Readonly<Record<string, object>> = {
  scope: { name: 'Databases', parent: null },
  node: { name: 'db1', addresses: ['10.9.0.1'] },
  'calendar-pattern': { dates: ['2026-11-03'] },
  calendar: { timeZone: 'Asia/Tokyo' },
  'mail-server': { host: 'mail.example.org', from: 'ops@example.org' },
  'mail-template': { subject: 's', body: 'b' },
  'rest-access': { url: 'https://api.example.org/' },
  notification: { kind: 'event' },
  monitor: { type: 'syslog', facility: 'REGISTERED' },
  maintenance: {
    ...{ facilities: ['of-db-node'], timeZone: 'UTC', reason: 'r' },
    when: { kind: 'once', from: '2026-11-21T10:00:00', to: '2026-11-21T11:00:00' },
  },
  filter: { name: 'F', view: 'events' },
  retention: { days: { events: 90 } },
  dashboard: { name: 'D', widgets: [{ type: 'events', id: 'e' }] },
  'job-queue': { concurrency: 1 },
  'job-unit': { name: 'U', timeZone: 'UTC', jobs: [{ type: 'command', id: 'c', facility: 'of-db-node', command: 'true' }] },
  'job-trigger': { type: 'manual', unit: 'of-db-job-unit' },
};

beforeAll(async () => {
  world = await accessWorld(91);
  const { put, person } = world;
  await put('role', 'web', { name: 'Web', grants: ALL });
  await put('role', 'db', { name: 'Databases', grants: ALL });
  await put('role', 'reader', {
    name: 'Reads',
    grants: { monitor: ['read'], event: ['read'] },
    reaches: [{ owner: 'db', modes: ['read'] }],
  });
  viewer = await person('vic', ['viewer']);
  operator = await person('olga', ['operator']);
  wendy = await person('wendy', ['web']);
  dan = await person('dan', ['db']);
  nobody = await person('noel', []);
  for (const [kind, body] of Object.entries(OBJECTS))
    expect([kind, await world.as(dan, 'PUT', `${S}/${kind}/of-db-${kind}`, { body })]).toMatchObject([kind, { status: 200 }]);
  for (const id of ['of-db', 'of-web']) await put('monitor', id, OBJECTS['monitor']!, id.slice(3));
  const operations = new OperationsRepository(world.pool, new Partitions(world.pool, 'collected'));
  const atMs = Date.now();
  await operations.storeOperations(
    {
      ...EMPTY_BATCH,
      events: [
        eventLike({ atMs, monitor: 'of-db' }),
        eventLike({ atMs: atMs + 1, monitor: 'of-web' }),
        eventLike({ atMs: atMs + 2, monitor: 'gone' }),
      ],
      statuses: [statusLike({ monitor: 'of-db' }), statusLike({ monitor: 'of-web' })],
      collected: ['of-db', 'of-web'].map((monitor) => ({ monitor, facility: 'f', item: 'i', atMs, value: 1 })),
    },
    epoch(world.eras.now),
    0,
  );
  await world.pool.query(
    `insert into setting_history (kind, id, revision, version, epoch, by, body)
     select 'job-unit', 'unit-' || r, 1, 1, 1, 'spec', '{}' from unnest(array['web', 'db']) r`,
  );
  await world.pool.query(
    `insert into job_session (id, unit, revision, owner_role, trigger_type, trigger_info, scheduled_at, state, variables, ignores_times, keep_days)
     select 'of-' || r, 'unit-' || r, 1, r, 'manual', '', now(), 'ended', '{}', false, 9 from unnest(array['web', 'db']) r`,
  );
});
// A lease ends while so much is asked.
beforeEach(async () => await world.eras.becomeActive(world.node, 'a'));
afterAll(async () => await world?.stop());

describe('API1: broken object level authorisation', () => {
  it('is looked at with an object of every kind', () =>
    expect([...Object.keys(OBJECTS), 'role'].sort()).toEqual([...KNOWN_KINDS].sort()));
  it.each(Object.keys(OBJECTS))(
    'a %s of another role is not there: not to be read, changed, deleted, nor its history',
    async (kind) => {
      const path = `${S}/${kind}/of-db-${kind}`;
      expect(status(await world.as(dan, 'GET', path))).toBe(200);
      expect(status(await world.as(wendy, 'GET', path))).toBe(404);
      expect(status(await world.as(wendy, 'GET', `${path}/history`))).toBe(404);
      // What it names is not there for her either, which is told first.
      expect([400, 404]).toContain(status(await world.as(wendy, 'PUT', path, { body: OBJECTS[kind], ownerRole: 'web' })));
      expect(status(await world.as(wendy, 'DELETE', path))).toBe(404);
      const { rows } = (await world.as(wendy, 'GET', `${S}/${kind}`)).body;
      expect(rows.filter((row: { id: string }) => row.id.startsWith('of-db'))).toEqual([]);
      expect(JSON.stringify((await world.as(wendy, 'GET', `${S}/export?kind=${kind}`)).body)).not.toContain('of-db');
      expect((await world.as(dan, 'GET', path)).body.revision).toBe(1);
    },
  );
  it('an import changes nothing of another role, and removes only what is one’s own', async () => {
    const document = { kind: 'filter', id: 'of-db-filter', body: OBJECTS['filter'], ownerRole: 'web' };
    expect(status(await world.as(wendy, 'POST', `${S}/import`, { documents: [document] }))).toBe(404);
    const own = { kind: 'filter', id: 'of-web', body: OBJECTS['filter'], ownerRole: 'web' };
    expect(status(await world.as(wendy, 'POST', `${S}/import`, { documents: [own] }))).toBe(200);
    const answer = await world.as(wendy, 'POST', `${S}/import`, { documents: [], deleteMissing: ['filter'] });
    expect(answer.body.removed).toEqual([{ kind: 'filter', id: 'of-web' }]);
    expect(status(await world.as(dan, 'GET', `${S}/filter/of-db-filter`))).toBe(200);
  });
  it('what others need is counted, and not named, for whoever may not see who they are', async () => {
    await world.put('scope', 'for-all', OBJECTS['scope']!, 'ALL_USERS');
    await world.put('node', 'secret-node', { name: 'n', addresses: ['10.9.0.9'], scopes: ['for-all'] }, 'db');
    const answer = await world.as(wendy, 'DELETE', `${S}/scope/for-all`);
    expect(answer).toMatchObject({ status: 409, body: { code: 'SETTING_IN_USE' } });
    expect(JSON.stringify(answer.body)).toContain('1 that you may not see');
    expect(JSON.stringify(answer.body)).not.toContain('secret-node');
    expect(JSON.stringify((await world.as(dan, 'DELETE', `${S}/scope/for-all`)).body)).toContain('node secret-node');
  });
  it('whoever changes what they may not see is answered as if it were not there', async () => {
    const told = async (cookie: string, id: string, headers: Record<string, string>) => {
      const { status: code, body } = await world.as(cookie, 'PUT', `${S}/filter/${id}`, { body: OBJECTS['filter'] }, headers);
      return JSON.stringify([code, body]).replaceAll(id, 'ID');
    };
    await world.put('role', 'changer', { name: 'Changes', grants: { filter: ['read', 'modify'] } });
    const carl = await world.person('carl', ['changer']);
    for (const [cookie, headers] of [
      [wendy, { 'if-match': '*' }],
      [wendy, { 'if-match': '"7"' }],
      [carl, {}],
      [carl, { 'if-match': '*' }],
    ] as const)
      expect(await told(cookie, 'of-db-filter', headers)).toBe(await told(cookie, 'of-nobody', headers));
    const removed = async (id: string) =>
      JSON.stringify((await world.as(wendy, 'DELETE', `${S}/filter/${id}`)).body).replaceAll(id, 'ID');
    expect(await removed('of-db-filter')).toBe(await removed('of-nobody'));
  });
  it('nothing is given to another role, nor made for one, nor is what is another’s used by naming it', async () => {
    expect(status(await world.as(wendy, 'PUT', `${S}/filter/mine`, { body: OBJECTS['filter'] }))).toBe(200);
    expect((await world.as(wendy, 'GET', `${S}/filter/mine`)).body.ownerRole).toBe('web');
    expect(status(await world.as(wendy, 'PUT', `${S}/filter/mine`, { body: OBJECTS['filter'], ownerRole: 'db' }))).toBe(403);
    expect(status(await world.as(wendy, 'PUT', `${S}/filter/theirs`, { body: OBJECTS['filter'], ownerRole: 'db' }))).toBe(403);
    const named = await world.as(wendy, 'PUT', `${S}/node/w1`, {
      body: { name: 'w1', addresses: ['10.9.0.7'], scopes: ['of-db-scope'] },
    });
    expect(named).toMatchObject({ status: 400, body: { place: 'body.scopes.0' } });
  });
  it('events, counts, statuses and series are those of one’s own monitors', async () => {
    const monitors = (answer: Answer, key: string) => answer.body[key].map(({ monitor }: { monitor: string }) => monitor).sort();
    expect(monitors(await world.as(wendy, 'GET', '/api/v1/events'), 'rows')).toEqual(['of-web']);
    expect(monitors(await world.as(viewer, 'GET', '/api/v1/events'), 'rows')).toEqual(['gone', 'of-db', 'of-web']);
    expect((await world.as(wendy, 'GET', '/api/v1/events/counts')).body.open.critical).toBe(1);
    expect(status(await world.as(wendy, 'GET', '/api/v1/events/1'))).toBe(404);
    expect((await world.as(wendy, 'POST', '/api/v1/events/changes', { numbers: [1, 2], state: 'confirmed' })).body).toEqual({
      ...{ changed: [2], unknown: [1] },
    });
    expect(monitors(await world.as(wendy, 'GET', '/api/v1/statuses'), 'rows')).toEqual(['of-web']);
    expect(monitors(await world.as(wendy, 'GET', '/api/v1/series'), 'series')).toEqual(['of-web']);
    const { series } = (await world.as(dan, 'GET', '/api/v1/series')).body;
    expect(status(await world.as(wendy, 'GET', `/api/v1/series/${series[0].id}/values`))).toBe(404);
    expect(status(await world.as(dan, 'GET', `/api/v1/series/${series[0].id}/values`))).toBe(200);
  });
  it('what is reached only for reading is read, and not changed', async () => {
    const reader = await world.person('rita', ['reader']);
    expect(
      (await world.as(reader, 'GET', '/api/v1/events')).body.rows.map(({ monitor }: { monitor: string }) => monitor),
    ).toEqual(['of-db']);
    expect(status(await world.as(reader, 'PUT', `${S}/monitor/of-db`, { body: {} }))).toBe(403);
  });
  it('what is reached only for reading is not begun by naming it', async () => {
    await world.put('role', 'looks', { name: 'Looks', grants: ALL, reaches: [{ owner: 'db', modes: ['read'] }] });
    const lou = await world.person('lou', ['looks']);
    expect(status(await world.as(lou, 'GET', `${S}/job-unit/of-db-job-unit`))).toBe(200);
    const trigger = await world.as(lou, 'PUT', `${S}/job-trigger/mine`, { body: { type: 'manual', unit: 'of-db-job-unit' } });
    expect(trigger).toMatchObject({ status: 400, body: { place: 'body.unit' } });
    expect(status(await world.as(lou, 'POST', '/api/v1/job-units/of-db-job-unit/sessions', {}))).toBe(403);
  });
  it('sessions of jobs of another role are neither listed nor shown nor operated', async () => {
    const ids = (answer: Answer) => answer.body.rows.map(({ id }: { id: string }) => id);
    expect(ids(await world.as(wendy, 'GET', '/api/v1/job-sessions'))).toEqual(['of-web']);
    for (const [method, path, body] of [
      ['GET', '/api/v1/job-sessions/of-db'],
      ['GET', '/api/v1/job-sessions/of-db/history'],
      ['GET', '/api/v1/job-sessions/of-db/job?job=c'],
      ['POST', '/api/v1/job-sessions/of-db/operations', { operation: 'stop' }],
      ['POST', '/api/v1/job-units/of-db-job-unit/sessions', {}],
    ] as const)
      expect([path, status(await world.as(wendy, method, path, body))]).toEqual([path, 404]);
    expect(status(await world.as(dan, 'GET', '/api/v1/job-sessions/of-db'))).toBe(200);
  });
  it('a live stream tells of what one may see', async () => {
    const { secret } = (await world.as(wendy, 'POST', '/api/v1/tokens', { name: 'stream', roles: ['web'] })).body;
    const stream = await readEvents(`${world.node.url}/api/v1/events/stream`, '0.0', secret);
    await expect.poll(() => stream.rows().map(({ monitor }) => monitor), { timeout: 60_000 }).toContain('of-web');
    expect(stream.rows().map(({ monitor }) => monitor)).not.toContain('of-db');
    await stream.close();
  });
  it('tokens and accounts of others are nobody’s', async () => {
    const { token } = (await world.as(dan, 'POST', '/api/v1/tokens', { name: 'mine', roles: ['db'] })).body;
    expect(status(await world.as(wendy, 'DELETE', `/api/v1/tokens/${token.id}`))).toBe(404);
    expect(status(await world.as(wendy, 'GET', `/api/v1/tokens?user=${token.user.id}`))).toBe(403);
    expect(status(await world.as(wendy, 'GET', `/api/v1/users/${token.user.id}`))).toBe(403);
  });
});

describe('API2: broken authentication', () => {
  it('no route but those that say so answers without a login, or with an invented one', async () => {
    for (const { method, path, needs } of await routes()) {
      if (needs === 'nobody') continue;
      expect([method, path, status(await world.node.call(method, path))]).toEqual([method, path, 401]);
      const invented = await world.node.call(method, path, { bearer: `yst_${'A'.repeat(43)}` });
      expect([method, path, status(invented)]).toEqual([method, path, 401]);
    }
  });
  it('a login is locked for a while after wrong passwords, whatever is typed then; who asks for it is written down', async () => {
    await world.person('lola', ['viewer']);
    const enter = async (password: string) =>
      await world.node.call('POST', '/api/v1/login', { body: { login: 'lola', password } });
    for (let at = 0; at < 5; at++) expect(status(await enter('wrong'))).toBe(401);
    expect(await enter('a-password-of-somebody')).toMatchObject({ status: 401, body: { code: 'LOGIN_REFUSED' } });
    const { rows } = (await world.as(world.admin, 'GET', '/api/v1/users?text=lola')).body;
    expect(Date.parse(rows[0].lockedUntil)).toBeGreaterThan(Date.now() + 30_000);
    const found = (await world.as(world.admin, 'GET', '/api/v1/audit?who=lola')).body.rows;
    expect(found.map(({ action, done }: { action: string; done: boolean }) => [action, done]).slice(0, 3)).toEqual([
      ...[
        ['login.refused', false],
        ['user.locked', true],
        ['login.refused', false],
      ],
    ]);
    expect(status(await world.as(world.admin, 'POST', `/api/v1/users/${rows[0].id}/unlock`))).toBe(200);
    expect(status(await enter('a-password-of-somebody'))).toBe(200);
  });
});

describe('API3: broken object property level authorisation', () => {
  it('nobody writes fields that are not theirs to write', async () => {
    const user = (await world.as(world.admin, 'GET', '/api/v1/users?text=wendy')).body.rows[0];
    for (const [cookie, method, path, body] of [
      [wendy, 'PATCH', '/api/v1/me', { roles: ['admin'] }],
      [wendy, 'PATCH', '/api/v1/me', { enabled: true }],
      [world.admin, 'PATCH', `/api/v1/users/${user.id}`, { source: 'ldap' }],
      [world.admin, 'PATCH', `/api/v1/users/${user.id}`, { mustChange: false }],
      [world.admin, 'POST', '/api/v1/users', { login: 'x', passwordHash: 'h' }],
      [wendy, 'PUT', `${S}/filter/mine`, { body: OBJECTS['filter'], createdBy: 'admin' }],
      [wendy, 'PUT', `${S}/filter/mine`, { body: OBJECTS['filter'], revision: 9 }],
      [wendy, 'POST', '/api/v1/tokens', { name: 'n', roles: ['web'], digest: 'x' }],
    ] as const)
      expect([path, await world.as(cookie, method, path, body)]).toMatchObject([
        path,
        { status: 400, body: { code: 'INVALID_INPUT' } },
      ]);
  });
  it('nobody reads secrets: neither digests of accounts, nor those of settings', async () => {
    const text = JSON.stringify([
      (await world.as(world.admin, 'GET', '/api/v1/users')).body,
      (await world.as(world.admin, 'GET', '/api/v1/audit')).body,
      (await world.as(wendy, 'GET', '/api/v1/me')).body,
    ]);
    expect(text).not.toMatch(/argon2|passwordHash|totpSecret|a-password-of-somebody/);
  });
});

describe('API4: unrestricted resource consumption', () => {
  it('bodies, pages and searches have an end', async () => {
    const large = 'x'.repeat(300_000);
    expect(status(await world.as(wendy, 'PUT', `${S}/filter/large`, { body: { name: large } }))).toBe(413);
    for (const path of [
      '/api/v1/events',
      '/api/v1/users',
      '/api/v1/audit',
      '/api/v1/messages',
      '/api/v1/job-sessions',
      `${S}/node`,
      '/api/v1/statuses',
    ])
      expect([path, status(await world.as(world.admin, 'GET', `${path}?limit=1000000`))]).toEqual([path, 400]);
    expect(status(await world.as(operator, 'POST', '/api/v1/nodes/search', { range: '10.0.0.0/8' }))).toBe(400);
    const tokens = { name: 'n', roles: Array.from({ length: 33 }, (_, at) => `r${at}`) };
    expect(status(await world.as(wendy, 'POST', '/api/v1/tokens', tokens))).toBe(400);
  });
  it('logins are counted by account and by address (manager.spec.ts looks at the limits)', async () => {
    const answer = await world.node.call('POST', '/api/v1/login', { body: { login: 'x'.repeat(65), password: 'y' } });
    expect(status(answer)).toBe(400);
  });
});

describe('API5: broken function level authorisation', () => {
  it('every route says what it needs', async () => {
    const silent = (await routes()).filter(({ needs }) => needs === undefined);
    expect(silent.map(({ method, path }) => `${method} ${path}`)).toEqual([]);
  });
  it('a viewer is refused every write, and writing it down is refused to nobody', async () => {
    const own = new Set([
      '/api/v1/logout',
      '/api/v1/password',
      '/api/v1/me',
      '/api/v1/me/totp',
      '/api/v1/me/totp/confirm',
      '/api/v1/me/totp/disable',
    ]);
    for (const { method, path, needs } of await routes()) {
      if (method === 'GET' || needs === 'nobody' || own.has(path)) continue;
      // Of one's own account, or reading with a body.
      if (needs === 'a session' || needs === 'a login' || needs!.endsWith(': read')) continue;
      expect([method, path, await world.as(viewer, method, path, {})]).toMatchObject([
        method,
        path,
        { status: 403, body: { code: 'FORBIDDEN' } },
      ]);
    }
    const refused = (await world.as(world.admin, 'GET', '/api/v1/audit?who=vic&done=false&what=refused')).body.rows;
    expect(refused.length).toBeGreaterThan(10);
    expect(refused[0]).toMatchObject({
      who: 'vic',
      by: 'session',
      from: '127.0.0.1',
      done: false,
      detail: { code: 'FORBIDDEN' },
    });
  });
  it('a person without a role sees and does nothing', async () => {
    for (const { method, path, needs } of await routes()) {
      if (['nobody', 'a login', 'a session'].includes(needs ?? '')) continue;
      expect([method, path, status(await world.as(nobody, method, path, {}))]).toEqual([method, path, 403]);
    }
  });
  it('MIB modules have no owner: all of them are open to whoever has the function, and to nobody who has every other one', async () => {
    const others = Object.fromEntries(Object.entries(ALL).filter(([what]) => what !== 'mib'));
    await world.put('role', 'no-mibs', { name: 'All but MIBs', grants: others });
    await world.put('role', 'reads-mibs', { name: 'Reads MIBs', grants: { mib: ['read'] } });
    const [without, reads] = [await world.person('nora', ['no-mibs']), await world.person('rhea', ['reads-mibs'])];
    const module = { files: [{ name: 'x.mib', text: 'X-MIB DEFINITIONS ::= BEGIN END' }] };
    expect(status(await world.as(wendy, 'POST', '/api/v1/mibs', module))).toBe(200);
    for (const [method, path, body, ofReader] of [
      ['GET', '/api/v1/mibs', undefined, 200],
      ['GET', '/api/v1/mibs/lookup?oid=1.3.6.1', undefined, 200],
      ['GET', '/api/v1/mibs/X-MIB', undefined, 200],
      ['GET', '/api/v1/mibs/X-MIB/source', undefined, 200],
      ['POST', '/api/v1/mibs', module, 403],
      ['DELETE', '/api/v1/mibs/X-MIB', undefined, 403],
    ] as const) {
      expect([method, path, status(await world.as(without, method, path, body))]).toEqual([method, path, 403]);
      expect([method, path, status(await world.as(reads, method, path, body))]).toEqual([method, path, ofReader]);
    }
    // Another role's, which has the function.
    expect(status(await world.as(dan, 'DELETE', '/api/v1/mibs/X-MIB'))).toBe(200);
  });
  it('an operator operates, and gives no rights', async () => {
    expect(status(await world.as(operator, 'PUT', `${S}/filter/of-operator`, { body: OBJECTS['filter'] }))).toBe(200);
    for (const [method, path, body] of [
      ['GET', '/api/v1/users'],
      ['POST', '/api/v1/users', { login: 'more', roles: ['admin'] }],
      ['GET', '/api/v1/audit'],
      ['PUT', `${S}/role/mine`, { body: { name: 'All', grants: ALL } }],
      ['DELETE', `${S}/role/web`],
      ['POST', `${S}/import`, { documents: [{ kind: 'role', id: 'mine', body: { name: 'All' } }] }],
      ['POST', `${S}/import`, { documents: [], deleteMissing: ['role'] }],
    ] as const)
      expect([path, status(await world.as(operator, method, path, body))]).toEqual([path, 403]);
  });
  it('nobody gives away more than they have, nor takes over who has more', async () => {
    await world.put('role', 'people', {
      name: 'People',
      grants: { access: ['read', 'add', 'modify'], monitor: ['read'] },
      reaches: [{ owner: 'people', modes: ['read'] }],
    });
    await world.put('role', 'small', { name: 'Small', grants: { monitor: ['read'] } }, 'people');
    const paul = await world.person('paul', ['people']);
    const admin = (await world.as(world.admin, 'GET', '/api/v1/users?text=admin')).body.rows[0];
    const self = (await world.as(paul, 'GET', '/api/v1/me')).body.id;
    for (const [method, path, body] of [
      ['POST', '/api/v1/users', { login: 'more', roles: ['admin'] }],
      ['PATCH', `/api/v1/users/${self}`, { roles: ['people', 'operator'] }],
      ['POST', `/api/v1/users/${admin.id}/reset-password`, {}],
      ['POST', `/api/v1/users/${admin.id}/reset-totp`, {}],
      ['PATCH', `/api/v1/users/${admin.id}`, { enabled: false }],
      ['DELETE', `/api/v1/users/${admin.id}`],
      ['PUT', `${S}/role/small`, { body: { name: 'Small', grants: { job: ['execute'] } }, ownerRole: 'people' }],
      ['PUT', `${S}/role/small`, { body: { name: 'Small', reaches: [{ owner: '*', modes: ['read'] }] }, ownerRole: 'people' }],
      [
        'POST',
        `${S}/import`,
        { documents: [{ kind: 'role', id: 'people', ownerRole: 'people', body: { name: 'P', grants: ALL } }] },
      ],
      ['POST', '/api/v1/tokens', { name: 'n', roles: ['admin'] }],
    ] as const)
      expect([path, await world.as(paul, method, path, body)]).toMatchObject([
        path,
        { status: 403, body: { code: 'MORE_THAN_YOU_HAVE' } },
      ]);
    expect(status(await world.as(paul, 'POST', '/api/v1/users', { login: 'pete', roles: ['people'] }))).toBe(200);
  });
  it('the last administrator stays', async () => {
    const admin = (await world.as(world.admin, 'GET', '/api/v1/users?text=admin')).body.rows[0];
    for (const [method, body] of [
      ['DELETE', undefined],
      ['PATCH', { enabled: false }],
      ['PATCH', { roles: [] }],
    ] as const)
      expect(await world.as(world.admin, method, `/api/v1/users/${admin.id}`, body)).toMatchObject({
        status: 409,
        body: { code: 'LAST_ADMIN' },
      });
    const answer = await world.as(world.admin, 'PUT', `${S}/role/admin`, { body: { name: 'Less' } });
    expect(status(answer)).toBe(400);
    expect(await world.as(world.admin, 'DELETE', `${S}/role/web`)).toMatchObject({ status: 409, body: { code: 'ROLE_IN_USE' } });
  });
});

describe('API6: unrestricted access to sensitive business flows', () => {
  it('changes of the cluster, of people and of what agents may need functions of their own', async () => {
    const needs = new Map((await routes()).map((route) => [`${route.method} ${route.path}`, route.needs]));
    expect(needs.get('POST /api/v1/cluster/switchover')).toBe('cluster: execute');
    expect(needs.get('POST /api/v1/agents/tokens')).toBe('agent: add');
    expect(needs.get('POST /api/v1/users')).toBe('access: add');
    expect(status(await world.as(operator, 'POST', '/api/v1/agents/tokens', {}))).toBe(403);
  });
});

describe('API7: server side request forgery', () => {
  it('calling out is for whoever may execute it, and only in ways that are written down', async () => {
    // Probes, mails, REST calls and the search for nodes are what the product is for: functions decide who makes them (docs/access.md).
    expect(status(await world.as(viewer, 'POST', '/api/v1/nodes/search', { range: '127.0.0.1/32' }))).toBe(403);
    for (const range of ['http://127.0.0.1', 'file:///etc/passwd', '127.0.0.1:22', 'localhost'])
      expect([range, status(await world.as(operator, 'POST', '/api/v1/nodes/search', { range }))]).toEqual([range, 400]);
  });
});

describe('API8: security misconfiguration', () => {
  it.each(['/', '/api/v1/me', '/api/nothing', '/health'])('%s comes with the headers that a probe looks for', async (path) => {
    const { headers } = await world.node.call('GET', path);
    const policy = headers.get('content-security-policy') ?? '';
    expect(policy).toContain("script-src 'self'");
    expect(/script-src[^;]*'unsafe-(inline|eval)'/.test(policy)).toBe(false);
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).toContain("base-uri 'none'");
    expect(policy).toContain("object-src 'none'");
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('referrer-policy')).toBe('same-origin');
    expect(headers.get('x-powered-by')).toBeNull();
    expect(headers.get('server')).toBeNull();
    // Where a page of the other node has to go is no secret (health.controller.ts).
    expect(headers.get('access-control-allow-origin')).toBe(path === '/health' ? '*' : null);
  });
  it('answers of the API are kept by nobody, and no other site may ask', async () => {
    expect((await world.node.call('GET', '/api/v1/me')).headers.get('cache-control')).toBe('no-store');
    const asked = await fetch(`${world.node.url}/api/v1/me`, {
      method: 'OPTIONS',
      headers: { origin: 'https://evil.example', 'access-control-request-method': 'POST' },
    });
    expect(asked.headers.get('access-control-allow-origin')).toBeNull();
    const crossing = await world.as(wendy, 'POST', '/api/v1/logout', {}, { 'x-yosugara': '' });
    expect(crossing).toMatchObject({ status: 403, body: { code: 'CSRF_HEADER_MISSING' } });
  });
  it('what went wrong tells nothing of the inside', async () => {
    for (const [method, path, body] of [
      ['GET', '/api/v1/events/%00'],
      ['POST', '/api/v1/login', { login: 1 }],
      ['GET', '/api/v1/messages?after=x'],
    ] as [Method, string, unknown][]) {
      const text = JSON.stringify((await world.as(world.admin, method, path, body)).body);
      expect(text).not.toMatch(/node_modules|at \w+ \(|select |\/work\/|postgres:/i);
    }
  });
});

describe('API9: improper inventory management', () => {
  it('the document has every route, and each has its tag', async () => {
    const { paths } = (await world.node.call('GET', '/api/openapi.json')).body as {
      paths: Record<string, Record<string, { tags?: string[] }>>;
    };
    for (const [path, methods] of Object.entries(paths))
      for (const [method, { tags }] of Object.entries(methods)) expect([method, path, tags?.length]).toEqual([method, path, 1]);
  });
});

describe('API10: unsafe consumption of APIs', () => {
  it('the token of the host is as strong as before, and is known by the name it says', async () => {
    const put = await world.node.call('PUT', `${S}/filter/by-host`, {
      bearer: PROBE_TOKEN,
      body: { body: OBJECTS['filter'], by: 'eva' },
    });
    expect(status(put)).toBe(200);
    for (const path of ['/api/v1/users', '/api/v1/audit', '/api/v1/access'])
      expect([path, status(await world.node.call('GET', path, { bearer: PROBE_TOKEN }))]).toEqual([path, 401]);
    const [row] = (await world.as(world.admin, 'GET', '/api/v1/audit?object=filter/by-host')).body.rows;
    expect(row).toMatchObject({ who: 'eva', by: 'host', action: 'setting.put', done: true, node: 'a' });
  });
});

interface Route {
  readonly method: Method;
  readonly path: string;
  readonly needs: string | undefined;
}

/** As the document of the API tells them, with something in the place of parameters. */
async function routes(): Promise<readonly Route[]> {
  const { paths } = (await world.node.call('GET', '/api/openapi.json')).body as {
    paths: Record<string, Record<string, { 'x-needs'?: string }>>;
  };
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { 'x-needs': needs }]) => ({
      method: method.toUpperCase() as Method,
      path: path.replace('{kind}', 'filter').replaceAll(/\{\w+\}/g, '1'),
      needs,
    })),
  );
}
