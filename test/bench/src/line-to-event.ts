import { setTimeout as sleep } from 'node:timers/promises';
import { type Benchmark, type BenchOptions, type Measure, median } from './benchmark.js';
import { lineEstate } from './line-estate.js';
import { numberIn, type SentLines, sendLines } from './line-sender.js';
import { percentile } from './open-loop.js';
import { type RowCluster, startRowCluster } from './row-cluster.js';
import { usageOf } from './usage.js';

const PER_SECOND = 2_000;
const GOAL_MS = 1_000;
/** One line of twenty: a hundred events a second, so few of each host and trouble that none is folded into another. */
const HIT_EVERY = 20;
/** Of a run: a second says little of the hundredth that is latest. */
const LONGER = 10;
const LAST_MS = 20_000;
const LOOK_MS = 10;

/** When each line could be read as an event, by its number. */
export class SeenEvents {
  readonly atMs = new Map<number, number>();
  readonly #cluster: RowCluster;
  readonly #running: Promise<void>;
  #last = 0;
  #ends = false;

  constructor(cluster: RowCluster) {
    this.#cluster = cluster;
    this.#running = this.#run();
    // Whoever waits for it at the end is told.
    this.#running.catch(() => undefined);
  }

  async #run(): Promise<void> {
    while (!this.#ends) {
      const { rows } = await this.#cluster.database.query<{ number: string; message: string }>(
        'select number, message from event where number > $1 order by number limit 1000',
        [this.#last],
      );
      const nowMs = performance.timeOrigin + performance.now();
      for (const { number, message } of rows) {
        const found = numberIn(message);
        // Once only: a second event of one line would be one too many.
        if (found !== null && this.atMs.has(found)) throw new Error(`two events of the line ${found}`);
        if (found !== null) this.atMs.set(found, nowMs);
        this.#last = Number(number);
      }
      await sleep(LOOK_MS);
    }
  }

  async end(): Promise<void> {
    this.#ends = true;
    await this.#running;
  }
}

export async function untilThere(sent: SentLines, there: ReadonlyMap<number, unknown>, what: string): Promise<void> {
  const missing = () => [...sent.hitAtMs.keys()].filter((number) => !there.has(number));
  for (const endMs = performance.now() + LAST_MS; performance.now() < endMs && missing().length > 0; ) await sleep(50);
  const left = missing();
  if (left.length > 0)
    throw new Error(`${what}: ${left.length} of ${sent.hitAtMs.size} lines did not come, such as ${left.slice(0, 5).join(', ')}`);
}

export const tookMs = (sent: SentLines, there: ReadonlyMap<number, number>): readonly number[] =>
  [...sent.hitAtMs].map(([number, atMs]) => there.get(number)! - atMs).sort((one, other) => one - other);

/** By kind of process, with children that have ended. */
export const cpuMsOf = (cluster: RowCluster): Readonly<Record<string, number>> =>
  Object.fromEntries(
    Object.entries(cluster.processes()).map(([name, pids]) => [name, pids.reduce((sum, pid) => sum + cpuMs(pid), 0)]),
  );
function cpuMs(pid: number): number {
  try {
    const { cpuMs: own, childrenMs } = usageOf(pid);
    return own + childrenMs;
  } catch {
    return 0;
  }
}

async function measure(cluster: RowCluster, { runs, seconds, say }: BenchOptions): Promise<readonly Measure[]> {
  const seen = new SeenEvents(cluster);
  const found = { p50: [] as number[], p99: [] as number[], max: [] as number[] };
  let [firstHit, cores] = [0, ''];
  try {
    // The first run warms up.
    for (let run = 0; run <= runs; run++) {
      const [before, beganMs] = [cpuMsOf(cluster), performance.now()];
      const { targets } = cluster;
      const sent = await sendLines({ targets, perSecond: PER_SECOND, seconds: seconds * LONGER, hitEvery: HIT_EVERY, firstHit });
      firstHit += sent.hitAtMs.size;
      await untilThere(sent, seen.atMs, 'line-to-event');
      const [took, after, forMs] = [tookMs(sent, seen.atMs), cpuMsOf(cluster), performance.now() - beganMs];
      const [p50, p99, max] = [percentile(took, 0.5), percentile(took, 0.99), took.at(-1)!];
      cores = Object.entries(after)
        .map(([name, ms]) => `${name} ${(((ms - (before[name] ?? 0)) * 100) / forMs).toFixed(0)}`)
        .join(', ');
      say(
        `line-to-event: ${took.length} events of ${sent.sent} lines, p50 ${p50.toFixed(0)} ms, p99 ${p99.toFixed(0)} ms, longest ${max.toFixed(0)} ms; per cent of a core: ${cores}`,
      );
      if (run === 0) continue;
      found.p50.push(p50);
      found.p99.push(p99);
      found.max.push(max);
    }
  } finally {
    await seen.end();
  }
  return (['p50', 'p99', 'max'] as const).map((of) => ({
    ...{ name: `line-to-event/${of}`, unit: 'ms', ours: median(found[of]), peer: null, peerName: '–', ratio: null },
    ...(of === 'p99' ? { goal: { of: 'ours', is: 'at most', value: GOAL_MS } as const } : {}),
    runs: { ours: found[of], peer: [] },
    note: `${PER_SECOND} lines/s to each of two nodes for ${seconds * LONGER} s, 500 rules, one line of ${HIT_EVERY} is told; from the call that sends the line until the event can be read (asked for every ${LOOK_MS} ms), both journals, two databases, all on this machine; per cent of a core: ${cores}`,
  }));
}

export const LINE_TO_EVENT: Benchmark = {
  name: 'line-to-event',
  what: 'from the socket to a row that can be read, at 2 000 lines a second with 500 rules, two nodes',
  async run(options) {
    const cluster = await startRowCluster('replicated');
    try {
      await cluster.apply(lineEstate());
      return await measure(cluster, options);
    } finally {
      await cluster.stop();
    }
  },
};
