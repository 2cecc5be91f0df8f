import { createServer, type RequestListener } from 'node:http';
import { connect, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import type { SampleValue } from '@yosugara/operations';
import { Daemons, findSystemProgram, freePorts, startNginx, TestAuthority } from '@yosugara/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createProbes } from '../index.js';
import { askOne, newlyOpen, node, openThings, PATTERNS, whyOf } from '../testing/asking.js';
import { serveTcp, type TestServer } from '../testing/servers.js';
import { digestAnswer } from './digest.js';

const authority = new TestAuthority();
const probes = createProbes({ patterns: PATTERNS, authorities: () => authority.ca.toString() });
const servers: TestServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});
afterAll(async () => {
  for (const probe of probes) await probe.close();
  authority.remove();
});

const text = async (url: string, more: object = {}) => await askOne(probes, 'http-string', { url, ...more });
const why = async (url: string, more: object = {}) => await whyOf(probes, 'http-string', { url, ...more });
const TIME = { kind: 'number', number: expect.any(Number) };

async function serveHttp(listener: RequestListener): Promise<number> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  servers.push({
    port: 0,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
  return (server.address() as { readonly port: number }).port;
}
const serveRaw = async (...words: readonly string[]) => {
  const server = await serveTcp((socket) => {
    socket.once('data', () => {
      for (const word of words) socket.write(word);
    });
  });
  servers.push(server);
  return server.port;
};

describe.skipIf(findSystemProgram('nginx') === null)('nginx (package nginx)', () => {
  const daemons = new Daemons('nginx');
  let at: Awaited<ReturnType<typeof startNginx>>;
  beforeAll(async () => {
    const passwords = daemons.write('passwords', 'ann:{PLAIN}open sesame\n');
    at = await startNginx(
      daemons,
      authority.issue('web.example', ['DNS:web.example', 'IP:127.0.0.1']),
      `location = / { return 200 "all is well"; }
    location = /moved { return 302 /; }
    location = /round { return 302 /round; }
    location = /gone { return 410 "no more"; }
    location = /ftp { return 302 ftp://files.example/; }
    location = /private { auth_basic "x"; auth_basic_user_file ${passwords}; try_files /none @private; }
    location @private { return 200 "welcome"; }
    location = /sjis { default_type "text/html; charset=Shift_JIS"; return 200 "\u0083e\u0083X"; }`,
    );
  });
  afterAll(async () => await daemons.stop());
  const http = (path: string) => `http://127.0.0.1:${at.http}${path}`;
  const https = (path: string) => `https://127.0.0.1:${at.https}${path}`;

  it('is measured to the whole body, and read; nothing stays open', async () => {
    const before = openThings();
    expect(await askOne(probes, 'http-numeric', { url: http('/') })).toEqual(TIME);
    expect(await text(https('/'))).toEqual({ kind: 'text', text: 'all is well' });
    await expect.poll(() => newlyOpen(before)).toEqual([]);
  });
  it('leads on, and not for ever', async () => {
    expect(await text(http('/moved'))).toEqual({ kind: 'text', text: 'all is well' });
    expect(await why(http('/round'))).toBe(`http://127.0.0.1:${at.http}/round leads on more than 10 times`);
    expect(await why(http('/ftp'))).toBe(`http://127.0.0.1:${at.http}/ftp leads to an address of ftp:`);
    expect(await text(http('/moved'), { followRedirects: false })).toMatchObject({
      kind: 'text',
      text: expect.stringContaining('302'),
    });
  });
  it('answers with a status that is not allowed', async () =>
    expect(await why(http('/gone?secret=1'))).toBe(`127.0.0.1:${at.http} answers with status 410; allowed is 200-399`));
  it('with a status that is allowed is right', async () =>
    expect(await text(http('/gone'), { statuses: ['410'] })).toEqual({ kind: 'text', text: 'no more' }));
  it('wants a login', async () => {
    const auth = { kind: 'basic', user: 'ann', password: 'open sesame' };
    expect(await text(http('/private'), { auth })).toEqual({ kind: 'text', text: 'welcome' });
    expect(await why(http('/private'), { auth: { ...auth, password: 'wrong' } })).toMatch(/status 401/);
  });
  it('shows a certificate for another name', async () => {
    const named = `https://localhost:${at.https}/`;
    expect(await why(named)).toBe(
      `the certificate of localhost:${at.https} is for DNS:web.example, IP Address:127.0.0.1, not for localhost`,
    );
    expect(await text(named, { verifyTls: false })).toEqual({ kind: 'text', text: 'all is well' });
  });
  it('speaks no TLS at the other port', async () =>
    expect(await why(`https://127.0.0.1:${at.http}/`)).toBe(`127.0.0.1:${at.http} does not speak TLS`));
  it('is reached with what the node says', async () => {
    const facts = node({ variables: { PORT: String(at.http) } });
    expect(await askOne(probes, 'http-string', { url: 'http://#[IP_ADDRESS]:#[PORT]/' }, { node: facts })).toMatchObject({
      text: 'all is well',
    });
  });
  it('is reached through a proxy, plain and by TLS', async () => {
    const seen: string[] = [];
    const server = createServer((request, response) => {
      seen.push(`${request.method} ${request.url} ${request.headers['proxy-authorization']}`);
      response.end('by the proxy');
    });
    server.on('connect', (request, socket) => {
      seen.push(`CONNECT ${request.url}`);
      const to = connect(Number(request.url!.split(':')[1]), '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        to.pipe(socket).pipe(to);
      });
      for (const one of [to, socket]) one.on('error', () => undefined);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const sockets = new Set<Socket>();
    server.on('connection', (socket) => sockets.add(socket));
    servers.push({
      port: 0,
      close: async () => {
        for (const socket of sockets) socket.destroy();
        await new Promise((resolve) => server.close(resolve));
      },
    });
    const proxy = { url: `http://127.0.0.1:${(server.address() as { readonly port: number }).port}`, user: 'u', password: 'p' };
    const before = openThings();
    expect(await text('http://web.example/x', { proxy })).toEqual({ kind: 'text', text: 'by the proxy' });
    expect(await text(https('/'), { proxy })).toEqual({ kind: 'text', text: 'all is well' });
    expect(seen).toEqual(['GET http://web.example/x Basic dTpw', `CONNECT 127.0.0.1:${at.https}`]);
    await expect.poll(() => newlyOpen(before)).toEqual([]);
  });
  it('down', async () => {
    await daemons.end(at.child);
    expect(await why(http('/'))).toBe(`connection refused by 127.0.0.1:${at.http}`);
  });
});

describe('a page', () => {
  it('without end is measured so far, and only its beginning is read', async () => {
    const port = await serveHttp((_, response) => {
      const more = () => {
        while (response.write('x'.repeat(65_536)));
      };
      response.on('drain', more);
      more();
    });
    const before = openThings();
    const answer = (await text(`http://127.0.0.1:${port}/`)) as SampleValue & { readonly kind: 'text' };
    expect(answer.text).toHaveLength(262_144);
    await expect.poll(() => newlyOpen(before)).toEqual([]);
  });
  it('that is packed too small to be true is not unpacked', async () => {
    const bomb = gzipSync(Buffer.alloc(50_000_000));
    const port = await serveHttp((_, response) => void response.setHeader('content-encoding', 'gzip').end(bomb));
    expect(await why(`http://127.0.0.1:${port}/`)).toBe(
      'the answer is packed as gzip and cannot be unpacked within 262144 bytes',
    );
  });
  it('that is packed though it was not asked for is read', async () => {
    const port = await serveHttp((_, response) => void response.setHeader('content-encoding', 'gzip').end(gzipSync('hello')));
    expect(await text(`http://127.0.0.1:${port}/`)).toEqual({ kind: 'text', text: 'hello' });
  });
  it('is read in its charset, by the header or by itself', async () => {
    const bytes = Buffer.from([0x83, 0x65, 0x83, 0x58, 0x83, 0x67]);
    const port = await serveHttp((request, response) => {
      if (request.url === '/header') response.setHeader('content-type', 'text/plain; charset=Shift_JIS').end(bytes);
      else response.setHeader('content-type', 'text/html').end(Buffer.concat([Buffer.from('<meta charset="shift_jis">'), bytes]));
    });
    expect(await text(`http://127.0.0.1:${port}/header`)).toEqual({ kind: 'text', text: 'テスト' });
    expect(await text(`http://127.0.0.1:${port}/`)).toMatchObject({ text: expect.stringMatching(/テスト$/) });
  });
  it('behind a login by digest', async () => {
    const challenge = 'Digest realm="r", qop="auth", algorithm=SHA-256, nonce="n1"';
    const port = await serveHttp((request, response) => {
      const sent = request.headers.authorization ?? '';
      const cnonce = /cnonce="(\w+)"/.exec(sent)?.[1] ?? '';
      const right = digestAnswer([challenge], { user: 'ann', password: 'pw' }, { method: 'GET', uri: '/x?y=1' }, cnonce);
      if (sent === right) response.end('welcome');
      else response.writeHead(401, { 'www-authenticate': challenge }).end();
    });
    const auth = { kind: 'digest', user: 'ann', password: 'pw' };
    expect(await text(`http://127.0.0.1:${port}/x?y=1`, { auth })).toEqual({ kind: 'text', text: 'welcome' });
    expect(await why(`http://127.0.0.1:${port}/x?y=1`, { auth: { ...auth, password: 'no' } })).toMatch(/status 401/);
  });
  it('elsewhere is not told who we are here', async () => {
    const seen: unknown[] = [];
    const other = await serveHttp((request, response) => {
      seen.push([request.headers.authorization, request.headers['x-key']]);
      response.end('there');
    });
    const port = await serveHttp((_, response) => void response.writeHead(302, { location: `http://localhost:${other}/` }).end());
    const more = { auth: { kind: 'basic', user: 'u', password: 'p' }, headers: [{ name: 'X-Key', value: 'secret' }] };
    expect(await text(`http://127.0.0.1:${port}/`, more)).toEqual({ kind: 'text', text: 'there' });
    expect(seen).toEqual([[undefined, undefined]]);
  });
  it.each([
    ['what is no HTTP', ['220 mail.example ESMTP\r\n\r\n'], /does not speak HTTP/, 20_000],
    ['half an answer', ['HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf'], /no answer within 300 ms/, 300],
    ['a header without end', [`HTTP/1.1 200 OK\r\nX: ${'x'.repeat(70_000)}\r\n\r\n`], /does not speak HTTP/, 20_000],
  ] as const)('%s is a failure', async (_, words, expected, timeoutMs) => {
    const port = await serveRaw(...words);
    const before = openThings();
    expect(await why(`http://127.0.0.1:${port}/`, { timeoutMs })).toMatch(expected);
    await expect.poll(() => newlyOpen(before)).toEqual([]);
  });
  it('of an address that is none', async () =>
    expect(await why('http://#[NO_SUCH]/')).toMatch(/none of http:\/\/ or https:\/\//));
  it('of a name that is none is said to be that', async () => {
    const [port] = await freePorts(1);
    expect(await why(`http://no-such-host.invalid:${port}/`, { timeoutMs: 10_000 })).toMatch(
      /^the name no-such-host\.invalid cannot be resolved: /,
    );
  });
});

describe('a scenario', () => {
  const rule = (pattern: string, priority: string) => ({ pattern, mode: 'contains', priority });
  const shop = async () =>
    await serveHttp((request, response) => {
      const isIn = request.headers.cookie === 'session=s1';
      if (request.url === '/') response.setHeader('set-cookie', 'session=s1; Path=/').end('<form token="t 1&2">');
      else if (request.method === 'POST') {
        let body = '';
        request.on('data', (chunk) => (body += chunk)).on('end', () => response.end(isIn ? `got ${body}` : 'who are you'));
      } else response.writeHead(isIn ? 200 : 403).end('the end');
    });
  const pages = (port: number) => [
    { name: 'form', url: `http://127.0.0.1:${port}/`, variables: [{ name: 'token', pattern: 'token="([^"]*)"' }] },
    {
      name: 'post',
      url: `http://127.0.0.1:${port}/login`,
      method: 'POST',
      body: 'token=#[token]',
      rules: [rule('sorry', 'critical'), rule('got token=t 1&2', 'info')],
    },
    { name: 'end', url: `http://127.0.0.1:${port}/end` },
  ];
  const walk = async (all: readonly object[]) => await askOne(probes, 'http-scenario', { pages: all });

  it('goes from page to page with what it found and was given', async () => {
    const before = openThings();
    expect(await walk(pages(await shop()))).toEqual({
      kind: 'pages',
      pages: [
        { ms: expect.any(Number), status: 200, body: '<form token="t 1&2">', why: null },
        { ms: expect.any(Number), status: 200, body: 'got token=t 1&2', why: null },
        { ms: expect.any(Number), status: 200, body: 'the end', why: null },
      ],
    });
    await new Promise((resolve) => setImmediate(resolve));
    await expect.poll(() => newlyOpen(before).filter((one) => !one.startsWith('TCPServerWrap'))).toEqual([]);
  });
  it('ends with a page whose rule says so', async () => {
    const [first, second, third] = pages(await shop());
    const wrong = { ...second, rules: [rule('got', 'warning')] };
    expect(await walk([first!, wrong, third!])).toMatchObject({
      pages: [{ why: null }, { status: 200, body: 'got token=t 1&2', why: null }],
    });
  });
  it('ends with a page that no rule fits', async () => {
    const [first, second, third] = pages(await shop());
    expect(await walk([first!, { ...second, rules: [rule('nothing of that', 'info')] }, third!])).toMatchObject({
      pages: [{}, {}],
    });
  });
  it('ends with a status that is not allowed', async () =>
    expect(await walk(pages(await shop()).slice(2))).toMatchObject({ pages: [{ status: 403, body: 'the end', why: null }] }));
  it('ends where a variable is not found, and where nobody answers', async () => {
    const port = await shop();
    const [first] = pages(port);
    const without = { ...first, variables: [{ name: 'id', pattern: 'id=(\\d+)' }] };
    expect(await walk([without, first!])).toMatchObject({ pages: [{ why: 'what #[id] is to be is not in the page' }] });
    const [closed] = await freePorts(1);
    expect(await walk([{ name: 'x', url: `http://127.0.0.1:${closed}/` }])).toMatchObject({
      pages: [{ why: `connection refused by 127.0.0.1:${closed}` }],
    });
  });
});
