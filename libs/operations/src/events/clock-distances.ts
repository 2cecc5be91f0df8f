/** A clock's distance counts once it was looked at for so long; before that the clock is taken to be right. */
const KNOWN_AFTER_MS = 60_000;
/** The smallest distance of this and the last stretch: what does not wait comes at once now and then. */
const STRETCH_MS = 300_000;
const MAX_CLOCKS = 10_000;

interface Distance {
  readonly sinceMs: number;
  fromMs: number;
  leastUs: number;
  lastLeastUs: number;
}

/** How far the clocks of senders are always from ours, by what their messages say and when they come. Time is the caller's. */
export class ClockDistances {
  readonly #distances = new Map<string, Distance>();

  /** @param us what the clock is off by this message. @returns what of it is usual, 0 as long as that is not known. */
  usual(key: string, us: number, nowMs: number): number {
    let clock = this.#distances.get(key);
    if (clock === undefined) {
      const oldest = this.#distances.keys().next();
      if (this.#distances.size >= MAX_CLOCKS && !oldest.done) this.#distances.delete(oldest.value);
      clock = { sinceMs: nowMs, fromMs: nowMs, leastUs: us, lastLeastUs: Number.POSITIVE_INFINITY };
      this.#distances.set(key, clock);
    }
    if (nowMs - clock.fromMs > STRETCH_MS) {
      clock.lastLeastUs = clock.leastUs;
      clock.leastUs = us;
      clock.fromMs = nowMs;
    }
    clock.leastUs = Math.min(clock.leastUs, us);
    return nowMs - clock.sinceMs < KNOWN_AFTER_MS ? 0 : Math.min(clock.leastUs, clock.lastLeastUs);
  }
}
