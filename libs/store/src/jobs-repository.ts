import type { JobRun, JobSession, LinkMessage, PinnedUnit } from '@yosugara/operations';
import { type JobUnitBody, readBody } from '@yosugara/protocol';
import {
  type JobBatch,
  type JobStore,
  type JobsLoaded,
  type PastEndOf,
  type SessionsFound,
  type SpoolMark,
  StaleProgressError,
  type TriggerMark,
} from '@yosugara/runtime';
import type { ClientBase, Pool, PoolClient } from 'pg';
import { withClient } from './deadline.js';
import { loadOpen } from './jobs-open.js';
import { AT, HEAD_COLUMNS, type HeadRow, MS, sessionOf } from './jobs-rows.js';
import { writeJobs } from './jobs-write.js';
import { claim } from './message-repository.js';
import type { OperationsRepository } from './operations-repository.js';
import { priorityOf } from './priorities.js';
import { rowKey } from './row-key.js';

const STORE_DEADLINE_MS = 5_000;
const CLIENT_MARGIN_MS = 1_000;
const LOAD_DEADLINE_MS = 60_000;
const READ_DEADLINE_MS = 5_000;
const FORGET_SESSIONS = 100;
const PAST_SESSIONS = 300;
const PAST_ENDS = 30;
const DAY_MS = 86_400_000;
const LINKS_KEPT_DAYS = 31;

/** Sessions of jobs, and what their loop remembers. */
export class JobRepository implements JobStore {
  readonly #pool: Pool;
  readonly #operations: Pick<OperationsRepository, 'prepare' | 'write' | 'forget' | 'loadMemory'>;

  /**
   * @param pool with `pipeline`
   * @param operations of this loop alone: after a failure it forgets what it believed to be stored.
   */
  constructor(pool: Pool, operations: Pick<OperationsRepository, 'prepare' | 'write' | 'forget' | 'loadMemory'>) {
    this.#pool = pool;
    this.#operations = operations;
  }

  async storeJobs(batch: JobBatch, epoch: number, version: number): Promise<void> {
    try {
      await this.#operations.prepare(batch.operations);
      await this.#write('storing what became of jobs', epoch, async (client) => {
        await Promise.all([advance(client, version), writeJobs(client, batch), this.#operations.write(client, batch.operations)]);
      });
    } catch (error) {
      this.#operations.forget();
      throw error;
    }
  }

  async loadJobs(): Promise<JobsLoaded> {
    for (;;) {
      // A transaction that was thought lost may commit in between: then its memories are of another version than its sessions.
      const before = await this.#version();
      const { monitors, notifications } = await this.#operations.loadMemory();
      const loaded = await this.#load();
      if (loaded.version === before) return { ...loaded, operations: { monitors, notifications } };
    }
  }

