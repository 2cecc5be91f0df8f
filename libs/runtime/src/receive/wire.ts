import { YosugaraError } from '@yosugara/kernel';

/*
 * Frames between receivers, without the length that the channel adds. First byte is the type; small messages are JSON,
 * records, sent or lent, are binary: u16 length of the journal id, the id, then u32 length and bytes of each record (big endian).
 */
export type CopyFrame =
  /** Sender's first word. */
  | { readonly type: 'hello'; readonly node: string; readonly version: 1; readonly lends?: boolean }
  /** Holder's answer: what it has. */
  | {
      readonly type: 'held';
      readonly held: readonly { readonly journalId: string; readonly durableSeq: number }[];
      readonly lends?: boolean;
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
  /** Wall clock µs, as in NTP (RFC 5905 section 8): t1 ours, t2 and t3 the holder's. */
  | { readonly type: 'ping'; readonly t1: number }
  | { readonly type: 'pong'; readonly t1: number; readonly t2: number; readonly t3: number };

export class PeerProtocolError extends YosugaraError {
  override readonly name = 'PeerProtocolError';
  constructor(why: string) {
    super('PEER_PROTOCOL', `the peer's receiver sent ${why}`);
  }
}

const JSON_FRAME = 1;
const RECORDS_FRAME = 2;
const LENT_FRAME = 3;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

export function encodeFrame(frame: CopyFrame): Uint8Array {
  return frame.type === 'records' || frame.type === 'lent'
    ? encodeRecords(frame.type === 'lent' ? LENT_FRAME : RECORDS_FRAME, frame.journalId, frame.records)
    : Uint8Array.from([JSON_FRAME, ...encoder.encode(JSON.stringify(frame))]);
}

function encodeRecords(type: number, journalId: string, records: readonly Uint8Array[]): Uint8Array {
  const id = encoder.encode(journalId);
  const target = new Uint8Array(records.reduce((sum, record) => sum + 4 + record.length, 3 + id.length));
  const view = new DataView(target.buffer);
  target[0] = type;
  view.setUint16(1, id.length);
  target.set(id, 3);
  let at = 3 + id.length;
  for (const record of records) {
    view.setUint32(at, record.length);
    target.set(record, at + 4);
    at += 4 + record.length;
  }
  return target;
}

/** @throws PeerProtocolError */
export function decodeFrame(bytes: Uint8Array): CopyFrame {
  if (bytes[0] === RECORDS_FRAME) return { type: 'records', ...decodeRecords(bytes) };
  if (bytes[0] === LENT_FRAME) return { type: 'lent', ...decodeRecords(bytes) };
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
};

function checked(value: unknown): CopyFrame {
  const frame = value as Record<string, unknown> | null;
  const shape = frame === null || typeof frame !== 'object' ? undefined : SHAPES[String(frame['type'])];
  if (frame === null || shape === undefined || Object.entries(shape).some(([key, type]) => typeof frame[key] !== type))
    throw new PeerProtocolError('a frame of unknown shape');
  return frame as unknown as CopyFrame;
}

function decodeRecords(bytes: Uint8Array): { readonly journalId: string; readonly records: readonly Uint8Array[] } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 3 || bytes.length < 3 + view.getUint16(1)) throw new PeerProtocolError('a cut frame');
  const idEnd = 3 + view.getUint16(1);
  const records: Uint8Array[] = [];
  for (let at = idEnd; at < bytes.length; ) {
    const end = at + 4 <= bytes.length ? at + 4 + view.getUint32(at) : Number.POSITIVE_INFINITY;
    if (end > bytes.length) throw new PeerProtocolError('a cut record');
    records.push(bytes.subarray(at + 4, end));
    at = end;
  }
  return { journalId: decoder.decode(bytes.subarray(3, idEnd)), records };
}
