import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest, type RequestOptions } from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SILENT_LOG } from '@yosugara/kernel';
import { type ReceivedRecord, SafeAnswers } from '@yosugara/runtime';
import { standStill } from '@yosugara/testkit';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type CustomTrapOptions, listenCustomTraps } from './custom-http.js';
import { NO_LIMITS, SourceGate } from './sources.js';
import { TestAuthority } from './testing/certificates.js';
import { Taking } from './testing/taking.js';
import { TokenFile } from './tokens.js';
import type { Listener } from './udp.js';

const ADDRESS = '127.0.75.1';
const TOKEN = '0123456789abcdef0123456789abcdef';
const soon = { timeout: 60_000, interval: 5 };
const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});
const dir = mkdtempSync(join(tmpdir(), 'yosugara-http-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** A journal in memory: takes so many, and all of it is safe when the test says so. */
let got: ReceivedRecord[] = [];
let room = Number.POSITIVE_INFINITY;
let safe = Number.POSITIVE_INFINITY;
let answers = new SafeAnswers({ safeSeq: () => safe });
let taking = new Taking();
beforeEach(() => {
  got = [];
  taking = new Taking();
  room = safe = Number.POSITIVE_INFINITY;
  answers = new SafeAnswers({ safeSeq: () => safe });
});
const safeThrough = (seq: number) => {
  safe = seq;
  answers.release();
};
const texts = () => got.map(({ raw }) => Buffer.from(raw).toString());
async function listen(change: Partial<CustomTrapOptions> = {}): Promise<Listener> {
  const listener = await listenCustomTraps({
    ...{ address: ADDRESS, port: 0, listener: 'own', answers, room: taking, lastSeq: () => got.length },
    intake: (record) => got.length < room && got.push(record) > 0,
    tokens: { accepts: (token) => token === TOKEN },
    ...change,
  });
  closers.push(() => listener.close());
  return listener;
}

interface Heard {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly body: Record<string, unknown>;
}
type Posting = RequestOptions & { readonly body?: unknown; readonly type?: string; readonly token?: string };
function post(port: number, options: Posting = {}): Promise<Heard> {
  const { body = { key: 'disk', message: 'full' }, type = 'application/json', token = TOKEN, ...rest } = options;
  const send = rest.ca === undefined ? httpRequest : httpsRequest;
  return new Promise((resolve, reject) => {
    const headers = { Authorization: `Bearer ${token}`, 'Content-Type': type, ...(rest.headers as object) };
    const call = send(
      { host: ADDRESS, port, path: '/custom-trap', method: 'POST', agent: false, ...rest, headers },
      (response) => {
        let text = '';
        response.on('data', (chunk) => {
          text += chunk;
        });
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: JSON.parse(text) }),
        );
      },
    );
    closers.push(() => call.destroy());
    call.once('error', reject);
    call.end(typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body));
  });
}

