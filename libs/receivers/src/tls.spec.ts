import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { connect as connectPlain, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { SILENT_LOG } from '@yosugara/kernel';
import type { ReceivedRecord } from '@yosugara/runtime';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type GateOptions, SourceGate } from './sources.js';
import { listenTcp, listenTls } from './tcp.js';
import { TestAuthority, type TestCertificate } from './testing/certificates.js';
import { ALWAYS_TAKES, Taking } from './testing/taking.js';
import { TlsFiles } from './tls-files.js';
import type { TlsOptions } from './tls-policy.js';
import { type Listener, listenUdp } from './udp.js';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});
const soon = { timeout: 60_000, interval: 5 };
const ADDRESS = '127.0.73.1';
let ca: TestAuthority;
let otherCa: TestAuthority;
let node: TestCertificate;
beforeAll(() => {
  ca = new TestAuthority();
  otherCa = new TestAuthority('somebody else');
  node = ca.issue('a');
});
afterAll(() => {
  ca.remove();
  otherCa.remove();
});

const got: ReceivedRecord[] = [];
const texts = () => got.map(({ raw }) => Buffer.from(raw).toString());
async function listen(tls: Partial<TlsOptions> = {}, gate: GateOptions = {}): Promise<Listener> {
  got.length = 0;
  const listener = await listenTls({
    ...{
      address: ADDRESS,
      port: 0,
      listener: 'own',
      room: ALWAYS_TAKES,
      intake: (record) => got.push(record) > 0,
      gate: new SourceGate(gate),
    },
    tls: { key: node.key, cert: node.cert, ca: ca.ca, clientCertificate: 'optional', ...tls },
  });
  closers.push(() => listener.close());
  return listener;
}
function dial(port: number, options: ConnectionOptions = {}): Socket {
  const socket = connect({ host: ADDRESS, port, ca: ca.ca, checkServerIdentity: () => undefined, ...options });
  closers.push(() => socket.destroy());
  socket.on('error', () => undefined);
  return socket;
}
function dialPlain(port: number): Socket {
  const socket = connectPlain(port, ADDRESS);
  closers.push(() => socket.destroy());
  socket.on('error', () => undefined);
  return socket;
}

/** A client that is not Node's. @returns its input. */
function openssl(...args: string[]): Writable {
  const client = spawn('openssl', args, { stdio: ['pipe', 'ignore', 'ignore'] });
  client.stdin.on('error', () => undefined);
  closers.push(() => client.kill('SIGKILL'));
  return client.stdin;
}

describe('the TLS listener', () => {
  it('takes octet counting and lines, each connection by itself, from whoever comes', async () => {
    const { port, stats } = await listen();
    dial(port).end('5 <13>a6 <13>bb');
    dial(port, { maxVersion: 'TLSv1.2' }).end('<13>line\n<13>last');
    await expect.poll(() => got.length, soon).toBe(4);
    expect(texts().sort()).toEqual(['<13>a', '<13>bb', '<13>last', '<13>line']);
    expect(got[0]).toMatchObject({ kind: 'syslog', transport: 'tls', source: { address: '127.0.0.1' }, flags: 0 });
    expect(stats()).toMatchObject({ protocol: 'tls', received: 4, refused: 0 });
  });

  it('takes what real senders of OpenSSL send', async () => {
    const { port } = await listen();
    openssl('s_client', '-connect', `${ADDRESS}:${port}`, '-CAfile', ca.caFile, '-quiet', '-no_ign_eof').end(
      '<13>from openssl\n',
    );
    await expect.poll(texts, soon).toEqual(['<13>from openssl']);
  });

  it('stops reading while the journal refuses, and loses nothing', async () => {
    let open = false;
    const room = new Taking();
    const mine: string[] = [];
    const listener = await listenTls({
      ...{ address: ADDRESS, port: 0, listener: 'own', room },
      intake: (record) => open && mine.push(Buffer.from(record.raw).toString()) > 0,
      tls: { key: node.key, cert: node.cert, ca: ca.ca, clientCertificate: 'none' },
    });
    closers.push(() => listener.close());
    const socket = dial(listener.port);
    const lines = Array.from({ length: 100_000 }, (_, index) => `<13>${index} ${'x'.repeat(100)}`);
    socket.write(lines.map((line) => `${line}\n`).join(''));
    await expect.poll(() => socket.bytesWritten > 0 && socket.writableLength > 0, soon).toBe(true);
    expect(mine.length).toBe(0);
    open = true;
    room.tell();
    socket.end();
    await expect.poll(() => mine.length, soon).toBe(lines.length);
    expect(mine).toEqual(lines);
  });
});

