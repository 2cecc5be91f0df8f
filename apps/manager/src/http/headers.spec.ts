import 'reflect-metadata';
import tls from 'node:tls';
import { freePort, startTestPostgres, TestAuthority, type TestPostgres } from '@yosugara/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Eras, METRICS_TOKEN, type Method, startNode, type TestNode } from '../testing/harness.js';

/** What a passive scan of a site looks at, on every kind of answer, over https: headers and cookies. */
const ADDRESS = '127.0.64.3';
let authority: TestAuthority;
let server: TestPostgres;
let node: TestNode;
let cookie = '';
const eras = new Eras();

beforeAll(async () => {
  authority = new TestAuthority('cluster');
  tls.setDefaultCACertificates([authority.ca.toString()]);
  server = await startTestPostgres();
  const postgres = { host: server.host, port: server.port };
  const own = authority.issue('a', [`IP:${ADDRESS}`]);
  node = await startNode({
    ...{ node: 'a', address: ADDRESS, vip: '127.0.64.9', port: await freePort(), postgres, loginsPerMinute: 10_000 },
    tls: { own, given: null, caFile: authority.caFile },
  });
  await eras.becomeActive(node, 'a');
  cookie = await node.login();
});
afterAll(async () => {
  await node?.stop();
  await server?.stop();
  authority?.remove();
});

interface Kind {
  readonly path: string;
  readonly status: number;
  readonly how?: {
    readonly method?: Method | 'OPTIONS' | 'TRACE';
    readonly cookie?: true;
    readonly headers?: Record<string, string>;
  };
  /** Default: kept by nobody. */
  readonly cache?: string;
}
const KINDS: Readonly<Record<string, Kind>> = {
  'a page': { path: '/', status: 200, cache: 'no-cache' },
  'a page of the console’s router': { path: '/events', status: 200, cache: 'no-cache' },
  'a file with its hash in its name': { path: '/assets/main-abc.js', status: 200, cache: 'public, max-age=31536000, immutable' },
  'a file that is not there': { path: '/assets/gone.js', status: 404 },
  'an answer of the API': { path: '/api/me', status: 200, how: { cookie: true } },
  'the document of the API': { path: '/api/openapi.json', status: 200 },
  'a table': { path: '/api/v1/audit?format=csv', status: 200, how: { cookie: true } },
  'an error of the API': { path: '/api/v1/users/0', status: 404, how: { cookie: true } },
  'a mistake in a question': { path: '/api/messages?limit=x', status: 400, how: { cookie: true } },
  'an address of the API that there is not': { path: '/api/nothing', status: 404 },
  'a refusal of somebody unknown': { path: '/api/me', status: 401 },
  'a refusal of another site': {
    path: '/api/logout',
    status: 403,
    how: { method: 'POST', cookie: true, headers: { 'x-yosugara': '' } },
  },
  'a body that is no JSON': {
    ...{ path: '/api/login', status: 400 },
    how: { method: 'POST', headers: { 'x-yosugara': '1', 'content-type': 'application/json' } },
  },
  'a body of another type': {
    ...{ path: '/api/login', status: 415 },
    how: { method: 'POST', headers: { 'x-yosugara': '1', 'content-type': 'text/xml' } },
  },
  'a method that there is not': { path: '/api/me', status: 404, how: { method: 'OPTIONS' } },
  'a stream': { path: '/api/v1/events/stream', status: 200, how: { cookie: true } },
  health: { path: '/health', status: 200 },
  metrics: { path: '/metrics', status: 200, how: { headers: { authorization: `Bearer ${METRICS_TOKEN}` } } },
};

async function asked({ path, how = {} }: Kind): Promise<Response> {
  const { method = 'GET', headers = {} } = how;
  const stop = new AbortController();
  const answer = await fetch(`${node.url}${path}`, {
    ...{ method, signal: AbortSignal.any([stop.signal, AbortSignal.timeout(20_000)]), redirect: 'manual' },
    headers: { connection: 'close', ...(how.cookie === true ? { cookie } : {}), ...headers },
    ...(method === 'POST' ? { body: '<no json>' } : {}),
  });
  // A stream does not end.
  stop.abort();
  return answer;
}

