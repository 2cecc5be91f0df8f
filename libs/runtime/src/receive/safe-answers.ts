export interface SafeAnswersOptions {
  /** Through here a sender may be told that its message is safe: on both disks, or on ours while the record permits that (I1). */
  readonly safeSeq: () => number;
  /** More than so many do not wait. Default 10 000. */
  readonly maxWaiting?: number;
}

/**
 * Answers that wait until what they acknowledge is safe, in the order of the journal. One way to wait for all that acknowledge:
 * INFORM, RELP and HTTP, each with its own bound, so that a flood of one cannot fill another's.
 */
export class SafeAnswers {
  readonly #options: SafeAnswersOptions;
  readonly #waiting = new Map<number, () => void>();
  readonly #wanting = new Set<() => void>();

  constructor(options: SafeAnswersOptions) {
    this.#options = options;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  get isFull(): boolean {
    return this.#waiting.size >= (this.#options.maxWaiting ?? 10_000);
  }

  /** Gives `answer` once, when record `seq` is safe; perhaps at once. A later word for the same record replaces the one before. */
  whenSafe(seq: number, answer: () => void): void {
    this.#waiting.set(seq, answer);
    this.release();
  }

  /** Once, when it is not full any more. To be asked while it is. @returns takes it back. */
  whenRoom(then: () => void): () => void {
    this.#wanting.add(then);
    return () => void this.#wanting.delete(then);
  }

  /** Whoever asked is gone. */
  forget(seq: number): void {
    this.#waiting.delete(seq);
    this.#tellRoom();
  }

  /** To be called when `safeSeq` may have grown. */
  release(): void {
    if (this.#waiting.size === 0) return;
    const safe = this.#options.safeSeq();
    for (const [seq, answer] of this.#waiting) {
      // What was journaled later comes later here; one that asks again for an old record waits for its place.
      if (seq > safe) break;
      this.#waiting.delete(seq);
      answer();
    }
    this.#tellRoom();
  }

  /** In a turn of its own: who is told takes in more, and may ask from within an answer. */
  #tellRoom(): void {
    if (this.#wanting.size === 0 || this.isFull) return;
    const wanting = [...this.#wanting];
    this.#wanting.clear();
    for (const then of wanting) setImmediate(then);
  }
}
