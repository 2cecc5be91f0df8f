import { type Kysely, sql } from 'kysely';

/**
 * Lines that a stream held back, millions of them late by seconds: whoever looks for one partner among what was read much later finds it
 * by its content, and reads no other. On the parent only, as 0017: partitions that are there get theirs by `completeIndexes`.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`create index if not exists message_much_later_content on only message (content) where late_us > 2000000`.execute(db);
}
