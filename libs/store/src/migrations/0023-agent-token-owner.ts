import { type Kysely, sql } from 'kysely';

/** Who owns the nodes that are added by a join token. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table agent_token add column owner_role text not null default 'operator'`.execute(db);
}
