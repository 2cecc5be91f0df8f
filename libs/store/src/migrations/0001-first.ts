import { type Kysely, sql } from 'kysely';

/** Messages by day; progress of ingest; who owns the database; people. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table message (
      received_at timestamptz not null,
      journal_id text not null,
      seq bigint not null,
      node text not null,
      kind text not null check (kind in ('syslog', 'trap')),
      source inet not null,
      facility smallint,
      severity smallint,
      host text,
      app text,
      proc_id text,
      msg_id text,
      sent_at timestamptz,
      structured jsonb,
      varbinds jsonb,
      text text not null,
      raw bytea not null,
      flags integer not null,
      parse_reason text,
      seen_by text[] not null,
      content bytea,
      primary key (received_at, journal_id, seq)
    ) partition by range (received_at)`.execute(db);
  // A few pages a day: rows come nearly in the order of time.
  await sql`create index message_received_brin on message using brin (received_at)`.execute(db);
  await sql`create index message_source on message (source, received_at)`.execute(db);
  await sql`
    create table message_seen_also (
      received_at timestamptz not null,
      journal_id text not null,
      seq bigint not null,
      node text not null,
      copy_journal_id text not null,
      copy_seq bigint not null,
      primary key (received_at, journal_id, seq, node)
    )`.execute(db);
  await sql`create table ingest_position (journal_id text primary key, seq bigint not null)`.execute(db);
  await sql`
    create table ingest_window (
      id smallint primary key check (id = 1),
      version bigint not null,
      offset_us bigint not null,
      claims jsonb not null,
      through_us jsonb not null
    )`.execute(db);
  await sql`insert into ingest_window values (1, 0, 0, '[]', '{}')`.execute(db);
  await sql`create table ownership (id smallint primary key check (id = 1), epoch bigint not null)`.execute(db);
  await sql`insert into ownership values (1, 0)`.execute(db);
  await people(db);
}

async function people(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table app_user (
      id integer generated always as identity primary key,
      login text not null,
      password_hash text not null,
      role text not null,
      must_change boolean not null,
      created_at timestamptz not null default now()
    )`.execute(db);
  // One person whatever the case of the letters.
  await sql`create unique index app_user_login on app_user (lower(login))`.execute(db);
  await sql`
    create table session (
      id_hash bytea primary key,
      user_id integer not null references app_user on delete cascade,
      created_at timestamptz not null default now(),
      expires_at timestamptz not null
    )`.execute(db);
  await sql`create index session_of_user on session (user_id)`.execute(db);
  await sql`create index session_expiry on session (expires_at)`.execute(db);
  await sql`
    create table audit (
      id bigint generated always as identity primary key,
      at timestamptz not null default now(),
      actor text not null,
      action text not null,
      target text,
      detail jsonb,
      epoch bigint not null
    )`.execute(db);
}
