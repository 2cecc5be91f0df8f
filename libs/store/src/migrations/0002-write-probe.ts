import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table write_probe (
      key text primary key,
      epoch bigint not null,
      at timestamptz not null default clock_timestamp()
    )`.execute(db);
}
