import type { BenchOptions, Measure } from './benchmark.js';
import type { AgentIdentity } from './job-agents.js';
import { LANE_COUNT, LANE_JOBS, LANES } from './job-estate.js';
import { coresBetween, cpuNow, jobMeasure, startSessions } from './job-measure.js';
import type { RowCluster } from './row-cluster.js';
import { until } from './usage.js';
import { WireAgent } from './wire-agent.js';

const SESSIONS = 20;
const GOAL_PER_SECOND = 200;
const WELCOME_MS = 20_000;
const END_MS = 300_000;

/** Chains of commands, as many at once as there are; each of them passes all that a command passes but the process itself. */
export async function measureEnds(
  cluster: RowCluster,
  identities: readonly AgentIdentity[],
  { host, port }: { readonly host: string; readonly port: number },
  { say }: BenchOptions,
): Promise<readonly Measure[]> {
  const agents = identities.map((identity) => new WireAgent(identity, host, port));
  const areThere = () => {
    const trouble = agents.find((agent) => agent.trouble !== null)?.trouble;
    if (trouble !== undefined) throw new Error(`jobs: an agent that only speaks is away: ${trouble}`);
    return agents.every(({ isIn }) => isIn);
  };
  try {
    await until('all of them are welcome', WELCOME_MS, areThere);
    const before = cpuNow(cluster, []);
    const own = process.cpuUsage();
    const fromMs = performance.now();
    await Promise.all(Array.from({ length: SESSIONS }, () => startSessions(cluster, LANES)));
    await until('all sessions end', END_MS, async () => areThere() && (await open(cluster)) === 0);
    const ms = performance.now() - fromMs;
    const { user, system } = process.cpuUsage(own);
    const count = SESSIONS * LANE_COUNT * LANE_JOBS;
    const cores = coresBetween(before, cpuNow(cluster, []), ms);
    const speakers = ((user + system) / 10 / ms).toFixed(0);
    const rate = (count / ms) * 1_000;
    const note = `${count} commands of ${SESSIONS} sessions in ${SESSIONS * LANE_COUNT} chains, each claimed, asked for, started and ended in commits of both nodes, in ${(ms / 1_000).toFixed(1)} s; per cent of a core: ${cores}, agents that only speak ${speakers}`;
    say(`jobs, ends: ${rate.toFixed(0)}/s; ${note}`);
    return [jobMeasure('ends', 'ends/s', rate, note, { is: 'at least', value: GOAL_PER_SECOND })];
  } finally {
    for (const agent of agents) agent.close();
  }
}

async function open({ database }: RowCluster): Promise<number> {
  const { rows } = await database.query<{ count: string }>(
    'select count(*) as count from job_session where unit = $1 and ended_at is null',
    [LANES],
  );
  return Number(rows[0]?.count);
}
