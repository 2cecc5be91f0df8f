import { type Kysely, sql } from 'kysely';

/**
 * What clean-ups did, how take-overs went and how far the Standby was behind (docs/operations.md, docs/console.md): written by the Master, so that
 * both nodes show the same, also of what one node alone has seen.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

const STATEMENTS = [
  // Only those that deleted something, failed, or were asked for; an epoch that is over leaves none running.
  `create table clean_up_run (
    number bigint generated always as identity primary key,
    kind text not null,
    epoch bigint not null,
    started_at timestamptz not null default clock_timestamp(),
    ended_at timestamptz,
    by text,
    before timestamptz not null,
    rows bigint not null default 0,
    parts text[] not null default '{}',
    state text not null default 'running' check (state in ('running', 'done', 'cut', 'failed')),
    why text
  )`,
  'create index clean_up_run_of on clean_up_run (kind, number)',
  'create table clean_up_look (kind text primary key, at timestamptz not null)',
  // One a claim of the cluster: the record of the controllers keeps the newest only.
  `create table take_over (
    epoch bigint primary key,
    owner text not null,
    from_node text,
    at timestamptz not null,
    cause text not null,
    proof text,
    timeline integer,
    seen jsonb
  )`,
  'create index take_over_at on take_over (at)',
  `create table recover_report (
    id text primary key, node text not null, started_at timestamptz not null, report jsonb not null
  )`,
  'create index recover_report_at on recover_report (started_at)',
  // The most of each minute.
  `create table cluster_lag (
    at timestamptz not null, node text not null, wal_bytes bigint, journal bigint, in_sync boolean not null,
    primary key (at, node)
  )`,
];
