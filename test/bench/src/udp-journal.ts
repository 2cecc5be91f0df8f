import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openJournalReader } from '@yosugara/journal';
import { STATE_LAYOUT } from '@yosugara/protocol';
import { kernelDrops } from '@yosugara/receivers';
import type { Benchmark, BenchOptions, Measure } from './benchmark.js';
import { compareRates, type Side, thousands } from './compare-rates.js';
import { type FloodTarget, flood, floodCeiling, floodNumber, MESSAGE_BYTES } from './flood.js';
import type { Trial } from './rate-search.js';
import { type BenchReceiver, type BenchReceivers, startReceivers } from './receiver-processes.js';
import { linesOf, RECEIVE_BUFFER_BYTES, rsyslogMissing, startRsyslog } from './rsyslog.js';
import { allowReceiveBuffers, diskFlushes, grantedBytes } from './system.js';
import { usageOf } from './usage.js';

const FIRST_RATE = 60_000;
/** What a search keeps: most of it in trials that must hold for longer, and do not. */
const JOURNAL_MB = 32_768;
/** What is neither kept nor counted by the kernel as dropped after so long is lost. */
const QUIET_MS = 5_000;
/** A watermark comes every 50 ms; and so much of the time that was sent for. More means that a backlog grew. */
const BEHIND_MS = 250;
const BEHIND_SHARE = 0.05;

/** Something that takes UDP and can say how many messages it has kept. */
export interface Sink {
  readonly target: FloodTarget;
  readonly pids: readonly number[];
  readonly dir: string;
  /** Of everything that was ever sent to it. */
  kept(): number | Promise<number>;
  /** Number of the first batch of the next flood. */
  nextBatch: number;
}

/** Sends, waits until everything is kept or nothing more comes, and looks at what it cost. */
export async function tryRate(sink: Sink, rate: number, seconds: number): Promise<Trial> {
  const { target, pids, dir } = sink;
  const before = { kept: await sink.kept(), cpuMs: cpuOf(pids), flushes: diskFlushes(dir), drops: await dropsOf(target) };
  const sent = await flood({ targets: [target], rate, count: rate * seconds, firstBatch: sink.nextBatch });
  sink.nextBatch = sent.nextBatch;
  const sentAtMs = performance.now();
  const dropped = async () => (await dropsOf(target)) - before.drops;
  let kept = (await sink.kept()) - before.kept;
  let cameAtMs = sentAtMs;
  while (kept + (await dropped()) < sent.sent && performance.now() - cameAtMs < QUIET_MS) {
    await sleep(10);
    const now = (await sink.kept()) - before.kept;
    if (now > kept) cameAtMs = performance.now();
    kept = now;
  }
  const behindMs = cameAtMs - sentAtMs;
  const cpuUs = ((cpuOf(pids) - before.cpuMs) * 1_000) / Math.max(1, kept);
  const flushes = before.flushes === null ? null : ((diskFlushes(dir) ?? 0) - before.flushes) / sent.seconds;
  const lost = sent.sent - kept;
  return {
    ...{ rate: sent.sent / sent.seconds, sent: sent.sent, kept, cpuUs },
    holds: lost === 0 && behindMs <= BEHIND_MS + BEHIND_SHARE * sent.seconds * 1_000,
    note: `${lost} of ${sent.sent} lost (${await dropped()} dropped by the kernel), complete ${Math.round(behindMs)} ms after the last, ${cpuUs.toFixed(2)} µs of CPU a message, ${flushes === null ? '?' : Math.round(flushes)} disk flushes/s`,
  };
}

export const cpuOf = (pids: readonly number[]) => pids.reduce((sum, pid) => sum + usageOf(pid).cpuMs, 0);
const dropsOf = async ({ address, port }: FloodTarget) => (await kernelDrops(address, port)) ?? 0;

