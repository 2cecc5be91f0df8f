import { InvalidInputError } from '@yosugara/kernel';
import type { JobRun } from '@yosugara/operations';
import type {
  JobHistoryLine,
  JobReports,
  PlacedRun,
  RunOutput,
  SessionQuery,
  SessionRow,
  SpoolMark,
  TriggerMark,
} from '@yosugara/runtime';
import type { Pool, PoolClient } from 'pg';
import { withClient } from './deadline.js';
import { LINK_COLUMNS, type LinkRow, linkOf, MARKS, markOf } from './jobs-repository.js';
import { AT, HEAD_COLUMNS, type HeadRow, MS, sessionRowOf } from './jobs-rows.js';
import { Where } from './message-filter.js';

const DEADLINE_MS = 10_000;

/** What people look at, of the database that the pool is connected to. */
export class JobReportRepository implements JobReports {
  readonly #pool: Pool;
  constructor(pool: Pool) {
    this.#pool = pool;
  }

  async sessions(query: SessionQuery): Promise<{ readonly rows: readonly SessionRow[]; readonly next: string | null }> {
    const where = conditionsOf(query);
    const { rows } = await this.#read('listing sessions', async (client) => {
      const limit = where.place(query.limit + 1);
      return await client.query<HeadRow>(
        `select ${HEAD_COLUMNS} from job_session s ${where} order by s.number desc limit ${limit}`,
        [...where.values],
      );
    });
    const shown = rows.slice(0, query.limit);
    return { rows: shown.map(sessionRowOf), next: rows.length > shown.length ? (shown.at(-1)?.number ?? null) : null };
  }

  async session(id: string): Promise<(SessionRow & { readonly jobs: readonly JobRun[] }) | null> {
    return await this.#read('reading a session', async (client) => {
      await client.query('begin isolation level repeatable read read only');
      const { rows: heads } = await client.query<HeadRow>(`select ${HEAD_COLUMNS} from job_session s where s.id = $1`, [id]);
      const [head] = heads;
      const { rows } = await client.query<{ run: JobRun }>('select run from job_run where session = $1 order by job', [
        head?.number ?? 0,
      ]);
      await client.query('commit');
      return head === undefined ? null : { ...sessionRowOf(head), jobs: rows.map(({ run }) => run) };
    });
  }

  async outputs(session: string, job: string): Promise<readonly RunOutput[]> {
    return await this.#read('reading what a job wrote', async (client) => {
      const { rows } = await client.query<RunOutput>(
        `select s.id as session, o.job, o.facility, o.attempt, ${MS('o.at')} as "atMs", o.stdout, o.stderr,
           o.stdout_bytes::float8 as "stdoutBytes", o.stderr_bytes::float8 as "stderrBytes"
         from job_output o join job_session s on s.number = o.session where s.id = $1 and o.job = $2 order by o.facility, o.attempt`,
        [session, job],
      );
      return rows;
    });
  }

  async history(
    session: string,
    after: number,
    limit: number,
  ): Promise<readonly (JobHistoryLine & { readonly number: number })[]> {
    return await this.#read('reading the history of a session', async (client) => {
      const { rows } = await client.query<JobHistoryLine & { readonly number: number }>(
        `select h.number::float8 as number, s.id as session, ${MS('h.at')} as "atMs", h.job, h.facility, h.from_state as "from", h.to_state as "to", h.who, h.text
         from job_history h join job_session s on s.number = h.session where s.id = $1 and h.number > $2 order by h.number limit $3`,
        [session, after, limit],
      );
      return rows;
    });
  }

  async links(query: Parameters<JobReports['links']>[0]): ReturnType<JobReports['links']> {
    return await this.#read('reading link messages', async (client) => {
      const { rows } = await client.query<LinkRow & { readonly number: number }>(
        `select number::float8 as number, ${LINK_COLUMNS} from job_link
         where ($1::text is null or message_id = $1) and ($2::bigint is null or number < $2) order by number desc limit $3`,
        [query.messageId ?? null, query.after ?? null, query.limit],
      );
      return rows.map((row) => ({ ...linkOf(row), number: row.number }));
    });
  }

  async marks(): Promise<readonly TriggerMark[]> {
    return await this.#read('reading the marks of triggers', async (client) => (await client.query(MARKS)).rows.map(markOf));
  }

  async placed(limit: number): Promise<readonly PlacedRun[]> {
    return await this.#read('reading who waits in queues', async (client) => {
      const { rows } = await client.query<PlacedRun>(
        `select s.id as session, s.unit, s.revision, r.run from job_run r join job_session s on s.number = r.session
         where s.ended_at is null and (
           (r.run->>'queuedAtMs' is not null and r.run->>'state' in ('queued', 'running', 'stopping', 'suspended'))
           or r.run->'nodes' @> '[{"state": "queued"}]')
         order by (r.run->>'queuedAtMs')::float8 nulls last, s.number, r.job limit $1`,
        [limit],
      );
      return rows;
    });
  }

  async runningNowhere(limit: number): Promise<readonly PlacedRun[]> {
    return await this.#read('reading what waits for people', async (client) => {
      const { rows } = await client.query<PlacedRun>(
        `select s.id as session, s.unit, s.revision, r.run from job_run r join job_session s on s.number = r.session
         where s.ended_at is null and r.run->>'state' = 'running' and r.run->'nodes' = '[]'
         order by (r.run->>'startedAtMs')::float8 nulls last, s.number, r.job limit $1`,
        [limit],
      );
      return rows;
    });
  }

  async newestLine(): Promise<number> {
    return await this.#read('reading the newest line of histories', async (client) => {
      const { rows } = await client.query<{ number: number | null }>('select max(number)::float8 as number from job_history');
      return rows[0]?.number ?? 0;
    });
  }

  async changedSince(line: number, limit: number): Promise<{ readonly rows: readonly SessionRow[]; readonly through: number }> {
    return await this.#read('reading which sessions changed', async (client) => {
      // One writer at a time, in order: what is seen has no gaps that are filled later.
      const { rows } = await client.query<HeadRow & { through: number }>(
        `with lines as (select number, session from job_history where number > $1 order by number limit $2)
         select ${HEAD_COLUMNS}, (select max(number)::float8 from lines) as through
         from job_session s where s.number in (select session from lines) order by s.number`,
        [line, limit],
      );
      return { rows: rows.map(sessionRowOf), through: rows[0]?.through ?? line };
    });
  }

  async spools(): Promise<readonly (SpoolMark & { readonly atMs: number })[]> {
    return await this.#read('reading what came from agents', async (client) => {
      const { rows } = await client.query<SpoolMark & { readonly atMs: number }>(
        `select agent, spool, number::float8 as number, ${MS('at')} as "atMs" from agent_spool order by agent, at desc`,
      );
      return rows;
    });
  }

  async #read<T>(what: string, work: (client: PoolClient) => Promise<T>): Promise<T> {
    return await withClient(this.#pool, what, DEADLINE_MS, work);
  }
}