describe('a client certificate', () => {
  const says = async (tls: Partial<TlsOptions>, client: ConnectionOptions, gate: GateOptions = {}) => {
    const listener = await listen(tls, gate);
    const socket = dial(listener.port, client);
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.end('<13>hello\n');
    await closed;
    await expect.poll(() => got.length + listener.stats().refused, soon).toBe(1);
    return got.length === 1 ? 'taken' : Object.keys(listener.stats().refusedBy)[0];
  };
  const shown = (certificate: TestCertificate): ConnectionOptions => ({ key: certificate.key, cert: certificate.cert });

  it('is not asked for, may be shown, or must be shown, as configured', async () => {
    const good = shown(ca.issue('sender'));
    const foreign = shown(otherCa.issue('sender'));
    const outcomes = [];
    for (const clientCertificate of ['none', 'optional', 'required'] as const)
      for (const client of [{}, good, foreign]) outcomes.push(await says({ clientCertificate }, client));
    expect(outcomes).toEqual([
      ...['taken', 'taken', 'taken'],
      ...['taken', 'taken', 'taken'],
      ...['tls_certificate', 'taken', 'tls_certificate'],
    ]);
  });

  it('lets in by its alternative name, or by its common name when it has none; signed by another authority it names nobody', async () => {
    const allow = ['log1.example.org', '*.dc1.example.org', '192.0.2.1'];
    const outcomes: unknown[] = [];
    for (const client of [
      shown(ca.issue('whatever', ['DNS:log1.example.org'])),
      shown(ca.issue('whatever', ['DNS:other.example.org', 'DNS:h7.dc1.example.org'])),
      shown(ca.issue('log1.example.org')),
      shown(ca.issue('log1.example.org', ['DNS:other.example.org'])),
      shown(otherCa.issue('log1.example.org')),
      {},
    ])
      outcomes.push(await says({ allow }, client));
    expect(outcomes).toEqual(['taken', 'taken', 'taken', 'not_allowed', 'not_allowed', 'not_allowed']);
    expect(await says({ allow: ['127.0.0.0/8'] }, {})).toBe('taken');
  });

  it.each(['TLSv1.2', 'TLSv1.3'] as const)('is remembered when its session is taken up again (%s)', async (maxVersion) => {
    const listener = await listen({ clientCertificate: 'required', allow: ['log1.example.org'] });
    const client = { ...shown(ca.issue('x', ['DNS:log1.example.org'])), maxVersion };
    const first = connect({ host: ADDRESS, port: listener.port, ca: ca.ca, checkServerIdentity: () => undefined, ...client });
    closers.push(() => first.destroy());
    let session: Buffer | undefined;
    first.on('session', (ticket) => {
      session = ticket;
    });
    first.write('<13>first\n');
    await expect.poll(() => session !== undefined && got.length === 1, soon).toBe(true);
    const again = connect({
      host: ADDRESS,
      port: listener.port,
      ca: ca.ca,
      checkServerIdentity: () => undefined,
      maxVersion,
      session: session!,
    });
    closers.push(() => again.destroy());
    again.write('<13>again\n');
    await expect.poll(() => got.length, soon).toBe(2);
    expect([again.isSessionReused(), listener.stats().refused]).toEqual([true, 0]);
  });

  it('lets in by the list of all ways in, too', async () => {
    const allow = ['log1.example.org', '10.0.0.0/8'];
    expect(await says({}, shown(ca.issue('x', ['DNS:log1.example.org'])), { allow })).toBe('taken');
    expect(await says({}, {}, { allow })).toBe('not_allowed');
    expect(await says({}, {}, { allow: ['127.0.0.1'] })).toBe('taken');
    expect(await says({}, {}, { allow: ['10.0.0.0/8'] })).toBe('not_allowed');
  });
});

