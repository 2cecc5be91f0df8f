import { FRAME_HEAD_BYTES } from './frame.js';

/**
 * And the newest batch whatever its size. The copier is behind by one batch while the peer keeps up; who is further behind reads files. More
 * would outlive the young generation, and then only a collection of everything lets it go.
 */
const KEPT_BYTES = 512 * 1024;

interface Batch {
  readonly first: number;
  readonly count: number;
  /** Sealed frames, as they are on the disk. */
  readonly frames: Buffer;
}

/**
 * The newest records that are on the disk, also in memory: what is copied to the peer a moment later need not be read back, which
 * takes four calls of the system and 256 KiB of buffer for every batch.
 */
export class RecentBatches {
  #batches: Batch[] = [];
  #bytes = 0;

  /** @param frames of records that are durable now; copied. */
  add(first: number, count: number, frames: Buffer): void {
    this.#batches.push({ first, count, frames: Buffer.from(frames) });
    this.#bytes += frames.length;
    while (this.#bytes > KEPT_BYTES && this.#batches.length > 1) this.#bytes -= this.#batches.shift()?.frames.length ?? 0;
  }

  /** Encoded records from `fromSeq` on until `maxBytes`, at least one; null = not in memory. */
  from(fromSeq: number, maxBytes: number): readonly Uint8Array[] | null {
    let at = this.#batches.length - 1;
    while (at >= 0 && this.#batches[at]!.first > fromSeq) at--;
    const found: Uint8Array[] = [];
    let left = maxBytes;
    for (let batch = this.#batches[at]; batch !== undefined && left > 0; batch = this.#batches[++at])
      left = take(batch, fromSeq, left, found);
    return found.length === 0 ? null : found;
  }
}

/** @returns how many bytes are left to be taken. */
function take({ first, frames }: Batch, fromSeq: number, maxBytes: number, found: Uint8Array[]): number {
  let left = maxBytes;
  for (let at = 0, seq = first; at < frames.length && left > 0; seq++) {
    const begin = at + FRAME_HEAD_BYTES;
    at = begin + frames.readUInt32LE(at + 8);
    if (seq < fromSeq) continue;
    found.push(frames.subarray(begin, at));
    left -= at - begin;
  }
  return left;
}
