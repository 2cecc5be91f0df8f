/** `setTimeout` takes at most this many milliseconds: more becomes 1. */
const LONGEST_MS = 2 ** 31 - 1;

/**
 * One call at a moment of the monotonic clock, and never before it. A bare `setTimeout` drops the fractions, of the delay and of the
 * time it counts from: it may ring up to 2 ms early. Whoever then finds that the moment hasn't come, and is rung for once, is never
 * rung for again.
 */
export class Alarm {
  readonly #monotonicMs: () => number;
  readonly #ring: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(monotonicMs: () => number, ring: () => void) {
    this.#monotonicMs = monotonicMs;
    this.#ring = ring;
  }

  /** In place of what was set before. A moment that has passed rings at the next turn of the loop. */
  set(atMs: number): void {
    this.clear();
    const leftMs = Math.max(0, Math.ceil(atMs - this.#monotonicMs()));
    this.#timer = setTimeout(() => (this.#monotonicMs() < atMs ? this.set(atMs) : this.#ring()), Math.min(leftMs, LONGEST_MS));
  }

  clear(): void {
    clearTimeout(this.#timer);
  }
}
