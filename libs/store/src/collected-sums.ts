import type { Pool, PoolClient } from 'pg';
import { DAY_MS, HOUR_MS, monthOf } from './collected-repository.js';
import { withClient } from './deadline.js';
import { partitionsOf } from './partition-spans.js';
import { dayOf, type Partitions } from './partitions.js';

const DEADLINE_MS = 60_000;
/** Values of an hour come a little after its end: those that do anyway cost a second summing up. */
const GRACE_MS = 120_000;
/** Summed up at once when much is behind. */
const MOST_HOURS = 24;
const MOST_LATE = 50;

const LOCK_MS = 1_000;
const LOCK_NOT_AVAILABLE = '55P03';
const SUMMARISE = `
  select brin_summarize_new_values(c.oid) from pg_index i join pg_class c on c.oid = i.indexrelid join pg_am a on a.oid = c.relam
  where a.amname = 'brin' and i.indrelid = any($1::text[]::regclass[])`;

type Fence = (client: PoolClient) => Promise<void>;

/**
 * Sums of hours, days and months, kept up by this rule:
 *
 * 1. `closing` is moved to the end of the next hour, in a transaction of its own. Whoever stores values holds that row until its commit is
 *    over, so this waits for all that is under way; whoever comes later with a value of before `closing` notes the hour in `collected_late`.
 * 2. The hour is summed up and `closed` moved, in one transaction. Sums replace what was there: done twice is done once. So are those of
 *    a day and a month when their last hour is closed.
 * 3. Hours in `collected_late` are summed up anew, in the transaction that takes them out.
 *
 * A crash, or another owner, at any place goes on from what was committed.
 */
export class CollectedSums {
  readonly #pool: Pool;
  readonly #hours: Partitions;

  /** @param hours partitions of `collected_hour`. */
  constructor(pool: Pool, hours: Partitions) {
    this.#pool = pool;
    this.#hours = hours;
  }

