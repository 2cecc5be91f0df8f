import { YosugaraError } from '@yosugara/kernel';
import type { AwayRange } from './away.js';
import type { HeldJournal } from './ports.js';

/*
 * Frames between receivers, without the length that the channel adds. First byte is the type; small messages are JSON,
 * records, sent or lent, are binary: u16 length of the journal id, the id, then u32 length and bytes of each record (big endian).
 * What was read for the other node (`found`) is the same, with the number of the request in the place of the journal id.
 */
export type CopyFrame =
  /** Sender's first word. */
  | { readonly type: 'hello'; readonly node: string; readonly version: 1; readonly lends?: boolean }
  /** Holder's answer: what it has. */
  | {
      readonly type: 'held';
      readonly held: readonly HeldJournal[];
      readonly lends?: boolean;
      /** It answers `read`. An older one does not say so, and would end the connection over a frame that it does not know. */
      readonly reads?: 1;
    }
  | { readonly type: 'begin'; readonly journalId: string; readonly firstSeq: number }
  | { readonly type: 'records'; readonly journalId: string; readonly records: readonly Uint8Array[] }
  /** Ours of these are damaged; only to who said `lends`. Both ends of the connection may ask. */
  | { readonly type: 'want'; readonly journalId: string; readonly from: number; readonly through: number }
  /** The answer: as many as there are, from the first on. */
  | { readonly type: 'lent'; readonly journalId: string; readonly records: readonly Uint8Array[] }
  /** Everything through `durableSeq` is fsynced at the holder. */
  | { readonly type: 'ack'; readonly journalId: string; readonly durableSeq: number }
  /** Nothing of the last records was kept: go on from here; `full`: later. */
  | { readonly type: 'resend'; readonly journalId: string; readonly fromSeq: number; readonly full: boolean }
  | { readonly type: 'conflict'; readonly journalId: string; readonly why: string }
  /** Sender: whatever you hold of this journal, of yours or of mine, in this range. One at a time. */
  | ({ readonly type: 'read'; readonly id: number } & AwayRange)
  /** Records from `fromSeq` on, without a hole. */
  | { readonly type: 'found'; readonly id: number; readonly records: readonly Uint8Array[] }
  /** Not on this disk and never again: from `fromSeq` through here. */
  | { readonly type: 'missing'; readonly id: number; readonly throughSeq: number }
  /** It cannot be told now. */
  | { readonly type: 'unread'; readonly id: number; readonly why: string }
  /**
   * Wall clock µs, as in NTP (RFC 5905 section 8): t1 ours, t2 and t3 the holder's. `keeps`, when it changed: journals of the sender
   * that the holder once had, so that it can ask for them when it has let them go. A holder of an older version does not look at it.
   */
  | { readonly type: 'ping'; readonly t1: number; readonly keeps?: readonly HeldJournal[] }
  | { readonly type: 'pong'; readonly t1: number; readonly t2: number; readonly t3: number };

export class PeerProtocolError extends YosugaraError {
  override readonly name = 'PeerProtocolError';
  constructor(why: string) {
    super('PEER_PROTOCOL', `the peer's receiver sent ${why}`);
  }
}

const JSON_FRAME = 1;
const JSON_BEGINS = String.fromCharCode(JSON_FRAME);
const RECORDS_FRAME = 2;
const LENT_FRAME = 3;
const FOUND_FRAME = 4;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

export function encodeFrame(frame: CopyFrame): Uint8Array {
  if (frame.type === 'records') return encodeNamed(RECORDS_FRAME, frame.journalId, frame.records);
  if (frame.type === 'lent') return encodeNamed(LENT_FRAME, frame.journalId, frame.records);
  if (frame.type === 'found') return encodeNamed(FOUND_FRAME, String(frame.id), frame.records);
  return encoder.encode(JSON_BEGINS + JSON.stringify(frame));
}

