import { type Kysely, sql } from 'kysely';

/** MIB modules as they were uploaded, and what they compile into (docs/decisions/0024-names-of-traps.md). */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table mib_module (
      name text primary key,
      file text not null,
      first_line integer not null,
      source text not null,
      digest bytea not null,
      imports text[] not null,
      uploaded_by text not null,
      uploaded_at timestamptz not null default now(),
      state text not null default 'compiling' check (state in ('compiling', 'compiled', 'waiting', 'errors')),
      missing text[] not null default '{}',
      problems jsonb not null default '[]',
      objects_digest bytea
    )`.execute(db);
  await sql`
    create table mib_object (
      module text not null references mib_module on delete cascade,
      oid text not null,
      name text not null,
      kind text not null,
      type jsonb,
      objects text[] not null,
      units text,
      description text,
      primary key (module, oid)
    )`.execute(db);
  // Wanted: grows with every change of a module. Compiled: through which of them the objects are up to date, and by which compiler.
  await sql`
    create table mib_set (
      id smallint primary key check (id = 1),
      wanted bigint not null,
      compiled bigint not null,
      compiler integer not null
    )`.execute(db);
  await sql`insert into mib_set values (1, 0, 0, 0)`.execute(db);
}