describe.each(Object.entries(KINDS))('%s', (_, kind) => {
  it('comes with what keeps browsers from harm, and tells nothing of what serves it', async () => {
    const { status, headers } = await asked(kind);
    expect(status).toBe(kind.status);
    const policy = headers.get('content-security-policy') ?? '';
    for (const part of [
      "default-src 'self'",
      "script-src 'self'",
      "frame-ancestors 'none'",
      "base-uri 'none'",
      "object-src 'none'",
    ])
      expect(policy).toContain(part);
    expect(policy).toContain("form-action 'self'");
    expect(policy).not.toMatch(/script-src[^;]*'unsafe-|\*/);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('x-frame-options')).toMatch(/^(DENY|SAMEORIGIN)$/);
    expect(headers.get('referrer-policy')).toBe('same-origin');
    expect(headers.get('cross-origin-resource-policy')).toBe('same-origin');
    expect(headers.get('strict-transport-security')).toBe('max-age=31536000');
    expect(headers.get('cache-control')).toBe(kind.cache ?? 'no-store');
    for (const name of ['server', 'x-powered-by', 'x-aspnet-version', 'via'])
      expect([name, headers.get(name)]).toEqual([name, null]);
    // Where a page of the other node has to go is no secret, and is told without a login.
    expect(headers.get('access-control-allow-origin')).toBe(kind.path === '/health' ? '*' : null);
    expect(headers.get('access-control-allow-credentials')).toBeNull();
    if (kind.how?.method !== 'OPTIONS') expect(headers.get('content-type')).toMatch(/^(?:text|application)\/[\w.+-]+/);
  });
});

describe('cookies over https', () => {
  const enter = async () =>
    await node.call('POST', '/api/login', { body: { login: 'admin', password: 'password-of-admin-of-spec' } });

  it('are this host’s alone, unseen by scripts, sent by no other site, and gone after logging out', async () => {
    const [set] = (await enter()).headers.getSetCookie();
    const [pair = '', ...flags] = (set ?? '').split('; ');
    expect(pair).toMatch(/^__Host-yosugara_session=[\w-]{43}\.[\w-]{43}$/);
    expect(flags.toSorted()).toEqual(['HttpOnly', `Max-Age=${12 * 3_600}`, 'Path=/', 'SameSite=Strict', 'Secure']);
    const out = await node.call('POST', '/api/logout', { cookie: pair });
    expect(out.headers.getSetCookie()[0]).toMatch(/^__Host-yosugara_session=; .*(Expires=Thu, 01 Jan 1970|Max-Age=0)/);
    expect(out.headers.getSetCookie()[0]).toContain('Secure');
    expect((await node.call('GET', '/api/me', { cookie: pair })).status).toBe(401);
  });

  it('of the same name without its prefix let nobody in: whoever speaks in the clear could have planted them', async () => {
    const pair = (await enter()).headers.getSetCookie()[0]!.split(';')[0]!;
    expect((await node.call('GET', '/api/me', { cookie: pair })).status).toBe(200);
    expect((await node.call('GET', '/api/me', { cookie: pair.replace('__Host-', '') })).status).toBe(401);
  });

  it('are new at each login: one that was known before is not taken over', async () => {
    const [one, other] = [await enter(), await enter()].map(({ headers }) => headers.getSetCookie()[0]?.split(';')[0]);
    expect(one).not.toBe(other);
  });
});

describe('requests of other sites', () => {
  it.each([
    ['a form', { 'content-type': 'application/x-www-form-urlencoded' }],
    ['text', { 'content-type': 'text/plain' }],
    ['JSON without the header that no form can send', { 'content-type': 'application/json' }],
  ])('change nothing: %s', async (_, headers) => {
    const body = JSON.stringify({ name: 'Mallory' });
    const answer = await fetch(`${node.url}/api/me`, {
      ...{ method: 'PATCH', body, headers: { ...headers, cookie, origin: 'https://evil.example', connection: 'close' } },
    });
    expect([403, 415]).toContain(answer.status);
    expect((await node.call('GET', '/api/me', { cookie })).body.name).not.toBe('Mallory');
  });

  it('are told by no preflight that they may', async () => {
    const asking = {
      origin: 'https://evil.example',
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'x-yosugara',
    };
    const { headers } = await fetch(`${node.url}/api/me`, { method: 'OPTIONS', headers: { ...asking, connection: 'close' } });
    expect([...headers.keys()].filter((name) => name.startsWith('access-control-'))).toEqual([]);
  });
});
