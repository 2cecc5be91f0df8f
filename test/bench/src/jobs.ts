import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Daemons } from '@yosugara/testkit';
import type { Benchmark, BenchOptions, Measure } from './benchmark.js';
import { agentsConnected, JobAgents, managersOf } from './job-agents.js';
import { measureEnds } from './job-ends.js';
import { jobSettings, REAL_AGENTS, realAgent, WIRE_AGENTS, wireAgent } from './job-estate.js';
import { measureStarts } from './job-starts.js';
import { measureTakeOvers, measureWaiting } from './job-waiting.js';
import { type RowCluster, startRowCluster } from './row-cluster.js';

export const JOBS: Benchmark = {
  name: 'jobs',
  what: 'from the time of a job to its process at 50 a second, ends of jobs a second, and 100 000 jobs that wait; two nodes in sync, agents, all on this machine',
  async run(options) {
    const daemons = new Daemons('bench-jobs');
    let cluster: RowCluster | null = null;
    try {
      cluster = await startRowCluster('replicated');
      return await measure(cluster, daemons, options);
    } catch (error) {
      if (cluster !== null) options.say(lastWords(cluster));
      throw error;
    } finally {
      await daemons.stop();
      await cluster?.stop();
    }
  },
};

async function measure(cluster: RowCluster, daemons: Daemons, options: BenchOptions): Promise<readonly Measure[]> {
  const managers = managersOf(cluster);
  const agents = await JobAgents.prepare(cluster, daemons, managers, REAL_AGENTS + WIRE_AGENTS);
  const pids: number[] = [];
  for (let at = 0; at < REAL_AGENTS; at++) pids.push(await agents.start(realAgent(at)));
  const identities = Array.from({ length: WIRE_AGENTS }, (_, at) => agents.join(wireAgent(at)));
  await cluster.apply(jobSettings());
  await agentsConnected(cluster, REAL_AGENTS);
  options.say(`jobs: ${REAL_AGENTS} agents and ${WIRE_AGENTS} that only speak have joined`);
  // Before there is anything to read: what a take-over takes by itself.
  const starts = await measureStarts(cluster, pids, options);
  const [host = '', port = ''] = managers[0]!.split(':');
  const ends = await measureEnds(cluster, identities, { host, port: Number(port) }, options);
  const empty = await measureTakeOvers(cluster, options, 'without jobs that wait');
  const waiting = await measureWaiting(cluster, empty, options);
  return [...starts, ...ends, ...waiting];
}

/** Of the manager of the Master: the folder goes with the cluster. */
function lastWords(cluster: RowCluster): string {
  try {
    return readFileSync(join(cluster.cluster.stateDir(cluster.master), 'controller.log'), 'utf8').slice(-3_000);
  } catch {
    return '';
  }
}
