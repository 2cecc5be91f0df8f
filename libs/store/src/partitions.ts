import { rfc3339 } from '@yosugara/kernel';
import type { Pool, PoolClient } from 'pg';
import { endOf, nameOf, type Partition, type PartitionedTable, partitionOf, partitionsOf } from './partition-spans.js';

const HOUR_US = 3_600_000_000;
const DAY_US = 24 * HOUR_US;
const UNDEFINED_TABLE = '42P01';
/** Bytes of the newest partitions say how much comes a day; older ones say how it was. */
const RATE_OF_LAST_US = 2 * DAY_US;
/** Less time than this says nothing of a rate. */
const RATE_LEAST_US = HOUR_US / 4;

/** Days, hours of UTC as whole numbers since 1970. */
export const dayOf = (us: number): number => Math.floor(us / DAY_US);
export const hourOf = (us: number): number => Math.floor(us / HOUR_US);
const isoDay = (us: number): string => new Date(us / 1_000).toISOString().slice(0, 10);

/** How wide partitions are made. `auto`: hours when a day at the present rate would be `hourlyFromBytes` or more (with indexes). */
export interface PartitionWidth {
  readonly width: 'day' | 'hour' | 'auto';
  readonly hourlyFromBytes: number;
}
export const DEFAULT_WIDTH: PartitionWidth = { width: 'auto', hourlyFromBytes: 32 * 1024 ** 3 };

/**
 * A table by days or hours of UTC, or by months where that is asked for. Made ahead, and on demand for what comes late or with a strange clock. A day is whole, or
 * hours: which of them is decided when its first partition is made, so two never overlap.
 */
export class Partitions {
  readonly #pool: Pool;
  readonly table: PartitionedTable;
  readonly #knownHours = new Set<number>();
  constructor(pool: Pool, table: PartitionedTable = 'message') {
    this.#pool = pool;
    this.table = table;
  }

  /** After any failure: the database may be another one than before. */
  forget(): void {
    this.#knownHours.clear();
  }

  /** So many days from today on. Days to come that are still empty are made anew in another width, when that is what the rate asks for. */
  async createAhead(days: number, nowMs: number, settings: PartitionWidth = DEFAULT_WIDTH): Promise<void> {
    const nowUs = nowMs * 1_000;
    const width = settings.width === 'auto' ? await this.#widthNow(nowUs, settings.hourlyFromBytes) : settings.width;
    const today = dayOf(nowUs);
    for (let day = today; day < today + days; day++) await this.#ensureDay(day, width, day > today);
  }

  /** Of one day, whole or in the hours it already has; at once when it is known to exist. */
  async ensure(day: number): Promise<void> {
    await this.#ensureDay(day, 'day', false);
  }

  /** Whatever it is in. */
  async ensureHour(hour: number): Promise<void> {
    if (!this.#knownHours.has(hour)) await this.ensure(Math.floor(hour / 24));
  }

  /** The whole month of that day. For a table that has no other partitions. */
  async ensureMonth(day: number): Promise<void> {
    const at = new Date((day * DAY_US) / 1_000);
    const fromUs = Date.UTC(at.getUTCFullYear(), at.getUTCMonth()) * 1_000;
    if (this.#knownHours.has(hourOf(fromUs))) return;
    await this.#transaction(async (client) => {
      await client.query("set local lock_timeout = '5s'");
      await client.query("select pg_advisory_xact_lock(hashtext('yosugara.partitions'))");
      if ((await partitionsOf(client, this.table)).some((each) => each.fromUs === fromUs)) return;
      await attachNew(client, this.table, fromUs, 'month');
    });
    this.#knownHours.add(hourOf(fromUs));
  }

