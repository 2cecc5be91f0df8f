import { type Kysely, sql } from 'kysely';

/**
 * What leaves the cluster (docs/operations.md). `key` is a digest of the id (libs/store/src/row-key.ts). Rows that are settled stay for some
 * days: what was told to whom, and what comes twice is there once.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

const STATEMENTS = [
  `create table outbox (
    number bigint generated always as identity primary key,
    key bytea not null,
    id text not null,
    destination text not null,
    escalates boolean not null,
    state smallint not null default 0 check (state in (0, 1, 2)),
    told jsonb not null,
    payload jsonb not null,
    due_at timestamptz not null,
    until_at timestamptz not null,
    attempts integer not null default 0,
    created_at timestamptz not null default clock_timestamp(),
    settled_at timestamptz,
    note text
  ) with (fillfactor = 80)`,
  'create unique index outbox_key on outbox (key)',
  // Only what waits is in these: they are as small as the queue.
  'create index outbox_waiting on outbox (destination, number) where state = 0 and not escalates',
  'create index outbox_escalations on outbox (due_at) where state = 0 and escalates',
  'create index outbox_settled on outbox (settled_at) where state > 0',
];
