import { crc32 } from 'node:zlib';
import { LISTENER_KINDS, MESSAGE_KINDS, MESSAGE_TRANSPORTS, MessageFlag } from '@yosugara/protocol';
import { RecordFormatError } from './errors.js';
import { writeU32 } from './little-endian.js';
import type { JournalRecord, NewRecord } from './types.js';

/*
 * A record on disk and on the wire between the nodes, little endian:
 *
 *   0  u8   version: 1, or 2 when it was read late
 *   1  u8   kind: place in MESSAGE_KINDS
 *   2  u8   transport: place in MESSAGE_TRANSPORTS
 *   3  u8   listener: place in LISTENER_KINDS
 *   4  u32  flags
 *   8  u64  sequence number
 *  16  u64  received, wall clock µs since 1970
 *  24  f64  received, CLOCK_MONOTONIC ms
 *  32  u16  source port
 *  34  u8   length of the source address (text)
 *  35  u8   length of the listener's address (text)
 *  36  u64  version 2 only: µs by which it may have come earlier than it was read
 *   …       source address, listener's address, raw bytes
 *  end u32  CRC-32 of everything before it
 *
 * CRC-32 (IEEE) from node:zlib, not CRC-32C: Node has no CRC-32C, and one in JavaScript (table) needs 444 ns for 240 bytes and
 * 124 µs for 64 KiB where zlib needs 117 ns and 9 µs (Node 24, 2 cores). Both find every burst of up to 32 bits.
 */
const VERSION = 1;
/** Only records that were read late need it, so that all others are what they ever were. */
const VERSION_LATE = 2;
const HEAD_BYTES = 36;
const LATE_BYTES = 8;
const CRC_BYTES = 4;
/** Largest raw message; also bounds what a damaged length can make us allocate. */
export const MAX_RAW_BYTES = 8 * 1024 * 1024;

const codesOf = <Name extends string>(names: readonly Name[]) =>
  Object.fromEntries(names.map((name, code) => [name, code])) as Record<Name, number>;
const CODES = { kind: codesOf(MESSAGE_KINDS), transport: codesOf(MESSAGE_TRANSPORTS), listener: codesOf(LISTENER_KINDS) };

/** Exact for what `encodeRecordInto` writes: addresses are one byte a character. */
export function encodedLength(record: NewRecord): number {
  const headBytes = HEAD_BYTES + (isLate(record) ? LATE_BYTES : 0);
  return headBytes + record.source.address.length + record.listener.address.length + record.raw.length + CRC_BYTES;
}

/**
 * Writes the record at `at`; the buffer must have room for `encodedLength`.
 * @returns bytes written. @throws RecordFormatError — an address over 255 characters, raw over MAX_RAW_BYTES, times that are no safe integers.
 */
export function encodeRecordInto(target: Buffer, at: number, seq: number, record: NewRecord): number {
  check(record);
  const { source, listener, raw } = record;
  target[at] = isLate(record) ? VERSION_LATE : VERSION;
  target[at + 1] = CODES.kind[record.kind];
  target[at + 2] = CODES.transport[record.transport];
  target[at + 3] = CODES.listener[listener.kind];
  writeU32(target, record.flags, at + 4);
  writeUInt64(target, seq, at + 8);
  writeUInt64(target, record.receivedAtUs, at + 16);
  target.writeDoubleLE(record.monotonicMs, at + 24);
  target.writeUInt16LE(source.port, at + 32);
  target[at + 34] = source.address.length;
  target[at + 35] = listener.address.length;
  let end = at + HEAD_BYTES;
  if (isLate(record)) {
    writeUInt64(target, record.lateByUs, end);
    end += LATE_BYTES;
  }
  end = writeLatin1(target, source.address, end);
  end = writeLatin1(target, listener.address, end);
  target.set(raw, end);
  end += raw.length;
  writeU32(target, crc32(target.subarray(at, end)), end);
  return end + CRC_BYTES - at;
}

export function encodeRecord(record: JournalRecord): Uint8Array {
  const target = Buffer.allocUnsafe(encodedLength(record));
  encodeRecordInto(target, 0, record.seq, record);
  return target;
}

/** `raw` is a view into `bytes`. @throws RecordFormatError — not what `encodeRecord` wrote. */
export function decodeRecord(bytes: Uint8Array): JournalRecord {
  const from = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  checkedCrc(from);
  return decodeFramed(from);
}

