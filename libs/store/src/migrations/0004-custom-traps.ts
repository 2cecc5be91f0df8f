import { type Kysely, sql } from 'kysely';

/** Custom traps, which come over HTTP(S), and the way each message came in: its place in MESSAGE_TRANSPORTS; null for rows from before. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table message drop constraint message_kind_check`.execute(db);
  // Those that are there hold by the old one: no partition is read, and none is locked for long.
  await sql`alter table message add constraint message_kind_check check (kind in ('syslog', 'trap', 'custom')) not valid`.execute(
    db,
  );
  await sql`alter table message add column transport smallint`.execute(db);
}
