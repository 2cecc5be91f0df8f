import { createSocket } from 'node:dgram';
import { connect, type Socket } from 'node:net';
import type { ReceivedRecord } from '@yosugara/runtime';
import { until } from '@yosugara/testkit';
import { afterEach, describe, expect, it } from 'vitest';
import { monotonicMs, wallUs } from './clock.js';
import { listenTcp } from './tcp.js';
import { ALWAYS_TAKES, Taking } from './testing/taking.js';
import { type Listener, listenUdp } from './udp.js';
import type { UdpRead } from './udp-sockets.js';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});
const kept = <T extends Listener>(listener: T): T => {
  closers.push(() => listener.close());
  return listener;
};
const udp = async (
  got: ReceivedRecord[],
  change: { port?: number; address?: string; listener?: 'own' | 'vip'; read?: UdpRead } = {},
) =>
  kept(
    await listenUdp({
      address: '127.0.0.1',
      port: 0,
      listener: 'own',
      kind: 'syslog',
      receiveBufferBytes: 262_144,
      intake: (record) => got.push(record) > 0,
      ...change,
    }),
  );
const send = async (port: number, messages: readonly string[], address = '127.0.0.1') => {
  const socket = createSocket('udp4');
  closers.push(() => socket.close());
  for (const message of messages) await new Promise((resolve) => socket.send(message, port, address, resolve));
  return socket.address().port;
};
const dial = (port: number): Socket => {
  const socket = connect(port, '127.0.0.1');
  closers.push(() => socket.destroy());
  return socket;
};

describe.each(['single', 'batch'] as const)('the UDP listener, which reads as %s,', (read) => {
  it('hands on every datagram with source, listener and times', async () => {
    const got: ReceivedRecord[] = [];
    const listener = await udp(got, { read });
    const before = [wallUs(), monotonicMs()] as const;
    const port = await send(listener.port, ['<13>one', '<13>two']);
    await until(() => got.length === 2);
    expect(got.map((record) => Buffer.from(record.raw).toString())).toEqual(['<13>one', '<13>two']);
    expect(got[0]).toMatchObject({
      kind: 'syslog',
      transport: 'udp',
      source: { address: '127.0.0.1', port },
      listener: { kind: 'own', address: '127.0.0.1' },
      flags: 0,
    });
    expect(got[0]!.receivedAtUs).toBeGreaterThanOrEqual(before[0]);
    expect(got[0]!.monotonicMs).toBeGreaterThanOrEqual(before[1]);
    expect(got[0]!.receivedAtUs).toBeLessThan((Date.now() + 1) * 1_000);
  });
  it('reads back the granted buffer and the drops that the kernel counted', async () => {
    const listener = await udp([], { read });
    expect(listener.stats().receiveBufferBytes).toBeGreaterThan(0);
    expect(await listener.kernelDrops()).toBe(0);
  });
  it('counts what the journal refused', async () => {
    const listener = kept(
      await listenUdp({
        address: '127.0.0.1',
        port: 0,
        listener: 'own',
        kind: 'trap',
        receiveBufferBytes: 65_536,
        intake: () => false,
        read,
      }),
    );
    await send(listener.port, ['x']);
    await until(() => listener.stats().refused === 1);
  });
  it('says in one line that a port is busy', async () => {
    const { port } = await udp([], { read });
    await expect(udp([], { port, read })).rejects.toMatchObject({
      code: 'PORT_IN_USE',
      message: `cannot listen on 127.0.0.1 port ${port}/udp: another program does`,
    });
  });
  it('says in one line that an address is not ours', async () =>
    await expect(udp([], { address: '192.0.2.1', read })).rejects.toMatchObject({
      code: 'LISTEN_FAILED',
      message: expect.stringContaining('EADDRNOTAVAIL'),
    }));
});

const TCP = { address: '127.0.0.1', port: 0, listener: 'own', room: ALWAYS_TAKES } as const;

describe('the TCP listener', () => {
  it('takes both framings on one port, each connection by itself', async () => {
    const got: ReceivedRecord[] = [];
    const listener = kept(await listenTcp({ ...TCP, intake: (record) => got.push(record) > 0 }));
    dial(listener.port).end('5 <13>a6 <13>bb');
    dial(listener.port).end('<13>line\n<13>last');
    await until(() => got.length === 4);
    expect(got.map((record) => Buffer.from(record.raw).toString()).sort()).toEqual(['<13>a', '<13>bb', '<13>last', '<13>line']);
    expect(got[0]).toMatchObject({ transport: 'tcp', source: { address: '127.0.0.1' } });
  });
  it('stops reading while the journal refuses, and loses nothing', async () => {
    const got: ReceivedRecord[] = [];
    let open = false;
    const room = new Taking();
    const listener = kept(
      await listenTcp({
        ...{ address: '127.0.0.1', port: 0, listener: 'own', room },
        intake: (record) => open && got.push(record) > 0,
      }),
    );
    const socket = dial(listener.port);
    const lines = Array.from({ length: 200_000 }, (_, index) => `<13>${index} ${'x'.repeat(90)}\n`);
    socket.write(lines.join(''));
    await until(() => socket.bytesWritten > 0 && socket.writableLength > 0);
    expect(got.length).toBe(0);
    open = true;
    room.tell();
    socket.end();
    await until(() => got.length === lines.length);
    expect(got.every((record, index) => Buffer.from(record.raw).toString().startsWith(`<13>${index} `))).toBe(true);
  });
  it('marks a message over 64 KiB', async () => {
    const got: ReceivedRecord[] = [];
    const listener = kept(await listenTcp({ ...TCP, intake: (record) => got.push(record) > 0 }));
    dial(listener.port).end(`<13>${'x'.repeat(70_000)}\n<13>next\n`);
    await until(() => got.length === 2);
    expect(got.map((record) => [record.raw.length, record.flags])).toEqual([
      [65_536, 1],
      [8, 0],
    ]);
  });
  it('ends a connection that breaks its framing, and keeps what came before', async () => {
    const got: ReceivedRecord[] = [];
    const listener = kept(await listenTcp({ ...TCP, intake: (record) => got.push(record) > 0 }));
    const socket = dial(listener.port);
    socket.on('error', () => undefined);
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.write('5 <13>aoops');
    await closed;
    expect([got.length, listener.stats().refused]).toEqual([1, 1]);
  });
  it('refuses more connections than allowed', async () => {
    const listener = kept(await listenTcp({ ...TCP, intake: () => true, maxConnections: 1 }));
    const first = dial(listener.port);
    await new Promise((resolve) => first.once('connect', resolve));
    const second = dial(listener.port);
    second.on('error', () => undefined);
    await new Promise((resolve) => second.once('close', resolve));
    expect(first.destroyed).toBe(false);
  });
});
