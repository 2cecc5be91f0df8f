import { pipeline } from 'node:stream/promises';
import { DeadlineError, invariant } from '@yosugara/kernel';
import { MERGE_LIMITS, type MergeRecord, type MergeWindow, type RecordRef } from '@yosugara/operations';
import {
  type IngestBatch,
  type IngestProgress,
  type IngestStore,
  type LoneQuestion,
  type RefusedRow,
  StaleEpochError,
  StaleProgressError,
  type StoredBatch,
} from '@yosugara/runtime';
import type { ClientBase, Pool, PoolClient } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { encodeMessages, MESSAGE_COLUMNS } from './copy-binary.js';
import { hostByHost } from './copy-order.js';
import { withClient } from './deadline.js';
import { IngestCounts, noteMark } from './ingest-counts.js';
import { noteLate } from './late-batches.js';
import { countMessages, type Histogram, type HistogramQuery } from './message-histogram.js';
import { findMessages, type MessagePage, type MessageQuery } from './message-search.js';
import type { OperationsRepository } from './operations-repository.js';
import { hourOf, type Partitions } from './partitions.js';
import { isRefusedByItsData, storeApart } from './refused-rows.js';

const UNIQUE_VIOLATION = '23505';
/** Its statement_timeout is over. */
const QUERY_CANCELED = '57014';
const READ_DEADLINE_MS = 10_000;
const STANDBY_DEADLINE_MS = 2_000;
const CLIENT_MARGIN_MS = 1_000;
/** Of a batch that is stored part by part: half of it to find what is refused, the rest to store the other rows. */
const APART_DEADLINES = 4;

export interface MessageRepositoryOptions {
  /** Of each statement on the server; of the whole transaction one second more. Default 5 s. */
  readonly storeDeadlineMs?: number;
  /** Sources counted apart in one hour. */
  readonly maxSources?: number;
  /** Writes what follows from the rows. Missing: a batch that has something of that kind is refused. */
  readonly operations?: Pick<OperationsRepository, 'prepare' | 'write' | 'forget'>;
}

/** What was received. */
export class MessageRepository implements IngestStore {
  readonly #pool: Pool;
  readonly #partitions: Partitions;
  readonly #counts: IngestCounts;
  readonly #storeDeadlineMs: number;
  readonly #operations: MessageRepositoryOptions['operations'];

  constructor(pool: Pool, partitions: Partitions, options: MessageRepositoryOptions = {}) {
    this.#pool = pool;
    this.#partitions = partitions;
    this.#counts = new IngestCounts(options.maxSources);
    this.#storeDeadlineMs = options.storeDeadlineMs ?? 5_000;
    this.#operations = options.operations;
  }