  async #ensureDay(day: number, width: Partition['width'], anew: boolean): Promise<void> {
    const hours = Array.from({ length: 24 }, (_, at) => day * 24 + at);
    if (!anew && hours.every((hour) => this.#knownHours.has(hour))) return;
    await this.#transaction(async (client) => {
      await client.query("set local lock_timeout = '5s'");
      await client.query("select pg_advisory_xact_lock(hashtext('yosugara.partitions'))");
      let there = (await partitionsOf(client, this.table)).filter(({ fromUs }) => dayOf(fromUs) === day);
      if (anew && there.some((each) => each.width !== width) && (await dropEmpty(client, this.table, there))) there = [];
      if (there[0]?.width === 'day') return;
      const really = there.length > 0 ? 'hour' : width;
      const starts = really === 'day' ? [day * DAY_US] : hours.map((hour) => hour * HOUR_US);
      for (const fromUs of starts)
        if (!there.some((each) => each.fromUs === fromUs)) await attachNew(client, this.table, fromUs, really);
    });
    for (const hour of hours) this.#knownHours.add(hour);
  }

  /** How much came lately, indexes included, tells how much a day brings. */
  async #widthNow(nowUs: number, hourlyFromBytes: number): Promise<Partition['width']> {
    return await this.#with(async (client) => {
      const there = await partitionsOf(client, this.table);
      const recent = there.filter(({ fromUs, toUs }) => fromUs < nowUs && toUs > nowUs - RATE_OF_LAST_US);
      const { rows } = await client.query<{ bytes: string }>(
        'select coalesce(sum(pg_total_relation_size(to_regclass(name))), 0) as bytes from unnest($1::text[]) name',
        [recent.map(({ name }) => name)],
      );
      const coveredUs = nowUs - Math.min(nowUs, ...recent.map(({ fromUs }) => fromUs));
      const perDay = (Number(rows[0]?.bytes) / Math.max(coveredUs, RATE_LEAST_US)) * DAY_US;
      return perDay >= hourlyFromBytes ? 'hour' : 'day';
    });
  }

  /** Those there are, oldest first. */
  async list(): Promise<readonly Partition[]> {
    return await this.#with(async (client) => await partitionsOf(client, this.table));
  }

  /** Days of which there is something, oldest first, `YYYY-MM-DD`. */
  async days(): Promise<readonly string[]> {
    return [...new Set((await this.list()).map(({ fromUs }) => isoDay(fromUs)))];
  }

  /**
   * Retention: drops partitions that ended before, oldest first.
   *
   * Each is taken out with DETACH CONCURRENTLY, which nobody waits for, and dropped when it is no part of the table any more:
   * DROP of a partition would lock every reader and writer of `message` out behind the longest search that runs.
   *
   * @param fence asked before each change: throws when this process may change the database no more.
   * @param most partitions of one call: a clock that is far ahead must not empty the table before somebody sees it.
   * @returns what was dropped: `YYYY-MM-DD`, of an hour `YYYY-MM-DDTHH`.
   */
  async dropBefore(
    beforeUs: number,
    fence: (client: PoolClient) => Promise<void> = async () => undefined,
    most = Number.POSITIVE_INFINITY,
  ): Promise<readonly string[]> {
    const dropped: string[] = [];
    for (const { partition, state } of await this.#oldTables(beforeUs)) {
      if (dropped.length >= most) break;
      await this.#drop(partition, state, fence);
      dropped.push(new Date(partition.fromUs / 1_000).toISOString().slice(0, partition.width === 'day' ? 10 : 13));
    }
    return dropped;
  }

  /** Also those that an interrupted run has taken out, wholly or half, and not dropped. */
  async #oldTables(beforeUs: number): Promise<readonly { readonly partition: Partition; readonly state: PartState }[]> {
    return await this.#with(async (client) => {
      const { rows } = await client.query<{ name: string; pending: boolean | null }>(
        `select c.relname as name, i.inhdetachpending as pending from pg_class c
         left join pg_inherits i on i.inhrelid = c.oid and i.inhparent = $1::text::regclass
         where c.relkind = 'r' and c.relname like replace($1::text, '_', '\\_') || '\\_p%' and c.relnamespace = (select relnamespace from pg_class where oid = $1::text::regclass)`,
        [this.table],
      );
      const old = rows.flatMap(({ name, pending }) => {
        const partition = partitionOf(name, this.table);
        if (partition === null || partition.toUs > dayOf(beforeUs) * DAY_US) return [];
        return [{ partition, state: pending === null ? ('out' as const) : pending ? ('pending' as const) : ('in' as const) }];
      });
      // A half detached one first: PostgreSQL allows one at a time.
      return old.sort(
        (a, b) => Number(b.state === 'pending') - Number(a.state === 'pending') || a.partition.fromUs - b.partition.fromUs,
      );
    });
  }

  async #drop(partition: Partition, state: PartState, fence: (client: PoolClient) => Promise<void>): Promise<void> {
    const { name, fromUs, toUs } = partition;
    if (state !== 'out') {
      await this.#transaction(fence);
      await this.#with(async (client) => {
        // Not in a transaction: its second half waits for searches that began before, and holds nobody up meanwhile.
        await client.query("set lock_timeout = '8s'");
        await client.query(
          `alter table ${this.table} detach partition ${name} ${state === 'pending' ? 'finalize' : 'concurrently'}`,
        );
        await client.query('reset lock_timeout');
      });
    }
    await this.#transaction(async (client) => {
      await client.query("set local lock_timeout = '2s'");
      await client.query(`drop table ${name}`);
      // Of its own time: what is older may be of a partition that could not be dropped.
      if (this.table === 'message')
        await client.query(
          'delete from message_seen_also where received_at >= $1::timestamptz and received_at < $2::timestamptz',
          [...[rfc3339(fromUs), rfc3339(toUs)]],
        );
      await fence(client);
    });
    for (let hour = hourOf(fromUs); hour < hourOf(toUs); hour++) this.#knownHours.delete(hour);
  }

  async #transaction(work: (client: PoolClient) => Promise<void>): Promise<void> {
    await this.#with(async (client) => {
      await client.query('begin');
      await work(client);
      await client.query('commit');
    });
  }

  async #with<T>(work: (client: PoolClient) => Promise<T>): Promise<T> {
    const client = await this.#pool.connect();
    try {
      const result = await work(client);
      client.release();
      return result;
    } catch (error) {
      // Whatever it is in the middle of ends with the connection.
      client.release(true);
      throw error;
    }
  }
}

