import { execFileSync } from 'node:child_process';
import { counterOid, decodeTrap, LATCHED_BOOTS, snmpVersion, type UsmPriv } from '@yosugara/operations';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  AUTH_PASSPHRASE,
  NetSnmp,
  npmTrap,
  PRIV_PASSPHRASE,
  TrapSink,
  type TrapSinkOptions,
  testUser,
} from './testing/trap-sink.js';

const USER = testUser('ann', 'sha256', 'aes128');
const tools = new NetSnmp();
const sinks: TrapSink[] = [];
const opened = async (options: Partial<TrapSinkOptions> = {}) => {
  const sink = new TrapSink({ users: [USER], ...options });
  sinks.push(sink);
  return { sink, port: await sink.open() };
};
const until = async (holds: () => boolean) => {
  const end = performance.now() + 60_000;
  while (!holds()) {
    if (performance.now() > end) throw new Error('not within the deadline');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
};
/** Real packets of net-snmp: of a sender with an engine id and a clock of its own. */
const recorded = async (boots: number, time: number, engine = '8000000001020304', user = USER.name): Promise<Buffer> => {
  const { sink, port } = await opened({ users: [] });
  const login = ['-v3', '-u', user, '-l', 'authPriv', '-a', 'SHA-256', '-A', AUTH_PASSPHRASE, '-x', 'AES', '-X', PRIV_PASSPHRASE];
  const args = [...login, '-e', engine, '-Z', `${boots},${time}`, `127.0.0.1:${port}`, String(time), '1.3.6.1.6.3.1.1.5.3'];
  expect(await tools.run('snmptrap', args)).toBeNull();
  await until(() => sink.packets.length === 1);
  return Buffer.from(sink.packets[0]!);
};
let first: Buffer;
let later: Buffer;
let restarted: Buffer;
beforeAll(async () => {
  first = await recorded(7, 1_000);
  later = await recorded(7, 1_200);
  restarted = await recorded(8, 5);
  await closeAll();
});
const closeAll = async () => {
  for (const sink of sinks.splice(0)) await sink.close();
};
afterEach(closeAll);
afterAll(() => tools.close());

describe('a trap whose sender has a clock', () => {
  const taken = (packets: readonly Buffer[], aheadMs = [0, 0, 0]) => {
    let turn = 0;
    const sink = new TrapSink({ users: [USER], aheadMs: () => aheadMs[turn] ?? 0 });
    for (const packet of packets) {
      sink.feed(packet);
      turn++;
    }
    return { kept: sink.kept.length, refused: sink.refused, counters: sink.usm.counters };
  };
  it('is taken, and so are later ones and those after its restart', () =>
    expect(taken([first, later, restarted])).toMatchObject({ kept: 3, refused: [] }));
  it('is not taken twice', () => expect(taken([first, first])).toMatchObject({ kept: 1, refused: ['replayed'] }));
  it('is not taken when newer ones have been heard', () => {
    expect(taken([later, first])).toMatchObject({ kept: 1, refused: ['not_in_time_window'] });
    expect(taken([restarted, later])).toMatchObject({ kept: 1, counters: { notInTimeWindows: 1 } });
  });
  it('is of the past when our clock says so', () => {
    const another = first;
    expect(taken([later, restarted, another], [0, 0, 0]).refused).toEqual(['not_in_time_window']);
    expect(taken([first, later], [0, 349_000]).refused).toEqual([]);
    expect(taken([later, later], [0, 152_000]).refused).toEqual(['not_in_time_window']);
  });
  it('is not moved forward by one that is forged', () => {
    const forged = Buffer.from(restarted);
    forged[forged.length - 1]! ^= 1;
    expect(taken([forged, first])).toMatchObject({ kept: 1, refused: ['wrong_digest'] });
  });
  it.each([
    ['an unknown user', [testUser('bob', 'sha256', 'aes128')], 'unknown_user'],
    ['a user without privacy', [testUser('ann', 'sha256', 'none')], 'security_level'],
    ['a user of another protocol', [testUser('ann', 'sha1', 'aes128')], 'wrong_digest'],
  ])('is refused for %s', (_, users, reason) => {
    const sink = new TrapSink({ users });
    sink.feed(first);
    expect([sink.kept, sink.refused, sink.answers]).toEqual([[], [reason], []]);
  });
});

describe('what is journaled', () => {
  it('is SNMPv3 in the clear, without a digest, and says who spoke', () => {
    const sink = new TrapSink({ users: [USER] });
    const before = Buffer.from(first);
    sink.feed(first);
    const raw = sink.kept[0]!.raw;
    expect(first.equals(before)).toBe(true);
    expect(snmpVersion(raw)).toBe(3);
    expect(decodeTrap(raw)).toMatchObject({
      kind: 'trap',
      trap: { version: 'v3', sysUpTime: 1_000, v3: { user: 'ann', engineId: '8000000001020304', contextName: '' } },
    });
    // The packet itself says nothing without the key.
    expect(decodeTrap(first)).toEqual({ kind: 'malformed', reason: 'encrypted' });
  });
});

describe('forged packets', () => {
  it('of known users from ever new engines are bounded, and known senders are still heard', () => {
    // All within one second, however long the keys' arithmetic takes here: the clock stands still.
    const sink = new TrapSink({ users: [USER], limits: { newKeysPerSecond: 100 }, aheadMs: () => -performance.now() });
    sink.feed(first);
    const at = first.indexOf(Buffer.from('8000000001020304', 'hex'));
    for (let forged = 0; forged < 1_000; forged++) {
      const packet = Buffer.from(first);
      packet.writeUInt32BE(forged, at + 4);
      sink.feed(packet);
    }
    sink.feed(later);
    expect(sink.kept).toHaveLength(2);
    expect(new Set(sink.refused)).toEqual(new Set(['wrong_digest', 'too_many_new_engines']));
    expect(sink.refused.filter((reason) => reason === 'wrong_digest').length).toBeLessThan(150);
  });
  it('never crash it and are never kept, whatever byte is wrong', () => {
    const sink = new TrapSink({ users: [USER] });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(first.length - 1), fc.integer({ min: 1, max: 255 })), { minLength: 1, maxLength: 4 }),
        (changes) => {
          const packet = Buffer.from(first);
          for (const [at, difference] of changes) packet[at]! ^= difference;
          fc.pre(!packet.equals(first));
          sink.feed(packet);
          // What no longer begins like SNMPv3 is a message with a reason, as ever.
          expect(sink.kept.splice(0).filter((record) => snmpVersion(record.raw) === 3)).toHaveLength(0);
        },
      ),
      { numRuns: 3_000 },
    );
  });
  it('that are cut short or grown are not kept', () => {
    const sink = new TrapSink({ users: [USER] });
    for (let length = 0; length < first.length; length++) sink.feed(first.subarray(0, length));
    sink.feed(Buffer.concat([first, Buffer.from([0])]));
    expect(sink.kept.every((record) => snmpVersion(record.raw) !== 3)).toBe(true);
  });
});

