import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request as plainRequest } from 'node:http';
import { connect as connectPlain } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { type InsidePlace, insideRequest } from '@yosugara/connectors/inside';
import { type Log, SILENT_LOG } from '@yosugara/kernel';
import { freePort, TestAuthority, type TestCertificate } from '@yosugara/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ConsoleTls } from './console-tls.js';
import { Listener } from './listener.js';

const ADDRESS = '127.0.64.1';
const soon = { timeout: 60_000, interval: 10 };
let cluster: TestAuthority;
let house: TestAuthority;
let own: TestCertificate;
let given: TestCertificate;
let dir = '';
let said: string[] = [];
const closers: (() => unknown)[] = [];
const note = (event: string, fields?: object) => void said.push(`${event} ${JSON.stringify(fields)}`);
const log: Log = { ...SILENT_LOG, info: note, warn: note, error: note };

beforeAll(() => {
  cluster = new TestAuthority('cluster');
  house = new TestAuthority('house');
  own = cluster.issue('a', [`IP:${ADDRESS}`]);
  given = house.issue('console', ['DNS:console.example.org']);
});
afterAll(() => {
  cluster.remove();
  house.remove();
});
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'yosugara-console-tls-'));
  said = [];
});
afterEach(() => {
  for (const close of closers.splice(0).reverse()) close();
  rmSync(dir, { recursive: true, force: true });
});

const at = (name: string) => join(dir, name);
function put({ keyFile, certFile }: TestCertificate, name: string): void {
  copyFileSync(keyFile, at(`${name}.key`));
  copyFileSync(certFile, at(`${name}.crt`));
}
const pair = (name: string) => ({ keyFile: at(`${name}.key`), certFile: at(`${name}.crt`) });
async function listen(isGiven: boolean): Promise<InsidePlace> {
  const port = await freePort();
  const tls = new ConsoleTls({ own: pair('own'), given: isGiven ? pair('given') : null, caFile: cluster.caFile }, log, 0);
  const handler = (request: { url?: string }, response: { end(text: string): void }) => response.end(`you asked ${request.url}`);
  const listener = new Listener(ADDRESS, port, handler as never, tls, log, () => undefined);
  closers.push(() => listener.close());
  listener.open();
  await expect.poll(() => listener.isOpen, soon).toBe(true);
  return { host: ADDRESS, port, ca: cluster.ca.toString() };
}
/** CN of what it is shown. */
async function shownTo({ port }: InsidePlace, options: ConnectionOptions): Promise<string> {
  const socket: TLSSocket = connect({ host: ADDRESS, port, rejectUnauthorized: false, ...options });
  closers.push(() => socket.destroy());
  await new Promise((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject));
  return String(socket.getPeerCertificate().subject.CN);
}
const asked = async (place: InsidePlace, path = '/') => {
  const response = await new Promise<import('node:http').IncomingMessage>((resolve, reject) => {
    insideRequest(place, { path }).once('response', resolve).once('error', reject).end();
  });
  return { status: response.statusCode, headers: response.headers, body: await text(response) };
};

