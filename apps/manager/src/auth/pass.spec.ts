import 'reflect-metadata';
import { freePort, startTestPostgres, type TestPostgres } from '@yosugara/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Eras, startNode, type TestNode } from '../testing/harness.js';

/*
 * Two nodes with one database and no address that goes with the Master: whoever is logged in at one of them goes to the other without a login.
 */
let server: TestPostgres;
let nodes: readonly TestNode[] = [];
let a: TestNode;
let b: TestNode;
let port: number;
let cookie: string;

beforeAll(async () => {
  server = await startTestPostgres();
  port = await freePort();
  const { host } = server;
  const start = async (node: 'a' | 'b', address: string, vip: string | null = null) =>
    await startNode({ node, address, vip, port, postgres: { host, port: server.port } });
  a = await start('a', '127.0.98.1');
  b = await start('b', '127.0.98.2');
  nodes = [a, b];
  await new Eras().becomeActive(a, 'a');
  cookie = await a.login();
});
afterAll(async () => {
  for (const node of nodes) await node.stop();
  await server?.stop();
});

const passOf = async (): Promise<string> => (await a.call('GET', '/api/pass', { cookie })).body.pass;
const take = async (pass: string, headers: Record<string, string> = {}) =>
  await b.call('POST', '/api/pass', { body: { pass }, headers });

describe('a pass', () => {
  it('is a session at the other node’s address: the same one, which ends there, too', async () => {
    const taken = await take(await passOf());
    expect(taken.status).toBe(200);
    const set = taken.headers.get('set-cookie') ?? '';
    expect(set).toMatch(/HttpOnly.*SameSite=Strict/);
    const there = set.split(';')[0]!;
    expect((await b.call('GET', '/api/me', { cookie: there })).body).toMatchObject({ login: 'admin' });
    expect(there).toBe(cookie);
  });
  it('is given to nobody without a session', async () => {
    expect((await a.call('GET', '/api/pass')).status).toBe(401);
    expect((await a.call('GET', '/api/pass', { bearer: 'the-probe-token' })).status).toBeGreaterThanOrEqual(401);
  });
  it.each(['', 'x', 'AAAA', Buffer.alloc(80, 1).toString('base64url')])('%j is none', async (pass) => {
    const { status, headers } = await take(pass);
    expect([400, 401]).toContain(status);
    expect(headers.get('set-cookie')).toBeNull();
  });
  it('that was changed is none', async () => {
    const pass = await passOf();
    expect((await take(`${pass.slice(0, -4)}AAAA`)).status).toBe(401);
  });
  it('is taken from no page of another site', async () =>
    expect((await take(await passOf(), { 'x-yosugara': '' })).status).toBe(403));
});

describe('where the other node is', () => {
  it('is told to everybody, also to a page of the other node', async () => {
    const { body, headers } = await a.call('GET', '/health');
    expect(body.others).toEqual([`http://127.0.77.99:${port}`]);
    expect(headers.get('access-control-allow-origin')).toBe('*');
    expect(headers.get('access-control-allow-credentials')).toBeNull();
  });
  it('may be asked by the page, and nobody else may', async () => {
    const policy = (await a.call('GET', '/')).headers.get('content-security-policy') ?? '';
    expect(policy).toContain(`connect-src 'self' http://127.0.77.99:${port} https://127.0.77.99:${port};`);
  });
});
