import { createSocket, type Socket } from 'node:dgram';
import { readdirSync } from 'node:fs';
import { isIPv6 } from 'node:net';
import type { ReceivedRecord } from '@yosugara/runtime';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Listener, listenUdp, type UdpOptions } from './udp.js';
import { whyNoBatches } from './udp-sockets.js';

const ADDRESS = '127.0.78.1';
/** The kernel keeps them all, also where it gives a socket no more than its 208 KiB. */
const COUNT = 300;
const soon = { timeout: 60_000, interval: 5 };
const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function listen(got: ReceivedRecord[], change: Partial<UdpOptions> = {}): Promise<Listener> {
  const listener = await listenUdp({
    ...{ address: ADDRESS, port: 0, listener: 'own', kind: 'syslog', receiveBufferBytes: 8_388_608, read: 'batch' },
    intake: (record) => got.push(record) > 0,
    ...change,
  });
  closers.push(() => listener.close());
  return listener;
}
async function senderAt(address: string): Promise<Socket> {
  const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
  closers.push(() => socket.close());
  await new Promise<void>((resolve) => socket.bind(0, address, resolve));
  return socket;
}
/** All that is said at once waits in the listener's socket before anybody here can read it. */
const say = (socket: Socket, { port }: Listener, what: string | Buffer, address = ADDRESS) => socket.send(what, port, address);
const textOf = ({ raw }: ReceivedRecord) => Buffer.from(raw).toString('latin1');
const openDescriptors = () => readdirSync('/proc/self/fd').length;

describe('datagrams read in batches', () => {
  it('can be had where these specs run', () => expect(whyNoBatches()).toBe(null));

  it('are handed on whole, in order, each with its sender and nobody else’s bytes, of any length, and are their taker’s to keep', async () => {
    const got: ReceivedRecord[] = [];
    const listener = await listen(got);
    const senders = [await senderAt('127.0.78.8'), await senderAt('127.0.78.9')];
    // Around where the first part of the memory ends, and as long as a datagram can be.
    const lengths = [0, 1, 200, 2_047, 2_048, 2_049, 9_000, 65_507];
    const sent: { text: string; address: string; port: number }[] = [];
    // As many rounds as fit into the smallest buffer that hosts have.
    for (let round = 0; round < 12; round++) {
      for (const [at, length] of lengths.entries()) {
        const sender = senders[(round + at) % 2]!;
        const { address, port } = sender.address();
        const text = `${round}.${at} `.padEnd(length, String.fromCharCode(97 + round)).slice(0, length);
        sent.push({ text, address, port });
        say(sender, listener, text);
      }
      await expect.poll(() => got.length, soon).toBe(sent.length);
    }
    expect(got.map((record) => ({ text: textOf(record), ...record.source }))).toEqual(sent);
    expect(await listener.kernelDrops()).toBe(0);
  });

  it('are read many with one call: those of one batch were read at one time', async () => {
    const reads = async (read: 'batch' | 'single') => {
      const got: ReceivedRecord[] = [];
      const listener = await listen(got, { read });
      const sender = await senderAt('127.0.78.8');
      for (let at = 0; at < COUNT; at++) say(sender, listener, String(at));
      await expect.poll(() => got.length, soon).toBe(COUNT);
      expect(got.map(textOf)).toEqual(Array.from({ length: COUNT }, (_, at) => String(at)));
      return new Set(got.map(({ monotonicMs }) => monotonicMs)).size;
    };
    // Batches of 64, and those that Node reads between them.
    expect(await reads('batch')).toBeLessThan(COUNT / 10);
    expect(await reads('single')).toBeGreaterThan(COUNT / 2);
  });

  it.each([
    ['an IPv4 sender on an IPv6 socket', '::', '127.0.78.8', ADDRESS],
    ['an IPv6 sender', '::1', '::1', '::1'],
    ['an IPv4 sender', '0.0.0.0', '127.0.78.8', ADDRESS],
  ])('name %s as Node does', async (_, address, from, to) => {
    const sources = async (read: 'batch' | 'single') => {
      const got: ReceivedRecord[] = [];
      const listener = await listen(got, { address, read });
      const sender = await senderAt(from);
      for (let at = 0; at < 100; at++) say(sender, listener, String(at), to);
      await expect.poll(() => got.length, soon).toBe(100);
      expect(got.every(({ source }) => source.port === sender.address().port)).toBe(true);
      return [...new Set(got.map(({ source }) => source.address))];
    };
    const named = await sources('batch');
    expect(named).toHaveLength(1);
    expect(named).toEqual(await sources('single'));
  });

  it('that were read when the listener is closed are still handed on, and the socket is not looked at again', async () => {
    const got: ReceivedRecord[] = [];
    let isClosed = false;
    const listener: Listener = await listen(got, {
      intake: (record) => {
        if (got.push(record) === 10) void listener.close().then(() => (isClosed = true));
        return true;
      },
    });
    const sender = await senderAt('127.0.78.8');
    for (let at = 0; at < COUNT; at++) say(sender, listener, String(at));
    await expect.poll(() => isClosed, soon).toBe(true);
    // One of Node's, one more and its batch.
    expect(got.map(textOf)).toEqual(Array.from({ length: 66 }, (_, at) => String(at)));
    expect(await listener.kernelDrops()).toBe(null);
  });
});

describe('sockets that are read in batches', () => {
  it('leave no descriptor open: neither those that were closed nor those that could not be bound', async () => {
    const { port } = await listen([]);
    const before = openDescriptors();
    for (let round = 0; round < 20; round++) {
      await (await listenUdp({ ...at('127.0.78.2', 0), sockets: 2 })).close();
      await expect(listenUdp(at(ADDRESS, port))).rejects.toMatchObject({ code: 'PORT_IN_USE' });
      await expect(listenUdp(at('192.0.2.1', 0))).rejects.toMatchObject({ code: 'LISTEN_FAILED' });
    }
    await expect.poll(openDescriptors, soon).toBeLessThan(before + 10);
  });
});

const at = (address: string, port: number): UdpOptions => ({
  ...{ address, port, listener: 'own', kind: 'syslog', receiveBufferBytes: 65_536, read: 'batch', intake: () => true },
});

describe('where the system cannot be asked for batches', () => {
  const { arch } = process;
  beforeEach(() => {
    vi.resetModules();
    Object.defineProperty(process, 'arch', { value: 's390x' });
  });
  afterEach(() => {
    Object.defineProperty(process, 'arch', { value: arch });
    vi.resetModules();
  });
  it('it says why, and datagrams are read one by one', async () => {
    const [udp, sockets] = [await import('./udp.js'), await import('./udp-sockets.js')];
    expect(sockets.whyNoBatches()).toBe('not known of linux on s390x');
    const got: ReceivedRecord[] = [];
    const listener = await udp.listenUdp({
      ...at(ADDRESS, 0),
      receiveBufferBytes: 4_194_304,
      intake: (record) => got.push(record) > 0,
    });
    closers.push(() => listener.close());
    const sender = await senderAt('127.0.78.8');
    for (let each = 0; each < COUNT; each++) say(sender, listener, String(each));
    await expect.poll(() => got.length, soon).toBe(COUNT);
    expect(got.map(textOf)).toEqual(Array.from({ length: COUNT }, (_, each) => String(each)));
  });
});
