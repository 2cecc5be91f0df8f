/**
 * What was taken in and waits for the disk. It is bounded. Streams have half of it, since they can be held back by their senders; who
 * reads datagrams asks for room before it reads, and is told when there is some again.
 */
export class Backlog {
  readonly #maxBytes: number;
  readonly #pendingBytes: () => number;
  readonly #waiting = new Set<() => void>();
  #isOutOfSpace = false;

  /** @param pendingBytes what waits now. */
  constructor(maxBytes: number, pendingBytes: () => number) {
    this.#maxBytes = maxBytes;
    this.#pendingBytes = pendingBytes;
  }

  /** @param waits it will be offered again. */
  takes(bytes: number, waits: boolean): boolean {
    return this.#pendingBytes() + bytes <= this.#maxBytes / (waits ? 2 : 1);
  }

  /** A file system without space may stay so for hours: then everything is read, so that what is refused is counted by its sender. */
  get roomBytes(): number {
    return this.#isOutOfSpace ? Number.POSITIVE_INFINITY : Math.max(0, this.#maxBytes - this.#pendingBytes());
  }

  /** Once, when half is free. @returns takes it back. */
  whenRoom(then: () => void): () => void {
    this.#waiting.add(then);
    // Nothing more may be written that would tell.
    if (this.#isHalfFree) setImmediate(() => this.tell());
    return () => void this.#waiting.delete(then);
  }

  outOfSpace(is: boolean): void {
    this.#isOutOfSpace = is;
    this.tell();
  }

  /** To be called when less waits. */
  tell(): void {
    if (!this.#isHalfFree) return;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const then of waiting) then();
  }

  get #isHalfFree(): boolean {
    return this.roomBytes >= this.#maxBytes / 2;
  }
}
