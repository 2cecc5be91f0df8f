import 'reflect-metadata';
import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { berInteger, berOid, tlv } from '@yosugara/operations';
import type { Messages } from '@yosugara/protocol';
import { startTestPostgres, type TestPostgres } from '@yosugara/testkit';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { twoReceivers } from '../../receiver/src/testing/two-receivers.js';
import { managerOf } from './testing/manager-of.js';

/* Datagrams as nobody but a forger sends them, a receiver, PostgreSQL and the manager. */
const soon = { timeout: 60_000, interval: 100 };
const setting = await twoReceivers({ third: 89 });
let server: TestPostgres;
beforeAll(async () => {
  server = await startTestPostgres();
});
afterAll(async () => await server?.stop());

const TRAP_ADDRESS = '1.3.6.1.6.3.18.1.3.0';
const COLD_START = '1.3.6.1.6.3.1.1.5.1';
const TICKS = tlv(0x43, Uint8Array.of(1));
const varbind = (oid: string, value: Uint8Array) => tlv(0x30, berOid(oid), value);
const message = (version: number, pdu: Uint8Array) =>
  tlv(0x30, berInteger(version), tlv(0x04, new TextEncoder().encode('public')), pdu);
const v2c = (address: Uint8Array) =>
  message(
    1,
    tlv(
      0xa7,
      ...[berInteger(1), berInteger(0), berInteger(0)],
      tlv(
        0x30,
        varbind('1.3.6.1.2.1.1.3.0', TICKS),
        varbind('1.3.6.1.6.3.1.1.4.1.0', berOid(COLD_START)),
        varbind(TRAP_ADDRESS, address),
      ),
    ),
  );
const v1 = (agent: Uint8Array) =>
  message(0, tlv(0xa4, berOid('1.3.6.1.4.1.2021'), agent, berInteger(6), berInteger(17), TICKS, tlv(0x30)));

it('a trap with whatever in place of its agent’s address holds up nothing: it is stored, without a host, and so is what comes behind it', async () => {
  const configs = setting.configs();
  const receivers = { a: await setting.start(configs.a), b: await setting.start(configs.b) };
  await vi.waitFor(() => expect([receivers.a.report().peerLink, receivers.b.report().peerLink]).toEqual(['up', 'up']), soon);
  const manager = await managerOf(configs.a, setting.address.a, server, () => null);
  setting.closers.push(manager.stop);
  manager.controller.say({ mode: 'active', epoch: 1, master: 'a' });
  const socket = createSocket('udp4');
  setting.closers.push(() => socket.close());
  const send = async (bytes: Uint8Array) =>
    await new Promise<void>((resolve, reject) =>
      socket.send(bytes, setting.ports.trap, setting.address.a, (error) => (error === null ? resolve() : reject(error))),
    );
  const ascii = Buffer.from(randomBytes(7_500).toString('base64'));
  await send(v2c(tlv(0x04, ascii)));
  await send(v2c(tlv(0x40, randomBytes(10_000))));
  await send(v1(tlv(0x40, randomBytes(10_000))));
  await send(v2c(tlv(0x40, Uint8Array.of(192, 0, 2, 9))));
  const rows = async () => (await manager.get<Messages>('/api/messages?kind=trap')).rows;
  await vi.waitFor(async () => expect(await rows()).toHaveLength(4), soon);
  const found = (await rows()).toReversed();
  expect(found.map(({ host, app, parseReason }) => [host, app, parseReason ?? null])).toEqual([
    [null, COLD_START, null],
    [null, COLD_START, null],
    [null, '1.3.6.1.4.1.2021.0.17', null],
    ['192.0.2.9', COLD_START, null],
  ]);
  expect(found[0]?.varbinds?.at(-1)?.value).toBe(ascii.toString());
});
