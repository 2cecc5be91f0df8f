import { rfc3339 } from '@yosugara/kernel';
import type { RecordRef } from '@yosugara/operations';
import { MESSAGE_TRANSPORTS, type MessageKind, type MessageTransport } from '@yosugara/protocol';
import type { Pool, PoolClient } from 'pg';
import { withClient } from './deadline.js';
import { SEEN_BY } from './message-filter.js';
import { FROM_US } from './message-repository.js';
import { messageId } from './message-search.js';
import { rawOf } from './raw-recipe.js';

const READ_DEADLINE_MS = 10_000;
/** A message that says the same all the time has many rows of the same content near each other. */
const MOST_ROWS = 10;
/** The database's clock and that of a receiver may differ by so much. */
const CLOCKS_APART_MS = 3_600_000;

export interface TracedRow extends RecordRef {
  readonly id: string;
  readonly node: string;
  readonly receivedAtUs: number;
  readonly lateByUs: number;
  readonly kind: MessageKind;
  readonly transport: MessageTransport | null;
  readonly source: string;
  readonly flags: number;
  readonly raw: Buffer;
  /** Base64; null = never pairs. */
  readonly content: string | null;
  readonly seenBy: readonly string[];
  readonly seenLater: readonly (RecordRef & { readonly node: string })[];
}

/** In which batches a record was consumed, as far as the marks tell. */
export interface TracedCommit {
  readonly epoch: number;
  readonly batches: { readonly from: number | null; readonly through: number };
  /** null: before anything that is kept; up to now. */
  readonly between: { readonly from: string | null; readonly through: string | null };
}

/** What the database knows of the way of one message. */
export class IngestTraces {
  readonly #pool: Pool;
  constructor(pool: Pool) {
    this.#pool = pool;
  }

  /** The row of exactly this record. */
  async row(receivedAtUs: number, { journalId, seq }: RecordRef): Promise<TracedRow | null> {
    const where = `received_at = ${FROM_US('$1')} and journal_id = $2 and seq = $3`;
    return (await this.#rows(where, [receivedAtUs, journalId, seq]))[0] ?? null;
  }

  /** Rows stored before this record came, whose copy it is. Received in that stretch. */
  async rowsOfCopy({ journalId, seq }: RecordRef, fromUs: number, throughUs: number): Promise<readonly TracedRow[]> {
    const where = `(received_at, journal_id, seq) in (select received_at, journal_id, seq from message_seen_also
      where received_at between ${FROM_US('$1')} and ${FROM_US('$2')} and copy_journal_id = $3 and copy_seq = $4)
      and received_at between ${FROM_US('$1')} and ${FROM_US('$2')}`;
    return await this.#rows(where, [fromUs, throughUs, journalId, seq]);
  }

  /** Rows of another node with this content which both nodes saw at once: which record was the other one is not written down. */
  async rowsOfContent(content: string, notNode: string, fromUs: number, throughUs: number): Promise<readonly TracedRow[]> {
    const where = `received_at between ${FROM_US('$1')} and ${FROM_US('$2')} and content = $3 and node <> $4 and (cardinality(seen_by) > 1 or seen_with is not null)`;
    return await this.#rows(where, [fromUs, throughUs, Buffer.from(content, 'base64'), notNode]);
  }

  /** Positions and offset of now, and the mark that first covers this record. */
  async progress({ journalId, seq }: RecordRef, receivedAtUs: number | null) {
    return await this.#read('reading the marks of ingest', async (client) => {
      const now = await client.query<{ position: string | null; offset_us: string; version: string }>(
        'select (select seq from ingest_position where journal_id = $1) as position, offset_us, version from ingest_window',
        [journalId],
      );
      const marks = await client.query<FoundMark>(
        `select m.version, m.epoch, m.begins, (extract(epoch from m.at) * 1000000)::bigint as at_us, b.version as before_version, b.epoch as before_epoch,
           b.begins as before_begins, (extract(epoch from b.at) * 1000000)::bigint as before_us
         from ingest_mark m
           left join lateral (select * from ingest_mark p where p.version < m.version order by version desc limit 1) b on true
         where (m.at >= to_timestamp($3) or to_timestamp($3) > now()) and (m.positions->>$1)::bigint >= $2 order by m.version limit 1`,
        [journalId, seq, receivedAtUs === null ? 0 : (receivedAtUs / 1_000 - CLOCKS_APART_MS) / 1_000],
      );
      const { position, offset_us: offsetUs, version } = now.rows[0]!;
      const isConsumed = position !== null && Number(position) >= seq;
      const commit =
        marks.rows[0] !== undefined ? commitOf(marks.rows[0]) : isConsumed ? await sinceLastMark(client, Number(version)) : null;
      return { position: position === null ? null : Number(position), offsetUs: Number(offsetUs), commit };
    });
  }

  async #rows(where: string, values: readonly unknown[]): Promise<readonly TracedRow[]> {
    return await this.#read('tracing a message', async (client) => {
      const { rows } = await client.query<FoundRow>(
        `select (extract(epoch from received_at) * 1000000)::bigint as at_us, journal_id, seq, node, coalesce(late_us, 0) as late_us, kind, transport, host(source) as source, flags, raw,
           raw_form, m.host as host, app, proc_id, msg_id, text, (extract(epoch from sent_at) * 1000000)::bigint as sent_us,
           encode(content, 'base64') as content, ${SEEN_BY} as seen_by,
           (select coalesce(jsonb_agg(jsonb_build_array(s.node, s.copy_journal_id, s.copy_seq)), '[]') from message_seen_also s
             where (s.received_at, s.journal_id, s.seq) = (m.received_at, m.journal_id, m.seq)) as later
         from message m where ${where} order by received_at, journal_id, seq limit ${MOST_ROWS}`,
        [...values],
      );
      return rows.map(tracedRow);
    });
  }

  async #read<T>(what: string, work: (client: PoolClient) => Promise<T>): Promise<T> {
    return await withClient(this.#pool, what, READ_DEADLINE_MS, work);
  }
}

