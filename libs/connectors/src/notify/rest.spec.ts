import { createServer as createHttp, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { connect } from 'node:net';
import type { RestPayload } from '@yosugara/operations';
import { type RestAccessBody, RestAccessBodySchema } from '@yosugara/protocol';
import { freePort, TestAuthority } from '@yosugara/testkit';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { restSender } from './rest.js';
import { TOLD, within } from './testing/counterparts.js';

const authority = new TestAuthority();
const certificate = authority.issue('hooks', ['DNS:hooks.example', 'IP:127.0.0.1']);
const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});
afterAll(() => authority.remove());

interface Asked {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}
type Answer = (asked: Asked, response: ServerResponse) => void;

async function serve(
  answer: Answer = (_, response) => response.end('ok'),
  tls = false,
): Promise<{ readonly port: number; readonly asked: Asked[] }> {
  const asked: Asked[] = [];
  const listener = (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method, url, headers } = request;
      const one = { method, url, headers, body: Buffer.concat(chunks).toString() };
      asked.push(one);
      answer(one, response);
    });
  };
  const server = tls ? createHttps({ key: certificate.key, cert: certificate.cert }, listener) : createHttp(listener);
  servers.push(server as Server);
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return { port, asked };
}

const PAYLOAD: RestPayload = {
  kind: 'rest',
  access: 'hook',
  values: { PRIORITY: 'critical', MESSAGE: 'no "answer"', FACILITY_ID: 'web 1' },
};
const access = (port: number, change: object = {}): RestAccessBody =>
  RestAccessBodySchema.parse({ url: `http://127.0.0.1:${port}/hook`, timeoutMs: 60_000, ...change });
function sender(of: RestAccessBody) {
  const send = restSender({ restAccess: () => of, mailServer: () => null, trap: () => null });
  return async (deadlineMs = 60_000, signal?: AbortSignal) => await send(PAYLOAD, TOLD, within(deadlineMs, signal));
}

describe('a request', () => {
  it('has the id of what is told, and the values where they belong', async () => {
    const { port, asked } = await serve();
    const change = {
      url: `http://127.0.0.1:${port}/#[SECRET]?n=#[FACILITY_ID]`,
      secret: 'T0/B0/x',
      headers: { 'X-Priority': '#[PRIORITY]' },
      body: '{"m":"#[MESSAGE]"}',
    };
    expect(await sender(access(port, change))()).toEqual({ kind: 'accepted' });
    expect(asked).toMatchObject([{ method: 'POST', url: '/T0/B0/x?n=web%201', body: '{"m":"no \\"answer\\""}' }]);
    expect(asked[0]?.headers).toMatchObject({
      'idempotency-key': TOLD.id,
      'x-yosugara-id': TOLD.id,
      'x-priority': 'critical',
      'content-type': 'application/json; charset=utf-8',
    });
  });
  it.each([
    [204, 'accepted'],
    [400, 'refused'],
    [404, 'refused'],
    [408, 'retry'],
    [429, 'retry'],
    [500, 'retry'],
    [503, 'retry'],
  ])('that is answered %i is %s', async (status, kind) => {
    const { port } = await serve((_, response) => response.writeHead(status).end());
    expect((await sender(access(port))()).kind).toBe(kind);
  });
  it('is sent later when the other side says when', async () => {
    const { port } = await serve((_, response) => response.writeHead(429, { 'retry-after': '30' }).end('slow down'));
    expect(await sender(access(port))()).toMatchObject({
      kind: 'retry',
      afterMs: 30_000,
      why: expect.stringContaining('slow down'),
    });
  });
  it('is sent again at once as often as it is told to', async () => {
    let left = 2;
    const { port, asked } = await serve((_, response) => response.writeHead(left-- > 0 ? 500 : 200).end());
    expect((await sender(access(port, { retries: 2 }))()).kind).toBe('accepted');
    expect(new Set(asked.map(({ headers }) => headers['idempotency-key'])).size).toBe(1);
    expect(asked).toHaveLength(3);
  });
  it('is not sent to another place that it is led to, nor with its secrets', async () => {
    const other = await serve();
    const { port } = await serve((_, response) => response.writeHead(307, { location: `http://127.0.0.1:${other.port}/` }).end());
    const sent = await sender(access(port, { auth: { type: 'bearer', token: 'hunter2' } }))();
    expect(sent).toMatchObject({ kind: 'refused', why: expect.stringContaining('another place') });
    expect(other.asked).toEqual([]);
  });
  it('follows within the same place where the request is to be repeated', async () => {
    const { port, asked } = await serve((one, response) =>
      one.url === '/hook' ? response.writeHead(308, { location: '/new' }).end() : response.end(),
    );
    expect((await sender(access(port))()).kind).toBe('accepted');
    expect(asked.map(({ method, url }) => `${method} ${url}`)).toEqual(['POST /hook', 'POST /new']);
  });
  it('goes in circles three times at most', async () => {
    const { port, asked } = await serve((_, response) => response.writeHead(307, { location: '/hook' }).end());
    expect((await sender(access(port))()).kind).toBe('refused');
    expect(asked).toHaveLength(4);
  });
  it('is given up when nobody answers in time, and when this node may not send any more', async () => {
    const { port } = await serve(() => undefined);
    expect(await sender(access(port))(200)).toMatchObject({ kind: 'retry', why: expect.stringContaining('no answer within') });
    const cut = new AbortController();
    setTimeout(() => cut.abort(), 50);
    // Nothing else would end it before this spec is given up.
    expect((await sender(access(port, { timeoutMs: 300_000 }))(300_000, cut.signal)).kind).toBe('retry');
  });
  it('reads not more of an endless answer than it has to', async () => {
    const { port } = await serve((_, response) => {
      response.writeHead(500);
      const more = () => {
        while (!response.destroyed && response.write('x'.repeat(65_536)));
        if (!response.destroyed) response.once('drain', more);
      };
      more();
    });
    const sent = await sender(access(port))();
    expect(sent.kind).toBe('retry');
    expect(JSON.stringify(sent).length).toBeLessThan(500);
  });
  it('has none of its secrets in what is said of it', async () => {
    const { port } = await serve((one, response) => response.writeHead(403).end(`no: ${one.url} ${one.headers.authorization}`));
    const sent = await sender(
      access(port, { url: `http://127.0.0.1:${port}/#[SECRET]`, secret: 'T0/B0', auth: { type: 'bearer', token: 'hunter2' } }),
    )();
    expect(sent).toMatchObject({ kind: 'refused', why: expect.stringContaining('***') });
    expect(JSON.stringify(sent)).not.toMatch(/T0\/B0|hunter2/);
  });
});

