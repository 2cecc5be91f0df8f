import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { ReceivedRecord } from '@yosugara/runtime';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NO_LIMITS, SourceGate } from './sources.js';
import { MAX_LEFT } from './stream.js';
import { listenTcp } from './tcp.js';
import { Taking } from './testing/taking.js';
import type { Listener } from './udp.js';

const ADDRESS = '127.0.81.1';
const soon = { timeout: 60_000, interval: 5 };
const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** A journal in memory that takes while it is open. */
let got: string[] = [];
let isOpen = true;
let room = new Taking();
let offers = 0;
beforeEach(() => {
  got = [];
  room = new Taking();
  offers = 0;
  isOpen = true;
});
const intake = ({ raw }: ReceivedRecord) => ++offers > 0 && isOpen && got.push(Buffer.from(raw).toString()) > 0;
const opens = () => {
  isOpen = true;
  room.tell();
};
async function listen(idleMs: number, gate = new SourceGate()): Promise<Listener> {
  const listener = await listenTcp({ address: ADDRESS, port: 0, listener: 'own', intake, room, gate, idleMs });
  closers.push(() => listener.close());
  return listener;
}
/** Sends, and nothing of this process runs. From a check phase, so that timers are looked at next, and sockets only behind them. */
const standStillWith = async (socket: Socket, sent: string, ms: number) => {
  await new Promise(setImmediate);
  socket.write(sent);
  for (const end = performance.now() + ms; performance.now() < end; );
};
const dial = ({ port }: Listener, localAddress: string): Socket => {
  const socket = connect({ port, host: ADDRESS, localAddress });
  socket.on('error', () => undefined);
  closers.push(() => socket.destroy());
  return socket;
};

describe('a connection that is held back', () => {
  it('is not called idle: it is us who do not read', async () => {
    // Long beside what a busy machine takes to read on.
    const listener = await listen(400);
    isOpen = false;
    const socket = dial(listener, '127.0.81.2');
    socket.write('<13>one\n');
    await once(socket, 'connect');
    await new Promise((resolve) => setTimeout(resolve, 1_600));
    expect(listener.stats().connections).toBe(1);
    socket.write('<13>two\n');
    opens();
    await expect.poll(() => got, soon).toEqual(['<13>one', '<13>two']);
    await expect.poll(() => listener.stats().connections, soon).toBe(0);
  });

  it('has its whole time again when it is read on, also where that comes when its time would have been over', async () => {
    const listener = await listen(100);
    isOpen = false;
    const socket = dial(listener, '127.0.81.2');
    socket.write('<13>one\n');
    await expect.poll(() => room.waiting.size, soon).toBe(1);
    await standStillWith(socket, '<13>two\n', 300);
    opens();
    await expect.poll(() => got, soon).toEqual(['<13>one', '<13>two']);
  });
});

describe('a connection whose listener stood still', () => {
  it('is not called idle before what came meanwhile is read', async () => {
    const listener = await listen(100);
    const socket = dial(listener, '127.0.81.2');
    socket.write('<13>one\n');
    await expect.poll(() => got, soon).toEqual(['<13>one']);
    await standStillWith(socket, '<13>two\n', 300);
    await expect.poll(() => got, soon).toEqual(['<13>one', '<13>two']);
    await expect.poll(() => listener.stats().connections, soon).toBe(0);
  });
});

describe('a connection that the journal refused', () => {
  it('is offered again when the journal says so, by no timer', async () => {
    const listener = await listen(10_000);
    isOpen = false;
    const socket = dial(listener, '127.0.81.2');
    socket.write('<13>one\n<13>two\n');
    await expect.poll(() => room.waiting.size, soon).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(offers).toBe(1);
    // Still refused: it waits again.
    room.tell();
    expect([offers, room.waiting.size]).toEqual([2, 1]);
    opens();
    expect(got).toEqual(['<13>one', '<13>two']);
    expect(room.waiting.size).toBe(0);
  });
});

describe('what connections leave behind that could not be taken yet', () => {
  /** Connects, says one message without an end of line, and hangs up. */
  const sayAndGo = async (listener: Listener, localAddress: string, text: string) => {
    const socket = dial(listener, localAddress);
    socket.end(text);
    await once(socket, 'close');
  };
  it('is taken when it can be', async () => {
    const listener = await listen(10_000);
    isOpen = false;
    await sayAndGo(listener, '127.0.81.2', '<13>last words');
    opens();
    await expect.poll(() => got, soon).toEqual(['<13>last words']);
  });
  it('of one source is bounded, counted when it is lost, and leaves room for others', async () => {
    const limits = { ...NO_LIMITS, messagesPerSecond: 0.001, burst: 1 };
    const gate = new SourceGate({ sources: new Map([['127.0.81.2', limits]]) });
    const listener = await listen(10_000, gate);
    for (let at = 0; at < MAX_LEFT.ofSource + 30; at++) await sayAndGo(listener, '127.0.81.2', `<13>flood ${at}`);
    const lost = () => gate.report(9).find(({ address }) => address === '127.0.81.2')?.refused['rate'] ?? 0;
    await expect.poll(lost, soon).toBe(29);
    expect(got).toEqual(['<13>flood 0']);
    isOpen = false;
    await sayAndGo(listener, '127.0.81.3', '<13>of another');
    opens();
    await expect.poll(() => got, soon).toContain('<13>of another');
  });
});