describe('a list with names', () => {
  it('lets in no datagram and no plain connection of an address that knocked by TLS, whether or not it showed a name', async () => {
    const gate = new SourceGate({ allow: ['log1.example.org'] });
    got.length = 0;
    const way = {
      address: ADDRESS,
      port: 0,
      listener: 'own',
      intake: (record: ReceivedRecord) => got.push(record) > 0,
      gate,
    } as const;
    const tls = { key: node.key, cert: node.cert, ca: ca.ca, clientCertificate: 'optional' } as const;
    const over = await listenTls({ ...way, room: ALWAYS_TAKES, tls });
    const plain = await listenTcp({ ...way, room: ALWAYS_TAKES });
    const udp = await listenUdp({ ...way, kind: 'syslog', receiveBufferBytes: 262_144, read: 'single' });
    for (const each of [over, plain, udp]) closers.push(() => each.close());
    const knock = dialPlain(over.port);
    knock.once('connect', () => knock.destroy());
    await expect.poll(() => over.stats().refusedBy, soon).toEqual({ tls_handshake: 1 });
    const datagrams = createSocket('udp4');
    closers.push(() => datagrams.close());
    const sayAll = () => {
      datagrams.send('<13>forbidden', udp.port, ADDRESS);
      dialPlain(plain.port).end('<13>forbidden\n');
    };
    sayAll();
    await expect
      .poll(() => [udp.stats().refusedBy, plain.stats().refusedBy], soon)
      .toEqual([{ not_allowed: 1 }, { not_allowed: 1 }]);
    const { key, cert } = ca.issue('x', ['DNS:log1.example.org']);
    dial(over.port, { key, cert }).write('<13>allowed\n');
    await expect.poll(texts, soon).toEqual(['<13>allowed']);
    sayAll();
    await expect
      .poll(() => [udp.stats().refusedBy, plain.stats().refusedBy], soon)
      .toEqual([{ not_allowed: 2 }, { not_allowed: 2 }]);
    expect(texts()).toEqual(['<13>allowed']);
  });
});

describe('a certificate that is renewed', () => {
  it('is shown from then on; files that do not go together change nothing, and who is connected stays', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'yosugara-tls-'));
    closers.push(() => rmSync(dir, { recursive: true, force: true }));
    const paths = { keyFile: join(dir, 'key'), certFile: join(dir, 'crt'), caFile: ca.caFile };
    const put = ({ keyFile, certFile }: TestCertificate) => {
      copyFileSync(keyFile, paths.keyFile);
      copyFileSync(certFile, paths.certFile);
    };
    put(node);
    const said: string[] = [];
    const note = (event: string) => void said.push(event);
    const files = new TlsFiles(paths, { ...SILENT_LOG, info: note, warn: note }, 0);
    const listener = await listen({ files });
    const shownNow = async () => {
      const socket = dial(listener.port) as TLSSocket;
      await new Promise((resolve) => socket.once('secureConnect', resolve));
      return socket.getPeerCertificate().subject.CN;
    };
    const living = dial(listener.port);
    living.write('<13>before\n');
    expect(await shownNow()).toBe('a');
    const renewed = ca.issue('renewed');
    copyFileSync(renewed.keyFile, paths.keyFile);
    expect([await shownNow(), said]).toEqual(['a', ['tls.files_kept']]);
    put(renewed);
    expect([await shownNow(), said]).toEqual(['renewed', ['tls.files_kept', 'tls.files_read']]);
    living.end('<13>after\n');
    await expect.poll(texts, soon).toEqual(['<13>before', '<13>after']);
  });
});

describe('a handshake that fails', () => {
  it('is counted by reason and source, and disturbs nobody', async () => {
    const gate = new SourceGate();
    const listening = async (handshakeMs: number) => {
      const made = await listenTls({
        ...{ address: ADDRESS, port: 0, listener: 'own', room: ALWAYS_TAKES, intake: (record) => got.push(record) > 0, gate },
        tls: { key: node.key, cert: node.cert, ca: ca.ca, clientCertificate: 'optional', handshakeMs },
      });
      closers.push(() => made.close());
      return made;
    };
    // One that waits for nobody, and one whose visitors may stand still.
    const [hasty, listener] = [await listening(300), await listening(60_000)];
    got.length = 0;
    const living = dial(listener.port);
    living.write('<13>before\n');
    await expect.poll(() => got.length, soon).toBe(1);
    const { port } = listener;
    const refused = () => listener.stats().refusedBy;
    dialPlain(port).write('<13>this is no TLS at all\n');
    await expect.poll(refused, soon).toEqual({ tls_version: 1 });
    dialPlain(hasty.port);
    await expect.poll(() => hasty.stats().refusedBy, soon).toEqual({ tls_timeout: 1 });
    const cut = dialPlain(port);
    cut.once('connect', () => cut.resetAndDestroy());
    await expect.poll(refused, soon).toMatchObject({ tls_handshake: 1 });
    openssl('s_client', '-connect', `${ADDRESS}:${port}`, '-tls1_1', '-cipher', 'ALL:@SECLEVEL=0');
    await expect.poll(() => listener.stats().refused, soon).toBe(3);
    expect(gate.report(9)).toMatchObject([{ address: '127.0.0.1', received: 1, refused: { ...refused(), tls_timeout: 1 } }]);
    living.end('<13>after\n');
    await expect.poll(() => got.length, soon).toBe(2);
  });
  it('is the sender’s own when it trusts another authority', async () => {
    const listener = await listen();
    openssl('s_client', '-connect', `${ADDRESS}:${listener.port}`, '-CAfile', otherCa.caFile, '-verify_return_error');
    await expect.poll(() => listener.stats().refused, soon).toBe(1);
    expect(listener.stats().refusedBy).toEqual({ tls_certificate: 1 });
  });
});

