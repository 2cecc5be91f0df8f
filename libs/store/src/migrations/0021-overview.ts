import { type Kysely, sql } from 'kysely';

/**
 * What is open, counted by place and priority again and again: of a million open events the index alone is read, in its order. What is
 * confirmed is not in it.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`create index event_open_by on event (facility, priority) where state < 2`.execute(db);
  await sql`create index status_by on status (facility, priority)`.execute(db);
}
