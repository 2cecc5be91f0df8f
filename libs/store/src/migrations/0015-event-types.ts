import { type Kysely, sql } from 'kysely';

/** Events of one type of monitor: where there are few of it, or none, every event was read. As the others, with the number in it. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw('create index event_plugin on event (plugin, number)').execute(db);
}
