import type { Pool, PoolClient } from 'pg';
import { withClient } from './deadline.js';

const DELETE_ROWS = 20_000;
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
  let deleted = 0;
  for (let rows = DELETE_ROWS; rows === DELETE_ROWS; deleted += rows)
    rows = await withClient(pool, `letting go of old rows of ${table}`, DEADLINE_MS, async (client, commit) => {
      await client.query('begin');
      await fence(client);
      const { rowCount } = await client.query(
        `delete from ${table} where (${names}) in (select ${names} from ${table} where ${column} < to_timestamp($1) order by ${column} limit ${DELETE_ROWS})`,
        [beforeMs / 1_000],
      );
      await commit();
      return rowCount ?? 0;
    });
  return deleted;
}
