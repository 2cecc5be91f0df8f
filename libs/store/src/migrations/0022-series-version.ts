import { type Kysely, sql } from 'kysely';

/** Raised when series were let go of: whoever remembers their ids asks again (libs/store/src/series-retention.ts). */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table collected_progress add column series_version bigint not null default 0`.execute(db);
}