describe('a custom trap', () => {
  it('is taken from JSON, from a list, from Hinemos’ envelope and from text', async () => {
    const { port, stats } = await listen();
    expect(await post(port)).toMatchObject({ status: 200, body: { accepted: 1 } });
    const list = [
      { key: 'a', message: '1' },
      { key: 'b', type: 'number', message: 2 },
    ];
    expect(await post(port, { body: list })).toMatchObject({ status: 200, body: { accepted: 2 } });
    await post(port, { body: { FacilityID: 'web1', DATA: [{ KEY: 'c', MSG: 'x', TYPE: 'STRING' }] } });
    await post(port, { body: 'backup ended', type: 'text/plain; charset=utf-8', path: '/custom-trap?key=backup&facility=db1' });
    expect(texts()).toEqual([
      '{"key":"disk","type":"string","message":"full"}',
      '{"key":"a","type":"string","message":"1"}',
      '{"key":"b","type":"number","message":"2"}',
      '{"facility":"web1","key":"c","type":"string","message":"x"}',
      '{"facility":"db1","key":"backup","type":"string","message":"backup ended"}',
    ]);
    expect(got[0]).toMatchObject({ kind: 'custom', transport: 'http', source: { address: '127.0.0.1' }, flags: 0 });
    expect(stats()).toMatchObject({ protocol: 'http', received: 5, refused: 0 });
  });

  it('is answered when it is safe on both disks, and not before', async () => {
    const { port } = await listen();
    safe = 0;
    let heard: Heard | null = null;
    void post(port, {
      body: [
        { key: 'a', message: '1' },
        { key: 'b', message: '2' },
      ],
    }).then((answer) => {
      heard = answer;
    });
    await expect.poll(() => got.length, soon).toBe(2);
    safeThrough(1);
    expect(answers.waiting).toBe(1);
    expect(heard).toBe(null);
    safeThrough(2);
    await expect.poll(() => heard?.status, soon).toBe(200);
  });

  it('that is not safe in time is told to come again, and then it is not journaled again', async () => {
    const { port } = await listen({ safeMs: 300 });
    safe = 0;
    const first = await post(port);
    expect([first.status, first.headers['retry-after'], first.body['found']]).toEqual([503, '5', 'not on both disks yet']);
    expect([got.length, answers.waiting]).toEqual([1, 0]);
    safe = 1;
    expect((await post(port)).status).toBe(200);
    expect(got.length).toBe(1);
    // It was answered: the same again is another one.
    safe = 2;
    expect((await post(port)).status).toBe(200);
    expect(got.length).toBe(2);
  });

  it('of a list that the journal took a part of goes on where it ended', async () => {
    const { port, stats } = await listen({ safeMs: 300 });
    const body = [1, 2, 3, 4, 5].map((n) => ({ key: 'k', message: String(n) }));
    room = 3;
    expect(await post(port, { body })).toMatchObject({ status: 503, body: { found: '3 of 5 traps taken in' } });
    expect(stats().refusedBy).toEqual({ come_again: 1 });
    room = 100;
    expect((await post(port, { body })).status).toBe(200);
    expect(texts().map((text) => JSON.parse(text).message)).toEqual(['1', '2', '3', '4', '5']);
  });

  it('of a list goes on as soon as the journal takes the rest, and leaves nobody waiting when its sender goes', async () => {
    const { port } = await listen();
    const body = [1, 2, 3].map((n) => ({ key: 'k', message: String(n) }));
    room = 1;
    const answer = post(port, { body });
    await expect.poll(() => taking.waiting.size, soon).toBe(1);
    room = 3;
    taking.tell();
    expect((await answer).status).toBe(200);
    const gone = post(port, { body }).catch(() => 'gone');
    await expect.poll(() => taking.waiting.size, soon).toBe(1);
    for (const close of closers.splice(1)) await close();
    expect(await gone).toBe('gone');
    await expect.poll(() => taking.waiting.size, soon).toBe(0);
  });

  it('whose sender went away before the answer is known when it comes again', async () => {
    const { port } = await listen();
    safe = 0;
    const call = connect(port, ADDRESS);
    const body = '{"key":"k","message":"x"}';
    const head = `POST /custom-trap HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${TOKEN}\r\nContent-Type: application/json\r\n`;
    call.write(`${head}Content-Length: ${body.length}\r\n\r\n${body}`);
    await expect.poll(() => answers.waiting, soon).toBe(1);
    call.destroy();
    await expect.poll(() => answers.waiting, soon).toBe(0);
    safe = 1;
    expect((await post(port, { body })).status).toBe(200);
    expect(got.length).toBe(1);
  });
});

