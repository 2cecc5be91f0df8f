import type { Pool, PoolClient } from 'pg';
import { withClient } from './deadline.js';

/** Of one transaction. */
export const DELETE_ROWS = 20_000;
const DEADLINE_MS = 10_000;

export interface OldRows {
  readonly table: string;
  /** Columns of its primary key. */
  readonly key: readonly string[];
  /** Of its time. */
  readonly column: string;
  readonly beforeMs: number;
}

/** Some at a time, so that nobody waits. @param fence asked in each transaction. @returns rows deleted. */
export async function deleteInParts(
  pool: Pool,
  { table, key, column, beforeMs }: OldRows,
  fence: (client: PoolClient) => Promise<void>,
): Promise<number> {
  const names = key.join(', ');
  const statement = `delete from ${table} where (${names}) in (select ${names} from ${table} where ${column} < to_timestamp($1) order by ${column} limit ${DELETE_ROWS})`;
  return await inParts(pool, `letting go of old rows of ${table}`, fence, statement, [beforeMs / 1_000]);
}

/** The same statement again and again, each time in a transaction of its own, until it finds fewer than `DELETE_ROWS`. @returns rows deleted. */
export async function inParts(
  pool: Pool,
  what: string,
  fence: (client: PoolClient) => Promise<void>,
  statement: string,
  values: readonly unknown[],
): Promise<number> {
  let deleted = 0;
  for (let rows = DELETE_ROWS; rows === DELETE_ROWS; deleted += rows)
    rows = await withClient(pool, what, DEADLINE_MS, async (client, commit) => {
      await client.query('begin');
      await fence(client);
      const { rowCount } = await client.query(statement, [...values]);
      await commit();
      return rowCount ?? 0;
    });
  return deleted;
}
