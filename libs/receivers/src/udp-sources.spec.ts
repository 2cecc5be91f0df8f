import { createSocket, type Socket } from 'node:dgram';
import type { ReceivedRecord } from '@yosugara/runtime';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NO_LIMITS, SourceGate } from './sources.js';
import { type Listener, listenUdp, type UdpOptions } from './udp.js';
import type { UdpRead } from './udp-sockets.js';

const ADDRESS = '127.0.77.1';
const soon = { timeout: 60_000, interval: 5 };
const closers: (() => unknown)[] = [];
let read: UdpRead = 'single';
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function listen(got: ReceivedRecord[], change: Partial<UdpOptions> = {}): Promise<Listener> {
  const listener = await listenUdp({
    ...{ address: ADDRESS, port: 0, listener: 'own', kind: 'syslog', receiveBufferBytes: 4_194_304, read },
    intake: (record) => got.push(record) > 0,
    ...change,
  });
  closers.push(() => listener.close());
  return listener;
}
async function senderAt(address: string): Promise<Socket> {
  const socket = createSocket('udp4');
  closers.push(() => socket.close());
  await new Promise<void>((resolve) => socket.bind(0, address, resolve));
  return socket;
}
const say = async (socket: Socket, port: number, text: string) =>
  await new Promise((resolve) => socket.send(text, port, ADDRESS, resolve));

describe.each(['single', 'batch'] as const)('a flood of datagrams from one source, read as %s,', (way) => {
  beforeEach(() => void (read = way));
  it('is dropped behind its rate once it is read, counted, told once, and no line of another source is lost', async () => {
    const got: ReceivedRecord[] = [];
    const gate = new SourceGate({ sources: new Map([['127.0.77.8', { ...NO_LIMITS, messagesPerSecond: 1, burst: 100 }]]) });
    const listener = await listen(got, { gate });
    const [flood, calm] = [await senderAt('127.0.77.8'), await senderAt('127.0.77.9')];
    // The kernel's one queue for all is never full here: what is lost would be lost by us.
    for (let at = 0; at < 2_000; at++) {
      await say(flood, listener.port, `flood ${at}`);
      if (at % 4 === 0) await say(calm, listener.port, `calm ${at}`);
    }
    await expect.poll(() => listener.stats().received, soon).toBe(2_500);
    const from = (address: string) => got.filter(({ source }) => source.address === address).length;
    expect(from('127.0.77.9')).toBe(500);
    const taken = from('127.0.77.8');
    expect(taken).toBeGreaterThanOrEqual(100);
    expect(taken).toBeLessThan(200);
    expect(listener.stats().refusedBy).toEqual({ rate: 2_000 - taken });
    expect(gate.takeNews()).toEqual({ 'rate 127.0.77.8': 2_000 - taken });
    expect(gate.report(9)).toMatchObject([
      { address: '127.0.77.8', received: taken, refused: { rate: 2_000 - taken } },
      { address: '127.0.77.9', received: 500, refused: {} },
    ]);
  });
  it('that is not allowed is counted by address', async () => {
    const got: ReceivedRecord[] = [];
    const gate = new SourceGate({ allow: ['127.0.77.9'] });
    const listener = await listen(got, { gate });
    await say(await senderAt('127.0.77.8'), listener.port, 'x');
    await say(await senderAt('127.0.77.9'), listener.port, 'y');
    await expect.poll(() => listener.stats().received, soon).toBe(2);
    expect(got.map(({ raw }) => Buffer.from(raw).toString())).toEqual(['y']);
    expect(gate.takeNews()).toEqual({ 'not_allowed 127.0.77.8': 1 });
  });
  it('has its long datagrams cut where it is told, unless they are traps', async () => {
    const got: ReceivedRecord[] = [];
    const gate = new SourceGate({ limits: { ...NO_LIMITS, messageBytes: 2_048 } });
    for (const kind of ['syslog', 'trap'] as const) {
      const { port } = await listen(got, { gate, kind });
      await say(await senderAt('127.0.77.8'), port, 'x'.repeat(3_000));
    }
    await expect
      .poll(() => got.map(({ kind, raw, flags }) => `${kind} ${raw.length} ${flags}`).sort(), soon)
      .toEqual(['syslog 2048 1', 'trap 3000 0']);
  });
});

describe.each(['single', 'batch'] as const)('several sockets on one port, read as %s,', (way) => {
  beforeEach(() => void (read = way));
  it('take every datagram once, from whichever socket, and their drops are one number', async () => {
    const got: ReceivedRecord[] = [];
    const listener = await listen(got, { sockets: 3 });
    const senders = await Promise.all(Array.from({ length: 12 }, () => senderAt('127.0.77.8')));
    for (let at = 0; at < 600; at++) await say(senders[at % 12]!, listener.port, String(at));
    await expect.poll(() => got.length, soon).toBe(600);
    expect(new Set(got.map(({ raw }) => Buffer.from(raw).toString())).size).toBe(600);
    expect(await listener.kernelDrops()).toBe(0);
  });
  it('of IPv6 are found in the kernel’s table, too', async () => {
    const listener = await listen([], { address: '::1' });
    expect(await listener.kernelDrops()).toBe(0);
    await listener.close();
    expect(await listener.kernelDrops()).toBe(null);
  });
  it('drop what no buffer has room for, and that is counted', async () => {
    const got: ReceivedRecord[] = [];
    const listener = await listen(got, { sockets: 2, receiveBufferBytes: 4_096 });
    const senders = await Promise.all(Array.from({ length: 8 }, () => senderAt('127.0.77.8')));
    // All at once, before the loop can read.
    const sent = senders.flatMap((sender) => Array.from({ length: 100 }, () => say(sender, listener.port, 'x'.repeat(1_000))));
    await Promise.all(sent);
    await expect.poll(async () => got.length + ((await listener.kernelDrops()) ?? 0), soon).toBe(800);
    expect(await listener.kernelDrops()).toBeGreaterThan(0);
  });
});