describe('the console’s port with TLS', () => {
  it('shows the node’s own certificate, and programs of the cluster believe it by the cluster’s CA', async () => {
    put(own, 'own');
    const place = await listen(false);
    expect(await asked(place, '/x')).toMatchObject({ status: 200, body: 'you asked /x' });
    expect(await shownTo(place, {})).toBe('a');
    await expect(asked({ ...place, ca: house.ca.toString() })).rejects.toThrow(/certificate/);
  });

  it('is none for whoever shows the certificate of another address', async () => {
    put(cluster.issue('b', ['IP:127.0.64.2']), 'own');
    await expect(asked(await listen(false))).rejects.toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
  });

  it('shows people the certificate that was given, and programs of the cluster the node’s own', async () => {
    put(own, 'own');
    put(given, 'given');
    const place = await listen(true);
    expect(await shownTo(place, { servername: 'console.example.org' })).toBe('console');
    expect(await shownTo(place, {})).toBe('console');
    expect(await asked(place)).toMatchObject({ status: 200 });
  });

  it('speaks TLS 1.2 and 1.3, and nothing older', async () => {
    put(own, 'own');
    const place = await listen(false);
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const)
      expect(await shownTo(place, { minVersion: version, maxVersion: version })).toBe('a');
    const old = { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
    await expect(shownTo(place, old)).rejects.toThrow();
  });

  it('shows renewed files without a restart; a key without its certificate changes nothing, and says so', async () => {
    put(own, 'own');
    put(given, 'given');
    const place = await listen(true);
    const name = { servername: 'console.example.org' };
    const renewed = house.issue('renewed', ['DNS:console.example.org']);
    copyFileSync(renewed.keyFile, at('given.key'));
    expect(await shownTo(place, name)).toBe('console');
    const { keyFile, certFile } = pair('given');
    expect(said.join('\n')).toContain(`console.tls: ${keyFile} is not the key of the certificate in ${certFile}`);
    put(renewed, 'given');
    expect(await shownTo(place, name)).toBe('renewed');
    // Whoever says no name, too: at the next look.
    await expect.poll(async () => await shownTo(place, {}), soon).toBe('renewed');
  });

  it('takes the node’s own when what was given cannot be used, and what was given as soon as it can', async () => {
    put(own, 'own');
    put(given, 'given');
    copyFileSync(own.keyFile, at('given.key'));
    const place = await listen(true);
    expect(await shownTo(place, { servername: 'console.example.org' })).toBe('a');
    expect(said.join('\n')).toMatch(/console\.certificateUnusable .*is not the key of the certificate/);
    put(given, 'given');
    expect(await shownTo(place, { servername: 'console.example.org' })).toBe('console');
  });

  it('opens as soon as there is a certificate', async () => {
    const listening = listen(false);
    writeFileSync(at('own.crt'), 'none');
    await expect.poll(() => said.some((line) => line.includes('no certificate that can be used')), soon).toBe(true);
    put(own, 'own');
    expect(await asked(await listening)).toMatchObject({ status: 200 });
  });
});

describe('plain http to the port with TLS', () => {
  const plain = async (place: InsidePlace, method: string, path: string, headers: Record<string, string> = {}) => {
    const response = await new Promise<import('node:http').IncomingMessage>((resolve, reject) => {
      plainRequest({ host: ADDRESS, port: place.port, method, path, headers, agent: false })
        .once('response', resolve)
        .once('error', reject)
        .end();
    });
    return { status: response.statusCode, location: response.headers.location, body: await text(response) };
  };

  it('leads pages to https, and programs to nothing: an error says what to do', async () => {
    put(own, 'own');
    const place = await listen(false);
    const { port } = place;
    const host = { host: `console.example.org:${port}` };
    expect(await plain(place, 'GET', '/events?x=1', host)).toMatchObject({
      ...{ status: 308, location: `https://console.example.org:${port}/events?x=1` },
    });
    for (const [method, path] of [
      ['GET', '/api/me'],
      ['GET', '/metrics'],
      ['POST', '/api/login'],
      ['POST', '/'],
    ] as const)
      expect(await plain(place, method, path, host)).toMatchObject({
        status: 400,
        body: expect.stringContaining('HTTPS_NEEDED'),
      });
    expect(await plain(place, 'GET', '/', { host: 'a/b@c' })).toMatchObject({ status: 400 });
  });

  it('what is neither is closed, as is whoever is connected when the port closes', async () => {
    put(own, 'own');
    const place = await listen(false);
    const dial = (first: string) => {
      const socket = connectPlain(place.port, ADDRESS, () => socket.write(first));
      closers.push(() => socket.destroy());
      socket.on('error', () => undefined);
      return new Promise<string>((resolve) => socket.once('close', () => resolve('closed')));
    };
    expect(await dial('\0\0\0 nonsense\r\n\r\n')).toBe('closed');
    const silent = dial('');
    const half = dial('\x16\x03\x01');
    expect(await shownTo(place, {})).toBe('a');
    closers.splice(0, 1)[0]?.();
    expect(await Promise.all([silent, half])).toEqual(['closed', 'closed']);
  });
});
