import { type Kysely, sql } from 'kysely';

/**
 * What hosts consist of (docs/inventory.md): a row for each thing as long as it is the same. A node that changes little writes little,
 * however often it is looked at.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`create table inventory_node (
    node text collate "C" primary key, first_at timestamptz, collected_at timestamptz, changed_at timestamptz,
    tried_at timestamptz not null, why text, cut jsonb not null default '[]', troubles jsonb not null default '[]'
  )`.execute(db);
  await sql`create table inventory_item (
    node text collate "C" not null, kind text collate "C" not null, key text collate "C" not null, name text collate "C" not null,
    fields jsonb not null, from_at timestamptz not null, to_at timestamptz,
    primary key (node, kind, key, from_at)
  )`.execute(db);
  // By what, and where: a search goes along it.
  await sql`create index inventory_item_name on inventory_item (kind, name, node, key, from_at)`.execute(db);
  await sql`create index inventory_item_ended on inventory_item (to_at) where to_at is not null`.execute(db);
}
