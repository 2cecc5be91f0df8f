import { type Kysely, sql } from 'kysely';

/**
 * What monitors bring about (docs/operations.md). `key` is a digest of what tells rows apart (libs/store/src/row-key.ts): items are as long
 * as whoever names them likes, and an index entry must fit into a third of a page.
 *
 * One table of events, without partitions: an event is changed long after it came (confirmed, owned, commented on), its id must be there
 * once whatever time it bears, and there are few of them beside messages. What was measured is in docs/operations.md.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of [...EVENTS, ...MEMORIES, ...COLLECTED]) await sql.raw(statement).execute(db);
}

const EVENTS = [
  `create table event (
    number bigint generated always as identity primary key,
    key bytea not null,
    id text not null,
    at timestamptz not null,
    stored_at timestamptz not null default clock_timestamp(),
    priority smallint not null,
    state smallint not null,
    facility text not null,
    scope text not null,
    sender text,
    monitor text not null,
    plugin text not null,
    trigger text not null,
    notification text not null,
    item text not null,
    sub text not null,
    application text not null,
    message text not null,
    original text not null,
    why text not null,
    before smallint,
    folded integer not null default 0,
    last_at timestamptz not null,
    owner text,
    comment text,
    changed_at timestamptz,
    changed_by text,
    revision integer not null default 1
  )`,
  'create unique index event_key on event (key)',
  // Each has the number in it, so that the newest come first and LIMIT ends the scan.
  'create index event_open on event (number) where state < 2',
  'create index event_worst on event (priority, number)',
  'create index event_facility on event (facility, number)',
  'create index event_monitor on event (monitor, number)',
  'create index event_at on event (at)',
  'create extension if not exists pg_trgm',
  'create index event_text on event using gin (message gin_trgm_ops, scope gin_trgm_ops) with (fastupdate = on)',
  // Nearly none have one, and few are of a given one: a search for them would read all there are.
  'create index event_owner on event (owner, number) where owner is not null',
  'create index event_notification on event (notification, number)',
  `create table event_history (
    id bigint generated always as identity primary key,
    event bigint not null references event on delete cascade,
    at timestamptz not null default clock_timestamp(),
    by text not null,
    action text not null,
    detail jsonb not null
  )`,
  'create index event_history_of on event_history (event, id)',
  `create table status (
    key bytea primary key,
    id text not null,
    at timestamptz not null,
    since timestamptz not null,
    priority smallint not null,
    facility text not null,
    scope text not null,
    sender text,
    monitor text not null,
    plugin text not null,
    notification text not null,
    item text not null,
    sub text not null,
    application text not null,
    message text not null,
    original text not null,
    expires_at timestamptz,
    expires_to smallint
  ) with (fillfactor = 80)`,
  'create index status_expires on status (expires_at) where expires_at is not null',
  'create index status_at on status (at)',
];

/** Rows that change all the time: room in their pages, so that no index does. */
const MEMORIES = [
  `create table monitor_memory (
    key bytea primary key, monitor text not null, facility text not null, item text not null, state jsonb not null
  ) with (fillfactor = 70)`,
  `create table notify_memory (
    key bytea primary key,
    notification text not null,
    monitor text not null,
    facility text not null,
    item text not null,
    sub text not null,
    priority smallint not null,
    count integer not null,
    told_priority smallint,
    told_at timestamptz
  ) with (fillfactor = 70)`,
  `create table tick (
    monitor text not null, facility text not null, due_at timestamptz not null, skipped bigint not null,
    primary key (monitor, facility)
  ) with (fillfactor = 70)`,
  // Grows with every batch that is not one of ingest: whoever builds on memories that are not the newest is refused.
  'create table operations_progress (id smallint primary key check (id = 1), version bigint not null)',
  'insert into operations_progress values (1, 0)',
];

const COLLECTED = [
  `create table series (
    id integer generated always as identity primary key,
    key bytea not null unique,
    monitor text not null,
    facility text not null,
    item text not null,
    since timestamptz not null
  )`,
  'create index series_facility on series (facility, monitor)',
  // Narrow: of a hundred nodes there come millions a day.
  `create table collected (
    at timestamptz not null, value double precision, series integer not null, primary key (series, at)
  ) partition by range (at)`,
  'create index collected_at on collected using brin (at) with (pages_per_range = 32)',
  ...['hour', 'day', 'month'].map(
    (unit) => `create table collected_${unit} (
      at timestamptz not null,
      sum double precision not null,
      least double precision,
      most double precision,
      series integer not null,
      count integer not null,
      missing integer not null,
      primary key (series, at)
    )${unit === 'hour' ? ' partition by range (at)' : ''}`,
  ),
  'create index collected_hour_at on collected_hour (at)',
  'create index collected_day_at on collected_day (at)',
  // Values before `closing` are noted in `collected_late`; hours before `closed` are summed up. libs/store/src/collected-sums.ts
  `create table collected_progress (
    id smallint primary key check (id = 1), closing timestamptz not null, closed timestamptz not null
  )`,
  `insert into collected_progress select 1, hour, hour from date_trunc('hour', now(), 'UTC') hour`,
  'create table collected_late (hour timestamptz primary key, times integer not null)',
];
