import { type Kysely, sql } from 'kysely';

/** What commands that carried an Idempotency-Key were answered (docs/api.md). A row is written in the transaction of what the command did. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`create table command_answer (
    key bytea primary key, request bytea not null, answer text, at timestamptz not null default clock_timestamp()
  )`.execute(db);
  await sql`create index command_answer_at on command_answer (at)`.execute(db);
}