  async #version(): Promise<number> {
    return await this.#read('reading the progress of jobs', async (client) => {
      const { rows } = await client.query<{ version: string }>('select version from job_progress');
      return Number(rows[0]?.version ?? 0);
    });
  }

  async #load(): Promise<Omit<JobsLoaded, 'operations'>> {
    return await withClient(this.#pool, 'loading the sessions of jobs', LOAD_DEADLINE_MS, async (client) => {
      await client.query(`begin isolation level repeatable read read only; set local statement_timeout = ${LOAD_DEADLINE_MS}`);
      const { rows: progress } = await client.query<{ version: string }>('select version from job_progress');
      const sessions = await loadOpen(client);
      const marks = await client.query<MarkRow>(MARKS);
      const spools = await client.query<SpoolRow>('select agent, spool, number from agent_spool');
      await client.query('commit');
      return {
        ...{ version: Number(progress[0]?.version ?? 0), sessions },
        ...{ marks: marks.rows.map(markOf), spools: spools.rows.map(spoolOf) },
      };
    });
  }

  async unitOf(unit: string, revision: number): Promise<PinnedUnit | null> {
    return await this.#read('reading a job unit', async (client) => {
      const { rows } = await client.query<{ body: { ownerRole: string; body: unknown } | null }>(
        `select body from setting_history where kind = 'job-unit' and id = $1 and revision = $2`,
        [unit, revision],
      );
      const stored = rows[0]?.body ?? null;
      const body = stored === null ? null : (readBody('job-unit', stored.body) as JobUnitBody | null);
      return stored === null || body === null ? null : { id: unit, revision, ownerRole: stored.ownerRole, body };
    });
  }

  async pastEnds(of: readonly { readonly unit: string; readonly job: string }[]): Promise<readonly PastEndOf[]> {
    if (of.length === 0) return [];
    return await this.#read('reading how jobs ended', async (client) => {
      const { rows } = await client.query<PastEndOf>(PAST, [of.map(({ unit }) => unit), of.map(({ job }) => job)]);
      return rows;
    });
  }

  async lookUp(requests: readonly string[], prefixes: readonly string[]): Promise<SessionsFound> {
    return await this.#read('looking for sessions', async (client) => {
      const keys = new Map(requests.map((request) => [rowKey(request).toString('hex'), request]));
      const found = await client.query<{ id: string; request: Buffer }>(
        'select id, request from job_session where request = any($1)',
        [requests.map((request) => rowKey(request))],
      );
      const taken = await client.query<{ id: string }>(
        `select s.id from unnest($1::text[]) as w(prefix) join job_session s on s.id collate "C" >= w.prefix and s.id collate "C" < w.prefix || '~'`,
        [prefixes],
      );
      return {
        requests: new Map(found.rows.map(({ id, request }) => [keys.get(request.toString('hex')) ?? '', id])),
        taken: taken.rows.map(({ id }) => id),
      };
    });
  }

  async loadSession(session: string): Promise<JobSession | null> {
    return await this.#read('reading a session', async (client) => {
      const { rows: heads } = await client.query<HeadRow>(`select ${HEAD_COLUMNS} from job_session s where s.id = $1`, [session]);
      const [head] = heads;
      if (head === undefined) return null;
      const { rows } = await client.query<{ run: JobRun }>('select run from job_run where session = $1', [head.number]);
      return sessionOf(
        head,
        rows.map(({ run }) => run),
      );
    });
  }

  async linksSince(atMs: number, limit: number): Promise<readonly LinkMessage[]> {
    return await this.#read('reading link messages', async (client) => {
      const { rows } = await client.query<LinkRow>(
        `select ${LINK_COLUMNS} from job_link where at >= ${AT('$1')} order by at desc, number desc limit $2`,
        [atMs, limit],
      );
      return rows.map(linkOf).reverse();
    });
  }

  async triggersWrittenAt(triggers: readonly string[]): Promise<ReadonlyMap<string, number>> {
    return await this.#read('reading when triggers were written', async (client) => {
      const { rows } = await client.query<{ id: string; at_ms: number }>(
        `select id, ${MS('modified_at')} as at_ms from setting where kind = 'job-trigger' and id = any($1)`,
        [triggers],
      );
      return new Map(rows.map(({ id, at_ms }) => [id, at_ms]));
    });
  }

  async forgetJobs(nowMs: number, epoch: number): Promise<number> {
    return await this.#write('forgetting old sessions', epoch, async (client) => {
      const { rowCount } = await client.query(
        `delete from job_session where number in (
           select number from job_session where keep_until < ${AT('$1')} and ended_at is not null order by keep_until limit ${FORGET_SESSIONS})`,
        [nowMs],
      );
      await client.query(
        `delete from job_link where number in (select number from job_link where at < ${AT('$1')} order by at limit 5000)`,
        [nowMs - LINKS_KEPT_DAYS * DAY_MS],
      );
      return rowCount ?? 0;
    });
  }

  async #read<T>(what: string, work: (client: PoolClient) => Promise<T>): Promise<T> {
    return await withClient(this.#pool, what, READ_DEADLINE_MS, work);
  }

  async #write<T>(what: string, epoch: number, work: (client: PoolClient) => Promise<T>): Promise<T> {
    return await withClient(this.#pool, what, STORE_DEADLINE_MS + CLIENT_MARGIN_MS, async (client, commit) => {
      // Sent without waiting for answers in between. Nothing is kept before all have answered as they should: what is not ours any more is
      // done on the server as well, and undone.
      const begun = client.query(`begin; set local statement_timeout = ${STORE_DEADLINE_MS}`);
      const [, , value] = await Promise.all([begun, claim(client, epoch), work(client)]);
      await commit();
      return value;
    });
  }
}

async function advance(client: ClientBase, version: number): Promise<void> {
  const moved = await client.query('update job_progress set version = version + 1 where version = $1', [version]);
  if (moved.rowCount !== 1) throw new StaleProgressError(version);
}

const PAST = `
  with wanted as (select distinct * from unnest($1::text[], $2::text[]) as w(unit, job))
  select w.unit, w.job, e.* from wanted w cross join lateral (
    select s.id as session, s.end_status as status, s.end_value as value, ${MS('s.started_at')} as "startedAtMs", ${MS('s.ended_at')} as "endedAtMs"
    from job_session s where w.job = '' and s.unit = w.unit and s.ended_at is not null and s.end_status is not null and s.started_at is not null
    order by s.number desc limit ${PAST_ENDS}
  ) e
  union all
  select w.unit, w.job, e.* from wanted w cross join lateral (
    select s.id as session, r.run->>'endStatus' as status, coalesce((r.run->>'endValue')::integer, 0) as value,
      (r.run->>'startedAtMs')::float8 as "startedAtMs", (r.run->>'endedAtMs')::float8 as "endedAtMs"
    from (
      select number, id from job_session where w.job <> '' and unit = w.unit order by number desc limit ${PAST_SESSIONS}
    ) s join job_run r on r.session = s.number and r.job = w.job
    where r.run->>'endStatus' is not null and r.run->>'startedAtMs' is not null and r.run->>'endedAtMs' is not null
    order by s.number desc limit ${PAST_ENDS}
  ) e
  order by "endedAtMs" desc`;

interface MarkRow {
  trigger: string;
  fired_ms: number;
  state: unknown;
}
export const MARKS = `select trigger, ${MS('fired_up_to')} as fired_ms, state from job_mark`;
export const markOf = ({ trigger, fired_ms, state }: MarkRow): TriggerMark => ({ trigger, firedUpToMs: fired_ms, state });

interface SpoolRow {
  agent: string;
  spool: string;
  number: string;
}
const spoolOf = ({ agent, spool, number }: SpoolRow): SpoolMark => ({ agent, spool, number: Number(number) });

export interface LinkRow {
  id: string;
  at_ms: number;
  message_id: string;
  message: string;
  priority: number;
  values: Readonly<Record<string, string>>;
}
export const LINK_COLUMNS = `id, ${MS('at')} as at_ms, message_id, message, priority, "values"`;
export const linkOf = (row: LinkRow): LinkMessage => ({
  ...{ id: row.id, atMs: row.at_ms, messageId: row.message_id, message: row.message },
  ...{ priority: priorityOf(row.priority), values: row.values },
});
