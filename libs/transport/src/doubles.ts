/** How far behind the newest of a boot a number may come and still be told from a double. At 100 messages a second: 40 s. */
const WINDOW = 4096;
/** Boots remembered of one sender. A message of an older boot than these may be delivered a second time. */
const BOOTS = 8;

interface Seen {
  newest: number;
  /** seq % WINDOW → seq. */
  readonly slots: Float64Array;
}

/** Which messages of one sender were delivered already. Bounded: 8 boots of 32 KiB each. */
export class Doubles {
  readonly #boots = new Map<string, Seen>();

  /** True the first time only; false also for what is older than the window. */
  isNew(boot: string, seq: number): boolean {
    const seen = this.#boots.get(boot) ?? this.#remember(boot);
    if (seq < 1 || seq <= seen.newest - WINDOW) return false;
    const slot = seq % WINDOW;
    if (seen.slots[slot] === seq) return false;
    seen.slots[slot] = seq;
    seen.newest = Math.max(seen.newest, seq);
    return true;
  }

  #remember(boot: string): Seen {
    const oldest = this.#boots.keys().next();
    if (this.#boots.size >= BOOTS && !oldest.done) this.#boots.delete(oldest.value);
    const seen = { newest: 0, slots: new Float64Array(WINDOW) };
    this.#boots.set(boot, seen);
    return seen;
  }
}
