/**
 * What was taken in and waits for the disk. It is bounded. Streams have half of it, since they can be held back by their senders; who
 * reads datagrams asks for room before it reads. Both are told when there is room again.
 */
export class Backlog {
  readonly #maxBytes: number;
  readonly #pendingBytes: () => number;
  readonly #waiting = new Set<() => void>();
  readonly #refused = new Set<() => void>();
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

  /** Once, when what was refused to a stream is worth to be offered again. @returns takes it back. */
  whenTaking(then: () => void): () => void {
    this.#refused.add(then);
    return () => void this.#refused.delete(then);
  }

  outOfSpace(is: boolean): void {
    this.#isOutOfSpace = is;
    this.tell();
  }

  /** To be called when less waits. */
  tell(): void {
    if (this.#isHalfFree) call(this.#waiting);
    // Half of their half: not one of a thousand connections for each group that was written.
    if (this.#pendingBytes() <= this.#maxBytes / 4) this.offerAgain();
  }

  /** To be called when something else than the disk refuses no longer. */
  offerAgain(): void {
    call(this.#refused);
  }

  get #isHalfFree(): boolean {
    return this.roomBytes >= this.#maxBytes / 2;
  }
}

/** Whoever waits again meanwhile is behind those that wait still. */
function call(waiting: Set<() => void>): void {
  const those = [...waiting];
  waiting.clear();
  for (const then of those) then();
}
