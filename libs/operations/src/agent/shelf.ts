const BUCKETS = 256;

/** FNV-1a, of UTF-16 units. */
function bucketOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < key.length; at++) hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193);
  return (hash >>> 0) % BUCKETS;
}

/**
 * A map that is never changed: a new one shares all but one bucket with the one before. A week of runs is many thousand entries, and a step
 * that copied them all would be felt.
 */
export class Shelf<Value> {
  static readonly #none: Shelf<never> = new Shelf<never>(new Array(BUCKETS).fill(null), 0);
  readonly #buckets: readonly (ReadonlyMap<string, Value> | null)[];
  readonly size: number;

  private constructor(buckets: readonly (ReadonlyMap<string, Value> | null)[], size: number) {
    this.#buckets = buckets;
    this.size = size;
  }

  static empty<Value>(): Shelf<Value> {
    return Shelf.#none as Shelf<unknown> as Shelf<Value>;
  }

  get(key: string): Value | undefined {
    return this.#buckets[bucketOf(key)]?.get(key);
  }

  with(key: string, value: Value): Shelf<Value> {
    const at = bucketOf(key);
    const bucket = new Map(this.#buckets[at] ?? []);
    const isNew = !bucket.has(key);
    bucket.set(key, value);
    return new Shelf(this.#buckets.with(at, bucket), this.size + (isNew ? 1 : 0));
  }

  without(key: string): Shelf<Value> {
    const at = bucketOf(key);
    if (this.#buckets[at]?.has(key) !== true) return this;
    const bucket = new Map(this.#buckets[at]);
    bucket.delete(key);
    return new Shelf(this.#buckets.with(at, bucket.size === 0 ? null : bucket), this.size - 1);
  }

  /** In no order that means anything. */
  *entries(): Generator<readonly [string, Value]> {
    for (const bucket of this.#buckets) if (bucket !== null) yield* bucket;
  }

  *values(): Generator<Value> {
    for (const [, value] of this.entries()) yield value;
  }
}
