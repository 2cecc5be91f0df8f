import { type Kysely, sql } from 'kysely';

/** Of one problem there is one escalation at a time (libs/operations/src/notifications/escalation.ts). Those that were begun before are of none. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

const STATEMENTS = [
  'alter table outbox add column chain bytea',
  'create unique index outbox_chain on outbox (chain) where state = 0 and escalates',
];
