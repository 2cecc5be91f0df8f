import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Benchmark, BenchOptions, Measure } from './benchmark.js';
import { compareRates } from './compare-rates.js';
import type { Trial } from './rate-search.js';
import { type BenchReceivers, startReceivers } from './receiver-processes.js';
import { RECEIVE_BUFFER_BYTES } from './rsyslog.js';
import { type Snmptrapd, startSnmptrapd } from './snmptrapd.js';
import { allowReceiveBuffers } from './system.js';
import { trapsConfig } from './trap-packets.js';
import type { TrapOrder, TrapsSent } from './trap-sender.js';
import { usageOf } from './usage.js';

const SENDER = fileURLToPath(new URL('./trap-sender.js', import.meta.url));
const ENGINE_ID = '80001f8804626e63';
const JOURNAL_MB = 16_384;
const FIRST_RATE = 10_000;
/** Nothing more comes: the rest is lost. */
const QUIET_MS = 1_000;
/** Behind the last that was sent: the watermark comes every 50 ms, and a file is written by the page. */
const LAG_MS = 150;

/** Whoever keeps what is sent to it. */
interface Sink {
  readonly pid: number;
  readonly address: string;
  readonly port: number;
  kept(): number;
}

/** The sender's clock: boots stay, its time goes on. */
const startedMs = performance.now();

async function trialOf(sink: Sink, version: TrapOrder['version'], perSecond: number, seconds: number): Promise<Trial> {
  const count = Math.ceil(perSecond * seconds);
  const engine = { id: ENGINE_ID, boots: 1, time: 1 + Math.floor((performance.now() - startedMs) / 100) };
  const sender = fork(SENDER, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  try {
    const order: TrapOrder = { version, address: sink.address, port: sink.port, count, perSecond, engine };
    sender.send(order);
    await once(sender, 'message');
    const [keptBefore, cpuBeforeMs] = [sink.kept(), usageOf(sink.pid).cpuMs];
    const done = once(sender, 'message');
    sender.send('go');
    const [sent] = (await done) as [TrapsSent];
    const kept = await settled(sink, keptBefore + count);
    const cpuMs = usageOf(sink.pid).cpuMs - cpuBeforeMs;
    const [more, rate] = [kept.count - keptBefore, count / ((sent.endedMs - sent.beganMs) / 1_000)];
    const lateMs = Math.max(0, kept.atMs - sent.endedMs);
    return {
      ...{ rate, sent: count, kept: more, holds: more === count && lateMs <= LAG_MS, cpuUs: (cpuMs * 1_000) / more },
      note: `${count - more} of ${count} lost, complete ${lateMs} ms after the last, ${((cpuMs * 1_000) / more).toFixed(1)} µs of CPU a trap`,
    };
  } finally {
    await ended(sender);
  }
}

async function ended(sender: ChildProcess): Promise<void> {
  if (sender.exitCode !== null || sender.signalCode !== null) return;
  const exit = once(sender, 'exit');
  sender.kill('SIGKILL');
  await exit;
}

/** How much is kept in the end, and when the last of it was. */
async function settled(sink: Sink, wanted: number): Promise<{ readonly count: number; readonly atMs: number }> {
  let [count, atMs] = [sink.kept(), Date.now()];
  while (count < wanted && Date.now() - atMs < QUIET_MS) {
    await sleep(5);
    const now = sink.kept();
    if (now !== count) [count, atMs] = [now, Date.now()];
  }
  return { count, atMs };
}

function receiverSink({ a, ports }: BenchReceivers): Sink {
  return { pid: a.pid, address: a.address, port: ports.trap, kept: () => a.journaled().own };
}

function daemonSink({ pid, address, port, written }: Snmptrapd): Sink {
  return { pid, address, port, kept: written };
}

async function measure(
  version: TrapOrder['version'],
  receivers: BenchReceivers,
  daemon: Snmptrapd | null,
  options: BenchOptions,
): Promise<Measure> {
  const trial = (sink: Sink) => async (rate: number, forSeconds: number) => await trialOf(sink, version, rate, forSeconds);
  options.say(`traps/${version}`);
  const found = await compareRates(
    options,
    { first: FIRST_RATE, trial: trial(receiverSink(receivers)) },
    daemon === null ? null : { first: FIRST_RATE, trial: trial(daemonSink(daemon)) },
  );
  return {
    ...{ name: `traps/${version}`, unit: 'traps/s', ...found.rates },
    peerName: daemon === null ? 'snmptrapd is not installed' : `snmptrapd ${daemon.version}, to a file, not fsynced`,
    goal: { of: 'ratio', is: 'at least', value: 2 },
    note: [
      `highest lossless rate${version === 'v3' ? ', authPriv, SHA-256 and AES-128' : ''}`,
      `ours: one receiver process, journal fsynced, ${found.ours.note}`,
      ...(found.peer === null ? [] : [`peer: ${found.peer.note}`]),
      'sender, receiver (its peer down) and snmptrapd by turns on this machine',
    ].join('; '),
  };
}

export const TRAPS: Benchmark = {
  name: 'traps',
  what: 'SNMP v2c and v3 authPriv traps into the fsynced journal, highest lossless rate; snmptrapd to a file',
  async run(options) {
    const undo: (() => unknown)[] = [allowReceiveBuffers(RECEIVE_BUFFER_BYTES)];
    try {
      const receivers = await startReceivers({
        nodes: ['a'],
        receiver: (secret) => ({ maxJournalMb: JOURNAL_MB, traps: trapsConfig(secret) }),
      });
      undo.push(() => receivers.stop());
      const daemon = await startSnmptrapd(ENGINE_ID, RECEIVE_BUFFER_BYTES);
      undo.push(() => daemon?.stop());
      const measures: Measure[] = [];
      for (const version of ['v2c', 'v3'] as const) measures.push(await measure(version, receivers, daemon, options));
      return measures;
    } finally {
      for (const step of undo.reverse()) await step();
    }
  },
};
