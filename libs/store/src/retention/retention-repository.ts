import type { CleanUpRun, Retained } from '@yosugara/protocol';
import { type Kysely, sql } from 'kysely';
import type { Database } from '../database.js';
import { WAYS } from './ways.js';

export interface CleanUpStart {
  readonly kind: Retained;
  readonly epoch: number;
  readonly startedMs: number;
  readonly beforeMs: number;
  /** null: it was due. */
  readonly by: string | null;
}

interface Row {
  readonly number: string;
  readonly kind: Retained;
  readonly started_at: Date;
  readonly ended_at: Date | null;
  readonly by: string | null;
  readonly before: Date;
  readonly rows: string;
  readonly parts: string[];
  readonly state: CleanUpRun['state'];
  readonly why: string | null;
}

/** What clean-ups did, and when each kind was looked at last. */
export class RetentionRepository {
  readonly #db: Kysely<Database>;
  constructor(db: Kysely<Database>) {
    this.#db = db;
  }

  /** Those that an owner before this one left behind are over. @returns its number */
  async begin({ kind, epoch, startedMs, beforeMs, by }: CleanUpStart): Promise<number> {
    await sql`update clean_up_run set state = 'cut', ended_at = to_timestamp(${startedMs / 1_000}), why = 'the Master changed'
      where state = 'running' and epoch < ${epoch}`.execute(this.#db);
    const { rows } = await sql<{ number: string }>`
      insert into clean_up_run (kind, epoch, started_at, by, before)
      values (${kind}, ${epoch}, to_timestamp(${startedMs / 1_000}), ${by}, to_timestamp(${beforeMs / 1_000})) returning number`.execute(
      this.#db,
    );
    return Number(rows[0]!.number);
  }

  async end(
    number: number,
    { ...how }: Pick<CleanUpRun, 'rows' | 'parts' | 'state' | 'why'> & { readonly endedMs: number },
  ): Promise<void> {
    await sql`update clean_up_run set ended_at = to_timestamp(${how.endedMs / 1_000}), rows = ${how.rows}, parts = ${[...how.parts]}::text[],
      state = ${how.state}, why = ${how.why} where number = ${number}`.execute(this.#db);
  }

  async looked(kind: Retained, atMs: number): Promise<void> {
    await sql`insert into clean_up_look (kind, at) values (${kind}, to_timestamp(${atMs / 1_000}))
      on conflict (kind) do update set at = excluded.at`.execute(this.#db);
  }

  async looks(): Promise<ReadonlyMap<string, Date>> {
    const { rows } = await sql<{ kind: string; at: Date }>`select kind, at from clean_up_look`.execute(this.#db);
    return new Map(rows.map(({ kind, at }) => [kind, at]));
  }

  /** The newest of each kind: also of one that never came to its end, and so was never looked at whole. */
  async last(): Promise<ReadonlyMap<string, CleanUpRun>> {
    const { rows } = await sql<Row>`select r.* from unnest(${Object.keys(WAYS)}::text[]) as each (kind), lateral (
      select * from clean_up_run where kind = each.kind order by number desc limit 1) r`.execute(this.#db);
    return new Map(rows.map((row) => [row.kind, runOf(row)]));
  }

  /** Newest first. @param after `number` of the last one of the page before. */
  async runs(kind: Retained | null, after: number | null, limit: number): Promise<readonly CleanUpRun[]> {
    const { rows } = await sql<Row>`select * from clean_up_run
      where (${kind}::text is null or kind = ${kind}) and (${after}::bigint is null or number < ${after})
      order by number desc limit ${limit}`.execute(this.#db);
    return rows.map(runOf);
  }
}

const runOf = ({ number, kind, started_at, ended_at, by, before, rows, parts, state, why }: Row): CleanUpRun => ({
  ...{ number: Number(number), kind, by, state, why, parts, rows: Number(rows) },
  ...{ startedAt: started_at.toISOString(), endedAt: ended_at?.toISOString() ?? null, before: before.toISOString() },
});
