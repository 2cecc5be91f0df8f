import type { ReadBack } from './check/types.js';
import type { LabCluster } from './cluster/cluster.js';
import type { DataName } from './cluster/layout.js';
import { monotonicMs, until } from './host/shell.js';

const REPLAY_DEADLINE_MS = 30_000;
/** Ingest is behind for a moment after a take-over; when nothing moves for so long, what is missing is missing. */
const STANDSTILL_MS = 8_000;
const INGEST_DEADLINE_MS = 60_000;

/** Where the manager keeps what the lab reads back (libs/store). */
const PROBE_KEYS = 'SELECT key FROM write_probe';
const numbersOf = (runTag: string) =>
  `SELECT substring(text from 'number=([0-9]+) end')::int AS number FROM message WHERE text LIKE '%lab ${runTag} number=%'`;

/** Waits until the Master has stored every message, or until nothing more comes. */
export async function waitForIngest(cluster: LabCluster, master: DataName, runTag: string, sent: number): Promise<void> {
  let most = -1;
  let movedMs = monotonicMs();
  await until(
    'the end of ingest',
    INGEST_DEADLINE_MS,
    async () => {
      const rows = await cluster.sql<{ count: number }>(
        master,
        `SELECT count(*)::int AS count FROM (${numbersOf(runTag)}) AS stored`,
      );
      const count = rows[0]?.count ?? 0;
      if (count > most) [most, movedMs] = [count, monotonicMs()];
      return count >= sent || monotonicMs() - movedMs > STANDSTILL_MS ? true : undefined;
    },
    250,
  );
}

/** Everything both nodes hold, the Standby's after it replayed what the Master had flushed. */
export async function readBoth(
  cluster: LabCluster,
  master: DataName,
  standby: DataName,
  runTag: string,
): Promise<readonly ReadBack[]> {
  const flushed = (await cluster.sql<{ lsn: string }>(master, 'SELECT pg_current_wal_flush_lsn()::text AS lsn'))[0]?.lsn ?? '0/0';
  await until(`replay of ${flushed} on ${standby}`, REPLAY_DEADLINE_MS, async () => {
    const rows = await cluster.sql<{ done: boolean }>(standby, `SELECT pg_last_wal_replay_lsn() >= '${flushed}'::pg_lsn AS done`);
    return rows[0]?.done === true ? true : undefined;
  });
  return [await readNode(cluster, master, runTag), await readNode(cluster, standby, runTag)];
}

async function readNode(cluster: LabCluster, node: DataName, runTag: string): Promise<ReadBack> {
  const keys = async (text: string) => (await cluster.sql<{ key: string }>(node, text)).map((row) => Number(row.key));
  const numbers = await cluster.sql<{ number: number }>(node, numbersOf(runTag));
  const written = {
    sql: await keys('SELECT key FROM lab_write'),
    api: await keys(PROBE_KEYS),
    append: await keys('SELECT key FROM lab_append'),
  };
  return { node, keys: written, messageNumbers: numbers.map((row) => row.number) };
}
