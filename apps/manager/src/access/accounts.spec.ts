import 'reflect-metadata';
import type { AuditRow } from '@yosugara/protocol';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Answer, BLIND, PROBE_TOKEN } from '../testing/harness.js';
import { type AccessWorld, accessWorld } from './testing/access-world.js';
import { totpCode, totpStep } from './totp.js';

const PASSWORD = 'a-password-of-somebody';
let world: AccessWorld;
beforeAll(async () => {
  world = await accessWorld(92);
});
beforeEach(async () => await world.eras.becomeActive(world.node, 'a'));
afterAll(async () => await world?.stop());

const admin = async (
  method: Parameters<AccessWorld['as']>[1],
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
) => await world.as(world.admin, method, path, body, headers);
const login = async (body: object): Promise<Answer> => await world.node.call('POST', '/api/login', { body });
const cookieOf = (answer: Answer) => answer.headers.get('set-cookie')?.split(';')[0] ?? '';
const audit = async (query: string): Promise<readonly AuditRow[]> => (await admin('GET', `/api/v1/audit?${query}`)).body.rows;

describe('a user', () => {
  it('is made with a password that is shown once, and gives themselves another one before anything else', async () => {
    const made = await admin('POST', '/api/v1/users', {
      login: 'eva',
      name: 'Eva',
      roles: ['viewer'],
      language: 'ja',
      timeZone: 'Asia/Tokyo',
    });
    expect(made).toMatchObject({
      status: 200,
      body: { user: { login: 'eva', mustChange: true, source: 'local', totp: false, revision: 1 } },
    });
    const { password } = made.body as { password: string };
    expect(password).toMatch(/^[\w-]{20}$/);
    const entered = await login({ login: 'EVA', password });
    expect(entered).toMatchObject({ status: 200, body: { login: 'eva', mustChange: true, language: 'ja' } });
    const eva = cookieOf(entered);
    expect(await world.as(eva, 'GET', '/api/messages')).toMatchObject({ status: 403, body: { code: 'PASSWORD_CHANGE_NEEDED' } });
    expect((await world.as(eva, 'POST', '/api/password', { current: password, next: 'short' })).status).toBe(400);
    expect((await world.as(eva, 'POST', '/api/password', { current: password, next: PASSWORD })).status).toBe(200);
    expect((await world.as(eva, 'GET', '/api/messages')).status).toBe(200);
    expect((await admin('GET', '/api/v1/users?text=EV')).body.rows[0].lastLoginAt).not.toBeNull();
    expect(await admin('POST', '/api/v1/users', { login: 'Eva' })).toMatchObject({
      status: 409,
      body: { code: 'ALREADY_THERE' },
    });
    expect((await admin('POST', '/api/v1/users', { login: 'x', roles: ['nothing'] })).body).toMatchObject({
      code: 'INVALID_INPUT',
      place: 'roles.0',
    });
  });
  it('is changed from the revision that was read; who is disabled is out at once', async () => {
    const fred = await world.person('fred', ['viewer']);
    const shown = await admin('GET', '/api/v1/users?text=fred');
    const path = `/api/v1/users/${shown.body.rows[0].id}`;
    const etag = (await admin('GET', path)).headers.get('etag')!;
    expect((await admin('PATCH', path, { name: 'Fred' }, { 'if-match': etag })).body).toMatchObject({ name: 'Fred' });
    expect(await admin('PATCH', path, { name: 'F' }, { 'if-match': etag })).toMatchObject({
      status: 412,
      body: { code: 'REVISION_MISMATCH' },
    });
    for (const method of ['PATCH', 'DELETE'] as const)
      expect(await admin(method, path, { name: 'F' }, { [BLIND]: '1' })).toMatchObject({
        status: 428,
        body: { code: 'PRECONDITION_REQUIRED' },
      });
    expect((await world.as(fred, 'GET', '/api/cluster')).status).toBe(200);
    expect((await admin('PATCH', path, { roles: [] })).body.roles).toEqual([]);
    expect((await world.as(fred, 'GET', '/api/cluster')).status).toBe(403);
    await admin('PATCH', path, { enabled: false });
    expect((await world.as(fred, 'GET', '/api/me')).status).toBe(401);
    expect((await login({ login: 'fred', password: PASSWORD })).status).toBe(401);
    const rows = await audit(`object=user/${shown.body.rows[0].id}&what=user.`);
    expect(rows.map(({ who, action }) => [who, action])).toEqual([
      ...[
        ['admin', 'user.change'],
        ['admin', 'user.change'],
        ['admin', 'user.change'],
        ['admin', 'user.create'],
      ],
    ]);
    expect(rows[1]?.detail).toMatchObject({ login: 'fred', rolesBefore: ['viewer'], roles: [] });
  });
  it('whose password is reset is out, and may only change it', async () => {
    const gail = await world.person('gail', ['viewer']);
    const { id } = (await admin('GET', '/api/v1/users?text=gail')).body.rows[0];
    const { password } = (await admin('POST', `/api/v1/users/${id}/reset-password`, {})).body;
    expect((await world.as(gail, 'GET', '/api/me')).status).toBe(401);
    expect((await login({ login: 'gail', password })).body).toMatchObject({ mustChange: true });
    expect((await admin('DELETE', `/api/v1/users/${id}`)).status).toBe(200);
    expect((await admin('GET', `/api/v1/users/${id}`)).status).toBe(404);
  });
});

