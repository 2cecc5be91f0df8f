import { isIPv4, isIPv6 } from 'node:net';
import { MESSAGE_TRANSPORTS } from '@yosugara/protocol';
import type { MessageToStore } from '@yosugara/runtime';
import { RAW_RECIPE, recipeOf } from './raw-recipe.js';

/** In the order in which `encodeMessages` writes them. */
export const MESSAGE_COLUMNS = [
  ...['received_at', 'journal_id', 'seq', 'node', 'kind', 'source', 'facility', 'severity', 'host', 'app', 'proc_id', 'msg_id'],
  ...['sent_at', 'structured', 'varbinds', 'text', 'raw', 'flags', 'parse_reason', 'seen_by', 'content', 'late_us'],
  ...['transport', 'raw_form', 'seen_with'],
] as const;

/** PostgreSQL counts from 2000-01-01. */
const EPOCH_2000_US = 946_684_800_000_000;
const SIGNATURE = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1');
const TEXT_OID = 25;

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
    const recipe = recipeOf(row.raw, row);
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
    for (const value of [row.host, row.app, row.procId, row.msgId]) out.text(value);
    out.timestamp(row.sentAtUs);
    out.jsonb(row.structured);
    out.jsonb(row.varbinds);
    out.text(row.text);
    out.bytea(recipe ?? row.raw);
    out.integer(row.flags);
    out.text(row.reason);
    if (seenWith === undefined) out.textArray(row.seenBy);
    else out.nothing();
    out.base64(row.content);
    if ((row.lateByUs ?? 0) === 0) out.nothing();
    else out.int8(row.lateByUs ?? 0);
    out.smallint(row.transport === undefined ? null : MESSAGE_TRANSPORTS.indexOf(row.transport));
    out.smallint(recipe === null ? null : RAW_RECIPE);
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

class BinaryWriter {
  #buffer: Buffer;
  #at = 0;
  constructor(sizeGuess: number) {
    this.#buffer = Buffer.allocUnsafe(sizeGuess);
  }

  done(): Buffer {
    return this.#buffer.subarray(0, this.#at);
  }
  bytes(value: Uint8Array): void {
    this.#room(value.length);
    this.#buffer.set(value, this.#at);
    this.#at += value.length;
  }
  nothing(): void {
    this.int32(-1);
  }
  int16(value: number): void {
    this.#room(2);
    this.#at = this.#buffer.writeInt16BE(value, this.#at);
  }
  int32(value: number): void {
    this.#room(4);
    this.#at = this.#buffer.writeInt32BE(value, this.#at);
  }
  smallint(value: number | null): void {
    if (value === null) return this.int32(-1);
    this.int32(2);
    this.int16(value);
  }
  integer(value: number): void {
    this.int32(4);
    this.int32(value);
  }
  int8(value: number): void {
    this.int32(8);
    this.#room(8);
    const high = Math.floor(value / 2 ** 32);
    this.#at = this.#buffer.writeInt32BE(high, this.#at);
    this.#at = this.#buffer.writeUInt32BE(value - high * 2 ** 32, this.#at);
  }
  timestamp(us: number | null): void {
    if (us === null) return this.int32(-1);
    this.int8(us - EPOCH_2000_US);
  }
  text(value: string | null): void {
    if (value === null) return this.int32(-1);
    this.#prefixed(value, 0);
  }
  jsonb(value: unknown): void {
    if (value === null) return this.int32(-1);
    this.#prefixed(JSON.stringify(value), 1);
  }
  bytea(value: Uint8Array | null): void {
    if (value === null) return this.int32(-1);
    this.int32(value.length);
    this.bytes(value);
  }
  base64(value: string | null): void {
    if (value === null) return this.int32(-1);
    this.#room(4 + value.length);
    const length = this.#buffer.write(value, this.#at + 4, 'base64');
    this.int32(length);
    this.#at += length;
  }
  textArray(values: readonly string[]): void {
    const start = this.#at;
    this.int32(0);
    for (const head of [1, 0, TEXT_OID, values.length, 1]) this.int32(head);
    for (const value of values) this.text(value);
    this.#buffer.writeInt32BE(this.#at - start - 4, start);
  }
  /** utils/adt/network.c: family (2 or 3), bits, is_cidr, length, address. A zone (`%eth0`) has no place in it. */
  inet(address: string): void {
    const bytes = inetBytes(address);
    this.int32(bytes.length);
    this.bytes(bytes);
  }

  /** @param version jsonb begins with one byte of it; 0 = none. */
  #prefixed(value: string, version: 0 | 1): void {
    // Three bytes are the most that UTF-8 has for each unit of a string: room for all, and the length when it is known.
    this.#room(4 + version + value.length * 3);
    const start = this.#at + 4 + version;
    const length = this.#buffer.write(value, start) + version;
    if (version === 1) this.#buffer[start - 1] = version;
    this.int32(length);
    this.#at += length;
  }
  #room(length: number): void {
    if (this.#at + length <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#at + length));
    this.#buffer.copy(larger, 0, 0, this.#at);
    this.#buffer = larger;
  }
}

/** The same few senders say nearly everything. */
const KNOWN_ADDRESSES = new Map<string, Uint8Array>();
const MAX_KNOWN_ADDRESSES = 10_000;

function inetBytes(address: string): Uint8Array {
  const known = KNOWN_ADDRESSES.get(address);
  if (known !== undefined) return known;
  const bytes = addressBytes(address.replace(/%.*$/, ''));
  const inet = Uint8Array.from([bytes.length === 4 ? 2 : 3, bytes.length * 8, 0, bytes.length, ...bytes]);
  if (KNOWN_ADDRESSES.size >= MAX_KNOWN_ADDRESSES) KNOWN_ADDRESSES.clear();
  KNOWN_ADDRESSES.set(address, inet);
  return inet;
}

/** 4 or 16 bytes; what is no address (a UNIX socket, one day) is 0.0.0.0. */
function addressBytes(address: string): number[] {
  if (isIPv4(address)) return address.split('.').map(Number);
  if (!isIPv6(address)) return [0, 0, 0, 0];
  const plain = address.replace(
    /(\d+)\.(\d+)\.(\d+)\.(\d+)$/,
    (_, a, b, c, d) => `${((Number(a) << 8) | Number(b)).toString(16)}:${((Number(c) << 8) | Number(d)).toString(16)}`,
  );
  const [head = '', tail] = plain.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const words = [...left, ...Array<string>(tail === undefined ? 0 : 8 - left.length - right.length).fill('0'), ...right];
  return words.flatMap((word) => [Number.parseInt(word, 16) >> 8, Number.parseInt(word, 16) & 255]);
}