  async loadProgress(): Promise<IngestProgress> {
    return await withClient(this.#pool, 'loading the ingest progress', READ_DEADLINE_MS, async (client) => {
      // One statement: positions and window of the same instant.
      const { rows } = await client.query<{
        version: string;
        offset_us: string;
        claims: MergeWindow['claims'];
        through_us: MergeWindow['throughUs'];
        positions: Record<string, number>;
      }>(
        `select version, offset_us, claims, through_us,
           (select coalesce(jsonb_object_agg(journal_id, seq), '{}') from ingest_position) as positions
         from ingest_window`,
      );
      const row = rows[0]!;
      return {
        version: Number(row.version),
        positions: new Map(Object.entries(row.positions)),
        window: { offsetUs: Number(row.offset_us), claims: row.claims, throughUs: row.through_us },
      };
    });
  }

  /**
   * Positions durable in both databases, asked of a hot standby: what it shows, it has replayed; it replays only what it has
   * flushed; and its primary sends only what it has flushed itself (walsender.c).
   * @returns null — not a hot standby: here a position may be of a commit that is on no other disk.
   */
  async standbyPositions(): Promise<readonly RecordRef[] | null> {
    return await withClient(this.#pool, 'reading the ingest positions', STANDBY_DEADLINE_MS, async (client) => {
      // One statement, so a promotion in between cannot make them those of a primary: its snapshot is older than its last answer.
      const { rows } = await client.query<{ positions: Record<string, number>; standby: boolean }>(
        `select (select coalesce(jsonb_object_agg(journal_id, seq), '{}') from ingest_position) as positions, pg_is_in_recovery() as standby`,
      );
      const row = rows[0]!;
      return row.standby ? Object.entries(row.positions).map(([journalId, seq]) => ({ journalId, seq })) : null;
    });
  }

  async findLone(question: LoneQuestion, limit: number): Promise<readonly MergeRecord[]> {
    const found = withClient(this.#pool, 'looking for late partners', READ_DEADLINE_MS, async (client) => {
      const contents = question.contents.map((content) => Buffer.from(content, 'base64'));
      const { rows } = await client.query<{
        journal_id: string;
        seq: string;
        node: string;
        at_us: string;
        late_us: string;
        content: string;
      }>(
        `select journal_id, seq, node, (extract(epoch from received_at) * 1000000)::bigint as at_us, coalesce(late_us, 0) as late_us, encode(content, 'base64') as content
         from (${question.onlyLate ? LATE_BETWEEN : RECEIVED_BETWEEN}) m
         where node = $3 and content = any($4) and cardinality(seen_by) = 1
           and not exists (select 1 from message_seen_also s where (s.received_at, s.journal_id, s.seq) = (m.received_at, m.journal_id, m.seq))
         order by received_at, journal_id, seq limit $5`,
        [question.fromUs, question.throughUs, question.node, contents, limit],
      );
      return rows.map((row) => ({
        journalId: row.journal_id,
        seq: Number(row.seq),
        node: row.node,
        atUs: Number(row.at_us),
        ...(row.late_us === '0' ? {} : { lateByUs: Number(row.late_us) }),
        content: row.content,
      }));
    });
    return await found.catch((error: unknown) => {
      throw hasCode(error, QUERY_CANCELED) ? new DeadlineError('looking for late partners', READ_DEADLINE_MS) : error;
    });
  }

  /**
   * Rows, late partners, positions and window in one transaction, under the epoch and the version that the batch was made for. A row whose
   * data PostgreSQL refuses is stored without what was read from its bytes: it must hold up no other.
   */
  async storeBatch(batch: IngestBatch): Promise<StoredBatch> {
    const { operations } = batch;
    invariant(operations === undefined || this.#operations !== undefined, 'somebody writes what follows from rows');
    try {
      if (operations !== undefined) await this.#operations?.prepare(operations);
      for (const hour of new Set(batch.rows.map((row) => hourOf(row.receivedAtUs)))) await this.#partitions.ensureHour(hour);
      try {
        await this.#store(batch, copyRows);
        return { keyHits: 0 };
      } catch (error) {
        if (!hasCode(error, UNIQUE_VIOLATION) && !isRefusedByItsData(error)) throw error;
        this.#counts.forget();
        this.#operations?.forget();
        return await this.#storeApart(batch);
      }
    } catch (error) {
      this.#partitions.forget();
      this.#counts.forget();
      this.#operations?.forget();
      throw error;
    }
  }

  /** What is there already is left as it is, what is refused is stored bare. */
  async #storeApart(batch: IngestBatch): Promise<StoredBatch> {
    const deadlineMs = this.#storeDeadlineMs * APART_DEADLINES;
    const splitUntilMs = performance.now() + deadlineMs / 2;
    let keyHits = 0;
    let refused: readonly RefusedRow[] = [];
    await this.#store(
      batch,
      async (client, rows) => {
        await client.query('create temporary table message_staging (like message) on commit drop');
        const merge = async (part: IngestBatch['rows']) => void (keyHits += await mergeRows(client, part));
        refused = await storeApart(client, rows, merge, splitUntilMs);
      },
      deadlineMs,
    );
    return refused.length === 0 ? { keyHits } : { keyHits, refused };
  }

  async #store(
    batch: IngestBatch,
    writeRows: (client: PoolClient, rows: IngestBatch['rows']) => Promise<void>,
    deadlineMs = this.#storeDeadlineMs,
  ): Promise<void> {
    // The server gives up first, except in COMMIT's wait for the standby: no timeout of PostgreSQL ends that (postgres.c disarms
    // statement_timeout before the commit), only the standby, other settings, or a cancel.
    const clientDeadlineMs = deadlineMs + CLIENT_MARGIN_MS;
    await withClient(this.#pool, 'storing a batch of messages', clientDeadlineMs, async (client, commit) => {
      await client.query(`begin; set local statement_timeout = ${Math.round(this.#storeDeadlineMs)}`);
      await claim(client, batch.epoch);
      await advance(client, batch);
      if (batch.rows.length > 0) await writeRows(client, batch.rows);
      await noteLate(client, batch, Date.now());
      await noteLatePartners(client, batch);
      await this.#counts.add(client, batch.tallies ?? []);
      if (batch.mark !== undefined) await noteMark(client, batch.version, batch.epoch, batch.mark);
      if (batch.operations !== undefined) await this.#operations?.write(client, batch.operations);
      await commit();
    });
  }

  /** Newest first. */
  async search(query: MessageQuery): Promise<MessagePage> {
    return await withClient(
      this.#pool,
      'searching messages',
      READ_DEADLINE_MS,
      async (client) => await findMessages(client, query),
    );
  }

  /** How many were received when. */
  async histogram(query: HistogramQuery): Promise<Histogram> {
    return await countMessages(this.#pool, query);
  }
}

/** µs since 1970 as an instant. */
export const FROM_US = (parameter: string): string =>
  `(timestamptz '1970-01-01 00:00:00+00' + ${parameter}::bigint * interval '1 microsecond')`;