describe('a second factor', () => {
  it('is asked for when it was confirmed; each code is good once, and so is each recovery code', async () => {
    const hana = await world.person('hana', ['viewer']);
    expect((await world.as(hana, 'POST', '/api/me/totp', { password: 'wrong' })).status).toBe(403);
    const begun = (await world.as(hana, 'POST', '/api/me/totp', { password: PASSWORD })).body;
    expect(begun.uri).toContain(`secret=${begun.secret}`);
    // Begun is not confirmed.
    expect((await login({ login: 'hana', password: PASSWORD })).status).toBe(200);
    const code = (steps: number) => totpCode(begun.secret, totpStep(Date.now()) + steps);
    expect((await world.as(hana, 'POST', '/api/me/totp/confirm', { code: code(5) })).status).toBe(401);
    const { recoveryCodes } = (await world.as(hana, 'POST', '/api/me/totp/confirm', { code: code(0) })).body;
    expect(recoveryCodes).toHaveLength(10);
    expect(await login({ login: 'hana', password: PASSWORD })).toMatchObject({ status: 401, body: { code: 'TOTP_REQUIRED' } });
    expect(await login({ login: 'hana', password: 'wrong', code: code(1) })).toMatchObject({ body: { code: 'LOGIN_REFUSED' } });
    // Ahead of the clock: whatever passes until it is looked at, it is neither too old nor used.
    const now = code(1);
    expect(await login({ login: 'hana', password: PASSWORD, code: now })).toMatchObject({
      status: 200,
      body: { totp: true, recoveryCodesLeft: 10 },
    });
    expect(await login({ login: 'hana', password: PASSWORD, code: now })).toMatchObject({
      status: 401,
      body: { code: 'TOTP_WRONG' },
    });
    expect((await login({ login: 'hana', password: PASSWORD, code: recoveryCodes[3] })).body).toMatchObject({
      recoveryCodesLeft: 9,
    });
    expect(await login({ login: 'hana', password: PASSWORD, code: recoveryCodes[3] })).toMatchObject({ status: 401 });
    const stored = (await world.pool.query("select totp_secret from app_user where login = 'hana'")).rows[0]
      .totp_secret as Buffer;
    expect(stored.toString('latin1')).not.toContain(begun.secret);
    const off = { password: PASSWORD, code: recoveryCodes[4] };
    expect((await world.as(hana, 'POST', '/api/me/totp/disable', off)).status).toBe(200);
    expect((await login({ login: 'hana', password: PASSWORD })).status).toBe(200);
  });
});

describe('an API token', () => {
  it('does what its roles allow, without the header of a page, until it is taken away', async () => {
    const iris = await world.person('iris', ['operator', 'viewer']);
    const made = (await world.as(iris, 'POST', '/api/v1/tokens', { name: 'ci', roles: ['viewer'], days: 1 })).body;
    const bearer = made.secret as string;
    const call = async (method: 'GET' | 'POST' | 'PUT', path: string, body?: unknown) =>
      await world.node.call(method, path, { bearer, headers: { 'x-yosugara': '' }, ...(body === undefined ? {} : { body }) });
    expect((await call('GET', '/api/me')).body).toMatchObject({ login: 'iris', role: 'viewer', roles: ['viewer'] });
    expect((await call('GET', '/api/messages')).status).toBe(200);
    expect((await call('PUT', '/api/v1/settings/filter/x', { body: {} })).status).toBe(403);
    for (const path of ['/api/v1/tokens', '/api/me/totp', '/api/password'])
      expect(await call('POST', path, {}), path).toMatchObject({ status: 403, body: { code: 'SESSION_NEEDED' } });
    const digests = await world.pool.query('select digest, start from api_token where id = $1', [made.token.id]);
    expect(JSON.stringify(digests.rows)).not.toContain(bearer);
    expect(bearer.startsWith(digests.rows[0].start)).toBe(true);
    // A role that its user has no more is its no more either.
    const { id } = (await admin('GET', '/api/v1/users?text=iris')).body.rows[0];
    await admin('PATCH', `/api/v1/users/${id}`, { roles: ['operator'] });
    expect((await call('GET', '/api/messages')).status).toBe(403);
    await admin('PATCH', `/api/v1/users/${id}`, { roles: ['operator', 'viewer'] });
    expect((await world.as(iris, 'GET', '/api/v1/tokens')).body.rows).toMatchObject([{ name: 'ci', roles: ['viewer'] }]);
    expect((await world.as(iris, 'DELETE', `/api/v1/tokens/${made.token.id}`)).status).toBe(200);
    expect((await call('GET', '/api/me')).status).toBe(401);
    const rows = await audit('who=iris');
    expect(rows.slice(0, 2).map(({ action, object }) => [action, object])).toEqual([
      ['token.delete', `token/${made.token.id}`],
      ['refused', null],
    ]);
  });
});

describe('the audit log', () => {
  it('tells who did what to what, from where and how, in pages and as a table', async () => {
    await world.put('filter', 'audited', { name: 'F', view: 'events' });
    await world.node.call('DELETE', '/api/v1/settings/filter/audited?by=host-person', { bearer: PROBE_TOKEN });
    const rows = await audit('object=filter/audited');
    expect(rows).toMatchObject([
      { who: 'host-person', by: 'host', from: '127.0.0.1', action: 'setting.delete', done: true, node: 'a' },
      { who: 'admin', by: 'session', from: '127.0.0.1', action: 'setting.put', done: true, node: 'a' },
    ]);
    const page = (await admin('GET', '/api/v1/audit?limit=2')).body;
    expect(page.next).toBe(page.rows[1].id);
    expect((await audit(`limit=1&after=${page.next}`))[0]?.id).not.toBe(page.next);
    const table = await admin('GET', '/api/v1/audit?object=filter/&format=csv');
    expect(table.body.split('\r\n').slice(0, 2)).toEqual([
      'id,at,who,by,from,action,object,done,detail,node,epoch',
      expect.stringContaining(',host-person,host,127.0.0.1,setting.delete,filter/audited,true,'),
    ]);
  });
});
