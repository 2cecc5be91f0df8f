import 'reflect-metadata';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';
import { type MessageRow, type Messages, type MibUploaded } from '@yosugara/protocol';
import { startTestPostgres, type TestPostgres } from '@yosugara/testkit';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { twoReceivers } from '../../receiver/src/testing/two-receivers.js';
import { type HotStandby, startHotStandby } from './testing/hot-standby.js';
import { managerOf } from './testing/manager-of.js';

/* net-snmp's snmptrap, two receivers, PostgreSQL with its hot standby, and the manager of either node. */
const run = promisify(execFile);
const soon = { timeout: 60_000, interval: 100 };
const setting = await twoReceivers({ third: 82 });
let primary: TestPostgres;
let standby: HotStandby;
beforeAll(async () => {
  primary = await startTestPostgres();
  standby = await startHotStandby(primary);
});
afterAll(async () => {
  await standby?.stop();
  await primary?.stop();
});

const FANS = `FAN-MIB DEFINITIONS ::= BEGIN
IMPORTS enterprises FROM SNMPv2-SMI
        DateAndTime, MacAddress FROM SNMPv2-TC;
fanMib OBJECT IDENTIFIER ::= { enterprises 32473 }
fanState OBJECT-TYPE SYNTAX INTEGER { ok(1), slow(2), stopped(3) } ::= { fanMib 1 }
fanMac OBJECT-TYPE SYNTAX MacAddress ::= { fanMib 2 }
fanSince OBJECT-TYPE SYNTAX DateAndTime ::= { fanMib 3 }
fanFailed NOTIFICATION-TYPE OBJECTS { fanState } ::= { fanMib 0 1 }
END
`;
const FAILED = '1.3.6.1.4.1.32473.0.1';
const values = (fan: number) => [
  ...[`1.3.6.1.4.1.32473.1.${fan}`, 'i', '3'],
  ...[`1.3.6.1.4.1.32473.2.${fan}`, 'x', '00005E00FF01'],
  ...[`1.3.6.1.4.1.32473.3.${fan}`, 'x', '07EA0B150C1E0F00'],
];
const read = (fan: number) =>
  `fanFailed fanState.${fan}=stopped(3) fanMac.${fan}=00:00:5e:00:ff:01 fanSince.${fan}=2026-11-21,12:30:15.0`;
const LINK_DOWN = ['1.3.6.1.2.1.2.2.1.1.7', 'i', '7', '1.3.6.1.2.1.2.2.1.8.7', 'i', '2'];

async function trap(node: 'a' | 'b', oid: string, ...varbinds: readonly string[]): Promise<void> {
  const to = `udp:${setting.address[node]}:${setting.ports.trap}`;
  // No names on this side: what is sent are numbers.
  await run('snmptrap', ['-v2c', '-c', 'public', '-m', '', to, '', oid, ...varbinds], { timeout: 20_000 });
}

it.skipIf(!existsSync('/usr/bin/snmptrap'))(
  'a trap that snmptrap sends reads with names once its module is uploaded, on both nodes, also what came before, and also after a take-over',
  async () => {
    const configs = setting.configs();
    const receivers = { a: await setting.start(configs.a), b: await setting.start(configs.b) };
    await vi.waitFor(() => expect([receivers.a.report().peerLink, receivers.b.report().peerLink]).toEqual(['up', 'up']), soon);
    const a = await managerOf(configs.a, setting.address.a, primary, () => null);
    setting.closers.push(a.stop);
    const b = await managerOf(configs.b, setting.address.b, standby, () => null);
    setting.closers.push(b.stop);
    a.controller.say({ mode: 'active', epoch: 1, master: 'a' });
    const rowsOf = async (node: typeof a, query = '') => (await node.get<Messages>(`/api/messages?kind=trap${query}`)).rows;
    const rowOf = async (node: typeof a, fan: number): Promise<MessageRow> => {
      const rows = await rowsOf(node, `&varbind=1.3.6.1.4.1.32473.1.${fan}`);
      expect(rows.length).toBe(1);
      return rows[0]!;
    };

    await trap('a', FAILED, ...values(1));
    await trap('b', '1.3.6.1.6.3.1.1.5.3', ...LINK_DOWN);
    await vi.waitFor(async () => expect((await rowsOf(a)).length).toBe(2), soon);
    expect((await rowOf(a, 1)).text).toMatch(/^1\.3\.6\.1\.4\.1\.32473\.0\.1 1\.3/);
    // What the RFCs name needs no upload.
    expect((await rowsOf(a, '&trap=linkDown'))[0]?.text).toBe('linkDown ifIndex[7]=7 ifOperStatus[7]=down(2)');

    const files = [{ name: 'fan.txt', text: FANS }];
    const { status, body } = await a.call('POST', '/api/v1/mibs', { body: { files }, withinMs: 60_000 });
    expect([status, (body as MibUploaded).modules[0]?.state]).toEqual([200, 'compiled']);
    const old = await rowOf(a, 1);
    expect([old.text.startsWith(FAILED), old.reading]).toEqual([true, read(1)]);

    await trap('a', FAILED, ...values(2));
    await vi.waitFor(async () => expect((await rowOf(a, 2)).text).toBe(read(2)), soon);
    const stored = await rowOf(a, 2);
    expect([stored.app, stored.reading]).toEqual([FAILED, undefined]);
    expect(stored.varbinds?.[2]).toMatchObject({
      oid: '1.3.6.1.4.1.32473.1.2',
      value: '3',
      name: 'fanState.2',
      read: 'stopped(3)',
    });
    for (const query of ['&text=fanFailed', `&text=${FAILED}&varbind=fanState.2`, '&varbind=fanState.2=stopped'])
      expect(
        (await rowsOf(a, query)).map((row) => row.id),
        query,
      ).toEqual([stored.id]);

    // The standby's manager reads the same database, a moment later.
    await vi.waitFor(async () => expect((await rowOf(b, 1)).reading).toBe(read(1)), soon);

    await a.stop();
    await primary.stop();
    await standby.promote();
    b.controller.say({ mode: 'active', epoch: 2, master: 'b' });
    await trap('b', FAILED, ...values(3));
    await vi.waitFor(async () => expect((await rowOf(b, 3)).text).toBe(read(3)), soon);
    expect((await b.call('DELETE', '/api/v1/mibs/FAN-MIB', { withinMs: 60_000 })).status).toBe(200);
    // What was stored stays as it was stored.
    expect(await rowOf(b, 3)).toMatchObject({ text: read(3) });
    expect((await rowOf(b, 3)).reading).toBeUndefined();
  },
);
