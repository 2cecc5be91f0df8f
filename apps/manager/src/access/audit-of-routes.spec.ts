import 'reflect-metadata';
import { eventually } from '@yosugara/testkit';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { WholeCluster } from '../jobs/testing/whole-cluster.js';
import { ADMIN_PASSWORD, type Answer, ask, FIRST_PASSWORD, type Method, PROBE_TOKEN } from '../testing/harness.js';
import { totpCode, totpStep } from './totp.js';

/*
 * Every route that writes, as the document of the API has them: what it accepts leaves exactly one line of the audit log, and what it refuses exactly
 * one line, too.
 */
const OLGA = 'a-password-of-olga';
let cluster: WholeCluster;
let pool: pg.Pool;
let admin = '';
let olga = '';
let vic = '';

/** What leaves no line when it is accepted, and why. */
const WITHOUT: Readonly<Record<string, string>> = {
  'POST /api/v1/pass': 'a session goes to the other node; nothing is changed',
  'POST /api/v1/internal/measures': 'a word of the other node about itself, signed; it becomes values of a graph',
  'POST /api/v1/internal/results': 'a word of the other node about itself, signed; it becomes an event',
  'POST /api/v1/job-plan/try': 'it reckons',
  'POST /api/v1/monitors/try': 'it reckons',
  'POST /api/v1/retention/preview': 'it reads',
  'POST /api/v1/settings/import/parts': 'it is kept in memory until its import, which writes the line',
  'POST /api/v1/settings/read': 'it reads a file that was sent',
  'POST /api/writes/probe': 'the lab’s, thousands a second',
};
/** What leaves its line, and is looked at where there is what it needs. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  'POST /api/v1/cluster/fence': 'a controller that does it; written down where recover is',
  'POST /api/v1/cluster/maintenance': 'a controller that does it; written down where recover is',
  'POST /api/v1/cluster/pause': 'a controller that does it; written down where recover is',
  'POST /api/v1/cluster/recover': 'manager.spec.ts: a controller that does it',
  'POST /api/v1/cluster/switchover': 'manager.spec.ts: a controller that does it',
  'POST /api/v1/secrets/rotate': 'secrets.spec.ts: nodes with two keys',
  'DELETE /api/v1/agents/{id}': 'agents.spec.ts: an agent that joined',
  'POST /api/v1/nodes/{id}/inventory/collect': 'inventory.spec.ts: an agent that looks',
};

beforeAll(async () => {
  cluster = await WholeCluster.open(61);
  const { host, port } = cluster.server;
  pool = new pg.Pool({ host, port, user: 'postgres', database: 'postgres' });
  admin = await enter('admin', FIRST_PASSWORD, ADMIN_PASSWORD);
  for (const [login, roles] of [
    ['olga', ['operator']],
    ['vic', ['viewer']],
    ['uma', []],
    ['lola', []],
  ] as const)
    expect((await as(admin, 'POST', '/api/v1/users', { login, roles, password: `${OLGA}-first` })).status).toBe(200);
  olga = await enter('olga', `${OLGA}-first`, OLGA);
  vic = await enter('vic', `${OLGA}-first`, OLGA);
  await cluster.apply(
    { kind: 'calendar', id: 'to-go', body: { timeZone: 'UTC' } },
    {
      kind: 'job-unit',
      id: 'night',
      body: { name: 'Night', timeZone: 'UTC', jobs: [{ type: 'approval', id: 'ask', role: 'operator', sentence: 'Go on?' }] },
    },
    { kind: 'node', id: 'n1', body: { name: 'n1', addresses: ['127.0.61.9'] } },
    {
      kind: 'monitor',
      id: 'ports',
      body: { type: 'port', facility: 'n1', intervalS: 3_600, check: { service: 'tcp', port: 1 } },
    },
    { kind: 'notification', id: 'events', body: { kind: 'event' } },
  );
}, 300_000);
afterAll(async () => {
  await pool?.end();
  await cluster?.close();
});

async function as(cookie: string, method: Method, path: string, body?: unknown, headers: Record<string, string> = {}) {
  const how = { cookie, headers, withinMs: 60_000 };
  return await ask(`${cluster.url}${path}`, method, body === undefined ? how : { ...how, body });
}
async function login(name: string, password: string): Promise<Answer> {
  return await as('', 'POST', '/api/v1/login', { login: name, password });
}
const cookieOf = (answer: Answer) => answer.headers.get('set-cookie')?.split(';')[0] ?? '';
async function enter(name: string, first: string, next: string): Promise<string> {
  const cookie = cookieOf(await login(name, first));
  expect((await as(cookie, 'POST', '/api/v1/password', { current: first, next })).status).toBe(200);
  return cookie;
}
const lastLine = async (): Promise<string> => (await pool.query('select coalesce(max(id), 0) as id from audit')).rows[0].id;
const linesSince = async (id: string) =>
  (await pool.query('select action, done from audit where id > $1 order by id', [id])).rows as {
    action: string;
    done: boolean;
  }[];
const idOf = async (name: string): Promise<number> => (await as(admin, 'GET', `/api/v1/users?text=${name}`)).body.rows[0].id;

async function writing(): Promise<readonly { readonly route: string; readonly needs: string }[]> {
  const { paths } = (await as('', 'GET', '/api/openapi.json')).body as {
    paths: Record<string, Record<string, { 'x-needs'?: string }>>;
  };
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([method]) => method !== 'get')
      .map(([method, { 'x-needs': needs = '' }]) => ({ route: `${method.toUpperCase()} ${path}`, needs })),
  );
}

/** In this order: what one makes the next ones need. */
const ACCEPTED: readonly (readonly [route: string, action: string, ask: () => Promise<Answer>])[] = [
  ['POST /api/v1/login', 'login', async () => await login('olga', OLGA)],
  ['PATCH /api/v1/me', 'profile', async () => await as(olga, 'PATCH', '/api/v1/me', { name: 'Olga' })],
  [
    'POST /api/v1/password',
    'password',
    async () => await as(olga, 'POST', '/api/v1/password', { current: OLGA, next: `${OLGA}-2` }),
  ],
  ['POST /api/v1/me/totp', 'totp.begin', async () => kept(await as(olga, 'POST', '/api/v1/me/totp', { password: `${OLGA}-2` }))],
  ['POST /api/v1/me/totp/confirm', 'totp.on', async () => await as(olga, 'POST', '/api/v1/me/totp/confirm', { code: code(0) })],
  [
    ...(['POST /api/v1/me/totp/disable', 'totp.off'] as const),
    async () => await as(olga, 'POST', '/api/v1/me/totp/disable', { password: `${OLGA}-2`, code: code(1) }),
  ],
  ['POST /api/v1/users', 'user.create', async () => await as(admin, 'POST', '/api/v1/users', { login: 'extra', roles: [] })],
  ['PATCH /api/v1/users/{id}', 'user.change', async () => await as(admin, 'PATCH', await user('uma'), { name: 'Uma' })],
  [
    ...(['POST /api/v1/users/{id}/reset-password', 'user.reset-password'] as const),
    async () => await as(admin, 'POST', `${await user('uma')}/reset-password`, {}),
  ],
  [
    ...(['POST /api/v1/users/{id}/unlock', 'user.unlock'] as const),
    async () => await as(admin, 'POST', `${await user('uma')}/unlock`, {}),
  ],
  [
    ...(['POST /api/v1/users/{id}/reset-totp', 'user.reset-totp'] as const),
    async () => await as(admin, 'POST', `${await user('uma')}/reset-totp`, {}),
  ],
  ['DELETE /api/v1/users/{id}', 'user.delete', async () => await as(admin, 'DELETE', await user('uma'))],
  [
    ...(['POST /api/v1/tokens', 'token.create'] as const),
    async () => kept(await as(admin, 'POST', '/api/v1/tokens', { name: 't', roles: ['admin'] })),
  ],
  ['DELETE /api/v1/tokens/{id}', 'token.delete', async () => await as(admin, 'DELETE', `/api/v1/tokens/${was.token.id}`)],
  [
    ...(['PUT /api/v1/settings/{kind}/{id}', 'setting.put'] as const),
    async () => await as(admin, 'PUT', '/api/v1/settings/filter/f', { body: { name: 'F', view: 'events' } }),
  ],
  [
    ...(['DELETE /api/v1/settings/{kind}/{id}', 'setting.delete'] as const),
    async () => await as(admin, 'DELETE', '/api/v1/settings/calendar/to-go'),
  ],
  [
    ...(['POST /api/v1/settings/import', 'setting.import'] as const),
    async () =>
      await as(admin, 'POST', '/api/v1/settings/import', {
        documents: ['x', 'y'].map((id) => ({ kind: 'filter', id, body: { name: id, view: 'events' } })),
      }),
  ],
  ['POST /api/v1/agents/tokens', 'agent.token', async () => kept(await as(admin, 'POST', '/api/v1/agents/tokens', {}))],
  [
    ...(['DELETE /api/v1/agents/tokens/{number}', 'agent.token.remove'] as const),
    async () => await as(admin, 'DELETE', `/api/v1/agents/tokens/${was.number}`),
  ],
  [
    ...(['POST /api/v1/mibs', 'mib.upload'] as const),
    async () => await as(admin, 'POST', '/api/v1/mibs', { files: [{ name: 'x.mib', text: 'X-MIB DEFINITIONS ::= BEGIN END' }] }),
  ],
  ['DELETE /api/v1/mibs/{name}', 'mib.delete', async () => await as(admin, 'DELETE', '/api/v1/mibs/X-MIB')],
  [
    ...(['POST /api/v1/events/changes', 'event.change'] as const),
    async () => await as(admin, 'POST', '/api/v1/events/changes', { numbers: [await anEvent()], state: 'confirmed' }),
  ],
  [
    ...(['POST /api/v1/job-units/{id}/sessions', 'job.start'] as const),
    async () => kept(await as(admin, 'POST', '/api/v1/job-units/night/sessions', {})),
  ],
  [
    ...(['POST /api/v1/job-sessions/{id}/operations', 'job.operate'] as const),
    async () => await as(admin, 'POST', `/api/v1/job-sessions/${was.session}/operations`, { operation: 'stop' }),
  ],
  [
    ...(['POST /api/v1/job-links', 'job.link'] as const),
    async () => await as(admin, 'POST', '/api/v1/job-links', { id: 'from-a-spec', messageId: 'm' }),
  ],
  [
    ...(['POST /api/v1/nodes/search', 'node.search'] as const),
    async () => await as(admin, 'POST', '/api/v1/nodes/search', { range: '127.0.61.200/32' }),
  ],
  [
    ...(['POST /api/v1/retention/clean-up', 'retention.clean-up'] as const),
    async () => await as(admin, 'POST', '/api/v1/retention/clean-up', { kinds: ['events'] }),
  ],
  ['POST /api/v1/monitors/{id}/runs', 'monitor.run', async () => await as(admin, 'POST', '/api/v1/monitors/ports/runs', {})],
  [
    ...(['POST /api/v1/notifications/{id}/tests', 'notification.test'] as const),
    async () => await as(admin, 'POST', '/api/v1/notifications/events/tests', {}),
  ],
  ['POST /api/v1/logout', 'logout', async () => await as(cookieOf(await login('vic', OLGA)), 'POST', '/api/v1/logout', {})],
];
// biome-ignore lint/suspicious/noExplicitAny: answers of every shape.
let was: any = {};
let secret = '';
const kept = (answer: Answer): Answer => {
  was = answer.body;
  secret = was?.secret ?? secret;
  return answer;
};
const code = (steps: number) => totpCode(secret, totpStep(Date.now()) + steps);
const user = async (name: string) => `/api/v1/users/${await idOf(name)}`;
/** Made by what is one. */
async function anEvent(): Promise<number> {
  const found = async () => (await as(admin, 'GET', '/api/v1/events')).body.rows[0]?.number ?? 0;
  await expect.poll(found, { timeout: 60_000 }).toBeGreaterThan(0);
  return await found();
}

