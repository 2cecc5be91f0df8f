/** How long a timer sleeps at most before it looks how late it is. */
const SLICE_MS = 250;
/** Later than this is no matter of a busy loop: the program, or its host, stood still. */
const STOOD_MS = 100;

/**
 * A deadline that counts the time that we were awake. A program that stood still has heard nobody meanwhile, and its timers ring before
 * its sockets are read: what came in time is heard before anybody is called late.
 */
export class AwakeTimer {
  readonly #onEnd: () => void;
  #endMs: number;
  /** When the timer is to ring next. */
  #dueMs = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #last: ReturnType<typeof setImmediate> | undefined;

  /** @param onEnd once, unless it is stopped before. */
  constructor(ms: number, onEnd: () => void) {
    this.#onEnd = onEnd;
    this.#endMs = performance.now() + ms;
    this.#sleep(performance.now());
  }

  /** May be below nought. */
  get leftMs(): number {
    const nowMs = this.#account();
    return this.#endMs - nowMs;
  }

  stop(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#last);
  }

  #sleep(nowMs: number): void {
    const ms = Math.max(0, Math.min(SLICE_MS, this.#endMs - nowMs));
    this.#dueMs = nowMs + ms;
    this.#timer = setTimeout(() => this.#ring(), ms);
  }

  #ring(): void {
    const nowMs = this.#account();
    // Timers ring up to a millisecond before their time (alarm.ts).
    if (this.#endMs - nowMs >= 2) return this.#sleep(nowMs);
    this.#last = setImmediate(this.#onEnd);
  }

  /** @returns now. */
  #account(): number {
    const nowMs = performance.now();
    const stoodMs = nowMs - this.#dueMs;
    if (stoodMs > STOOD_MS) {
      this.#endMs += stoodMs;
      this.#dueMs = nowMs;
    }
    return nowMs;
  }
}