function conditionsOf(query: SessionQuery): Where {
  const where = new Where();
  const { after, fromMs, toMs, session, unit, job, states, endStatuses, triggerType, triggerId, open, ownerRoles } = query;
  if (after !== undefined && !/^\d{1,18}$/.test(after))
    throw new InvalidInputError('after', after, 'the `next` of an earlier page');
  const add = <T>(value: T | undefined, condition: (place: string) => string) => {
    if (value !== undefined) where.also(condition(where.place(value)));
  };
  add(after, (place) => `s.number < ${place}::bigint`);
  add(fromMs, (place) => `s.scheduled_at >= ${AT(place)}`);
  add(toMs, (place) => `s.scheduled_at < ${AT(place)}`);
  add(session, (place) => `s.id = ${place}`);
  add(unit, (place) => `s.unit = ${place}`);
  add(job, (place) => `exists (select from job_run r where r.session = s.number and r.job = ${place})`);
  add(states, (place) => `s.state = any(${place}::text[])`);
  add(endStatuses, (place) => `s.end_status = any(${place}::text[])`);
  add(triggerType, (place) => `s.trigger_type = ${place}`);
  add(triggerId, (place) => `s.trigger_id = ${place}`);
  add(ownerRoles, (place) => `s.owner_role = any(${place}::text[])`);
  if (open !== undefined) where.also(open ? 's.ended_at is null' : 's.ended_at is not null');
  return where;
}
