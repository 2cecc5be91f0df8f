/**
 * What a message over UDP costs a receiver that is behind, from socket to fsynced journal, read in batches and one by one, and what it costs rsyslog to
 * write it to a file: µs of processor time, which bounds the rate of one core and is nearly the same on a busy machine. By turns; medians.
 * `node test/bench/dist/udp-read.js`
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { kernelDrops } from '@yosugara/receivers';
import { median } from './benchmark.js';
import { flood } from './flood.js';
import { startReceivers } from './receiver-processes.js';
import { RECEIVE_BUFFER_BYTES, rsyslogMissing } from './rsyslog.js';
import { allowReceiveBuffers } from './system.js';
import { cpuOf, rsyslogToFile, type Sink } from './udp-journal.js';

const ROUNDS = 5;
/** At once: a socket's buffer holds them, so the processor's share of who reads does not decide how many a look finds. */
const BURST = 40_000;
const BURSTS = 6;
const QUIET_MS = 20_000;

async function receiverSink(udpRead: 'batch' | 'single', undo: (() => unknown)[]): Promise<Sink> {
  const receivers = await startReceivers({
    nodes: ['a'],
    receiver: () => ({ maxJournalMb: 4_096, udpRead, receiveBufferBytes: RECEIVE_BUFFER_BYTES }),
  });
  undo.push(() => receivers.stop());
  const { address, pid, stateDir } = receivers.a;
  return {
    target: { address, port: receivers.ports.syslog },
    ...{ pids: [pid], dir: stateDir, kept: () => receivers.a.journaled().own, nextBatch: 0 },
  };
}

/** @returns µs a message that was kept. */
async function burst(sink: Sink): Promise<number> {
  const before = {
    kept: await sink.kept(),
    cpuMs: cpuOf(sink.pids),
    drops: (await kernelDrops(sink.target.address, sink.target.port)) ?? 0,
  };
  const { sent, nextBatch } = await flood({ targets: [sink.target], rate: 0, count: BURST, firstBatch: sink.nextBatch });
  sink.nextBatch = nextBatch;
  const sentAtMs = performance.now();
  const kept = async () => (await sink.kept()) - before.kept;
  const dropped = async () => ((await kernelDrops(sink.target.address, sink.target.port)) ?? 0) - before.drops;
  while ((await kept()) + (await dropped()) < sent && performance.now() - sentAtMs < QUIET_MS) await sleep(10);
  return ((cpuOf(sink.pids) - before.cpuMs) * 1_000) / Math.max(1, await kept());
}

async function trial(open: (undo: (() => unknown)[]) => Promise<Sink>): Promise<number> {
  const undo: (() => unknown)[] = [];
  try {
    const sink = await open(undo);
    // The first one warms up.
    await burst(sink);
    const costs: number[] = [];
    while (costs.length < BURSTS) costs.push(await burst(sink));
    return costs.reduce((sum, each) => sum + each, 0) / costs.length;
  } finally {
    for (const step of undo.reverse()) await step();
  }
}

const ways: Record<string, (undo: (() => unknown)[]) => Promise<Sink>> = {
  'in batches': (undo) => receiverSink('batch', undo),
  'one by one': (undo) => receiverSink('single', undo),
  ...(rsyslogMissing() === null ? { 'rsyslog to a file': rsyslogToFile } : {}),
};
const allowed = allowReceiveBuffers(RECEIVE_BUFFER_BYTES);
try {
  const found = new Map<string, number[]>();
  for (let round = 0; round < ROUNDS; round++)
    for (const [name, open] of Object.entries(ways)) found.set(name, [...(found.get(name) ?? []), await trial(open)]);
  for (const [name, costs] of found)
    console.log(
      `${name}: ${median(costs).toFixed(2)} µs of processor time a message (${costs.map((cost) => cost.toFixed(2)).join(', ')})`,
    );
} finally {
  allowed();
}
