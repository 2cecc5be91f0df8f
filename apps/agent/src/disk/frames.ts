import { crc32 } from 'node:zlib';

const HEAD_BYTES = 8;
const MAX_BYTES = 128 * 1_048_576;

/** Length and CRC-32, little endian, then JSON. */
export function frameOf(value: unknown): Buffer {
  const payload = Buffer.from(JSON.stringify(value));
  const frame = Buffer.allocUnsafe(HEAD_BYTES + payload.length);
  frame.writeUInt32LE(payload.length, 0);
  frame.writeUInt32LE(crc32(payload), 4);
  payload.copy(frame, HEAD_BYTES);
  return frame;
}

export interface Framed {
  readonly value: unknown;
  /** Offset behind it. */
  readonly end: number;
}

/** null = there is no whole and undamaged one. */
export function frameAt(buffer: Buffer, at: number): Framed | null {
  if (at + HEAD_BYTES > buffer.length) return null;
  const length = buffer.readUInt32LE(at);
  const end = at + HEAD_BYTES + length;
  if (length === 0 || length > MAX_BYTES || end > buffer.length) return null;
  const payload = buffer.subarray(at + HEAD_BYTES, end);
  if (crc32(payload) !== buffer.readUInt32LE(at + 4)) return null;
  return { value: JSON.parse(payload.toString('utf8')), end };
}
