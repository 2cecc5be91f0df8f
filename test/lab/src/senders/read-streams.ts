import { type LabCluster } from '../cluster/cluster.js';
import type { StoreName } from '../cluster/layout.js';
import { rolesOf } from '../cluster/roles.js';
import { monotonicMs, until } from '../host/shell.js';
import { type RunMessages, replayed } from '../read-back.js';
import { countStreams, type SenderCount } from './count.js';
import type { Sent } from './plan.js';
import { STREAMS } from './streams.js';

/** Queues of senders that try again every 5 s are empty, and ingest has nothing to do. */
const STANDSTILL_MS = 8_000;
const DEADLINE_MS = 240_000;

const ofRun = ({ runTag, beganAt }: RunMessages) =>
  `FROM message WHERE received_at >= '${beganAt.toISOString()}' AND text LIKE '%lab ${runTag}/%'`;

/** Waits until nothing more comes, counts on the Master, holds the Standby against it, and makes room for the next run. */
export async function countOnBoth(
  cluster: LabCluster,
  run: RunMessages,
  sent: Readonly<Record<string, Sent>>,
): Promise<{ readonly counts: readonly SenderCount[]; readonly violations: readonly string[] }> {
  const { master, standby } = rolesOf(await until('a Master to read from', 10_000, () => cluster.someStatus(), 200));
  await standstill(cluster, master, run);
  const found = countStreams(STREAMS, sent, await numbersByStream(cluster, master, run));
  await replayed(cluster, master, standby);
  const there = countStreams(STREAMS, sent, await numbersByStream(cluster, standby, run));
  const differs = JSON.stringify(there.counts) !== JSON.stringify(found.counts);
  // Twenty runs of a quarter million rows each would fill the lab's disks.
  await cluster.sql(master, 'TRUNCATE message, message_seen_also');
  return {
    counts: found.counts,
    violations: differs
      ? [...found.violations, `${standby} holds other messages of the senders than ${master}`]
      : found.violations,
  };
}

async function standstill(cluster: LabCluster, master: StoreName, run: RunMessages): Promise<void> {
  let last = -1;
  let movedMs = monotonicMs();
  await until(
    'the end of the senders’ messages',
    DEADLINE_MS,
    async () => {
      const rows = await cluster.sql<{ count: number }>(master, `SELECT count(*)::int AS count ${ofRun(run)}`);
      const count = rows[0]?.count ?? 0;
      if (count !== last) [last, movedMs] = [count, monotonicMs()];
      return monotonicMs() - movedMs > STANDSTILL_MS ? true : undefined;
    },
    1_000,
  );
}

async function numbersByStream(
  cluster: LabCluster,
  node: StoreName,
  run: RunMessages,
): Promise<ReadonlyMap<string, readonly number[]>> {
  const said = `substring(text from 'lab ${run.runTag}/([a-z0-9-]+) number=')`;
  const rows = await cluster.sql<{ stream: string; numbers: number[] }>(
    node,
    `SELECT ${said} AS stream, array_agg(substring(text from ' number=([0-9]+) end')::int) AS numbers ${ofRun(run)} GROUP BY 1`,
  );
  return new Map(rows.map(({ stream, numbers }) => [stream, numbers]));
}
