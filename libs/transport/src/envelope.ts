import type { NodeId } from '@yosugara/kernel';

/*
 * u8 version (1) · u8 length, cluster id · u8 length, from · u8 length, to · 8 bytes boot · u64 sequence, big endian · body
 */
const VERSION = 1;
const BOOT_BYTES = 8;
const SEQ_BYTES = 8;

export interface Envelope {
  readonly clusterId: string;
  readonly from: NodeId;
  readonly to: NodeId;
  /** Random for each start of the sender's mailbox; 16 hexadecimal digits. */
  readonly boot: string;
  /** Counts everything that this boot sent to anybody, from 1. */
  readonly seq: number;
  readonly body: Uint8Array;
}

/** Texts are at most 255 bytes of UTF-8; the caller has checked its configuration. */
export function encodeEnvelope({ clusterId, from, to, boot, seq, body }: Envelope): Uint8Array {
  const texts = [clusterId, from, to].map((text) => Buffer.from(text));
  const head = Buffer.concat([
    Buffer.from([VERSION]),
    ...texts.flatMap((text) => [Buffer.from([text.length]), text]),
    Buffer.from(boot, 'hex'),
  ]);
  const seqBytes = Buffer.alloc(SEQ_BYTES);
  seqBytes.writeBigUInt64BE(BigInt(seq));
  return Buffer.concat([head, seqBytes, body]);
}

/** `null`: not an envelope of this version. `body` is a view. */
export function decodeEnvelope(bytes: Uint8Array): Envelope | null {
  const from = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (from[0] !== VERSION) return null;
  const texts: string[] = [];
  let at = 1;
  while (texts.length < 3) {
    const end = at + 1 + (from[at] ?? from.length);
    if (end > from.length) return null;
    texts.push(from.toString('utf8', at + 1, end));
    at = end;
  }
  if (at + BOOT_BYTES + SEQ_BYTES > from.length) return null;
  const boot = from.toString('hex', at, at + BOOT_BYTES);
  const seq = Number(from.readBigUInt64BE(at + BOOT_BYTES));
  const [clusterId, sender, to] = texts as [string, NodeId, NodeId];
  return { clusterId, from: sender, to, boot, seq, body: bytes.subarray(at + BOOT_BYTES + SEQ_BYTES) };
}