interface FoundMark {
  version: string;
  epoch: string;
  begins: boolean;
  at_us: string;
  before_version: string | null;
  before_epoch: string | null;
  before_begins: boolean | null;
  before_us: string | null;
}

/** The record was consumed after the mark before and no later than this one. An owner's first mark tells what was before its first batch. */
function commitOf(mark: FoundMark): TracedCommit | null {
  const epoch = mark.begins ? mark.before_epoch : mark.epoch;
  if (epoch === null) return null;
  const before = mark.before_version === null ? null : Number(mark.before_version);
  return {
    epoch: Number(epoch),
    batches: {
      from: before === null ? null : mark.before_begins === true ? before : before + 1,
      through: mark.begins ? Number(mark.version) - 1 : Number(mark.version),
    },
    between: { from: mark.before_us === null ? null : rfc3339(Number(mark.before_us)), through: rfc3339(Number(mark.at_us)) },
  };
}

/** After the newest mark: every owner marks its first batch, so it is of that one's owner. */
async function sinceLastMark(client: PoolClient, version: number): Promise<TracedCommit | null> {
  const { rows } = await client.query<{ version: string; epoch: string; begins: boolean; at_us: string }>(
    'select version, epoch, begins, (extract(epoch from at) * 1000000)::bigint as at_us from ingest_mark order by version desc limit 1',
  );
  const [mark] = rows;
  if (mark === undefined) return null;
  const from = Number(mark.version) + (mark.begins ? 0 : 1);
  return {
    epoch: Number(mark.epoch),
    batches: { from, through: version - 1 },
    between: { from: rfc3339(Number(mark.at_us)), through: null },
  };
}

interface FoundRow {
  at_us: string;
  journal_id: string;
  seq: string;
  node: string;
  late_us: string;
  kind: MessageKind;
  transport: number | null;
  source: string;
  flags: number;
  raw: Buffer;
  raw_form: number | null;
  host: string | null;
  app: string | null;
  proc_id: string | null;
  msg_id: string | null;
  text: string;
  sent_us: string | null;
  content: string | null;
  seen_by: string[];
  later: [string, string, number][];
}

function tracedRow(row: FoundRow): TracedRow {
  return {
    id: messageId(row.at_us, row.journal_id, row.seq),
    ...{ journalId: row.journal_id, seq: Number(row.seq), node: row.node, receivedAtUs: Number(row.at_us) },
    ...{ lateByUs: Number(row.late_us), kind: row.kind, source: row.source, flags: row.flags, raw: rawBytesOf(row) },
    transport: row.transport === null ? null : (MESSAGE_TRANSPORTS[row.transport] ?? null),
    content: row.content,
    seenBy: [...row.seen_by].sort(),
    seenLater: row.later.map(([node, journalId, seq]) => ({ node, journalId, seq })),
  };
}

function rawBytesOf(row: FoundRow): Buffer {
  if (row.raw_form === null) return row.raw;
  const { host, app, proc_id: procId, msg_id: msgId, text, sent_us: sentUs } = row;
  return rawOf(row.raw, { host, app, procId, msgId, text, sentAtUs: sentUs === null ? null : Number(sentUs) });
}
