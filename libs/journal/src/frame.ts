import { crc32 } from 'node:zlib';
import { combinedCrc, crcOfFew } from './crc.js';
import { writeU32 } from './little-endian.js';

/*
 * A segment file is a row of frames, little endian:
 *
 *   0  u32  magic "YSG1": lets a reader find the next frame behind a damaged one
 *   4  u32  CRC-32, begun with the segment's salt, of everything from offset 8 to the end of the frame
 *   8  u32  length of the payload; 0 = a mark, which carries nothing but the next field
 *  12  u32  synced: how many bytes of this file were known to be durable when this frame was written
 *  16  …    payload
 *
 * `synced` is what tells a torn tail from damage: a group write that a power cut interrupted may leave later pages on disk and
 * earlier ones not. A bad frame was once durable exactly if a good frame behind it says so.
 * The salt is random for each segment, so nobody can send a message that looks like a frame of ours.
 */
export const FRAME_HEAD_BYTES = 16;
export const MAX_PAYLOAD_BYTES = 64 * 1024 * 1024;
const MAGIC = 0x31475359;
const MAGIC_BYTES = Buffer.from('YSG1', 'latin1');

/** Frames for one group write, built in place so that a record is copied once. Not reusable while a write is under way. */
export class FrameBatch {
  #buffer: Buffer;
  #used = 0;
  #starts: number[] = [];
  /** Of the payloads, where they are known. */
  #crcs: (number | undefined)[] = [];

  constructor(initialBytes = 64 * 1024) {
    this.#buffer = Buffer.allocUnsafe(initialBytes);
  }

  get count(): number {
    return this.#starts.length;
  }

  get bytes(): number {
    return this.#used;
  }

  /** `fill` writes exactly `length` bytes into the buffer at the given place. @param crc of those bytes, when that is known. */
  add(length: number, fill: (target: Buffer, at: number) => void, crc?: number): void {
    const start = this.#used;
    const end = start + FRAME_HEAD_BYTES + length;
    if (end > this.#buffer.length) this.#grow(end);
    fill(this.#buffer, start + FRAME_HEAD_BYTES);
    writeU32(this.#buffer, length, start + 8);
    this.#starts.push(start);
    this.#crcs.push(crc);
    this.#used = end;
  }

  /** As they were added, in their order. Views. */
  *payloads(): Generator<Buffer> {
    for (const start of this.#starts) {
      const begin = start + FRAME_HEAD_BYTES;
      yield this.#buffer.subarray(begin, begin + this.#buffer.readUInt32LE(start + 8));
    }
  }

  addBytes(payload: Uint8Array, crc?: number): void {
    this.add(payload.length, (target, at) => target.set(payload, at), crc);
  }

  /** As `seal` completed them. */
  get sealed(): Buffer {
    return this.#buffer.subarray(0, this.#used);
  }

  /** Completes every head and returns the bytes to write. */
  seal(synced: number, salt: number): Buffer {
    const buffer = this.#buffer;
    for (let index = 0; index < this.#starts.length; index++) {
      const start = this.#starts[index]!;
      const known = this.#crcs[index];
      const length = buffer.readUInt32LE(start + 8);
      const begin = start + FRAME_HEAD_BYTES;
      writeU32(buffer, synced, start + 12);
      writeU32(buffer, MAGIC, start);
      const crc =
        known === undefined
          ? crc32(buffer.subarray(start + 8, begin + length), salt)
          : combinedCrc(crcOfFew(buffer, start + 8, begin, salt), known, length);
      writeU32(buffer, crc, start + 4);
    }
    return this.sealed;
  }

  clear(keepBytes = 4 * 1024 * 1024): void {
    if (this.#buffer.length > keepBytes) this.#buffer = Buffer.allocUnsafe(64 * 1024);
    this.#used = 0;
    this.#starts = [];
    this.#crcs = [];
  }

  #grow(needed: number): void {
    const larger = Buffer.allocUnsafe(Math.max(needed, this.#buffer.length * 2));
    this.#buffer.copy(larger, 0, 0, this.#used);
    this.#buffer = larger;
  }
}

export interface Frame {
  /** A view; empty for a mark. */
  readonly payload: Buffer;
  readonly synced: number;
  /** Offset behind the frame, within the same buffer. */
  readonly end: number;
}

/** `more`: the buffer ends before the frame does, `needed` bytes from `at` would decide it. */
export type FrameFound = Frame | { readonly more: number } | 'bad';

export function frameAt(buffer: Buffer, at: number, salt: number): FrameFound {
  if (at + FRAME_HEAD_BYTES > buffer.length) return { more: FRAME_HEAD_BYTES };
  const length = buffer.readUInt32LE(at + 8);
  if (buffer.readUInt32LE(at) !== MAGIC || length > MAX_PAYLOAD_BYTES) return 'bad';
  const end = at + FRAME_HEAD_BYTES + length;
  if (end > buffer.length) return { more: FRAME_HEAD_BYTES + length };
  if (crc32(buffer.subarray(at + 8, end), salt) !== buffer.readUInt32LE(at + 4)) return 'bad';
  return { payload: buffer.subarray(at + FRAME_HEAD_BYTES, end), synced: buffer.readUInt32LE(at + 12), end };
}

/** Offset of the next good frame at or behind `from`, or -1. Only for damaged files: it looks at every magic. */
export function findFrame(buffer: Buffer, from: number, salt: number): number {
  for (let at = buffer.indexOf(MAGIC_BYTES, from); at !== -1; at = buffer.indexOf(MAGIC_BYTES, at + 1)) {
    const found = frameAt(buffer, at, salt);
    if (found !== 'bad' && !('more' in found)) return at;
  }
  return -1;
}
