import { type Kysely, sql } from 'kysely';

/** The first mark of an owner says where the journals were when it began: what lies before is of an earlier owner. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table ingest_mark add column begins boolean not null default false`.execute(db);
}
