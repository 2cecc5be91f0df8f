import type { IngestBatch } from '@yosugara/runtime';
import type { ClientBase, Pool } from 'pg';
import { withClient } from './deadline.js';

/** Rows of one journal in one batch that were received long before they were stored. */
export interface LateBatch {
  /** Of the batch: higher ones were stored later, by whichever node. */
  readonly version: number;
  readonly journalId: string;
  readonly fromSeq: number;
  readonly throughSeq: number;
  /** µs since 1970; of the first and of the last received. */
  readonly fromUs: number;
  readonly throughUs: number;
  readonly rows: number;
}

/** Later than this a row is behind what a follower looks through again and again. */
export const LATE_AFTER_MS = 60_000;
const READ_DEADLINE_MS = 10_000;
const UNDEFINED_TABLE = '42P01';
const US = (column: string) => `(extract(epoch from ${column}) * 1000000)::bigint`;

/** What was stored late, so that a follower finds it. */
export class LateBatches {
  readonly #pool: Pool;
  constructor(pool: Pool) {
    this.#pool = pool;
  }

  /** Of the last batch that was stored. */
  async version(): Promise<number> {
    return await withClient(this.#pool, 'reading how far ingest is', READ_DEADLINE_MS, async (client) => {
      const { rows } = await client.query<{ version: string }>('select version from ingest_window');
      return Number(rows[0]!.version);
    });
  }

  /** In the order of storing. @param limit the last batch comes with all its journals, though they may be more than that. */
  async after(version: number, limit: number): Promise<readonly LateBatch[]> {
    return await withClient(this.#pool, 'looking for what was stored late', READ_DEADLINE_MS, async (client) => {
      const { rows } = await client.query<Record<keyof LateBatch, string>>(
        `select version, journal_id as "journalId", from_seq as "fromSeq", through_seq as "throughSeq", ${US('from_at')} as "fromUs",
           ${US('through_at')} as "throughUs", rows
         from ingest_late where version > $1 order by version fetch first $2 rows with ties`,
        [version, limit],
      );
      return rows.map(({ journalId, ...row }) => ({
        ...{ journalId, version: Number(row.version), rows: Number(row.rows) },
        ...{ fromSeq: Number(row.fromSeq), throughSeq: Number(row.throughSeq) },
        ...{ fromUs: Number(row.fromUs), throughUs: Number(row.throughUs) },
      }));
    }).catch((error: unknown) => {
      if (isUndefinedTable(error)) return [];
      throw error;
    });
  }
}

/** The Master's program is older than this one. */
function isUndefinedTable(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause)
    if ('code' in cause && cause.code === UNDEFINED_TABLE) return true;
  return false;
}

/** In the transaction that stores the batch. @param nowMs wall clock. */
export async function noteLate(client: ClientBase, { version, rows }: IngestBatch, nowMs: number): Promise<void> {
  const beforeUs = (nowMs - LATE_AFTER_MS) * 1_000;
  const late = new Map<string, { from: number; through: number; fromUs: number; throughUs: number; rows: number }>();
  for (const { journalId, seq, receivedAtUs: us } of rows) {
    if (us >= beforeUs) continue;
    let of = late.get(journalId);
    if (of === undefined) late.set(journalId, (of = { from: seq, through: seq, fromUs: us, throughUs: us, rows: 0 }));
    of.from = Math.min(of.from, seq);
    of.through = Math.max(of.through, seq);
    of.fromUs = Math.min(of.fromUs, us);
    of.throughUs = Math.max(of.throughUs, us);
    of.rows++;
  }
  if (late.size === 0) return;
  const each = [...late.values()];
  await client.query(
    `insert into ingest_late (version, journal_id, from_seq, through_seq, from_at, through_at, rows)
     select $1, journal_id, from_seq, through_seq, to_timestamp(from_us / 1e6), to_timestamp(through_us / 1e6), rows
     from unnest($2::text[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::integer[])
       as t(journal_id, from_seq, through_seq, from_us, through_us, rows)`,
    [
      // What it becomes when this is committed.
      version + 1,
      ...[[...late.keys()], each.map(({ from }) => from), each.map(({ through }) => through)],
      ...[each.map(({ fromUs }) => fromUs), each.map(({ throughUs }) => throughUs), each.map((one) => one.rows)],
    ],
  );
}
