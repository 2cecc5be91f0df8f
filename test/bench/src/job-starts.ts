import { setTimeout as sleep } from 'node:timers/promises';
import type { BenchOptions, Measure } from './benchmark.js';
import { REAL_AGENTS, TICK, TICK_MS } from './job-estate.js';
import { coresBetween, cpuNow, jobMeasure, startSessions } from './job-measure.js';
import { percentile } from './open-loop.js';
import type { RowCluster } from './row-cluster.js';
import { until } from './usage.js';

const PER_SECOND = 50;
const MINUTES = 1;
const GOAL_MS = 200;
const END_MS = 60_000;
/** Its own first seconds: programs are compiled, and connections made. */
const WARM_UP_MS = 5_000;

/** Sessions are begun by hand, so many a second; the command of each is due a minute after. The process itself writes when it was there. */
export async function measureStarts(
  cluster: RowCluster,
  agents: readonly number[],
  { minutes = MINUTES, say }: BenchOptions,
): Promise<readonly Measure[]> {
  const measuredMs = Math.min(minutes, 1) * TICK_MS - WARM_UP_MS;
  const count = Math.round(((measuredMs + WARM_UP_MS) / 1_000) * PER_SECOND);
  const startMs = performance.now();
  const asked: Promise<string>[] = [];
  for (let at = 0; at < count; at++) {
    await sleep(Math.max(0, startMs + (at * 1_000) / PER_SECOND - performance.now()));
    asked.push(startSessions(cluster, `${TICK}-${at % REAL_AGENTS}`));
  }
  await Promise.all(asked);
  const firstDueMs = startMs + TICK_MS;
  await sleep(Math.max(0, firstDueMs - performance.now()));
  const before = cpuNow(cluster, agents);
  const fromMs = performance.now();
  await sleep(Math.max(0, firstDueMs + measuredMs - performance.now()));
  const cores = coresBetween(before, cpuNow(cluster, agents), performance.now() - fromMs);
  await until('every command ran', END_MS, async () => (await marks(cluster)).length >= count);
  const found = await marks(cluster);
  const warm = found.slice(Math.round((WARM_UP_MS / 1_000) * PER_SECOND)).sort((one, other) => one - other);
  const p = (share: number) => percentile(warm, share);
  const note = `${warm.length} starts at ${PER_SECOND}/s on ${REAL_AGENTS} agents: p50 ${p(0.5).toFixed(0)}, p90 ${p(0.9).toFixed(0)}, p99 ${p(0.99).toFixed(0)}, most ${p(1).toFixed(0)} ms; per cent of a core: ${cores}`;
  say(`jobs, starts: ${note}`);
  return [
    jobMeasure('start-p50', 'ms', p(0.5), note),
    jobMeasure('start-p99', 'ms', p(0.99), note, { is: 'at most', value: GOAL_MS }),
  ];
}

/** ms after the instant at which each was due, in the order in which they were. */
async function marks({ database }: RowCluster): Promise<readonly number[]> {
  const { rows } = await database.query<{ late: number }>(
    `select o.stdout::float8 - (extract(epoch from s.started_at) * 1000 + $1)::float8 as late
     from job_output o join job_session s on s.number = o.session where s.unit like $2 order by s.started_at, s.number`,
    [TICK_MS, `${TICK}-%`],
  );
  return rows.map(({ late }) => late);
}
