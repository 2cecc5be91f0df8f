import { type Kysely, sql } from 'kysely';

/**
 * Sessions of jobs (docs/jobs.md). A session keeps the revision of its unit: the foreign key keeps whoever forgets old revisions of settings
 * from forgetting that one. `kind` is there for it only.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of [...SESSIONS, ...MEMORIES]) await sql.raw(statement).execute(db);
}

const SESSIONS = [
  `create table job_session (
    number bigint generated always as identity primary key,
    id text collate "C" not null unique,
    kind text not null generated always as ('job-unit') stored,
    unit text not null,
    revision integer not null,
    root text,
    owner_role text not null,
    request bytea unique,
    trigger_type text not null,
    trigger_id text,
    trigger_info text not null,
    scheduled_at timestamptz not null,
    started_at timestamptz,
    ended_at timestamptz,
    state text not null,
    end_status text,
    end_value integer,
    variables jsonb not null,
    ignores_times boolean not null,
    test_command text,
    keep_days integer not null,
    keep_until timestamptz,
    foreign key (kind, unit, revision) references setting_history
  ) with (fillfactor = 70)`,
  // What begins to serve reads these first; there are as many as sessions that are not over.
  'create index job_session_open on job_session (number) where ended_at is null',
  'create index job_session_unit on job_session (unit, number)',
  'create index job_session_revision on job_session (unit, revision)',
  'create index job_session_state on job_session (state, number)',
  'create index job_session_end_status on job_session (end_status, number)',
  'create index job_session_trigger on job_session (trigger_id, number) where trigger_id is not null',
  'create index job_session_scheduled on job_session (scheduled_at)',
  'create index job_session_keep on job_session (keep_until) where keep_until is not null',
  // Rows that change some times within seconds, and none of what is indexed: room in their pages.
  `create table job_run (
    session bigint not null references job_session on delete cascade,
    job text not null,
    run jsonb not null,
    primary key (session, job)
  ) with (fillfactor = 60)`,
  'create index job_run_job on job_run (job, session)',
  `create table job_output (
    session bigint not null references job_session on delete cascade,
    job text not null,
    facility text not null,
    attempt integer not null,
    at timestamptz not null,
    stdout text not null,
    stderr text not null,
    stdout_bytes bigint not null,
    stderr_bytes bigint not null,
    primary key (session, job, facility, attempt)
  )`,
  `create table job_history (
    number bigint generated always as identity primary key,
    session bigint not null references job_session on delete cascade,
    at timestamptz not null,
    job text not null,
    facility text,
    from_state text,
    to_state text,
    who text,
    text text not null
  )`,
  'create index job_history_of on job_history (session, number)',
];

const MEMORIES = [
  `create table job_mark (
    trigger text primary key, fired_up_to timestamptz not null, state jsonb
  ) with (fillfactor = 70)`,
  `create table job_link (
    number bigint generated always as identity primary key,
    key bytea not null unique,
    id text not null,
    at timestamptz not null,
    message_id text not null,
    message text not null,
    priority smallint not null,
    "values" jsonb not null
  )`,
  'create index job_link_message on job_link (message_id, at)',
  'create index job_link_at on job_link (at)',
  `create table agent_spool (
    agent text not null, spool text not null, number bigint not null, at timestamptz not null default clock_timestamp(),
    primary key (agent, spool)
  ) with (fillfactor = 70)`,
  // Grows with every batch: whoever builds on what is not the newest is refused.
  'create table job_progress (id smallint primary key check (id = 1), version bigint not null)',
  'insert into job_progress values (1, 0)',
];