function encodeNamed(type: number, name: string, records: readonly Uint8Array[]): Uint8Array {
  const id = encoder.encode(name);
  const head = new Uint8Array(3 + id.length);
  head[0] = type;
  new DataView(head.buffer).setUint16(1, id.length);
  head.set(id, 3);
  return encodeRecords(records, head);
}

/** Each behind its length, u32. @param head what goes before them. */
export function encodeRecords(records: readonly Uint8Array[], head: Uint8Array = new Uint8Array()): Uint8Array {
  const target = new Uint8Array(records.reduce((sum, record) => sum + 4 + record.length, head.length));
  const view = new DataView(target.buffer);
  target.set(head);
  let at = head.length;
  for (const record of records) {
    view.setUint32(at, record.length);
    target.set(record, at + 4);
    at += 4 + record.length;
  }
  return target;
}

/** @throws PeerProtocolError */
export function decodeFrame(bytes: Uint8Array): CopyFrame {
  if (bytes[0] === RECORDS_FRAME || bytes[0] === LENT_FRAME) {
    const { name, records } = decodeNamed(bytes);
    return { type: bytes[0] === LENT_FRAME ? 'lent' : 'records', journalId: name, records };
  }
  if (bytes[0] === FOUND_FRAME) {
    const { name, records } = decodeNamed(bytes);
    return { type: 'found', id: Number(name), records };
  }
  if (bytes[0] !== JSON_FRAME) throw new PeerProtocolError(`a frame of type ${bytes[0]}`);
  try {
    return checked(JSON.parse(decoder.decode(bytes.subarray(1))));
  } catch (error) {
    if (error instanceof PeerProtocolError) throw error;
    throw new PeerProtocolError('a frame that is no JSON');
  }
}

const SHAPES: Readonly<Record<string, Readonly<Record<string, 'string' | 'number' | 'boolean' | 'object'>>>> = {
  hello: { node: 'string', version: 'number' },
  held: { held: 'object' },
  begin: { journalId: 'string', firstSeq: 'number' },
  want: { journalId: 'string', from: 'number', through: 'number' },
  ack: { journalId: 'string', durableSeq: 'number' },
  resend: { journalId: 'string', fromSeq: 'number', full: 'boolean' },
  conflict: { journalId: 'string', why: 'string' },
  ping: { t1: 'number' },
  pong: { t1: 'number', t2: 'number', t3: 'number' },
  read: { id: 'number', journalId: 'string', fromSeq: 'number', throughSeq: 'number' },
  missing: { id: 'number', throughSeq: 'number' },
  unread: { id: 'number', why: 'string' },
};

function checked(value: unknown): CopyFrame {
  const frame = value as Record<string, unknown> | null;
  const shape = frame === null || typeof frame !== 'object' ? undefined : SHAPES[String(frame['type'])];
  if (frame === null || shape === undefined || Object.entries(shape).some(([key, type]) => typeof frame[key] !== type))
    throw new PeerProtocolError('a frame of unknown shape');
  return frame as unknown as CopyFrame;
}

function decodeNamed(bytes: Uint8Array): { readonly name: string; readonly records: readonly Uint8Array[] } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 3 || bytes.length < 3 + view.getUint16(1)) throw new PeerProtocolError('a cut frame');
  const idEnd = 3 + view.getUint16(1);
  return { name: decoder.decode(bytes.subarray(3, idEnd)), records: decodeRecords(bytes.subarray(idEnd)) };
}

/** What `encodeRecords` made, each a view into `bytes`. @throws PeerProtocolError */
export function decodeRecords(bytes: Uint8Array): readonly Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const records: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + 4 <= bytes.length ? at + 4 + view.getUint32(at) : Number.POSITIVE_INFINITY;
    if (end > bytes.length) throw new PeerProtocolError('a cut record');
    records.push(bytes.subarray(at + 4, end));
    at = end;
  }
  return records;
}
