import { MESSAGE_TRANSPORTS } from '@yosugara/protocol';
import type { MessageToStore } from '@yosugara/runtime';
import { BinaryWriter } from './copy-writer.js';
import { RAW_RECIPE } from './raw-recipe.js';

/** In the order in which `encodeMessages` writes them. */
export const MESSAGE_COLUMNS = [
  ...['received_at', 'journal_id', 'seq', 'node', 'kind', 'source', 'facility', 'severity', 'host', 'app', 'proc_id', 'msg_id'],
  ...['sent_at', 'structured', 'varbinds', 'text', 'raw', 'flags', 'parse_reason', 'seen_by', 'content', 'late_us'],
  ...['transport', 'raw_form', 'seen_with'],
] as const;

const SIGNATURE = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1');

const TRAILER = Buffer.from([0xff, 0xff]);
const CHUNK_ROWS = 500;

/**
 * Rows in COPY's binary format (PostgreSQL documentation, COPY, "Binary Format"): signature, tuples, trailer. In pieces, so that the server
 * works on one while the next is made.
 */
export function* encodeMessages(rows: readonly MessageToStore[]): Generator<Buffer> {
  yield SIGNATURE;
  for (let from = 0; from < rows.length; from += CHUNK_ROWS) yield encodeRows(rows.slice(from, from + CHUNK_ROWS));
  yield TRAILER;
}

function encodeRows(rows: readonly MessageToStore[]): Buffer {
  const out = new BinaryWriter(rows.reduce((sum, row) => sum + row.raw.length + row.text.length * 3 + 600, 64));
  for (const row of rows) {
    const seenWith = otherOf(row);
    out.int16(MESSAGE_COLUMNS.length);
    out.timestamp(row.receivedAtUs);
    out.text(row.journalId);
    out.int8(row.seq);
    out.text(row.node);
    out.text(row.kind);
    out.inet(row.source);
    out.smallint(row.facility);
    out.smallint(row.severity);
    out.text(row.host);
    out.text(row.app);
    out.text(row.procId);
    out.text(row.msgId);
    out.timestamp(row.sentAtUs);
    out.jsonb(row.structured);
    out.jsonb(row.varbinds);
    out.text(row.text);
    const isRecipe = out.raw(row.raw, row);
    out.integer(row.flags);
    out.text(row.reason);
    if (seenWith === undefined) out.textArray(row.seenBy);
    else out.nothing();
    out.base64(row.content);
    if ((row.lateByUs ?? 0) === 0) out.nothing();
    else out.int8(row.lateByUs ?? 0);
    out.smallint(row.transport === undefined ? null : MESSAGE_TRANSPORTS.indexOf(row.transport));
    out.smallint(isRecipe ? RAW_RECIPE : null);
    out.text(seenWith ?? null);
  }
  return out.done();
}

/** Who saw it besides its node, null for nobody; undefined: that cannot be said with one name. */
function otherOf({ node, seenBy, content }: MessageToStore): string | null | undefined {
  // One that may still meet its partner is written as before: a program of before, taking over, must find it (`findLone`).
  if (seenBy.length === 1 && seenBy[0] === node && content === null) return null;
  if (seenBy.length !== 2 || seenBy[0] === seenBy[1]) return undefined;
  return seenBy[0] === node ? seenBy[1] : seenBy[1] === node ? seenBy[0] : undefined;
}