/** So many different messages of the flood are in the receiver's own journal, of those behind `fromSeq`. */
async function differentIn({ stateDir, watermark }: BenchReceiver, fromSeq: number): Promise<number> {
  const journal = watermark()?.journals.findLast(({ side }) => side === 'own');
  if (journal === undefined) return 0;
  const numbers = new Set<number>();
  const reader = openJournalReader(join(stateDir, STATE_LAYOUT.journalOwn));
  try {
    for (let next = fromSeq + 1; next <= journal.durableSeq; ) {
      const records = await reader.read(journal.journalId, next, journal.durableSeq, 4_000_000);
      for (const { raw } of records) {
        const number = floodNumber(raw);
        if (number !== null) numbers.add(number);
      }
      next += records.length;
    }
  } finally {
    await reader.close();
  }
  return numbers.size;
}

/** Of one search: what two of them keep is more than the journal's bound. */
class Ours implements Side {
  readonly first = FIRST_RATE;
  #receivers: BenchReceivers | null = null;
  #sink: Sink | null = null;
  #last: Trial | null = null;
  /** Different messages of the last trial. */
  different = 0;
  grantedBytes = 0;

  readonly before = async () => {
    this.#receivers = await startReceivers({ nodes: ['a'], receiver: () => ({ maxJournalMb: JOURNAL_MB }) });
    const { a, ports } = this.#receivers;
    this.grantedBytes = grantedBytes(a.stateDir);
    this.#sink = {
      target: { address: a.address, port: ports.syslog },
      ...{ pids: [a.pid], dir: a.stateDir, kept: () => a.journaled().own, nextBatch: 0 },
    };
  };
  readonly trial = async (rate: number, seconds: number) => (this.#last = await tryRate(this.#sink!, rate, seconds));
  readonly after = async () => {
    const { a } = this.#receivers!;
    this.different = await differentIn(a, a.journaled().own - this.#last!.kept);
    await this.stop();
  };
  async stop(): Promise<void> {
    await this.#receivers?.stop();
    this.#receivers = null;
  }
}

async function measure(options: BenchOptions, undo: (() => unknown)[]): Promise<Measure> {
  const ours = new Ours();
  undo.push(() => ours.stop());
  const missing = rsyslogMissing();
  const peer = missing === null ? await rsyslogToFile(undo) : null;
  const ceiling = await floodCeiling();
  options.say(`the generator can send ${thousands(ceiling)} to nobody`);
  const found = await compareRates(
    options,
    ours,
    peer === null ? null : { first: FIRST_RATE, trial: async (rate, seconds) => await tryRate(peer, rate, seconds) },
  );
  return {
    ...{ name: 'udp-journal', unit: 'messages/s', ...found.rates },
    peerName: missing ?? 'rsyslog, imudp to a file',
    goal: { of: 'ratio', is: 'at least', value: 0.7 },
    note: [
      `highest lossless rate of ${MESSAGE_BYTES} byte messages`,
      `ours: ${found.ours.note}; ${ours.different} of them different`,
      ...(found.peer === null ? [] : [`peer: ${found.peer.note}`]),
      `receive buffer: ${ours.grantedBytes} bytes granted (the kernel doubles what is asked)`,
      `receiver (peer down), generator (${thousands(ceiling)} to nobody) and rsyslog by turns on this machine`,
    ].join('; '),
  };
}

export async function rsyslogToFile(undo: (() => unknown)[]): Promise<Sink> {
  const dir = mkdtempSync(join(tmpdir(), 'yosugara-lines-'));
  undo.push(() => rmSync(dir, { recursive: true, force: true }));
  const file = join(dir, 'lines');
  const rsyslog = await startRsyslog(
    `action(type="omfile" file="${file}" template="line" ioBufferSize="1m")`,
    'queue.type="FixedArray" queue.size="500000" queue.dequeueBatchSize="4096" queue.workerThreads="1"',
    'template(name="line" type="string" string="%rawmsg%\\n")',
  );
  undo.push(() => rsyslog.stop());
  return { target: rsyslog, pids: [rsyslog.pid], dir, kept: () => linesOf(file, MESSAGE_BYTES + 1), nextBatch: 0 };
}

export const UDP_JOURNAL: Benchmark = {
  name: 'udp-journal',
  what: 'syslog over UDP into the fsynced journal, one receiver process: highest lossless rate, against rsyslog to a file',
  async run(options) {
    const undo: (() => unknown)[] = [allowReceiveBuffers(RECEIVE_BUFFER_BYTES)];
    try {
      return [await measure(options, undo)];
    } finally {
      for (const step of undo.reverse()) await step();
    }
  },
};
