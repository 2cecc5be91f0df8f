import type { Pool, PoolClient } from 'pg';
import { deleteInParts } from './delete-in-parts.js';

/** Before what time (ms since 1970) rows go; those of partitions go with them (`Partitions.dropBefore`). */
export interface OperationsRetentionTimes {
  /** Summaries of days. */
  readonly daysBeforeMs: number;
  /** Events, with their history. */
  readonly eventsBeforeMs: number;
}

/** @param fence throws when this process may change the database no more; asked in each transaction. @returns rows deleted. */
export async function letGo(
  pool: Pool,
  { daysBeforeMs, eventsBeforeMs }: OperationsRetentionTimes,
  fence: (client: PoolClient) => Promise<void>,
): Promise<number> {
  return (
    (await deleteInParts(pool, { table: 'collected_day', key: ['series', 'at'], column: 'at', beforeMs: daysBeforeMs }, fence)) +
    (await deleteInParts(pool, { table: 'event', key: ['number'], column: 'at', beforeMs: eventsBeforeMs }, fence))
  );
}
