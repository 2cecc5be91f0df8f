import { type Kysely, sql } from 'kysely';

/** By how much a message may have come earlier than it was read (docs/decisions/0016). */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table message add column late_us bigint not null default 0`.execute(db);
  // Few rows, and only after a receiver stood still.
  await sql`create index message_late on message (received_at) where late_us > 0`.execute(db);
}
