import { type Kysely, sql } from 'kysely';

/** What operators define (docs/operations.md): all kinds in one table, what refers to what, and every revision. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table setting (
      kind text not null,
      id text not null,
      space text not null generated always as (case when kind in ('node', 'scope') then 'facility' else kind end) stored,
      revision integer not null,
      version bigint not null,
      description text not null,
      enabled boolean not null,
      owner_role text not null,
      body jsonb not null,
      created_at timestamptz not null default now(),
      created_by text not null,
      modified_at timestamptz not null default now(),
      modified_by text not null,
      primary key (kind, id)
    )`.execute(db);
  // Nodes and scopes share their ids.
  await sql`create unique index setting_space on setting (space, id)`.execute(db);
  await sql`create index setting_changed on setting (version, kind, id)`.execute(db);
  await sql`
    create table setting_ref (
      from_kind text not null,
      from_id text not null,
      to_kind text not null,
      to_id text not null,
      primary key (from_kind, from_id, to_kind, to_id),
      foreign key (from_kind, from_id) references setting on delete cascade,
      foreign key (to_kind, to_id) references setting on delete restrict
    )`.execute(db);
  await sql`create index setting_ref_to on setting_ref (to_kind, to_id)`.execute(db);
  // body: with what else was said of it; null = removed.
  await sql`
    create table setting_history (
      kind text not null,
      id text not null,
      revision integer not null,
      version bigint not null,
      epoch bigint not null,
      at timestamptz not null default now(),
      by text not null,
      body jsonb,
      primary key (kind, id, revision)
    )`.execute(db);
  // What was removed since, and whether a version is of this database's own past.
  await sql`create index setting_history_version on setting_history (version)`.execute(db);
  await sql`
    create table settings_version (id smallint primary key check (id = 1), version bigint not null, epoch bigint not null)`.execute(
    db,
  );
  await sql`insert into settings_version values (1, 0, 0)`.execute(db);
  await builtInScopes(db);
}

/** As rows, so that whatever refers to them is checked as any other reference. */
async function builtInScopes(db: Kysely<unknown>): Promise<void> {
  for (const [id, name, parent, sortOrder] of BUILT_IN)
    await sql`
      insert into setting (kind, id, revision, version, description, enabled, owner_role, body, created_by, modified_by)
      values ('scope', ${id}, 1, 0, '', true, 'admin', ${JSON.stringify({ name, parent, sortOrder })}::jsonb, 'yosugara', 'yosugara')`.execute(
      db,
    );
}

/** As the program had them at this step: another one comes with a step of its own. */
const BUILT_IN = [
  ['REGISTERED', 'Registered', null, 10_010],
  ['UNREGISTERED', 'Unregistered', null, 10_020],
  ['INTERNAL', 'Internal', null, 10_030],
  ['UNALLOCATED', 'Unallocated', null, 10_040],
  ['OS', 'OS', null, 10_050],
  ['LINUX', 'Linux', 'OS', 10_060],
  ['WINDOWS', 'Windows', 'OS', 10_070],
  ['NW_EQUIPMENT', 'Network equipment', 'OS', 10_080],
  ['OTHER', 'Other', 'OS', 10_090],
] as const;
