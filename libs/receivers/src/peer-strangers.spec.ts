import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { PeerChannel } from '@yosugara/runtime';
import { until } from '@yosugara/testkit';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { listenPeer, type PeerIdentity, peerDialer } from './peer-tls.js';
import { TestAuthority } from './testing/certificates.js';

const ca = new TestAuthority();
afterAll(() => ca.remove());
const identityOf = (name: string): PeerIdentity => {
  const { keyFile, certFile } = ca.issue(name);
  return { key: readFileSync(keyFile), cert: readFileSync(certFile), ca: readFileSync(ca.caFile) };
};
const [a, b] = [identityOf('a'), identityOf('b')];
const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const HERE = '127.0.0.1';
const PEER = '127.0.0.2';
const STRANGER = '127.0.0.3';
/** More than there are places for those that have shown nothing. */
const MANY = 40;

/** b listens, a is its peer. */
const listen = async () => {
  const refused: { readonly why: string; readonly address: string }[] = [];
  const channels: PeerChannel[] = [];
  const server = await listenPeer({
    ...{ identity: () => b, address: HERE, port: 0, expected: 'a', peerAddress: PEER },
    onChannel: (channel) => void channels.push(channel),
    onRefused: (why, address) => void refused.push({ why, address }),
  });
  closers.push(() => server.close());
  return { ...server, refused, channels };
};
const silent = async (port: number, localAddress = STRANGER): Promise<Socket> => {
  const socket = connect({ host: HERE, port, localAddress });
  closers.push(() => socket.destroy());
  socket.on('error', () => undefined);
  // Read, or its end would never be seen.
  socket.resume();
  await new Promise((resolve) => {
    socket.once('connect', resolve);
    socket.once('close', resolve);
  });
  return socket;
};
const dial = async (port: number, localAddress = PEER) => {
  const channel = await peerDialer({ identity: () => a, address: HERE, port, localAddress, expected: 'b' }).dial(30_000);
  closers.push(() => channel.close('done'));
  return channel;
};
const open = (sockets: readonly Socket[]) => sockets.filter((socket) => !socket.destroyed).length;

describe('the port of the peer, where strangers hold connections,', () => {
  it('lets the peer in from its own address and, should its address be another on the way, from there', async () => {
    const server = await listen();
    for (let made = 0; made < MANY; made++) await silent(server.port);
    await dial(server.port);
    await until(() => server.channels.length === 1);
    await dial(server.port, '127.0.0.4');
    await until(() => server.channels.length === 2);
  });

  it('lets the peer in while they come again and again', async () => {
    const server = await listen();
    let isOver = false;
    const flood = Array.from({ length: 20 }, async () => {
      while (!isOver) {
        const socket = await silent(server.port);
        if (!socket.destroyed) await new Promise((resolve) => socket.once('close', resolve));
      }
    });
    await until(() => server.refused.length > MANY);
    for (let times = 1; times <= 5; times++) {
      await dial(server.port);
      await until(() => server.channels.length === times);
    }
    isOver = true;
    for (const close of closers.splice(1).reverse()) await close();
    await Promise.all(flood);
  });

  it('keeps the link that is open', async () => {
    const server = await listen();
    const link = await dial(server.port);
    await until(() => server.channels.length === 1);
    const got: string[] = [];
    server.channels[0]!.onFrame((frame) => got.push(Buffer.from(frame).toString()));
    for (let made = 0; made < MANY; made++) await silent(server.port, made % 2 === 0 ? STRANGER : PEER);
    link.send(Buffer.from('still open'));
    await until(() => got.length === 1);
  });

  it('keeps eight of them, the newest, and tells of each other one with its address', async () => {
    const server = await listen();
    const strangers: Socket[] = [];
    for (let made = 0; made < MANY; made++) strangers.push(await silent(server.port));
    await until(() => server.refused.length === MANY - 8 && open(strangers) === 8);
    expect(strangers.slice(-8).every((socket) => !socket.destroyed)).toBe(true);
    expect(new Set(server.refused.map(({ address }) => address))).toEqual(new Set([STRANGER]));
    expect(server.refused[0]?.why).toContain('8 newer connections');
  });

  it('gives no place of the address of the peer to another one', async () => {
    const server = await listen();
    const early = await silent(server.port, PEER);
    for (let made = 0; made < MANY; made++) await silent(server.port);
    await until(() => server.refused.length === MANY - 8);
    expect(early.destroyed).toBe(false);
    expect(server.refused.some(({ address }) => address === PEER)).toBe(false);
  });

  it('ends who shows nothing within 2 s, also one that goes on saying something', async () => {
    const server = await listen();
    const fromMs = performance.now();
    const strangers = [await silent(server.port), await silent(server.port)];
    // The head of a TLS record that never comes to its end.
    strangers[1]!.write(Buffer.from([22, 3, 1, 2, 0]));
    while (open(strangers) > 0 && performance.now() - fromMs < 20_000) {
      if (!strangers[1]!.destroyed) strangers[1]!.write(Buffer.alloc(1));
      await pause(50);
    }
    expect(open(strangers)).toBe(0);
    expect(performance.now() - fromMs).toBeGreaterThan(1_900);
    await until(() => server.refused.length === 2);
    for (const { why } of server.refused) expect(why).toBe(`${STRANGER} did not show who it is within 2000 ms`);
  });

  it('tells once of who goes by itself, and of who says what is no TLS', async () => {
    const server = await listen();
    (await silent(server.port)).destroy();
    await until(() => server.refused.length === 1);
    (await silent(server.port)).write('GET / HTTP/1.1\r\n\r\n');
    await until(() => server.refused.length === 2);
    await pause(100);
    expect(server.refused.map(({ address }) => address)).toEqual([STRANGER, STRANGER]);
  });

  it('is closed at once, and tells nothing of that', async () => {
    const server = await listen();
    const strangers = await Promise.all(Array.from({ length: 5 }, async () => await silent(server.port)));
    await dial(server.port);
    await until(() => server.channels.length === 1);
    const fromMs = performance.now();
    await server.close();
    expect(performance.now() - fromMs).toBeLessThan(1_500);
    await until(() => open(strangers) === 0);
    expect(server.refused).toEqual([]);
  });
});
