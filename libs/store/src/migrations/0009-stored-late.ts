import { type Kysely, sql } from 'kysely';

/** Rows that bear a time long before the moment at which they were stored: who follows by time would not find them. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table ingest_late (
      version bigint not null,
      journal_id text not null,
      from_seq bigint not null,
      through_seq bigint not null,
      from_at timestamptz not null,
      through_at timestamptz not null,
      rows integer not null,
      stored_at timestamptz not null default now(),
      primary key (version, journal_id)
    )`.execute(db);
}
