import { InvalidInputError, rfc3339 } from '@yosugara/kernel';
import { FACILITIES, SEVERITIES } from '@yosugara/operations';
import { MESSAGE_TRANSPORTS, MessageFlag, type MessageKind, type MessageRow } from '@yosugara/protocol';
import type { MessageToStore } from '@yosugara/runtime';
import type { PoolClient } from 'pg';
import { type MessageConditions, SEEN_BY, type Where, whereOf } from './message-filter.js';
import { type Span, spansOf } from './partition-spans.js';

export interface MessageQuery extends MessageConditions {
  /** `next` of the page before: older rows than those. */
  readonly before?: string;
  /** 1..1000, default 100. */
  readonly limit?: number;
}

export interface MessageDetail extends MessageRow {
  readonly node: string;
}

export interface MessagePage {
  readonly rows: readonly MessageDetail[];
  /** null = these were the oldest. */
  readonly next: string | null;
}

const MAX_LIMIT = 1_000;
const ID = /^(\d{1,16})\.([a-z][a-z0-9_]{0,30}-[A-Za-z0-9]+-[A-Za-z0-9]+)\.(\d{1,16})$/;

/** A row's identity as text: time of receipt in µs, journal, number. */
export function messageId(receivedAtUs: number | string, journalId: string, seq: number | string): string {
  return `${receivedAtUs}.${journalId}.${seq}`;
}

interface Found {
  at_us: string;
  journal_id: string;
  seq: string;
  node: string;
  kind: MessageKind;
  source: string;
  facility: number | null;
  severity: number | null;
  host: string | null;
  app: string | null;
  proc_id: string | null;
  msg_id: string | null;
  transport: number | null;
  structured: NonNullable<MessageRow['structured']> | null;
  varbinds: NonNullable<MessageRow['varbinds']> | null;
  text: string;
  flags: number;
  parse_reason: string | null;
  seen_by: string[];
}

/** @throws InvalidInputError — names what is wrong in the query. */
export async function findMessages(client: PoolClient, query: MessageQuery): Promise<MessagePage> {
  const limit = query.limit ?? 100;
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT)
    throw new InvalidInputError('limit', String(limit), `1 to ${MAX_LIMIT}`);
  const where = whereOf(query);
  const before = cursorOf(query.before);
  const found: Found[] = [];
  for (const span of await spansOf(client, query.sinceUs, untilOf(query.untilUs, before))) {
    const { text, values } = statementOf(where, span, before, limit + 1 - found.length);
    found.push(...(await client.query<Found>(text, values)).rows);
    if (found.length > limit) break;
  }
  const page = found.slice(0, limit).map(detailOf);
  return { rows: page, next: found.length > limit ? (page.at(-1)?.id ?? null) : null };
}

/** One SELECT of a span. Its order is the primary key's backwards: partition by partition, and LIMIT ends it. */
export function statementOf(
  where: Where,
  { fromUs, toUs }: Span,
  before: Cursor | null,
  limit: number,
): { readonly text: string; readonly values: unknown[] } {
  const own = where.fork();
  // Plain constants: with an expression of our own the planner could not leave out partitions.
  if (fromUs !== null) own.also(`m.received_at >= ${own.place(rfc3339(fromUs))}::timestamptz`);
  if (toUs !== null) own.also(`m.received_at < ${own.place(rfc3339(toUs))}::timestamptz`);
  if (before !== null) {
    const at = `${own.place(rfc3339(before.atUs))}::timestamptz`;
    // Said twice: a comparison of rows prunes no partitions.
    own.also(`m.received_at <= ${at}`);
    own.also(
      `(m.received_at, m.journal_id, m.seq) < (${at}, ${own.place(before.journalId)}::text, ${own.place(before.seq)}::bigint)`,
    );
  }
  const most = own.place(limit);
  const text = `select (extract(epoch from received_at) * 1000000)::bigint as at_us, journal_id, seq, node, kind, host(source) as source,
      facility, severity, m.host as host, app, proc_id, msg_id, transport, structured, varbinds, text, flags, parse_reason,
      ${SEEN_BY} || array(select s.node from message_seen_also s where (s.received_at, s.journal_id, s.seq) = (m.received_at, m.journal_id, m.seq)) as seen_by
    from message m ${own} order by received_at desc, journal_id desc, seq desc limit ${most}`;
  return { text, values: [...own.values] };
}

export interface Cursor {
  readonly atUs: number;
  readonly journalId: string;
  readonly seq: string;
}

/** What `messageId` made; null = it did not make this. */
export function parseMessageId(id: string): Cursor | null {
  const [, atUs, journalId, seq] = ID.exec(id) ?? [];
  return atUs === undefined || journalId === undefined || seq === undefined ? null : { atUs: Number(atUs), journalId, seq };
}

function cursorOf(before: string | undefined): Cursor | null {
  if (before === undefined) return null;
  const cursor = parseMessageId(before);
  if (cursor === null) throw new InvalidInputError('before', before, 'the `next` of an earlier page');
  return cursor;
}

/** The cursor's own instant is still in. */
function untilOf(untilUs: number | undefined, before: Cursor | null): number | undefined {
  if (before === null) return untilUs;
  return Math.min(untilUs ?? Number.POSITIVE_INFINITY, before.atUs + 1);
}

function detailOf(row: Found): MessageDetail {
  return {
    id: messageId(row.at_us, row.journal_id, row.seq),
    receivedAt: rfc3339(Number(row.at_us)),
    ...{ source: row.source, kind: row.kind, host: row.host, app: row.app, text: row.text, node: row.node },
    severity: row.severity === null ? null : (SEVERITIES[row.severity] ?? null),
    facility: row.facility === null ? null : (FACILITIES[row.facility] ?? null),
    seenBy: [...new Set(row.seen_by)].sort(),
    transport: row.transport === null ? null : (MESSAGE_TRANSPORTS[row.transport] ?? null),
    ...{
      procId: row.proc_id,
      msgId: row.msg_id,
      structured: row.structured,
      varbinds: row.varbinds,
      parseReason: row.parse_reason,
    },
    ...((row.flags & MessageFlag.truncated) === 0 ? {} : { cut: true }),
  };
}

/** A row just stored, as a search would find it. */
export function messageRowOf(stored: MessageToStore): MessageDetail {
  const { receivedAtUs, journalId, seq } = stored;
  return detailOf({
    ...{ at_us: String(receivedAtUs), journal_id: journalId, seq: String(seq), node: stored.node, kind: stored.kind },
    ...{ source: stored.source, facility: stored.facility, severity: stored.severity, host: stored.host, app: stored.app },
    ...{ proc_id: stored.procId, msg_id: stored.msgId, text: stored.text, parse_reason: stored.reason, flags: stored.flags },
    transport: stored.transport === undefined ? null : MESSAGE_TRANSPORTS.indexOf(stored.transport),
    structured: stored.structured as Found['structured'],
    varbinds: stored.varbinds as Found['varbinds'],
    seen_by: [...stored.seenBy],
  });
}