type PartState = 'in' | 'pending' | 'out';

/** CREATE … PARTITION OF would lock out every reader; ATTACH does not (SHARE UPDATE EXCLUSIVE). It makes the parent's indexes, too. */
async function attachNew(client: PoolClient, table: PartitionedTable, fromUs: number, width: Partition['width']): Promise<void> {
  const name = nameOf(fromUs, width, table);
  // It is there when retention took it out and was interrupted: then it comes back as it is.
  await client.query(`create table if not exists ${name} (like ${table} including defaults including constraints)`);
  await client.query(
    `alter table ${table} attach partition ${name} for values from ('${rfc3339(fromUs)}') to ('${rfc3339(endOf(fromUs, width))}')`,
  );
}

/** @returns whether they are gone: they are not when one holds a row, or somebody uses the table too long. */
async function dropEmpty(client: PoolClient, table: PartitionedTable, partitions: readonly Partition[]): Promise<boolean> {
  await client.query('savepoint emptying');
  try {
    for (const { name } of partitions) await demandEmpty(client, name);
    // While it waits for the table, every reader waits behind it: better another time.
    await client.query("set local lock_timeout = '500ms'");
    await client.query(`lock table ${table} in access exclusive mode`);
    for (const { name } of partitions) {
      await demandEmpty(client, name);
      await client.query(`drop table ${name}`);
    }
    await client.query("set local lock_timeout = '5s'");
    return true;
  } catch (error) {
    await client.query('rollback to savepoint emptying');
    if (error instanceof NotEmpty || codeOf(error) === LOCK_NOT_AVAILABLE || codeOf(error) === UNDEFINED_TABLE) return false;
    throw error;
  }
}

async function demandEmpty(client: PoolClient, name: string): Promise<void> {
  const { rowCount } = await client.query(`select from ${name} limit 1`);
  if (rowCount !== 0) throw new NotEmpty();
}

class NotEmpty extends Error {}
const LOCK_NOT_AVAILABLE = '55P03';
const codeOf = (error: unknown): unknown => (error instanceof Error && 'code' in error ? error.code : undefined);
