import { InvalidInputError } from '@yosugara/kernel';
import { FACILITIES, SEVERITIES } from '@yosugara/operations';
import type { MessageKind, MessageRow } from '@yosugara/protocol';
import type { MessageToStore } from '@yosugara/runtime';
import type { PoolClient } from 'pg';

export interface MessageQuery {
  /** Anywhere in the text, whatever the case of the letters. */
  readonly text?: string;
  /** An address or a network such as 10.0.0.0/8. */
  readonly source?: string;
  readonly host?: string;
  /** This severity and all more urgent: 0 emerg … 7 debug. Traps have none and are left out. */
  readonly severityMax?: number;
  readonly kind?: MessageKind;
  /** µs since 1970; from here on, and before here. */
  readonly sinceUs?: number;
  readonly untilUs?: number;
  /** `next` of the page before: older rows than those. */
  readonly before?: string;
  /** 1..1000, default 100. */
  readonly limit?: number;
}

export interface MessageDetail extends MessageRow {
  readonly node: string;
  readonly facility: string | null;
  readonly procId: string | null;
  readonly msgId: string | null;
  readonly structured: unknown;
  readonly varbinds: unknown;
  readonly parseReason: string | null;
}

export interface MessagePage {
  readonly rows: readonly MessageDetail[];
  /** null = these were the oldest. */
  readonly next: string | null;
}

const MAX_LIMIT = 1_000;
const ID = /^(\d{1,16})\.([a-z][a-z0-9_]{0,30}-[A-Za-z0-9]+-[A-Za-z0-9]+)\.(\d{1,16})$/;
const ADDRESS = /^[0-9a-fA-F:.]{2,45}(\/\d{1,3})?$/;

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
  structured: unknown;
  varbinds: unknown;
  text: string;
  parse_reason: string | null;
  seen_by: string[];
}

/** @throws InvalidInputError — names what is wrong in the query. */
export async function findMessages(client: PoolClient, query: MessageQuery): Promise<MessagePage> {
  const limit = query.limit ?? 100;
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT)
    throw new InvalidInputError('limit', String(limit), `1 to ${MAX_LIMIT}`);
  const { conditions, values } = conditionsOf(query);
  const { rows } = await client.query<Found>(
    `select (extract(epoch from received_at) * 1000000)::bigint as at_us, journal_id, seq, node, kind, host(source) as source, facility, severity,
       m.host as host, app, proc_id, msg_id, structured, varbinds, text, parse_reason,
       seen_by || array(select s.node from message_seen_also s where (s.received_at, s.journal_id, s.seq) = (m.received_at, m.journal_id, m.seq)) as seen_by
     from message m ${conditions.length === 0 ? '' : `where ${conditions.join(' and ')}`}
     order by received_at desc, journal_id desc, seq desc limit $${values.length + 1}`,
    [...values, limit + 1],
  );
  const page = rows.slice(0, limit).map(detailOf);
  return { rows: page, next: rows.length > limit ? (page.at(-1)?.id ?? null) : null };
}

function conditionsOf(query: MessageQuery): { readonly conditions: readonly string[]; readonly values: readonly unknown[] } {
  const conditions: string[] = [];
  const values: unknown[] = [];
  const add = (value: unknown, condition: (place: string) => string) => conditions.push(condition(`$${values.push(value)}`));
  if (query.sinceUs !== undefined) add(query.sinceUs, (at) => `received_at >= ${fromUs(at)}`);
  if (query.untilUs !== undefined) add(query.untilUs, (at) => `received_at < ${fromUs(at)}`);
  if (query.kind !== undefined) add(query.kind, (at) => `kind = ${at}`);
  if (query.host !== undefined) add(query.host, (at) => `m.host = ${at}`);
  if (query.severityMax !== undefined) add(query.severityMax, (at) => `severity <= ${at}`);
  if (query.text !== undefined && query.text !== '') add(`%${escapeLike(query.text)}%`, (at) => `text ilike ${at}`);
  if (query.source !== undefined) {
    if (!ADDRESS.test(query.source))
      throw new InvalidInputError('source', query.source, 'an address or a network such as 10.0.0.0/8');
    add(query.source, (at) => (query.source?.includes('/') ? `source <<= ${at}::inet` : `source = ${at}::inet`));
  }
  if (query.before !== undefined) {
    const found = ID.exec(query.before);
    if (found === null) throw new InvalidInputError('before', query.before, 'the `next` of an earlier page');
    const at = values.push(found[1], found[2], found[3]);
    conditions.push(`(received_at, journal_id, seq) < (${fromUs(`$${at - 2}`)}, $${at - 1}, $${at})`);
  }
  return { conditions, values };
}

const fromUs = (place: string): string => `(timestamptz '1970-01-01 00:00:00+00' + ${place}::bigint * interval '1 microsecond')`;

/** What a person types is looked for as it is: `%` and `_` mean themselves. NUL cannot be in a text, so it cannot be found. */
function escapeLike(text: string): string {
  return text.replaceAll('\0', '').replace(/[\\%_]/g, '\\$&');
}

function detailOf(row: Found): MessageDetail {
  return {
    id: messageId(row.at_us, row.journal_id, row.seq),
    receivedAt: rfc3339(Number(row.at_us)),
    ...{ source: row.source, kind: row.kind, host: row.host, app: row.app, text: row.text, node: row.node },
    severity: row.severity === null ? null : (SEVERITIES[row.severity] ?? null),
    facility: row.facility === null ? null : (FACILITIES[row.facility] ?? null),
    seenBy: [...new Set(row.seen_by)].sort(),
    ...{
      procId: row.proc_id,
      msgId: row.msg_id,
      structured: row.structured,
      varbinds: row.varbinds,
      parseReason: row.parse_reason,
    },
  };
}

/** A row just stored, as a search would find it. */
export function messageRowOf(stored: MessageToStore): MessageRow & { readonly node: string } {
  const { source, kind, host, app, text, node, severity, facility, receivedAtUs, journalId, seq } = stored;
  return {
    ...{ source, kind, host, app, text, node },
    id: messageId(receivedAtUs, journalId, seq),
    receivedAt: rfc3339(receivedAtUs),
    severity: severity === null ? null : (SEVERITIES[severity] ?? null),
    facility: facility === null ? null : (FACILITIES[facility] ?? null),
    seenBy: [...stored.seenBy].sort(),
  };
}

/** RFC 3339, UTC, with microseconds. */
export function rfc3339(us: number): string {
  const whole = Math.floor(us / 1_000_000);
  return `${new Date(whole * 1_000).toISOString().slice(0, 19)}.${String(us - whole * 1_000_000).padStart(6, '0')}Z`;
}
