import { type Kysely, sql } from 'kysely';

/**
 * Indexes of the searches. Made on the parent only, which is empty: no partition is read or locked. New partitions get them when
 * they are attached; those that are there get theirs one by one, CONCURRENTLY, by `Partitions.completeIndexes`.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const [name, definition] of SEARCH_INDEXES)
    await sql.raw(`create index if not exists ${name} on only message ${definition}`).execute(db);
}

/** Each has the time in it, so that the newest rows come first and LIMIT ends the scan. */
const SEARCH_INDEXES = [
  ['message_host', '(host, received_at) where host is not null'],
  ['message_app', '(app, received_at) where app is not null'],
  // Rare rows: without these a search for them reads all of its time.
  ['message_urgent', '(received_at) where severity <= 3'],
  ['message_odd', "(received_at) where kind <> 'syslog' or parse_reason is not null"],
] as const;