describe('a source that floods', () => {
  it('is read no faster than its rate, and others do not notice', async () => {
    got.length = 0;
    const limits = { messagesPerSecond: 200, burst: 50, connections: 100, messageBytes: 2_048 };
    const gate = new SourceGate({ sources: new Map([['127.0.73.8', limits]]) });
    const listener = await listenTcp({
      address: ADDRESS,
      port: 0,
      listener: 'own',
      room: ALWAYS_TAKES,
      intake: (record) => got.push(record) > 0,
      gate,
    });
    closers.push(() => listener.close());
    const flood = connectPlain({ host: ADDRESS, port: listener.port, localAddress: '127.0.73.8' });
    const calm = connectPlain({ host: ADDRESS, port: listener.port, localAddress: '127.0.73.9' });
    closers.push(() => flood.destroy());
    closers.push(() => calm.destroy());
    const beganMs = performance.now();
    flood.write('<13>flood\n'.repeat(150));
    calm.write('<13>calm\n'.repeat(500));
    const of = (address: string) => got.filter(({ source }) => source.address === address).length;
    await expect.poll(() => of('127.0.73.9'), soon).toBe(500);
    await expect.poll(() => of('127.0.73.8'), soon).toBe(150);
    // 50 at once, and 100 more take half a second.
    expect(performance.now() - beganMs).toBeGreaterThan(490);
    expect(gate.report(9).find(({ address }) => address === '127.0.73.8')?.slowed).toBeGreaterThan(0);
  });
  it('has so many connections at once and no more', async () => {
    const limits = { messagesPerSecond: 0, connections: 2, messageBytes: 2_048 };
    const gate = new SourceGate({ limits });
    const listener = await listenTcp({
      address: ADDRESS,
      port: 0,
      listener: 'own',
      room: ALWAYS_TAKES,
      intake: () => true,
      gate,
    });
    closers.push(() => listener.close());
    const first = dialPlain(listener.port);
    dialPlain(listener.port);
    await expect.poll(() => listener.stats().connections, soon).toBe(2);
    const third = dialPlain(listener.port);
    await new Promise((resolve) => third.once('close', resolve));
    expect(listener.stats()).toMatchObject({ connections: 2, refusedBy: { connections: 1 } });
    expect(gate.takeNews()).toEqual({ 'connections 127.0.0.1': 1 });
    first.destroy();
    await expect.poll(() => listener.stats().connections, soon).toBe(1);
    const fourth = dialPlain(listener.port);
    await expect.poll(() => listener.stats().connections, soon).toBe(2);
    expect(fourth.destroyed).toBe(false);
  });
  it('has its long messages cut where it is told', async () => {
    got.length = 0;
    const gate = new SourceGate({ limits: { messagesPerSecond: 0, connections: 9, messageBytes: 2_048 } });
    const listener = await listenTcp({
      address: ADDRESS,
      port: 0,
      listener: 'own',
      room: ALWAYS_TAKES,
      intake: (record) => got.push(record) > 0,
      gate,
    });
    closers.push(() => listener.close());
    dialPlain(listener.port).end(`<13>${'x'.repeat(3_000)}\n<13>next\n`);
    await expect
      .poll(() => got.map(({ raw, flags }) => [raw.length, flags]), soon)
      .toEqual([
        [2_048, 1],
        [8, 0],
      ]);
  });
});
