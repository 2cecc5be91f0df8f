import type { ReadBack } from './check/types.js';
import type { LabCluster } from './cluster/cluster.js';
import type { DataName, StoreName } from './cluster/layout.js';
import { monotonicMs, until } from './host/shell.js';

const REPLAY_DEADLINE_MS = 30_000;
/** Ingest is behind for a moment after a take-over; when nothing moves for so long, what is missing is missing. */
const STANDSTILL_MS = 8_000;
const INGEST_DEADLINE_MS = 60_000;
/** Of one query: beside millions of other lines it reads all of them. */
const COUNT_DEADLINE_MS = 300_000;

/** Where the manager keeps what the lab reads back (libs/store). */
const PROBE_KEYS = 'SELECT key FROM write_probe';
const numbersOf = ({ runTag, beganAt }: RunMessages) =>
  `SELECT substring(text from 'number=([0-9]+) end')::int AS number FROM message
   WHERE received_at >= '${beganAt.toISOString()}' AND text LIKE '%lab ${runTag} number=%'`;

/** Whatever cluster it is that is read. */
export type Readable = Pick<LabCluster, 'sql'>;

/** A run's own messages: its tag stands in them, and they were received after it began. */
export interface RunMessages {
  readonly runTag: string;
  readonly beganAt: Date;
}

/** Waits until the Master has stored every message, or until nothing more comes. */
export async function waitForIngest(cluster: Readable, master: DataName, run: RunMessages, sent: number): Promise<void> {
  let most = -1;
  let movedMs = monotonicMs();
  await until(
    'the end of ingest',
    INGEST_DEADLINE_MS,
    async () => {
      const rows = await cluster.sql<{ count: number }>(
        master,
        `SELECT count(*)::int AS count FROM (${numbersOf(run)}) AS stored`,
        COUNT_DEADLINE_MS,
      );
      const count = rows[0]?.count ?? 0;
      if (count > most) [most, movedMs] = [count, monotonicMs()];
      return count >= sent || monotonicMs() - movedMs > STANDSTILL_MS ? true : undefined;
    },
    250,
  );
}

/** Everything that the nodes hold, the others' after they replayed what the Master had flushed. */
export async function readAll(
  cluster: Readable,
  master: DataName,
  others: readonly StoreName[],
  run: RunMessages,
): Promise<readonly ReadBack[]> {
  const flushed = await flushedOf(cluster, master);
  const read = [await readNode(cluster, master, run)];
  for (const other of others) {
    await replayedTo(cluster, other, flushed);
    read.push(await readNode(cluster, other, run));
  }
  return read;
}

/** Resolves when `other` has replayed all that `master` has flushed by now. */
export async function replayed(cluster: Readable, master: StoreName, other: StoreName): Promise<void> {
  await replayedTo(cluster, other, await flushedOf(cluster, master));
}

async function flushedOf(cluster: Readable, node: StoreName): Promise<string> {
  return (await cluster.sql<{ lsn: string }>(node, 'SELECT pg_current_wal_flush_lsn()::text AS lsn'))[0]?.lsn ?? '0/0';
}

async function replayedTo(cluster: Readable, node: StoreName, flushed: string): Promise<void> {
  await until(`replay of ${flushed} on ${node}`, REPLAY_DEADLINE_MS, async () => {
    const rows = await cluster.sql<{ done: boolean }>(node, `SELECT pg_last_wal_replay_lsn() >= '${flushed}'::pg_lsn AS done`);
    return rows[0]?.done === true ? true : undefined;
  });
}

async function readNode(cluster: Readable, node: StoreName, run: RunMessages): Promise<ReadBack> {
  const numbers = await cluster.sql<{ number: number }>(node, numbersOf(run), COUNT_DEADLINE_MS);
  return { node, keys: await keysOf(cluster, node), messageNumbers: numbers.map((row) => row.number) };
}

/** Of the writers, in the order of their tables. */
export async function keysOf(cluster: Readable, node: StoreName): Promise<Required<ReadBack['keys']>> {
  const keys = async (text: string) => (await cluster.sql<{ key: string }>(node, text)).map((row) => Number(row.key));
  return {
    sql: await keys('SELECT key FROM lab_write'),
    api: await keys(PROBE_KEYS),
    append: await keys('SELECT key FROM lab_append'),
  };
}
