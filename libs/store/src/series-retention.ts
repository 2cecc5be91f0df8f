import type { Pool } from 'pg';
import { withClient } from './deadline.js';
import { type Fence, type Pace, paceOf } from './delete-in-parts.js';

/** Looked at in one statement. */
const PAGE = 20_000;
/** Let go of in one transaction: whoever stores values waits for it. */
const AT_ONCE = 500;
const DEADLINE_MS = 30_000;

/** Compiling such a statement takes longer than it. */
const BEGIN = `begin; set local statement_timeout = ${DEADLINE_MS}; set local jit = off`;

/** `offset 0`: asked series by series in the indexes, never by reading all values. Where most have one comes first. */
const EMPTY = ['collected_month', 'collected_day', 'collected_hour', 'collected']
  .map((table) => `not exists (select from ${table} v where v.series = s.id offset 0)`)
  .join(' and ');

/**
 * Series that have no value and no sum any more. Whoever stores values holds `collected_progress` until its commit is over and sees there
 * whether the ids that it remembers are still good, so no value is stored of a series that is gone.
 *
 * @returns how many.
 */
export async function letGoOfSeries(pool: Pool, how: Fence | Pace): Promise<number> {
  const { fence, onPart } = paceOf(how);
  let gone = 0;
  for (let after: number | null = 0; after !== null; ) {
    const page: Found = await lookAt(pool, after);
    for (let at = 0; at < page.empty.length; at += AT_ONCE) {
      const went = await letGo(pool, page.empty.slice(at, at + AT_ONCE), fence);
      await onPart(went);
      gone += went;
    }
    after = page.through;
  }
  return gone;
}

interface Found {
  readonly empty: readonly number[];
  /** null = there are none behind those. */
  readonly through: number | null;
}

async function lookAt(pool: Pool, after: number): Promise<Found> {
  return await withClient(pool, 'looking for series without values', DEADLINE_MS, async (client, commit) => {
    await client.query(BEGIN);
    const { rows } = await client.query<{ id: number; empty: boolean }>(
      `select s.id, ${EMPTY} as empty from (select id from series where id > $1 order by id limit ${PAGE}) s order by s.id`,
      [after],
    );
    await commit();
    const empty = rows.filter((row) => row.empty).map(({ id }) => id);
    return { empty, through: rows.length < PAGE ? null : rows.at(-1)!.id };
  });
}

async function letGo(pool: Pool, ids: readonly number[], fence: Fence): Promise<number> {
  return await withClient(pool, 'letting go of series without values', DEADLINE_MS, async (client, commit) => {
    await client.query(BEGIN);
    await fence(client);
    // Waits for all that is being stored.
    await client.query('select from collected_progress for update');
    const { rowCount } = await client.query(`delete from series s where id = any($1::int[]) and ${EMPTY}`, [ids]);
    if (rowCount !== 0) await client.query('update collected_progress set series_version = series_version + 1');
    await commit();
    return rowCount ?? 0;
  });
}
