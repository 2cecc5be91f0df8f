import { FRAME_HEAD_BYTES, FrameBatch } from './frame.js';

/** Whose memory is kept for the next ones: more are there only while the disk is slower than what comes. */
const KEPT_GROUPS = 4;

/**
 * Records on their way to the disk, in groups that are written one after the other. A group is bounded, so that what is filled, sealed and
 * written is still in the processor's cache, and its memory is used again (decision 0054). What may wait is bounded elsewhere.
 */
export class WaitingGroups {
  readonly #groupBytes: number;
  /** Oldest first. */
  readonly #full: FrameBatch[] = [];
  readonly #free: FrameBatch[] = [];
  #fullBytes = 0;
  #filling = new FrameBatch();
  #writing: FrameBatch | null = null;

  /** @param groupBytes the most of one group, unless one record is longer. */
  constructor(groupBytes: number) {
    this.#groupBytes = groupBytes;
  }

  /** Of everything that is not on the disk yet. */
  get bytes(): number {
    return this.waitingBytes + (this.#writing?.bytes ?? 0);
  }

  /** Of what nobody writes yet. */
  get waitingBytes(): number {
    return this.#fullBytes + this.#filling.bytes;
  }

  /** With the one that is being written. */
  get count(): number {
    return this.#full.length + (this.#filling.count > 0 ? 1 : 0) + (this.#writing === null ? 0 : 1);
  }

  /** Of everything that is not on the disk yet, oldest first. Views. */
  *payloads(): Generator<Buffer> {
    for (const group of [this.#writing, ...this.#full, this.#filling]) if (group !== null) yield* group.payloads();
  }

  /** As `FrameBatch.add`. */
  add(length: number, fill: (target: Buffer, at: number) => void, crc?: number): void {
    if (this.#filling.count > 0 && this.#filling.bytes + FRAME_HEAD_BYTES + length > this.#groupBytes) this.#begin();
    this.#filling.add(length, fill, crc);
  }

  /** The oldest; the same until it is `written`. null = nothing waits. */
  next(): FrameBatch | null {
    if (this.#writing !== null) return this.#writing;
    const full = this.#full.shift();
    if (full !== undefined) this.#fullBytes -= full.bytes;
    else if (this.#filling.count === 0) return null;
    this.#writing = full ?? this.#filling;
    if (full === undefined) this.#filling = this.#free.pop() ?? new FrameBatch();
    return this.#writing;
  }

  written(): void {
    if (this.#writing === null) return;
    this.#writing.clear(this.#groupBytes);
    if (this.#free.length < KEPT_GROUPS) this.#free.push(this.#writing);
    this.#writing = null;
  }

  #begin(): void {
    this.#full.push(this.#filling);
    this.#fullBytes += this.#filling.bytes;
    this.#filling = this.#free.pop() ?? new FrameBatch(this.#groupBytes);
  }
}
