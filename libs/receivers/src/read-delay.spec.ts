import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import type { ReceivedRecord } from '@yosugara/runtime';
import { standStill } from '@yosugara/testkit';
import { afterEach, describe, expect, it } from 'vitest';
import { LoopTurns, SocketReads } from './read-delay.js';
import { listenTcp } from './tcp.js';
import { ALWAYS_TAKES } from './testing/taking.js';
import { listenUdp } from './udp.js';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});
const until = async (holds: () => boolean, deadlineMs = 60_000) => {
  for (const end = performance.now() + deadlineMs; !holds(); await new Promise((resolve) => setTimeout(resolve, 5)))
    if (performance.now() > end) throw new Error('not within the deadline');
};
const turn = async () => await new Promise((resolve) => setImmediate(resolve));
/** Nothing of this process runs. */

/** What arrives at a listener, and a way to say something to it that has reached the kernel when it returns. */
async function listening(protocol: 'udp' | 'udp in batches' | 'tcp') {
  const got: ReceivedRecord[] = [];
  const intake = (record: ReceivedRecord) => got.push(record) > 0;
  const at = { address: '127.0.0.1', port: 0, listener: 'own' } as const;
  const listener = await (protocol === 'tcp'
    ? listenTcp({ ...at, intake, room: ALWAYS_TAKES })
    : listenUdp({ ...at, kind: 'syslog', receiveBufferBytes: 262_144, intake, read: protocol === 'udp' ? 'single' : 'batch' }));
  closers.push(() => listener.close());
  if (protocol === 'tcp') {
    const socket = connect(listener.port, '127.0.0.1');
    closers.push(() => socket.destroy());
    await new Promise((resolve) => socket.once('connect', resolve));
    return { got, say: (text: string) => void socket.write(`<13>${text}\n`) };
  }
  const socket = createSocket('udp4');
  closers.push(() => socket.close());
  await new Promise<void>((resolve) => socket.connect(listener.port, '127.0.0.1', resolve));
  return { got, say: (text: string) => void socket.send(`<13>${text}`) };
}

describe.each(['udp', 'udp in batches', 'tcp'] as const)('a listener by %s', (protocol) => {
  it('says how much earlier everything may have come that it reads after it stood still, and of nothing that it reads in time', async () => {
    const before = performance.now();
    const { got, say } = await listening(protocol);
    say('before');
    await until(() => got.length === 1);
    const count = 100;
    for (let at = 0; at < count; at++) say(`late ${at}`);
    standStill(400);
    await until(() => got.length === count + 1);
    const tookMs = performance.now() - before;
    const late = got.slice(1).map((record) => (record.lateByUs ?? 0) / 1_000);
    expect(Math.min(...late)).toBeGreaterThanOrEqual(400);
    expect(Math.max(...late)).toBeLessThan(tookMs + 500);
    // On a busy host a turn may take long again; but not for ever.
    await until(() => {
      say('now');
      return got.at(-1)?.lateByUs === undefined;
    });
  });
});

describe('a socket that is never found empty', () => {
  const read = async (kept: number) => {
    const turns = new LoopTurns();
    closers.push(() => turns.close());
    const reads = new SocketReads(turns, { perTurn: 32, kept });
    await turn();
    await turn();
    const begin = reads.read(32).monotonicMs;
    for (let at = 0; at < 50; at++) {
      await turn();
      reads.read(32);
    }
    return [begin, reads.read(0).monotonicMs] as const;
  };
  it('held everything since then', async () => {
    const [begin, since] = await read(1e9);
    expect(since).toBe(begin);
  });
  it('held no more than the kernel keeps', async () => {
    const [begin, since] = await read(320);
    expect(since).toBeGreaterThan(begin);
  });
});
