import type { Collected } from '@yosugara/operations';
import type { Pool, PoolClient } from 'pg';
import { ensureCollected, insertCollected, Series } from './collected-repository.js';
import { withClient } from './deadline.js';
import type { Fence } from './delete-in-parts.js';
import type { Partitions } from './partitions.js';

const STORE_DEADLINE_MS = 5_000;
const LOOK_DEADLINE_MS = 20_000;
const STATEMENT_MS = 5_000;

/** Groups of tables by the beginning of their names, as people think of them; what none fits is `other`. */
const GROUPS: readonly (readonly [group: string, names: RegExp])[] = [
  ['messages', /^(message|ingest_)/],
  ['events', /^(event|status|outbox|escalation)/],
  ['collected', /^(collected|series)/],
  ['audit', /^audit/],
  ['jobs', /^job_/],
];
export const groupOfTable = (table: string): string => GROUPS.find(([, names]) => names.test(table))?.[0] ?? 'other';

export interface SlotFacts {
  readonly slot: string;
  /** WAL that is kept for it. */
  readonly heldBytes: number;
}

/** How full a database server is, and what may become of it. */
export interface ServerFacts {
  readonly connections: number;
  /** For those who are no superuser. */
  readonly mostConnections: number;
  /** null = it may not be seen (it needs pg_monitor). */
  readonly walBytes: number | null;
  /** WAL that is not archived yet; null = likewise, or nothing is archived. */
  readonly waitingWalBytes: number | null;
  readonly slots: readonly SlotFacts[];
  /** What is held for a slot at most; null = without end. */
  readonly mostHeldBytes: number | null;
}

/** What can fill up, as the database knows it, and the history of all of it. */
export class CapacityRepository {
  readonly #partitions: Partitions;
  readonly #series = new Series();
  readonly #ingest: Pool;
  readonly #readers: Pool;

  /** @param partitions of `collected`. */
  constructor(ingest: Pool, readers: Pool, partitions: Partitions) {
    this.#ingest = ingest;
    this.#readers = readers;
    this.#partitions = partitions;
  }

  /** @param fence throws when this process may change the database no more. */
  async store(collected: readonly Collected[], fence: Fence): Promise<void> {
    try {
      await ensureCollected(this.#partitions, collected);
      await withClient(this.#ingest, 'storing how full everything is', STORE_DEADLINE_MS, async (client, commit) => {
        await client.query(`begin; set local statement_timeout = ${STATEMENT_MS}`);
        await insertCollected(client, collected, this.#series);
        await fence(client);
        await commit();
      });
    } catch (error) {
      // What was remembered may never have been committed.
      this.#partitions.forget();
      this.#series.clear();
      throw error;
    }
  }

  /** Bytes of tables with their indexes, by group. The server looks at each of their files: not often. */
  async tables(): Promise<ReadonlyMap<string, number>> {
    return await withClient(this.#readers, 'measuring the tables', LOOK_DEADLINE_MS, async (client) => {
      const { rows } = await client.query<{ name: string; bytes: string }>(
        `select relname as name, pg_total_relation_size(oid) as bytes from pg_class
         where relkind = 'r' and relnamespace = current_schema()::regnamespace`,
      );
      const groups = new Map<string, number>([...GROUPS.map(([group]) => [group, 0] as const), ['other', 0]]);
      for (const { name, bytes } of rows) {
        const group = groupOfTable(name);
        groups.set(group, (groups.get(group) ?? 0) + Number(bytes));
      }
      return groups;
    });
  }

  /** Of this node's server, Master or Standby. */
  async server(): Promise<ServerFacts> {
    return await withClient(this.#readers, 'looking how full the server is', LOOK_DEADLINE_MS, async (client) => {
      const { rows } = await client.query<Row>(
        `select (select count(*) from pg_stat_activity where backend_type = 'client backend') as connections,
           current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int as most,
           pg_has_role('pg_monitor', 'usage') as sees, current_setting('archive_mode') <> 'off' as archives,
           (select setting::bigint * 1048576 from pg_settings where name = 'max_slot_wal_keep_size') as held`,
      );
      const [row] = rows;
      const held = Number(row?.held ?? -1);
      return {
        ...{ connections: Number(row?.connections ?? 0), mostConnections: row?.most ?? 0 },
        ...{ slots: await slotsOf(client), mostHeldBytes: held < 0 ? null : held },
        walBytes: row?.sees === true ? await bytesOfWal(client) : null,
        waitingWalBytes: row?.sees === true && row.archives ? await waitingWal(client) : null,
      };
    });
  }
}

interface Row {
  connections: string;
  most: number;
  sees: boolean;
  archives: boolean;
  held: string | null;
}

/** `max_slot_wal_keep_size` counts from what was written, so does this. */
async function slotsOf(client: PoolClient): Promise<readonly SlotFacts[]> {
  const { rows } = await client.query<{ slot: string; held: string }>(
    `select slot_name as slot, greatest(0, pg_wal_lsn_diff(
       case when pg_is_in_recovery() then pg_last_wal_receive_lsn() else pg_current_wal_lsn() end, restart_lsn)) as held
     from pg_replication_slots where restart_lsn is not null order by 1 limit 50`,
  );
  return rows.map(({ slot, held }) => ({ slot, heldBytes: Number(held) }));
}

async function bytesOfWal(client: PoolClient): Promise<number> {
  const { rows } = await client.query<{ bytes: string }>('select coalesce(sum(size), 0) as bytes from pg_ls_waldir()');
  return Number(rows[0]?.bytes ?? 0);
}

async function waitingWal(client: PoolClient): Promise<number> {
  const { rows } = await client.query<{ bytes: string }>(
    `select count(*) * (select setting::bigint from pg_settings where name = 'wal_segment_size') as bytes
     from pg_ls_archive_statusdir() where name like '%.ready'`,
  );
  return Number(rows[0]?.bytes ?? 0);
}
