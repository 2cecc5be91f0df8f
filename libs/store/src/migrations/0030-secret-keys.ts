import { type Kysely, sql } from 'kysely';

/** Ids of the keys that secrets in this database are encrypted by (docs/secrets.md), so that each node sees whether it has them. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`create table secret_key (
    id text primary key check (id ~ '^[0-9a-f]{8}$'),
    since timestamptz not null default clock_timestamp(),
    complete_at timestamptz
  )`.execute(db);
}
