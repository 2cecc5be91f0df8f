import { type Kysely, sql } from 'kysely';

/**
 * A line that came in while its node stood still, and its copy on the other one: where millions are late by a second, those that are late by
 * more must be found without reading them. On the parent only, as 0005: partitions that are there get theirs by `completeIndexes`.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`create index if not exists message_much_later on only message (received_at) where late_us > 2000000`.execute(db);
  // Of pages that no VACUUM has summarized a BRIN index knows nothing, so a few seconds of today read all of today; the planner took it
  // all the same, for the primary key begins with the time, too, and is larger.
  await sql`drop index if exists message_received_brin`.execute(db);
}
