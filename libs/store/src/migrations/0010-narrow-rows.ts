import { type Kysely, sql } from 'kysely';

/**
 * Rows of a third less (docs/decisions/0028): what other columns say is not said again in `raw` (raw_form; null = the bytes themselves),
 * who else saw a message is one name instead of a list (`seen_with`), and what is nearly always 0 is null. Rows that are there stay
 * as they are and are read as before: only the catalogue changes, no partition is read.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    alter table message
      add column raw_form smallint,
      add column seen_with text,
      alter column seen_by drop not null,
      alter column late_us drop not null,
      alter column late_us drop default`.execute(db);
}
