import type { Priority } from '@yosugara/protocol';
import type { Pool, PoolClient } from 'pg';
import { withClient } from './deadline.js';
import { ownedBy } from './owned.js';
import { priorityOf } from './priorities.js';

const READ_DEADLINE_MS = 10_000;
const MOST_FAILED = 1_000;

/** So many of one priority at one place. */
export interface Tallied {
  readonly facility: string;
  readonly priority: Priority;
  readonly count: number;
}

export interface OverviewRows {
  /** Events that nobody has confirmed. */
  readonly open: readonly Tallied[];
  readonly now: readonly Tallied[];
  readonly silent: readonly {
    readonly facility: string;
    readonly sinceMs: number;
    readonly priority: Priority;
    readonly monitor: string;
    readonly message: string;
  }[];
  readonly jobs: {
    readonly states: Readonly<Record<string, number>>;
    readonly late: readonly {
      readonly session: string;
      readonly unit: string;
      readonly job: string;
      readonly state: string;
      readonly why: 'start-delay' | 'end-delay';
    }[];
    readonly failed: number;
  };
}

export interface OverviewQuery {
  /** Monitors that say whether a node answers. */
  readonly reachability: readonly string[];
  /** Of each list; one more tells that there are more. */
  readonly limit: number;
  /** What was told by what belongs to one of these, and sessions of theirs; missing: anybody's. */
  readonly ownerRoles?: readonly string[];
}

/** What somebody looks at first: counts, and the few rows that are worst. */
export class OverviewRepository {
  readonly #pool: Pool;
  constructor(pool: Pool) {
    this.#pool = pool;
  }

  async look({ reachability, limit, ownerRoles }: OverviewQuery): Promise<OverviewRows> {
    return await withClient(this.#pool, 'reading the overview', READ_DEADLINE_MS, async (client) => ({
      open: await tallied(client, 'event', ownerRoles),
      now: await tallied(client, 'status', ownerRoles),
      silent: await silent(client, reachability, limit),
      jobs: {
        states: await states(client, ownerRoles),
        late: await late(client, limit, ownerRoles),
        failed: await failed(client, ownerRoles),
      },
    }));
  }
}

type Owners = readonly string[] | undefined;

/** Owners are not asked for where there is nothing to leave out: the index alone is read then. */
async function tallied(client: PoolClient, from: 'event' | 'status', owners: Owners): Promise<readonly Tallied[]> {
  const conditions = [
    ...(from === 'event' ? ['state < 2'] : []),
    ...(owners === undefined ? [] : [ownedBy('$1', `${from}.monitor`, `${from}.plugin`)]),
  ];
  const { rows } = await client.query<{ facility: string; priority: number; count: string }>(
    `select facility, priority, count(*) as count from ${from}${conditions.length === 0 ? '' : ` where ${conditions.join(' and ')}`} group by facility, priority`,
    owners === undefined ? [] : [[...owners]],
  );
  return rows.map(({ facility, priority, count }) => ({ facility, priority: priorityOf(priority), count: Number(count) }));
}

async function silent(client: PoolClient, monitors: readonly string[], limit: number): Promise<OverviewRows['silent']> {
  if (monitors.length === 0) return [];
  const { rows } = await client.query<{ facility: string; since: number; priority: number; monitor: string; message: string }>(
    `select facility, since, priority, monitor, message from (
       select distinct on (facility) facility, (extract(epoch from since) * 1000)::float8 as since, priority, monitor, message
       from status where priority < 2 and monitor = any($1::text[]) order by facility, since
     ) each order by since, facility limit $2`,
    [[...monitors], limit],
  );
  return rows.map(({ facility, since, priority, monitor, message }) => ({
    ...{ facility, monitor, message, sinceMs: since, priority: priorityOf(priority) },
  }));
}

async function states(client: PoolClient, owners: Owners): Promise<Readonly<Record<string, number>>> {
  const { rows } = await client.query<{ state: string; count: string }>(
    `select state, count(*) as count from job_session where ended_at is null and ($1::text[] is null or owner_role = any($1)) group by state`,
    [owners ?? null],
  );
  return Object.fromEntries(rows.map(({ state, count }) => [state, Number(count)]));
}

/** Marked as late, and not over yet. */
async function late(client: PoolClient, limit: number, owners: Owners): Promise<OverviewRows['jobs']['late']> {
  const { rows } = await client.query<OverviewRows['jobs']['late'][number]>(
    `select s.id as session, s.unit, r.job, r.run->>'state' as state,
       case when r.run->'marks' ? 'end-delay' then 'end-delay' else 'start-delay' end as why
     from job_session s join job_run r on r.session = s.number
     where s.ended_at is null and ($2::text[] is null or s.owner_role = any($2)) and r.run->'endedAtMs' = 'null'::jsonb
       and (r.run->'marks' ? 'end-delay' or (r.run->'marks' ? 'start-delay' and r.run->'startedAtMs' = 'null'::jsonb))
     order by s.number, r.job limit $1`,
    [limit, owners ?? null],
  );
  return rows;
}

async function failed(client: PoolClient, owners: Owners): Promise<number> {
  const { rows } = await client.query<{ count: string }>(
    `select count(*) as count from (
       select from job_session where scheduled_at > now() - interval '1 day' and end_status = 'abnormal'
         and ($1::text[] is null or owner_role = any($1)) limit ${MOST_FAILED}
     ) each`,
    [owners ?? null],
  );
  return Number(rows[0]?.count ?? 0);
}
