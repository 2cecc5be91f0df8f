/**
 * A map that forgets: what was not looked at for a while goes, and it never holds more than `most` entries. Two generations, so that
 * both looking and forgetting cost the same however much is held.
 */
export class BoundedMap<Value> {
  readonly #half: number;
  #young = new Map<string, Value>();
  #old = new Map<string, Value>();

  constructor(most: number) {
    this.#half = Math.max(1, Math.floor(most / 2));
  }

  get size(): number {
    return this.#young.size + this.#old.size;
  }

  get(key: string): Value | undefined {
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const old = this.#old.get(key);
    if (old !== undefined) this.set(key, old);
    return old;
  }

  set(key: string, value: Value): void {
    if (this.#young.size >= this.#half && !this.#young.has(key)) this.turn();
    this.#young.set(key, value);
    this.#old.delete(key);
  }

  /** What was neither set nor looked at since the last turn goes. */
  turn(): void {
    this.#old = this.#young;
    this.#young = new Map();
  }
}

/** So many at once, and so many a second. Time is the caller's. */
export class TokenBucket {
  readonly #perSecond: number;
  readonly #most: number;
  #left: number;
  #atMs: number;

  constructor(perSecond: number, most: number, nowMs: number) {
    this.#perSecond = perSecond;
    this.#most = most;
    this.#left = most;
    this.#atMs = nowMs;
  }

  take(nowMs: number): boolean {
    this.#left = Math.min(this.#most, this.#left + (Math.max(0, nowMs - this.#atMs) * this.#perSecond) / 1_000);
    this.#atMs = Math.max(this.#atMs, nowMs);
    if (this.#left < 1) return false;
    this.#left--;
    return true;
  }
}
