import { statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Benchmark, BenchOptions, Measure } from './benchmark.js';
import { flood, MESSAGE_BYTES } from './flood.js';
import { type BenchReceiver, type BenchReceivers, startReceivers } from './receiver-processes.js';
import { until, usageOf } from './usage.js';

const MB = 1_000_000;
const MIB = 1024 * 1024;
const GOAL_MB = 300;
const PER_SECOND = 10_000;
const MINUTES = 2;
/** What a message takes in the journal, generously. */
const JOURNALED_BYTES = MESSAGE_BYTES + 100;
const SPARE_BYTES = 2_000 * MIB;
/** Of the run at full rate: small enough to be reached within seconds, large against what is held in memory. */
const BOUND_MB = 512;
/** Once nothing is taken any more, it is sent for so long all the same. */
const OVER_SECONDS = 10;
const AT_ONCE = 400_000;
const FULL_DEADLINE_MS = 600_000;
const LOOK_MS = 1_000;

/** RSS over time: the most there was, and whether it grows. */
class Watch {
  readonly #pid: number;
  readonly #seen: number[] = [];
  readonly #timer: NodeJS.Timeout;

  constructor({ pid }: BenchReceiver) {
    this.#pid = pid;
    this.#timer = setInterval(() => this.#seen.push(usageOf(pid).rssBytes), LOOK_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  found(): { readonly mostMb: number; readonly note: string } {
    const quarter = Math.max(1, this.#seen.length >> 2);
    const mean = (values: readonly number[]) => (values.reduce((sum, each) => sum + each, 0) / values.length / MB).toFixed(0);
    const { maxRssBytes } = usageOf(this.#pid);
    return {
      mostMb: maxRssBytes / MB,
      note: `on the mean ${mean(this.#seen.slice(0, quarter))} MB in the first quarter, ${mean(this.#seen.slice(-quarter))} MB in the last`,
    };
  }
}

/** With the peer down: nothing is let go of. */
async function withReceiver<T>(maxJournalMb: number, work: (receivers: BenchReceivers, watch: Watch) => Promise<T>): Promise<T> {
  const freeMb = (statfsSync(tmpdir()).bavail * statfsSync(tmpdir()).bsize) / MIB;
  if (freeMb < maxJournalMb + SPARE_BYTES / MIB)
    throw new Error(`memory: the journal may become ${maxJournalMb} MiB, and ${tmpdir()} has ${Math.floor(freeMb)} MiB free`);
  const receivers = await startReceivers({ nodes: ['a'], receiver: () => ({ maxJournalMb }) });
  const watch = new Watch(receivers.a);
  try {
    return await work(receivers, watch);
  } finally {
    watch.stop();
    await receivers.stop();
  }
}

async function steady({ minutes = MINUTES, say }: BenchOptions): Promise<Measure> {
  const count = Math.ceil(PER_SECOND * 60 * minutes);
  const maxJournalMb = Math.ceil((count * JOURNALED_BYTES) / MIB) + 64;
  say(
    `memory/peer-down: ${PER_SECOND}/s for ${minutes} minutes; the journal will be some ${Math.round((count * JOURNALED_BYTES) / MIB)} MiB`,
  );
  return await withReceiver(maxJournalMb, async ({ a, ports }, watch) => {
    const { sent } = await flood({ targets: [{ address: a.address, port: ports.syslog }], rate: PER_SECOND, count });
    await until('the last message in the journal', 30_000, () => a.journaled().own + (a.report()?.kernelDrops ?? 0) >= sent);
    const { mostMb, note } = watch.found();
    return measured(
      'memory/peer-down',
      mostMb,
      `${PER_SECOND}/s for ${minutes} minutes, ${a.journaled().own} of ${sent} journaled; ${note}`,
    );
  });
}

async function full({ say }: BenchOptions): Promise<Measure> {
  say(`memory/full-rate: as fast as it goes until ${BOUND_MB} MiB of journal are full, and ${OVER_SECONDS} s more`);
  return await withReceiver(BOUND_MB, async ({ a, ports }, watch) => {
    const send = async () =>
      (await flood({ targets: [{ address: a.address, port: ports.syslog }], rate: 0, count: AT_ONCE })).sent;
    const endMs = performance.now() + FULL_DEADLINE_MS;
    let sent = 0;
    while (a.report()?.journalFull !== true) {
      if (performance.now() > endMs) throw new Error(`the journal is not full after ${FULL_DEADLINE_MS} ms`);
      sent += await send();
    }
    for (const overMs = performance.now() + OVER_SECONDS * 1_000; performance.now() < overMs; ) sent += await send();
    await sleep(LOOK_MS);
    const { mostMb, note } = watch.found();
    return measured(
      'memory/full-rate',
      mostMb,
      `${sent} sent as fast as the generator can, ${a.journaled().own} journaled until the bound of ${BOUND_MB} MiB; ${note}`,
    );
  });
}

function measured(name: string, ours: number, how: string): Measure {
  return {
    ...{ name, unit: 'MB', ours, peer: null, peerName: '–', ratio: null, runs: { ours: [ours], peer: [] } },
    goal: { of: 'ours', is: 'at most', value: GOAL_MB },
    note: `most resident memory of the receiver's process (VmHWM), its peer down; ${how}; ${MESSAGE_BYTES} byte messages, generator on the same machine`,
  };
}

export const MEMORY: Benchmark = {
  name: 'memory',
  what: 'memory of a receiver: 10 000/s with the peer down, and full rate until the journal is full',
  run: async (options) => [await steady(options), await full(options)],
};
