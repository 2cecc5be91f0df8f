import type { Pool, PoolClient } from 'pg';
import { withClient } from './deadline.js';

/** One session, without its statement: that may hold what nobody should read. */
export interface LongSession {
  readonly pid: number;
  readonly role: string;
  readonly application: string;
  readonly state: string;
  /** What it waits for, such as `Lock/transactionid`; null = it works. */
  readonly waits: string | null;
  readonly seconds: number;
}

/** What goes on in a database server, as far as its role may see: of others' sessions only with `pg_read_all_stats`. */
export interface DatabaseActivity {
  readonly connections: number;
  readonly maxConnections: number;
  /** null = none. */
  readonly longestStatement: LongSession | null;
  readonly longestTransaction: LongSession | null;
  readonly archiver: Archiver;
}

/** How WAL leaves this server. */
export interface Archiver {
  readonly isOn: boolean;
  /** How long nothing has left since it failed; 0: it does not fail. */
  readonly waitsSeconds: number;
  /** What failed last; null: it does not fail. */
  readonly failedSegment: string | null;
}

interface Row {
  kind: 'statement' | 'transaction';
  pid: number;
  role: string | null;
  application: string | null;
  state: string | null;
  waits: string | null;
  seconds: number;
}

const DEADLINE_MS = 2_000;
const SESSION = `pid, usename as role, application_name as application, state, wait_event_type || '/' || wait_event as waits`;
const THEIRS = `backend_type = 'client backend' and pid <> pg_backend_pid()`;

/** https://www.postgresql.org/docs/15/monitoring-stats.html#MONITORING-PG-STAT-ACTIVITY-VIEW */
export async function databaseActivity(pool: Pool): Promise<DatabaseActivity> {
  return await withClient(pool, 'looking at the sessions', DEADLINE_MS, async (client) => {
    const { rows: counts } = await client.query<{ used: string; most: number }>(
      `select count(*) as used, current_setting('max_connections')::int as most from pg_stat_activity where backend_type = 'client backend'`,
    );
    const { rows } = await client.query<Row>(
      `(select 'statement' as kind, ${SESSION}, extract(epoch from clock_timestamp() - query_start)::float8 as seconds
        from pg_stat_activity where ${THEIRS} and state = 'active' order by query_start limit 1)
       union all
       (select 'transaction', ${SESSION}, extract(epoch from clock_timestamp() - xact_start)::float8
        from pg_stat_activity where ${THEIRS} and xact_start is not null order by xact_start limit 1)`,
    );
    const longest = (wanted: Row['kind']): LongSession | null => {
      const found = rows.find(({ kind }) => kind === wanted);
      if (found === undefined) return null;
      const { pid, role, application, state, waits, seconds } = found;
      return { pid, role: role ?? '', application: application ?? '', state: state ?? '', waits, seconds: Math.max(0, seconds) };
    };
    return {
      ...{ connections: Number(counts[0]?.used ?? 0), maxConnections: counts[0]?.most ?? 0 },
      ...{ longestStatement: longest('statement'), longestTransaction: longest('transaction') },
      archiver: await archiverOf(client),
    };
  });
}

/** Failing is: the last try failed. Since when nothing has left is told by what left last, or by when counting began. */
async function archiverOf(client: PoolClient): Promise<Archiver> {
  const { rows } = await client.query<{ on: boolean; waits: number | null; segment: string | null }>(
    `select current_setting('archive_mode') <> 'off' as on,
       case when failing then extract(epoch from clock_timestamp() - coalesce(last_archived_time, stats_reset))::float8 end as waits,
       case when failing then last_failed_wal end as segment
     from (select *, last_failed_time is not null and last_failed_time > coalesce(last_archived_time, '-infinity') as failing
           from pg_stat_archiver) archiver`,
  );
  const { on = false, waits = null, segment = null } = rows[0] ?? {};
  return { isOn: on, waitsSeconds: Math.max(0, waits ?? 0), failedSegment: segment };
}

/** Bytes of the whole database. The server looks at each of its files: not often. */
export async function databaseSize(pool: Pool): Promise<number> {
  return await withClient(pool, 'measuring the database', 4 * DEADLINE_MS, async (client) => {
    const { rows } = await client.query<{ bytes: string }>('select pg_database_size(current_database()) as bytes');
    return Number(rows[0]?.bytes ?? 0);
  });
}
