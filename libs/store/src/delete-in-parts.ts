import type { Pool, PoolClient } from 'pg';
import { withClient } from './deadline.js';

/** Of one transaction. */
export const DELETE_ROWS = 20_000;
const DEADLINE_MS = 10_000;

/** Throws when this process may change the database no more; asked in each transaction. */
export type Fence = (client: PoolClient) => Promise<void>;
/** Besides, who hears of each transaction when it is over, and lets the others go first for a while. */
export interface Pace {
  readonly fence: Fence;
  readonly onPart: (rows: number) => Promise<void>;
}

export const paceOf = (how: Fence | Pace): Pace =>
  typeof how === 'function' ? { fence: how, onPart: async () => undefined } : how;

export interface OldRows {
  readonly table: string;
  /** Columns of its primary key. */
  readonly key: readonly string[];
  /** Of its time. */
  readonly column: string;
  readonly beforeMs: number;
  /** Of those only. */
  readonly where?: string;
}

/** Some at a time, so that nobody waits. @returns rows deleted. */
export async function deleteInParts(
  pool: Pool,
  { table, key, column, beforeMs, where = 'true' }: OldRows,
  how: Fence | Pace,
): Promise<number> {
  const names = key.join(', ');
  const statement = `delete from ${table} where (${names}) in (
    select ${names} from ${table} where ${column} < to_timestamp($1) and ${where} order by ${column} limit ${DELETE_ROWS})`;
  return await inParts(pool, `letting go of old rows of ${table}`, how, statement, [beforeMs / 1_000]);
}

/**
 * The same statement again and again, each time in a transaction of its own, until it finds fewer than so many.
 *
 * @param most rows that the statement takes at once. @returns rows deleted.
 */
export async function inParts(
  pool: Pool,
  what: string,
  how: Fence | Pace,
  statement: string,
  values: readonly unknown[],
  most = DELETE_ROWS,
): Promise<number> {
  const { fence, onPart } = paceOf(how);
  let deleted = 0;
  for (let rows = most; rows === most; deleted += rows) {
    rows = await withClient(pool, what, DEADLINE_MS, async (client, commit) => {
      await client.query('begin');
      await fence(client);
      const { rowCount } = await client.query(statement, [...values]);
      await commit();
      return rowCount ?? 0;
    });
    await onPart(rows);
  }
  return deleted;
}
