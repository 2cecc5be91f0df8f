import { createSocket } from 'node:dgram';
import { readdirSync } from 'node:fs';
import { connect } from 'node:net';
import type { ReadAhead, ReceivedRecord } from '@yosugara/runtime';
import { standStill } from '@yosugara/testkit';
import { afterEach, describe, expect, it } from 'vitest';
import { listenTcp } from './tcp.js';
import { ALWAYS_TAKES } from './testing/taking.js';
import { listenUdp, type UdpOptions } from './udp.js';

const ADDRESS = '127.0.68.1';
/** The kernel keeps them all, also where it gives a socket no more than its 208 KiB. */
const COUNT = 150;
/** What a listener reckons with for each, and what it leaves free. */
const RECORD_BYTES = 66 * 1024;
const LEFT_FREE = 16;
const soon = { timeout: 60_000, interval: 5 };
const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** Takes so many, and more only when it is told. */
class Taker implements ReadAhead {
  readonly got: ReceivedRecord[] = [];
  readonly replies: ((answer: Uint8Array) => void)[] = [];
  readonly waiting = new Set<() => void>();
  refused = 0;
  #most: number;

  constructor(most: number) {
    this.#most = most;
  }
  get roomBytes(): number {
    return (this.#most - this.got.length) * RECORD_BYTES;
  }
  get texts(): string[] {
    return this.got.map(({ raw }) => Buffer.from(raw).toString());
  }
  whenRoom(then: () => void): () => void {
    this.waiting.add(then);
    return () => void this.waiting.delete(then);
  }
  takesMore(more: number): void {
    this.#most += more;
    for (const then of [...this.waiting].filter((each) => this.waiting.delete(each))) then();
  }
  readonly intake = (record: ReceivedRecord, reply: (answer: Uint8Array) => void): boolean => {
    if (this.got.length >= this.#most) return this.refused++ < 0;
    this.replies.push(reply);
    return this.got.push(record) > 0;
  };
}

async function listening(taker: Taker, change: Partial<UdpOptions>) {
  const listener = await listenUdp({
    ...{ address: ADDRESS, port: 0, listener: 'own', kind: 'syslog', receiveBufferBytes: 4_194_304 },
    ...{ room: taker, intake: taker.intake, ...change },
  });
  closers.push(() => listener.close());
  const socket = createSocket('udp4');
  closers.push(() => socket.close());
  await new Promise<void>((resolve) => socket.connect(listener.port, ADDRESS, resolve));
  const heard: string[] = [];
  socket.on('message', (answer) => heard.push(answer.toString()));
  /** It waits in the listener's socket when this returns. */
  const say = (text: string) => socket.send(text);
  return { listener, say, heard };
}
const numbered = (from: number, count: number) => Array.from({ length: count }, (_, at) => String(from + at));
/** Every socket that is looked at is looked at once. */
const turn = async () => await new Promise((resolve) => setImmediate(resolve));
const openDescriptors = () => readdirSync('/proc/self/fd').length;

describe.each([
  ['syslog, many datagrams at once', { kind: 'syslog', read: 'batch' }],
  ['traps, one by one', { kind: 'trap', read: 'single' }],
] as const)('%s', (_, way) => {
  it('are not read while there is no room: the kernel keeps them, and nothing is refused', async () => {
    const taker = new Taker(LEFT_FREE + 20);
    const { listener, say } = await listening(taker, way);
    for (const text of numbered(0, COUNT)) say(text);
    await expect.poll(() => taker.waiting.size, soon).toBe(1);
    const taken = taker.got.length;
    expect(taken).toBeLessThanOrEqual(LEFT_FREE + 20);
    for (let turns = 0; turns < 100; turns++) await turn();
    expect(taker.got).toHaveLength(taken);
    // A few more are room for none: it is asked again, and waits again.
    taker.takesMore(1);
    await expect.poll(() => taker.waiting.size, soon).toBe(1);
    taker.takesMore(1_000);
    await expect.poll(() => taker.texts, soon).toEqual(numbered(0, COUNT));
    expect(listener.stats()).toMatchObject({ received: COUNT, refused: 0, refusedBy: {} });
    expect([taker.refused, await listener.kernelDrops()]).toEqual([0, 0]);
  });

  it('are late when they waited for room, and say by how much they may be', async () => {
    const taker = new Taker(LEFT_FREE);
    const { say } = await listening(taker, way);
    say('in time');
    await expect.poll(() => taker.waiting.size, soon).toBe(1);
    say('late');
    standStill(400);
    taker.takesMore(1_000);
    await expect.poll(() => taker.got.length, soon).toBe(2);
    expect(taker.got[1]?.lateByUs).toBeGreaterThanOrEqual(400_000);
  });

  it('are answered while there is no room, from the port that they were sent to', async () => {
    const taker = new Taker(LEFT_FREE);
    const { say, heard } = await listening(taker, way);
    say('?');
    await expect.poll(() => taker.waiting.size, soon).toBe(1);
    taker.replies[0]?.(Buffer.from('held'));
    // A connected socket hears nobody else.
    await expect.poll(() => heard, soon).toEqual(['held']);
    taker.takesMore(1_000);
    taker.replies[0]?.(Buffer.from('read on'));
    await expect.poll(() => heard, soon).toEqual(['held', 'read on']);
  });

  it('wait in each of several sockets', async () => {
    const taker = new Taker(LEFT_FREE);
    const { listener } = await listening(taker, { ...way, sockets: 4 });
    // The kernel chooses the socket by the sender: with so many none is left out.
    const senders = await Promise.all(
      Array.from({ length: 96 }, async () => {
        const socket = createSocket('udp4');
        closers.push(() => socket.close());
        await new Promise<void>((resolve) => socket.connect(listener.port, ADDRESS, resolve));
        return socket;
      }),
    );
    for (const [at, socket] of senders.entries()) socket.send(String(at));
    await expect.poll(() => taker.waiting.size, soon).toBe(4);
    expect(taker.got.length).toBeLessThan(senders.length);
    taker.takesMore(1_000);
    await expect.poll(() => [...taker.texts].sort(), soon).toEqual(numbered(0, senders.length).sort());
    expect(taker.refused).toBe(0);
  });

  it('keep no descriptor, and nobody waiting, when the listener is closed while they wait', async () => {
    const taker = new Taker(LEFT_FREE);
    const before = openDescriptors();
    for (let round = 0; round < 20; round++) {
      const { listener, say } = await listening(taker, way);
      say('one more');
      await expect.poll(() => taker.waiting.size, soon).toBe(1);
      await listener.close();
      expect(taker.waiting.size).toBe(0);
      expect(() => taker.replies.at(-1)?.(Buffer.from('nobody’s any more'))).not.toThrow();
      taker.takesMore(0);
      expect(await listener.kernelDrops()).toBe(null);
    }
    // What spoke to them is open until the end.
    expect(openDescriptors()).toBeLessThan(before + 30);
  });
});

it('senders over TCP are read while datagrams wait', async () => {
  const taker = new Taker(LEFT_FREE);
  const { say } = await listening(taker, { read: 'batch' });
  say('a datagram');
  await expect.poll(() => taker.waiting.size, soon).toBe(1);
  const got: string[] = [];
  const listener = await listenTcp({
    ...{ address: ADDRESS, port: 0, listener: 'own', room: ALWAYS_TAKES },
    intake: ({ raw }) => got.push(Buffer.from(raw).toString()) > 0,
  });
  closers.push(() => listener.close());
  const socket = connect(listener.port, ADDRESS);
  closers.push(() => socket.destroy());
  for (const text of numbered(0, COUNT)) socket.write(`${text}\n`);
  await expect.poll(() => got, soon).toEqual(numbered(0, COUNT));
  expect(taker.waiting.size).toBe(1);
});
