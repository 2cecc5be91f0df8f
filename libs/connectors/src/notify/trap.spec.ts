import type { TrapPayload } from '@yosugara/operations';
import { NotificationBodySchema, type NotificationOf } from '@yosugara/protocol';
import { Daemons, freePort, SNMPTRAPD, startSnmptrapd } from '@yosugara/testkit';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { TOLD, within } from './testing/counterparts.js';
import { trapSender } from './trap.js';

const PAYLOAD: TrapPayload = { kind: 'trap', message: 'no answer from 機器', scope: 'Tokyo > Web', timeoutMs: 5_000 };
const ENGINE = '80007ed904796f737567617261';
const PASSPHRASE = 'correct horse battery';
const setting = (body: object): NotificationOf<'trap'> =>
  NotificationBodySchema.parse({
    kind: 'trap',
    host: '127.0.0.1',
    priorities: { critical: {} },
    ...body,
  }) as NotificationOf<'trap'>;
const send = async (body: object, deadlineMs = 60_000) =>
  await trapSender({ trap: () => setting(body), mailServer: () => null, restAccess: () => null })(
    PAYLOAD,
    TOLD,
    within(deadlineMs),
  );
const v3 = (auth: string, priv: string) => ({
  version: 'v3',
  v3: { user: `u${auth}${priv}`, auth, authSecret: PASSPHRASE, priv, privSecret: PASSPHRASE, engineId: ENGINE },
});
const WAYS = [
  ['sha1', 'aes128', 'SHA', 'AES'],
  ['sha256', 'aes128', 'SHA-256', 'AES'],
  ['sha512', 'aes256', 'SHA-512', 'AES-256'],
] as const;

describe.skipIf(SNMPTRAPD === null)('a trap to a real snmptrapd (Debian: snmptrapd)', () => {
  const parts = new Daemons('trap');
  let daemon: Awaited<ReturnType<typeof startSnmptrapd>>;
  beforeAll(async () => {
    // Of a trap the sender is the authoritative engine, of an INFORM the receiver: it knows the users by both.
    const users = WAYS.flatMap(([auth, priv, AUTH, PRIV]) => {
      const user = `u${auth}${priv} ${AUTH} "${PASSPHRASE}" ${PRIV} "${PASSPHRASE}"`;
      return [`createUser -e 0x${ENGINE} ${user}`, `createUser ${user}`, `authUser log u${auth}${priv} authPriv`];
    });
    daemon = await startSnmptrapd(parts, ['authCommunity log telling', ...users].join('\n'));
  });
  afterAll(async () => await parts.stop());
  const arrived = async (count: number) => {
    await expect.poll(() => daemon.lines().length).toBe(count);
    return daemon.lines().at(-1) ?? '';
  };

  it('of v2c has the objects of our MIB', async () => {
    expect(await send({ port: daemon.port, community: 'telling' })).toEqual({ kind: 'accepted' });
    const line = await arrived(1);
    expect(line).toContain('.1.3.6.1.6.3.1.1.4.1.0 .1.3.6.1.4.1.32473.8162.0.1');
    expect(line).toContain('.1.3.6.1.4.1.32473.8162.1.1.0 "ping/web1///1000/ops"');
    expect(line).toContain('.1.3.6.1.4.1.32473.8162.1.2.0 1');
  });
  it('of v2c with another community is not taken, of which a trap tells nobody and an INFORM does', async () => {
    const before = daemon.lines().length;
    expect(await send({ port: daemon.port, community: 'other' })).toEqual({ kind: 'accepted' });
    expect(await send({ port: daemon.port, community: 'other', inform: true }, 2_500)).toMatchObject({ kind: 'retry' });
    expect(await send({ port: daemon.port, community: 'telling', inform: true })).toEqual({ kind: 'accepted' });
    await arrived(before + 1);
  });
  it.each(WAYS)('of v3 with %s and %s arrives, plain and as an INFORM', async (auth, priv) => {
    const before = daemon.lines().length;
    expect(await send({ port: daemon.port, ...v3(auth, priv) })).toEqual({ kind: 'accepted' });
    await arrived(before + 1);
    expect(await send({ port: daemon.port, ...v3(auth, priv), inform: true })).toEqual({ kind: 'accepted' });
    expect(await arrived(before + 2)).toContain('.32473.8162.0.1');
  });
  it('of v3 says the time, by which receivers drop what is too old', async () => {
    const way = { port: daemon.port, ...v3('sha256', 'aes128') };
    const before = daemon.lines().length;
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 600_000 });
    try {
      await send(way);
      await arrived(before + 1);
    } finally {
      vi.useRealTimers();
    }
    await send(way);
    // What comes after it by the same socket shows that it was not taken.
    await send({ port: daemon.port, community: 'telling' });
    expect(await arrived(before + 2)).toContain('TRAP2, SNMP v2c');
  });
});

it('an INFORM that nobody answers is to be sent again', async () => {
  expect(await send({ port: await freePort(), community: 'x', inform: true }, 1_500)).toMatchObject({ kind: 'retry' });
});
it('of a notification that is gone is to be tried again until it is given up', async () => {
  const sender = trapSender({ trap: () => null, mailServer: () => null, restAccess: () => null });
  expect(await sender(PAYLOAD, TOLD, within(1_000))).toMatchObject({ kind: 'retry' });
});
