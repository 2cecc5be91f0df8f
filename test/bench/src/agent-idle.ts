import { setTimeout as sleep } from 'node:timers/promises';
import { Daemons } from '@yosugara/testkit';
import { type Benchmark, type BenchOptions, type Measure, median } from './benchmark.js';
import { agentsConnected, JobAgents, managersOf } from './job-agents.js';
import { type RowCluster, startRowCluster } from './row-cluster.js';
import { usageOf } from './usage.js';

const AGENTS = 3;
const LEAST_S = 60;
/** What joining and the first settings cost is over. */
const WARM_UP_MS = 15_000;
const GOAL_PERCENT = 1;
const GOAL_MB = 80;

export const AGENT_IDLE: Benchmark = {
  name: 'agent-idle',
  what: `${AGENTS} agents' processes with nothing to do, connected to both managers of a cluster: processor time and memory of each`,
  async run(options) {
    const daemons = new Daemons('bench-agent-idle');
    let cluster: RowCluster | null = null;
    try {
      cluster = await startRowCluster('replicated');
      return await measure(cluster, daemons, options);
    } finally {
      await daemons.stop();
      await cluster?.stop();
    }
  },
};

async function measure(
  cluster: RowCluster,
  daemons: Daemons,
  { seconds: asked, say }: BenchOptions,
): Promise<readonly Measure[]> {
  const agents = await JobAgents.prepare(cluster, daemons, managersOf(cluster), AGENTS);
  const pids: number[] = [];
  for (let at = 0; at < AGENTS; at++) pids.push(await agents.start(`idle-${at}`));
  await agentsConnected(cluster, AGENTS);
  await sleep(WARM_UP_MS);
  const seconds = Math.max(LEAST_S, asked);
  const before = pids.map(usageOf);
  await sleep(seconds * 1_000);
  const after = pids.map(usageOf);
  const percents = after.map(({ cpuMs }, at) => (cpuMs - before[at]!.cpuMs) / seconds / 10);
  const megabytes = after.map(({ rssBytes }) => rssBytes / 1e6);
  say(
    `agent-idle: ${percents.map((each) => each.toFixed(2)).join(', ')} % of a core, ${megabytes.map(Math.round).join(', ')} MB`,
  );
  const measureOf = (name: string, unit: string, values: readonly number[], value: number): Measure => ({
    ...{ name: `agent-idle/${name}`, unit, ours: median(values), peer: null, peerName: '–', ratio: null },
    goal: { of: 'ours', is: 'at most', value },
    runs: { ours: values, peer: [] },
    note: `each of ${AGENTS} agents for ${seconds} s, connected to both managers; of /proc, so in steps of 10 ms`,
  });
  return [measureOf('cpu', '% of a core', percents, GOAL_PERCENT), measureOf('memory', 'MB', megabytes, GOAL_MB)];
}
