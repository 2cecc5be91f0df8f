import { setTimeout as sleep } from 'node:timers/promises';
import { type BenchOptions, type Measure, median } from './benchmark.js';
import { REAL_AGENTS, TICK, WAITING, WAITING_JOBS, WAITING_UNITS } from './job-estate.js';
import { jobMeasure, startSessions } from './job-measure.js';
import { samplesOf } from './metrics-text.js';
import type { RowCluster } from './row-cluster.js';
import { until } from './usage.js';

const SESSIONS = 100;
const TICK_GOAL_MS = 50;
const SLOWER_GOAL_MS = 1_000;
const TAKE_OVERS = 3;
const AGAIN_MS = 10;
const PATIENCE_MS = 120_000;
const QUIET_MS = 10_000;

/** A switchover, until the next Master takes a session of jobs: what it read by then is all that there is. */
export async function measureTakeOvers(cluster: RowCluster, { say }: BenchOptions, what: string): Promise<readonly number[]> {
  const took: number[] = [];
  for (let at = 0; at < TAKE_OVERS; at++) {
    const next = (await cluster.cluster.status()).master === 'a' ? 'b' : 'a';
    const fromMs = performance.now();
    const done = cluster.cluster.yosugara('switchover');
    await until('the next Master takes a session', PATIENCE_MS, async () => await takes(cluster, next, at));
    took.push(performance.now() - fromMs);
    const { code, notes } = await done;
    if (code !== 0) throw new Error(`the switchover failed: ${notes}`);
    await cluster.cluster.until('both in sync', ({ nodes }) => nodes.every(({ syncSet }) => syncSet));
    await sleep(QUIET_MS / 2);
  }
  say(`jobs, take-over ${what}: ${took.map((ms) => Math.round(ms)).join(', ')} ms`);
  return took;
}

async function takes(cluster: RowCluster, node: string, at: number): Promise<boolean> {
  try {
    await startSessions(cluster, `${TICK}-${at % REAL_AGENTS}`, node);
    return true;
  } catch {
    await sleep(AGAIN_MS);
    return false;
  }
}

/** @param empty take-overs without them */
export async function measureWaiting(
  cluster: RowCluster,
  empty: readonly number[],
  options: BenchOptions,
): Promise<readonly Measure[]> {
  const { master } = await cluster.cluster.status();
  for (let at = 0; at < SESSIONS; at++) await startSessions(cluster, `${WAITING}-${at % WAITING_UNITS}`, master ?? undefined);
  const jobs = SESSIONS * WAITING_JOBS;
  options.say(`jobs: ${jobs} wait`);
  const begun = await sliceMs(cluster, master!);
  const full = await measureTakeOvers(cluster, options, `with ${jobs} jobs that wait`);
  const now = (await cluster.cluster.status()).master!;
  await sleep(QUIET_MS);
  const read = await sliceMs(cluster, now);
  const slower = median(full) - median(empty);
  const note = `${jobs} jobs of ${SESSIONS} sessions wait for the next day; switchover to the first session that is taken: ${sentence(empty)} without them, ${sentence(full)} with them`;
  return [
    jobMeasure(
      'waiting-slice',
      'ms',
      Math.max(begun, read),
      `${note}; longest while they begin ${begun.toFixed(0)} ms, after a take-over ${read.toFixed(0)} ms`,
      {
        ...{ is: 'at most', value: TICK_GOAL_MS },
      },
    ),
    jobMeasure('waiting-take-over', 'ms', slower, note, { is: 'at most', value: SLOWER_GOAL_MS }, full),
  ];
}

const sentence = (took: readonly number[]): string => `${took.map((ms) => (ms / 1_000).toFixed(1)).join(', ')} s`;

/** The longest that the loop of jobs held the event loop since it began. */
async function sliceMs(cluster: RowCluster, node: string): Promise<number> {
  const text = await cluster.get('/metrics', node);
  return (samplesOf(text).get('yosugara_jobs_slice_longest_seconds') ?? Number.NaN) * 1_000;
}