describe('who asks', () => {
  it('is said by basic or bearer', async () => {
    const { port, asked } = await serve();
    await sender(access(port, { auth: { type: 'basic', user: 'ann', password: 'p:w' } }))();
    await sender(access(port, { auth: { type: 'bearer', token: 'abc' } }))();
    expect(asked.map(({ headers }) => headers.authorization)).toEqual([
      `Basic ${Buffer.from('ann:p:w').toString('base64')}`,
      'Bearer abc',
    ]);
  });
  it('is said by a token that is asked for once, and once more when it is refused', async () => {
    let tokens = 0;
    let valid = 'tok1';
    const { port, asked } = await serve((one, response) => {
      if (one.url === '/token') return response.end(JSON.stringify({ access_token: `tok${++tokens}`, expires_in: 60 }));
      return response.writeHead(one.headers.authorization === `Bearer ${valid}` ? 200 : 401).end();
    });
    const auth = {
      type: 'token-url',
      url: `http://127.0.0.1:${port}/token`,
      body: 'grant_type=client_credentials&client_secret=s',
    };
    const send = sender(access(port, { auth }));
    expect([(await send()).kind, (await send()).kind]).toEqual(['accepted', 'accepted']);
    expect(asked.map(({ url }) => url)).toEqual(['/token', '/hook', '/hook']);
    valid = 'tok2';
    expect((await send()).kind).toBe('accepted');
    expect(asked.slice(3).map(({ url }) => url)).toEqual(['/hook', '/token', '/hook']);
    expect(asked[0]?.body).toContain('client_secret=s');
  });
  it('is not repeated when the other side answers with what it was sent', async () => {
    const { port } = await serve((one, response) =>
      one.url === '/token'
        ? response.end('{"access_token":"tok-hunter2"}')
        : response.writeHead(403).end(String(one.headers.authorization)),
    );
    const by = async (auth: object) => JSON.stringify(await sender(access(port, { auth }))());
    expect(await by({ type: 'token-url', url: `http://127.0.0.1:${port}/token` })).toMatch(/Bearer \*\*\*/);
    expect(await by({ type: 'basic', user: 'ann', password: 'pw' })).toMatch(/Basic \*\*\*/);
  });
  it('is not said when no token is found, and what came instead is not repeated', async () => {
    const { port } = await serve((_, response) => response.end('{"access_token": hunter2 }'));
    const sent = await sender(access(port, { auth: { type: 'token-url', url: `http://127.0.0.1:${port}/token` } }))();
    expect(sent).toMatchObject({ kind: 'retry', why: expect.stringContaining('no token was found') });
    expect(JSON.stringify(sent)).not.toContain('hunter2');
  });
});

describe('the way', () => {
  it('by TLS goes only to who has the certificate', async () => {
    const { port, asked } = await serve(undefined, true);
    const url = `https://127.0.0.1:${port}/hook`;
    expect((await sender(access(port, { url, ca: authority.ca.toString() }))()).kind).toBe('accepted');
    expect(await sender(access(port, { url }))()).toMatchObject({ kind: 'retry', why: expect.stringContaining('certificate') });
    expect(asked).toHaveLength(1);
  });
  it('leads through a proxy, in the clear and by a tunnel', async () => {
    const plain = await serve();
    const secure = await serve(undefined, true);
    const through: string[] = [];
    const proxy = createHttp((request, response) => {
      through.push(`${request.method} ${request.url}`);
      response.end('ok');
    });
    proxy.on('connect', (request, socket) => {
      through.push(`CONNECT ${request.url}`);
      const over = connect(secure.port, '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 ok\r\n\r\n');
        over.pipe(socket).pipe(over);
      });
      for (const each of [socket, over])
        each.on('error', () => undefined).once('close', () => [socket, over].map((one) => one.destroy()));
    });
    servers.push(proxy);
    const port = await freePort();
    await new Promise<void>((resolve) => proxy.listen(port, '127.0.0.1', resolve));
    const by = { proxy: `http://127.0.0.1:${port}` };
    expect((await sender(access(plain.port, by))()).kind).toBe('accepted');
    const url = `https://127.0.0.1:${secure.port}/hook`;
    expect((await sender(access(secure.port, { ...by, url, ca: authority.ca.toString() }))()).kind).toBe('accepted');
    expect(through).toEqual([`POST http://127.0.0.1:${plain.port}/hook`, `CONNECT 127.0.0.1:${secure.port}`]);
    expect([plain.asked.length, secure.asked.length]).toEqual([0, 1]);
  });
});