/** As `decodeRecord`, of the payload of a good frame, whose CRC covers that of the record: looked at once is enough. @throws RecordFormatError */
export function decodeFramed(from: Buffer): JournalRecord {
  checkHead(from);
  const late = from[0] === VERSION_LATE;
  const headBytes = HEAD_BYTES + (late ? LATE_BYTES : 0);
  const sourceEnd = headBytes + from[34]!;
  const listenerEnd = sourceEnd + from[35]!;
  const rawEnd = from.length - CRC_BYTES;
  if (listenerEnd > rawEnd) throw new RecordFormatError(`addresses of ${listenerEnd - headBytes} bytes do not fit`);
  const record: JournalRecord = {
    seq: readUInt64(from, 8),
    receivedAtUs: readUInt64(from, 16),
    monotonicMs: from.readDoubleLE(24),
    kind: named(MESSAGE_KINDS, from[1]!, 'kind'),
    transport: named(MESSAGE_TRANSPORTS, from[2]!, 'transport'),
    source: { address: LAST_SOURCE.read(from, headBytes, sourceEnd), port: from.readUInt16LE(32) },
    listener: { kind: named(LISTENER_KINDS, from[3]!, 'listener'), address: LAST_LISTENER.read(from, sourceEnd, listenerEnd) },
    flags: from.readUInt32LE(4),
    raw: from.subarray(listenerEnd, rawEnd),
  };
  return late ? { ...record, lateByUs: readUInt64(from, HEAD_BYTES) } : record;
}

/** Text that is often that of the record before: then the same string, without making it anew. */
class RepeatedText {
  #bytes = Buffer.alloc(0);
  #text = '';

  read(from: Buffer, begin: number, end: number): string {
    if (!this.#isSame(from, begin, end)) {
      this.#bytes = Buffer.from(from.subarray(begin, end));
      this.#text = from.toString('latin1', begin, end);
    }
    return this.#text;
  }

  #isSame(from: Buffer, begin: number, end: number): boolean {
    const bytes = this.#bytes;
    if (bytes.length !== end - begin) return false;
    for (let at = 0; at < bytes.length; at++) if (bytes[at] !== from[begin + at]) return false;
    return true;
  }
}
const LAST_SOURCE = new RepeatedText();
const LAST_LISTENER = new RepeatedText();

/** Number of an encoded record whose CRC was checked before. */
export function recordSeq(payload: Buffer): number {
  return readUInt64(payload, 8);
}

/** Number and CRC of an encoded record, verified. @throws RecordFormatError. */
export function identify(bytes: Uint8Array): { readonly seq: number; readonly crc: number } {
  const from = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return { crc: checkedCrc(from), seq: readUInt64(from, 8) };
}

function checkedCrc(from: Buffer): number {
  checkHead(from);
  const found = from.readUInt32LE(from.length - CRC_BYTES);
  if (crc32(from.subarray(0, from.length - CRC_BYTES)) !== found) throw new RecordFormatError('wrong CRC');
  return found;
}

function checkHead(from: Buffer): void {
  if (from.length < HEAD_BYTES + CRC_BYTES) throw new RecordFormatError(`${from.length} bytes are too few`);
  if (from[0] !== VERSION && from[0] !== VERSION_LATE)
    throw new RecordFormatError(`version ${from[0]}, known are ${VERSION} and ${VERSION_LATE}`);
}

function isLate(record: NewRecord): record is NewRecord & { readonly lateByUs: number } {
  return (record.lateByUs ?? 0) > 0;
}

function check({ source, listener, raw, receivedAtUs, kind, lateByUs = 0 }: NewRecord): void {
  if (source.address.length > 255 || listener.address.length > 255)
    throw new RecordFormatError('an address is over 255 characters');
  if (raw.length > MAX_RAW_BYTES) throw new RecordFormatError(`${raw.length} raw bytes, allowed are ${MAX_RAW_BYTES}`);
  if (!Number.isSafeInteger(receivedAtUs) || receivedAtUs < 0)
    throw new RecordFormatError(`receivedAtUs ${receivedAtUs} of ${kind}`);
  if (!Number.isSafeInteger(lateByUs) || lateByUs < 0) throw new RecordFormatError(`lateByUs ${lateByUs} of ${kind}`);
}

function named<T>(names: readonly T[], code: number, what: string): T {
  const name = names[code];
  if (name === undefined) throw new RecordFormatError(`unknown ${what} ${code}`);
  return name;
}

/** For texts as short as addresses quicker than `Buffer.write`. @returns the place behind it. */
function writeLatin1(target: Buffer, text: string, at: number): number {
  for (let index = 0; index < text.length; index++) target[at + index] = text.charCodeAt(index);
  return at + text.length;
}

function writeUInt64(target: Buffer, value: number, at: number): void {
  writeU32(target, value % 2 ** 32, at);
  writeU32(target, Math.floor(value / 2 ** 32), at + 4);
}

function readUInt64(from: Buffer, at: number): number {
  return from.readUInt32LE(at) + from.readUInt32LE(at + 4) * 2 ** 32;
}

/** RELP, HTTP and INFORM are answered when it is on both disks; nobody waits for the others. */
export function isAwaited({ transport, flags }: NewRecord): boolean {
  return transport === 'relp' || transport === 'http' || (flags & MessageFlag.inform) !== 0;
}