describe('an engine at the end of its boots', () => {
  it('takes no INFORM, but still traps', async () => {
    const { sink, port } = await opened({ boots: LATCHED_BOOTS });
    expect(sink.usm.isLatched).toBe(true);
    const login = [
      '-v3',
      '-u',
      'ann',
      '-l',
      'authPriv',
      '-a',
      'SHA-256',
      '-A',
      AUTH_PASSPHRASE,
      '-x',
      'AES',
      '-X',
      PRIV_PASSPHRASE,
    ];
    expect(
      await tools.run('snmpinform', [...login, '-r', '0', '-t', '15', `127.0.0.1:${port}`, '1', '1.3.6.1.6.3.1.1.5.3']),
    ).not.toBeNull();
    sink.feed(first);
    expect([sink.kept.length, sink.refused.includes('not_in_time_window')]).toEqual([1, true]);
  });
});

describe('the npm package net-snmp', () => {
  // Its DES needs a provider of OpenSSL that Node does not load.
  const privs = { aes128: 'aes', aes256: 'aes256b', aes256c: 'aes256r' } as const satisfies Partial<Record<UsmPriv, string>>;
  it.each(Object.keys(privs) as (keyof typeof privs)[])('with sha1 and %s is understood', async (priv) => {
    const { sink, port } = await opened({ users: [testUser('ann', 'sha1', priv)] });
    await npmTrap(port, { auth: 'sha', priv: privs[priv], inform: false });
    await npmTrap(port, { auth: 'sha', priv: privs[priv], inform: true });
    await until(() => sink.kept.length === 2);
    expect(sink.kept.map((record) => decodeTrap(record.raw))).toMatchObject([
      { trap: { pdu: 'trap', trapOid: '1.3.6.1.4.1.2000.1' } },
      { trap: { pdu: 'inform', trapOid: '1.3.6.1.4.1.2000.1' } },
    ]);
  });
});

it('snmptrap of Debian’s package snmp is there', () => {
  expect(execFileSync('snmptrap', ['-V'], { stdio: 'pipe' })).toBeDefined();
  expect(counterOid('unknownEngineIds')).toBe('1.3.6.1.6.3.15.1.1.4.0');
});