/** What was set a moment ago may not be at work yet (`NOT_SERVING`: ask again). @returns the last line before it was asked for the last time, too. */
async function askedOnceServed(asked: () => Promise<Answer>): Promise<Answer & { readonly before: string }> {
  return await eventually('it is served', async () => {
    const before = await lastLine();
    const answer = await asked();
    // Nothing was done then, which leaves no line.
    return answer.body?.code === 'NOT_SERVING' ? null : { ...answer, before };
  });
}

it('each route that writes is looked at', async () => {
  const known = new Set([...ACCEPTED.map(([route]) => route), ...Object.keys(WITHOUT), ...Object.keys(ELSEWHERE)]);
  expect((await writing()).map(({ route }) => route).filter((route) => !known.has(route))).toEqual([]);
});

it('what is accepted leaves exactly one line', async () => {
  for (let at = 0; at < 5; at++) await login('lola', 'wrong');
  await anEvent();
  for (const [route, action, asked] of ACCEPTED) {
    const { before, status, body } = await askedOnceServed(asked);
    expect([route, status >= 200 && status < 300, body?.code]).toEqual([route, true, undefined]);
    // The login of whoever logs out is one of its own.
    const of = async () => (await linesSince(before)).filter((line) => action === 'login' || line.action !== 'login');
    await expect.poll(of, { timeout: 60_000, message: route }).toEqual([{ action, done: true }]);
  }
}, 240_000);