/** Most rows that were read late were so by less. */
const LITTLE_LATE_US = 2_000_000;
const EARLIEST = "received_at - late_us * interval '1 microsecond'";
const after = (us: number) => `(${FROM_US('$2')} + ${us} * interval '1 microsecond')`;

/**
 * What was read after that time and may have come before its end. In two parts, so that each reads little of an index: those that are
 * late by little are many where a receiver stood still, and come soon after it; no row is taken to be later than `maxLateUs`.
 */
const READ_LATER = `
  select * from message where late_us > 0 and received_at > ${FROM_US('$2')} and received_at <= ${after(LITTLE_LATE_US)} and ${EARLIEST} <= ${FROM_US('$2')}
  union all
  select * from message where late_us > ${LITTLE_LATE_US} and received_at > ${after(LITTLE_LATE_US)}
    and received_at <= ${after(MERGE_LIMITS.maxLateUs)} and ${EARLIEST} <= ${FROM_US('$2')}`;
const RECEIVED_BETWEEN = `
  select * from message where received_at between ${FROM_US('$1')} and ${FROM_US('$2')}
  union all${READ_LATER}`;

/** Of those only what is late by something, by the index of such. */
const LATE_BETWEEN = `
  select * from message where late_us > 0 and received_at between ${FROM_US('$1')} and ${FROM_US('$2')}
  union all${READ_LATER}`;

/** Fencing token: whoever comes with a higher epoch raises it, whoever comes with a lower one is refused. @throws StaleEpochError */
export async function claim(client: ClientBase, epoch: number): Promise<void> {
  // Shared, so that it cannot be raised until this transaction has ended.
  const { rows } = await client.query<{ epoch: string }>('select epoch from ownership for share');
  const stored = Number(rows[0]?.epoch);
  if (stored > epoch) throw new StaleEpochError(epoch, stored);
  if (stored === epoch) return;
  const raised = await client.query('update ownership set epoch = $1 where epoch < $1', [epoch]);
  if (raised.rowCount === 1) return;
  const after = await client.query<{ epoch: string }>('select epoch from ownership');
  if (Number(after.rows[0]?.epoch) > epoch) throw new StaleEpochError(epoch, Number(after.rows[0]?.epoch));
}

async function advance(client: PoolClient, { version, window, positions }: IngestBatch): Promise<void> {
  const moved = await client.query(
    'update ingest_window set version = version + 1, offset_us = $2, claims = $3, through_us = $4 where version = $1',
    [version, Math.round(window.offsetUs), JSON.stringify(window.claims), JSON.stringify(window.throughUs)],
  );
  if (moved.rowCount !== 1) throw new StaleProgressError(version);
  if (positions.length === 0) return;
  await client.query(
    `insert into ingest_position (journal_id, seq) select * from unnest($1::text[], $2::bigint[])
     on conflict (journal_id) do update set seq = excluded.seq where ingest_position.seq < excluded.seq`,
    [positions.map((position) => position.journalId), positions.map((position) => position.seq)],
  );
}

async function noteLatePartners(client: PoolClient, { seenAlso }: IngestBatch): Promise<void> {
  if (seenAlso.length === 0) return;
  await client.query(
    `insert into message_seen_also (received_at, journal_id, seq, node, copy_journal_id, copy_seq)
     select ${FROM_US('at_us')}, journal_id, seq, node, copy_journal_id, copy_seq
     from unnest($1::bigint[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::bigint[]) as t(at_us, journal_id, seq, node, copy_journal_id, copy_seq)
     on conflict do nothing`,
    [
      seenAlso.map((each) => each.of.atUs),
      seenAlso.map((each) => each.of.journalId),
      seenAlso.map((each) => each.of.seq),
      seenAlso.map((each) => each.node),
      seenAlso.map((each) => each.copy.journalId),
      seenAlso.map((each) => each.copy.seq),
    ],
  );
}

/** COPY for every size: a batch of one costs two round trips more than an INSERT, and there is one path to trust. */
async function copyRows(client: PoolClient, rows: IngestBatch['rows'], table = 'message'): Promise<void> {
  const stream = client.query(copyFrom(`copy ${table} (${MESSAGE_COLUMNS.join(', ')}) from stdin with (format binary)`));
  await pipeline(encodeMessages(hostByHost(rows)), stream);
}

/** A key hit aborts a COPY: staging table, then only what is new. @returns how many were there already. */
async function mergeRows(client: PoolClient, rows: IngestBatch['rows']): Promise<number> {
  const columns = MESSAGE_COLUMNS.join(', ');
  await copyRows(client, rows, 'message_staging');
  const inserted = await client.query(
    `insert into message (${columns}) select ${columns} from message_staging on conflict do nothing`,
  );
  await client.query('truncate message_staging');
  return rows.length - (inserted.rowCount ?? 0);
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
