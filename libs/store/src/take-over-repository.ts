import type { RecoverReport, Status, TakeOverSeen } from '@yosugara/protocol';
import { type Kysely, sql } from 'kysely';
import type { Database } from './database.js';

export type HistoryEntry = Status['history'][number];
export interface StoredTakeOver extends HistoryEntry {
  readonly seen: TakeOverSeen | null;
}

/** Of one minute. */
export interface LagMinute {
  readonly atMs: number;
  readonly node: string;
  readonly walBytes: number | null;
  readonly journal: number | null;
  readonly inSync: boolean;
}

/** How Masters changed, how nodes came back, and how far the Standby was behind. */
export class TakeOverRepository {
  readonly #db: Kysely<Database>;
  constructor(db: Kysely<Database>) {
    this.#db = db;
  }

  /** Those that are there stay as they are, with what was seen of them. */
  async add(entries: readonly HistoryEntry[]): Promise<void> {
    await sql`insert into take_over (epoch, owner, from_node, at, cause, proof, timeline)
      select (e->>'epoch')::bigint, e->>'owner', e->>'from', (e->>'at')::timestamptz, e->>'cause', e->>'proof', (e->>'timeline')::integer
      from jsonb_array_elements(${JSON.stringify(entries)}::jsonb) e
      on conflict (epoch) do update set timeline = coalesce(excluded.timeline, take_over.timeline)`.execute(this.#db);
  }

  async see(epoch: number, seen: TakeOverSeen): Promise<void> {
    await sql`update take_over set seen = ${JSON.stringify(seen)}::jsonb where epoch = ${epoch}`.execute(this.#db);
  }

  async addRecover(report: RecoverReport): Promise<void> {
    await sql`insert into recover_report (id, node, started_at, report)
      values (${report.requestId}, ${report.node}, ${report.startedAt}::timestamptz, ${JSON.stringify(report)}::jsonb)
      on conflict (id) do update set report = excluded.report`.execute(this.#db);
  }

  /** Newest first. @param after epoch of the last one of the page before. */
  async list(after: number | null, limit: number): Promise<readonly StoredTakeOver[]> {
    const { rows } = await sql<{
      epoch: string;
      owner: string;
      from_node: string | null;
      at: Date;
      cause: string;
      proof: string | null;
      timeline: number | null;
      seen: TakeOverSeen | null;
    }>`select * from take_over where ${after}::bigint is null or epoch < ${after} order by epoch desc limit ${limit}`.execute(
      this.#db,
    );
    return rows.map(({ epoch, from_node, at, ...row }) => ({
      ...row,
      ...{ epoch: Number(epoch), from: from_node, at: at.toISOString() },
    }));
  }

  /** Oldest first. */
  async recovers(since: Date, limit: number): Promise<readonly RecoverReport[]> {
    const { rows } = await sql<{ report: RecoverReport }>`
      select report from recover_report where started_at >= ${since} order by started_at limit ${limit}`.execute(this.#db);
    return rows.map(({ report }) => report);
  }

  async addLag(minutes: readonly LagMinute[]): Promise<void> {
    await sql`insert into cluster_lag (at, node, wal_bytes, journal, in_sync)
      select to_timestamp((e->>'atMs')::float8 / 1000), e->>'node', (e->>'walBytes')::bigint, (e->>'journal')::bigint, (e->>'inSync')::boolean
      from jsonb_array_elements(${JSON.stringify(minutes)}::jsonb) e
      on conflict (at, node) do update set wal_bytes = greatest(excluded.wal_bytes, cluster_lag.wal_bytes),
        journal = greatest(excluded.journal, cluster_lag.journal), in_sync = excluded.in_sync and cluster_lag.in_sync`.execute(
      this.#db,
    );
  }

  /** The most of each step, by node and time. */
  async lag(from: Date, to: Date, stepMs: number): Promise<readonly LagMinute[]> {
    const { rows } = await sql<{ node: string; ms: number; wal: string | null; journal: string | null; sync: boolean }>`
      select node, (floor(extract(epoch from at) * 1000 / ${stepMs}) * ${stepMs})::float8 as ms, max(wal_bytes) as wal, max(journal) as journal,
        bool_and(in_sync) as sync
      from cluster_lag where at >= ${from} and at < ${to} group by 1, 2 order by 1, 2`.execute(this.#db);
    return rows.map(({ node, ms, wal, journal, sync }) => ({
      ...{ node, atMs: ms, inSync: sync },
      ...{ walBytes: wal === null ? null : Number(wal), journal: journal === null ? null : Number(journal) },
    }));
  }
}
