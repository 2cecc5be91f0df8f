import type { Clock } from '@yosugara/kernel';

interface Bucket {
  left: number;
  atMs: number;
}

/** So many requests a second of each, and ten times as many at once. Who was longest away is forgotten first: they begin anew with all of it. */
export class RequestRate {
  readonly #perSecond: number;
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #most: number;
  readonly #buckets = new Map<string, Bucket>();

  constructor(perSecond: number, clock: Pick<Clock, 'monotonicMs'>, most = 10_000) {
    this.#perSecond = perSecond;
    this.#clock = clock;
    this.#most = most;
  }

  /** false: too many. */
  take(whose: string): boolean {
    const nowMs = this.#clock.monotonicMs();
    const burst = this.#perSecond * 10;
    const before = this.#buckets.get(whose) ?? { left: burst, atMs: nowMs };
    const left = Math.min(burst, before.left + ((nowMs - before.atMs) * this.#perSecond) / 1_000);
    const isTaken = left >= 1;
    this.#buckets.delete(whose);
    this.#buckets.set(whose, { left: isTaken ? left - 1 : left, atMs: nowMs });
    const [oldest] = this.#buckets.keys();
    if (this.#buckets.size > this.#most && oldest !== undefined) this.#buckets.delete(oldest);
    return isTaken;
  }
}
