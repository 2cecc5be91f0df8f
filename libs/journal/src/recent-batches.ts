import { FRAME_HEAD_BYTES } from './frame.js';

interface Batch {
  readonly first: number;
  /** Sealed frames, as they are on the disk; where they are in the memory. */
  readonly start: number;
  readonly end: number;
}

/**
 * The newest records that are on the disk, also in memory: what is copied to the peer a moment later need not be read back, which
 * takes four calls of the system and 256 KiB of buffer for every batch. The copier is behind by one batch while the peer keeps up; who is
 * further behind reads files. All of it is one piece of memory that is written over again and again: a copy of its own for each batch was a
 * tenth of what a receiver that is behind needs, most of it for collecting them (decision 0054).
 */
export class RecentBatches {
  readonly #memory: Buffer;
  /** Oldest first, without a gap between their numbers. */
  readonly #batches: Batch[] = [];
  /** Behind the newest. */
  #at = 0;

  /** @param bytes a batch that is longer is not kept. */
  constructor(bytes: number) {
    this.#memory = Buffer.allocUnsafeSlow(bytes);
  }

  /** @param frames of records that are durable now; copied. */
  add(first: number, frames: Buffer): void {
    const isKept = frames.length <= this.#memory.length;
    const isAround = this.#at + frames.length > this.#memory.length;
    const start = isAround ? 0 : this.#at;
    const end = start + frames.length;
    for (let oldest = this.#batches[0]; oldest !== undefined; oldest = this.#batches[0]) {
      const isOver = oldest.start < end && oldest.end > start;
      // What lies behind the place where it turns around is older than what lies at the beginning.
      if (isKept && !isOver && !(isAround && oldest.start >= this.#at)) break;
      this.#batches.shift();
    }
    if (!isKept) return;
    frames.copy(this.#memory, start);
    this.#batches.push({ first, start, end });
    this.#at = end;
  }

  /**
   * Encoded records from `fromSeq` on until `maxBytes`, at least one; null = not in memory. Views: they hold until the next turn of the
   * event loop, in which more may be added.
   */
  from(fromSeq: number, maxBytes: number): readonly Uint8Array[] | null {
    let at = this.#batches.length - 1;
    while (at >= 0 && this.#batches[at]!.first > fromSeq) at--;
    const found: Uint8Array[] = [];
    let left = maxBytes;
    for (let batch = this.#batches[at]; batch !== undefined && left > 0; batch = this.#batches[++at])
      left = this.#take(batch, fromSeq, left, found);
    return found.length === 0 ? null : found;
  }

  /** @returns how many bytes are left to be taken. */
  #take({ first, start, end }: Batch, fromSeq: number, maxBytes: number, found: Uint8Array[]): number {
    let left = maxBytes;
    for (let at = start, seq = first; at < end && left > 0; seq++) {
      const begin = at + FRAME_HEAD_BYTES;
      at = begin + this.#memory.readUInt32LE(at + 8);
      if (seq < fromSeq) continue;
      found.push(this.#memory.subarray(begin, at));
      left -= at - begin;
    }
    return left;
  }
}
