import { type Kysely, sql } from 'kysely';

/**
 * What ingest consumed, counted in the transactions that move its positions (docs/visible-loss.md). Room is left in the pages, so
 * that the rows of the present are changed in place.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table ingest_source_hour (
      hour timestamptz not null,
      source text not null,
      node text not null,
      received bigint not null,
      matched bigint not null,
      unpaired bigint not null,
      primary key (hour, source, node)
    ) with (fillfactor = 60)`.execute(db);
  await sql`
    create table ingest_minute (
      minute timestamptz not null,
      node text not null,
      received bigint not null,
      matched bigint not null,
      unpaired bigint not null,
      primary key (minute, node)
    ) with (fillfactor = 60)`.execute(db);
  // Counts begin here, whatever is asked for.
  await sql`create table ingest_counting (id smallint primary key check (id = 1), began_at timestamptz not null default clock_timestamp())`.execute(
    db,
  );
  await sql`insert into ingest_counting (id) values (1)`.execute(db);
  // Which batch, of which owner, and when: known to a few seconds, for a few weeks.
  await sql`
    create table ingest_mark (
      version bigint primary key,
      epoch bigint not null,
      at timestamptz not null default clock_timestamp(),
      positions jsonb not null
    )`.execute(db);
  await sql`create index ingest_mark_at on ingest_mark (at)`.execute(db);
}