/** What would be changed is not read first: that is refused as well, and leaves a line of its own. */
const UNREAD = { 'if-match': '*' };

it('what is refused leaves exactly one line', async () => {
  for (const { route, needs } of await writing()) {
    // Nobody is refused there by a right: login.refused, a signature and a seal are looked at elsewhere.
    if (needs === 'nobody' || needs.endsWith(': read')) continue;
    const [method, pattern] = route.split(' ') as [Method, string];
    const path = pattern.replace('{kind}', 'filter').replaceAll(/\{\w+\}/g, '1');
    const isOwn = needs === 'a session' || needs === 'a login';
    const before = await lastLine();
    // One's own is refused to a page of another site, which lacks the header.
    const answer = await as(vic, method, path, {}, { ...UNREAD, ...(isOwn ? { 'x-yosugara': '' } : {}) });
    expect([route, answer.status]).toEqual([route, 403]);
    await expect
      .poll(async () => await linesSince(before), { timeout: 60_000, message: route })
      .toEqual([{ action: 'refused', done: false }]);
  }
}, 240_000);

it('the host’s token leaves its line under the name that it says', async () => {
  const before = await lastLine();
  const body = { body: { name: 'F', view: 'events' }, by: 'eva' };
  const how = { bearer: PROBE_TOKEN, body, withinMs: 60_000 };
  expect((await ask(`${cluster.url}/api/v1/settings/filter/by-host`, 'PUT', how)).status).toBe(200);
  expect(await linesSince(before)).toEqual([{ action: 'setting.put', done: true }]);
});