describe('what is not taken', () => {
  const problem = (status: number, place: string) => ({ status, body: { status, type: 'about:blank', place } });
  it.each<[string, Posting, number, string]>([
    ['another path', { path: '/' }, 404, 'path'],
    ['another method', { method: 'PUT' }, 405, 'method'],
    ['no token', { headers: { Authorization: '' } }, 401, 'header Authorization'],
    ['a wrong token', { token: 'wrong' }, 401, 'header Authorization'],
    ['another type', { type: 'application/xml' }, 415, 'header Content-Type'],
    ['a compressed body', { headers: { 'Content-Encoding': 'gzip' } }, 415, 'header Content-Encoding'],
    ['half a document', { body: '{"key":' }, 400, 'body'],
    ['bytes that are no text', { body: Buffer.from([0x22, 0xff, 0x22]) }, 400, 'body'],
    ['a list with a mistake', { body: [{ key: 'a', message: 'b' }, { key: 'c' }] }, 400, '[1].message'],
    ['a body that is too long', { body: `"${'x'.repeat(2_000)}"` }, 413, 'body'],
    ['a trap that is too long', { body: [{ key: 'a', message: 'x'.repeat(900) }] }, 413, 'trap 1'],
  ])('%s is named: where, what was found, what is allowed', async (_, posting, status, place) => {
    const gate = new SourceGate({ limits: { ...NO_LIMITS, messageBytes: 500 } });
    const listener = await listen({ maxBodyBytes: 1_000, gate });
    const heard = await post(listener.port, posting);
    expect(heard).toMatchObject(problem(status, place));
    expect(heard.headers['content-type']).toBe('application/problem+json');
    expect(Object.keys(heard.body)).toEqual(['type', 'title', 'status', 'detail', 'place', 'found', 'allowed']);
    expect(got.length).toBe(0);
    const reason = status === 401 ? 'unauthorized' : status === 413 ? 'too_large' : 'bad_request';
    expect(listener.stats().refusedBy).toEqual({ [reason]: 1 });
  });
  it('is a body that grows without end, too: it is not read on', async () => {
    const listener = await listen({ maxBodyBytes: 100_000 });
    const socket = connect(listener.port, ADDRESS);
    closers.push(() => socket.destroy());
    socket.on('error', () => undefined);
    const head = `POST /custom-trap HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${TOKEN}\r\nContent-Type: text/plain\r\n`;
    socket.write(`${head}Transfer-Encoding: chunked\r\n\r\n`);
    let heard = '';
    socket.on('data', (chunk) => {
      heard += chunk;
    });
    const chunk = `10000\r\n${'x'.repeat(65_536)}\r\n`;
    const timer = setInterval(() => socket.writable && socket.write(chunk), 1);
    closers.push(() => clearInterval(timer));
    await expect.poll(() => heard, soon).toContain('HTTP/1.1 413');
    await expect.poll(() => listener.stats().connections, soon).toBe(0);
  });
  it('is a sender above its rate: it hears when to come again', async () => {
    const gate = new SourceGate({ limits: { ...NO_LIMITS, messagesPerSecond: 1, burst: 2 }, nowMs: () => 0 });
    const { port, stats } = await listen({ gate });
    const statuses = [];
    for (let at = 0; at < 3; at++) statuses.push((await post(port)).status);
    expect(statuses).toEqual([200, 200, 429]);
    expect((await post(port)).headers['retry-after']).toBe('1');
    // Counted as what a limit refused, and said: an alarm tells of it.
    expect([stats().refusedBy, gate.takeNews()]).toEqual([{ rate: 2 }, { 'rate 127.0.0.1': 2 }]);
    expect(gate.report(9)).toMatchObject([{ received: 2, slowed: 0, refused: { rate: 2 } }]);
  });
  it('is what is no HTTP, and who says nothing: neither stays', async () => {
    const patient = await listen();
    const hasty = await listen({ requestMs: 300 });
    const garbage = connect(patient.port, ADDRESS);
    const silent = connect(hasty.port, ADDRESS);
    for (const socket of [garbage, silent]) {
      closers.push(() => socket.destroy());
      socket.on('error', () => undefined);
    }
    const silentIsGone = new Promise((resolve) => silent.once('close', resolve));
    garbage.write('<13>hello\n\n');
    await expect.poll(() => patient.stats().refusedBy, soon).toEqual({ bad_request: 1 });
    await expect.poll(() => patient.stats().connections, soon).toBe(0);
    await silentIsGone;
    await expect.poll(() => hasty.stats().connections, soon).toBe(0);
  });
  it('is no request that came while this program stood still beyond its deadline', async () => {
    const { port } = await listen({ requestMs: 200 });
    const socket = connect(port, ADDRESS);
    closers.push(() => socket.destroy());
    await new Promise((resolve) => socket.once('connect', resolve));
    const body = '{"key":"disk","message":"full"}';
    const head = `POST /custom-trap HTTP/1.1\r\nAuthorization: Bearer ${TOKEN}\r\nContent-Type: application/json`;
    socket.write(`${head}\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    standStill(600);
    let said = '';
    socket
      .on('error', () => undefined)
      .on('data', (chunk) => {
        said += chunk;
      });
    await expect.poll(() => said, soon).toContain('HTTP/1.1 200 OK');
  });
  it('is no connection that is in use: requests sent in one go leave no deadline behind', async () => {
    const { port, stats } = await listen({ requestMs: 400 });
    const socket = connect(port, ADDRESS);
    closers.push(() => socket.destroy());
    const body = '{"key":"disk","message":"full"}';
    const head = `POST /custom-trap HTTP/1.1\r\nAuthorization: Bearer ${TOKEN}\r\nContent-Type: application/json`;
    const request = `${head}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    safe = 0;
    socket.write(request.repeat(3));
    await expect.poll(() => got.length, soon).toBe(3);
    safeThrough(1);
    safeThrough(2);
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(stats().connections).toBe(1);
    safeThrough(3);
    let said = '';
    socket.on('data', (chunk) => {
      said += chunk;
    });
    await expect.poll(() => said.split('HTTP/1.1 200 OK').length - 1, soon).toBe(3);
  });
  it('is a request for which nobody could wait any more: it comes again, and is no bad one', async () => {
    const full = { isFull: true, waiting: 9, whenSafe: () => undefined, forget: () => undefined } as unknown as SafeAnswers;
    const { port, stats } = await listen({ answers: full });
    expect(await post(port)).toMatchObject({ status: 503, body: { found: expect.stringMatching(/^9 requests that wait/) } });
    expect(stats().refusedBy).toEqual({ come_again: 1 });
  });
  it('is what would not fit into memory with all that is just being read: it comes again', async () => {
    const { port, stats } = await listen({ maxHeldBytes: 1_000 });
    const slow = httpRequest({
      ...{ host: ADDRESS, port, path: '/custom-trap', method: 'POST', agent: false },
      headers: { Authorization: `Bearer ${TOKEN}`, 'Content-Type': 'text/plain', 'Content-Length': 900 },
    });
    closers.push(() => slow.destroy());
    const answered = new Promise<number>((resolve, reject) => {
      slow.once('error', reject);
      slow.once('response', (response) => resolve(response.resume().statusCode ?? 0));
    });
    slow.write('x'.repeat(450));
    await expect.poll(async () => (await post(port, { body: 'y'.repeat(200), type: 'text/plain' })).status, soon).toBe(503);
    expect(Object.keys(stats().refusedBy)).toEqual(['come_again']);
    slow.end('x'.repeat(450));
    expect(await answered).toBe(200);
    expect((await post(port, { body: 'y'.repeat(200), type: 'text/plain' })).status).toBe(200);
  });
  it('ends nothing else: any bytes whatever, and then a trap', async () => {
    const { port } = await listen();
    const bodies = fc.oneof(
      fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
      fc.json(),
      fc.string(),
    );
    await fc.assert(
      fc.asyncProperty(bodies, async (body) => {
        expect([200, 400]).toContain((await post(port, { body })).status);
      }),
      { numRuns: 100 },
    );
    expect((await post(port)).status).toBe(200);
  });
});

describe('over TLS', () => {
  let ca: TestAuthority;
  beforeAll(() => {
    ca = new TestAuthority();
  });
  afterAll(() => ca.remove());
  it('it is the same', async () => {
    const { key, cert } = ca.issue('a', [`IP:${ADDRESS}`]);
    const { port } = await listen({ tls: { key, cert, ca: ca.ca, clientCertificate: 'none' } });
    expect(await post(port, { ca: ca.ca })).toMatchObject({ status: 200, body: { accepted: 1 } });
  });
});

describe('the file of tokens', () => {
  const path = join(dir, 'tokens');
  it('has one a line, and is read again when it changes; a broken one changes nothing', async () => {
    const said: string[] = [];
    const log = { ...SILENT_LOG, warn: (event: string) => void said.push(event) };
    writeFileSync(path, `# of the backup script\n${TOKEN}\n\nanother.token-of_16+/==\n`);
    const tokens = new TokenFile(path, log);
    expect(
      [TOKEN, 'another.token-of_16+/==', `${TOKEN}x`, '', '# of the backup script'].map((token) => tokens.accepts(token)),
    ).toEqual([true, true, false, false, false]);
    writeFileSync(path, 'short\n');
    await expect.poll(() => tokens.accepts(TOKEN) && said, soon).toEqual(['custom_trap.tokens_kept']);
    expect(tokens.accepts(TOKEN)).toBe(true);
    writeFileSync(path, 'a-new-token-0123456789\n');
    await expect.poll(() => tokens.accepts('a-new-token-0123456789'), soon).toBe(true);
    expect(tokens.accepts(TOKEN)).toBe(false);
  });
  it.each([
    ['is not there', undefined, 'cannot read the file'],
    ['is empty', '# nobody yet\n', 'there is none; write at least one, such as of `openssl rand -hex 32`'],
    ['has a short one', `${TOKEN}\nshort\n`, 'line 2: a token has at least 16 characters of A-Z a-z 0-9 . _ ~ + / -'],
  ])('that %s is told so at the start', (_, content, why) => {
    rmSync(path, { force: true });
    if (content !== undefined) writeFileSync(path, content);
    expect(() => new TokenFile(path, SILENT_LOG)).toThrow(`the tokens of custom traps in ${path}: ${why}`);
  });
});