  /** @param valuesFromMs older values are let go of: hours before are not summed up again. @returns the hours that were summed up. */
  async keepUp(nowMs: number, valuesFromMs: number, fence: Fence): Promise<number> {
    let done = 0;
    try {
      for (;;) {
        const hours = await this.#close(nowMs, fence);
        if (hours === 0) break;
        done += hours;
      }
      return done + (await this.#again(valuesFromMs, fence));
    } catch (error) {
      this.#hours.forget();
      throw error;
    }
  }

  async #close(nowMs: number, fence: Fence): Promise<number> {
    const dueMs = Math.floor((nowMs - GRACE_MS) / HOUR_MS) * HOUR_MS;
    const span = await this.#transaction('closing hours of values', async (client) => {
      await fence(client);
      const { rows } = await client.query<{ closing_ms: string; closed_ms: string }>(
        `select ${MS('closing')} as closing_ms, ${MS('closed')} as closed_ms from collected_progress`,
      );
      const closedMs = Number(rows[0]!.closed_ms);
      const closingMs = Math.max(Number(rows[0]!.closing_ms), Math.min(dueMs, closedMs + MOST_HOURS * HOUR_MS));
      if (closingMs <= closedMs) return null;
      await client.query('update collected_progress set closing = $1', [iso(closingMs)]);
      return { fromMs: closedMs, toMs: closingMs };
    });
    if (span === null) return 0;
    await this.#hours.ensureMonth(dayOf(span.fromMs * 1_000));
    await this.#hours.ensureMonth(dayOf((span.toMs - 1) * 1_000));
    await this.#summarise(span.fromMs, span.toMs);
    await this.#transaction('summing up hours of values', async (client) => {
      await fence(client);
      await sumUp(client, span.fromMs, span.toMs, span.toMs);
      await client.query('update collected_progress set closed = $1', [iso(span.toMs)]);
    });
    return (span.toMs - span.fromMs) / HOUR_MS;
  }

  async #again(valuesFromMs: number, fence: Fence): Promise<number> {
    const hours = await this.#transaction('looking for late values', async (client) => {
      const { rows } = await client.query<{ hour_ms: string; closed_ms: string }>(
        `select ${MS('hour')} as hour_ms, (select ${MS('closed')} from collected_progress) as closed_ms from collected_late order by hour limit ${MOST_LATE}`,
      );
      return rows.map((row) => ({ hourMs: Number(row.hour_ms), closedMs: Number(row.closed_ms) }));
    });
    for (const { hourMs } of hours) await this.#hours.ensureMonth(dayOf(hourMs * 1_000));
    for (const { hourMs, closedMs } of hours)
      await this.#transaction('summing up late values', async (client) => {
        await fence(client);
        await client.query('delete from collected_late where hour = $1', [iso(hourMs)]);
        if (hourMs < closedMs && hourMs >= valuesFromMs) await sumUp(client, hourMs, hourMs + HOUR_MS, closedMs);
      });
    return hours.length;
  }

  /**
   * Of pages that no VACUUM has summarised the index by time knows nothing, and one hour would read all of its day: measured with a million
   * values a day, 460 ms in place of 36.
   */
  async #summarise(fromMs: number, toMs: number): Promise<void> {
    try {
      await this.#transaction('summarising values for their index', async (client) => {
        const all = await partitionsOf(client, 'collected');
        const names = all.filter(({ fromUs, toUs }) => fromUs < toMs * 1_000 && toUs > fromMs * 1_000).map(({ name }) => name);
        // A VACUUM that is under way does the same.
        await client.query(`set local lock_timeout = ${LOCK_MS}`);
        await client.query(SUMMARISE, [names]);
      });
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === LOCK_NOT_AVAILABLE)) throw error;
    }
  }

  async #transaction<T>(what: string, work: (client: PoolClient) => Promise<T>): Promise<T> {
    return await withClient(this.#pool, what, DEADLINE_MS, async (client, commit) => {
      await client.query(`begin; set local statement_timeout = ${DEADLINE_MS}`);
      const result = await work(client);
      await commit();
      return result;
    });
  }
}

/** Whole hours. @param closedMs days and months that end no later are summed up, too. */
async function sumUp(client: PoolClient, fromMs: number, toMs: number, closedMs: number): Promise<void> {
  await sum(client, 'collected_hour', HOURS, fromMs, toMs);
  const dayMs = Math.floor(fromMs / DAY_MS) * DAY_MS;
  for (let from = dayMs; from < toMs && from + DAY_MS <= closedMs; from += DAY_MS)
    await sum(client, 'collected_day', sumsOf('collected_hour', 'day'), from, from + DAY_MS);
  for (let from = monthOf(fromMs, 0); from < toMs && monthOf(from, 1) <= closedMs; from = monthOf(from, 1))
    await sum(client, 'collected_month', sumsOf('collected_day', 'month'), from, monthOf(from, 1));
}

async function sum(client: PoolClient, table: string, select: string, fromMs: number, toMs: number): Promise<void> {
  await client.query(
    `insert into ${table} (series, at, count, missing, sum, least, most) ${select}
     on conflict (series, at) do update set count = excluded.count, missing = excluded.missing, sum = excluded.sum, least = excluded.least, most = excluded.most`,
    [iso(fromMs), iso(toMs)],
  );
}

const BETWEEN = 'where at >= $1::timestamptz and at < $2::timestamptz group by 1, 2';
const HOURS = `select series, date_trunc('hour', at, 'UTC'), count(value), count(*) - count(value), coalesce(sum(value), 0), min(value), max(value) from collected ${BETWEEN}`;
const sumsOf = (table: string, unit: string): string =>
  `select series, date_trunc('${unit}', at, 'UTC'), sum(count), sum(missing), sum(sum), min(least), max(most) from ${table} ${BETWEEN}`;

const MS = (column: string): string => `(extract(epoch from ${column}) * 1000)::bigint`;
const iso = (ms: number): string => new Date(ms).toISOString();
