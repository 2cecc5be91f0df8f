import type { NewestValue } from '@yosugara/operations';
import type { ItemKey } from './derived-probe.js';
import type { OperationsBatch } from './ports.js';

/** Beyond, what was told longest ago is forgotten. */
const MOST = 500_000;

const keyOf = ({ monitor, facility, item }: ItemKey) => `${monitor}\0${facility}\0${item}`;

/**
 * What each monitor saw and said last, of batches that were stored since this Master began. What an integration needs of before is in its
 * own memory (`withKept`).
 */
export class NewestValues {
  readonly #values = new Map<string, NewestValue>();

  /** Just stored. */
  tell({ collected, results }: Pick<OperationsBatch, 'collected' | 'results'>): void {
    for (const { monitor, facility, item, atMs, value } of collected)
      this.#set({ monitor, facility, item }, atMs, { number: value });
    for (const { monitor, facility, item, atMs, trigger, priority, message, original } of results)
      if (trigger === 'monitor')
        this.#set({ monitor, facility, item }, atMs, { priority, text: original === '' ? message : original });
  }

  of(key: ItemKey): NewestValue | null {
    return this.#values.get(keyOf(key)) ?? null;
  }

  /** Number and priority of one look come one after the other; those of an older one are not mixed with them. */
  #set(of: ItemKey, atMs: number, parts: Partial<NewestValue>): void {
    const key = keyOf(of);
    const before = this.#values.get(key);
    if (before !== undefined && before.atMs > atMs) return;
    const base = before?.atMs === atMs ? before : { atMs, number: null, text: null, priority: null };
    // Behind the others: the first of the map is the oldest.
    this.#values.delete(key);
    this.#values.set(key, { ...base, ...parts });
    if (this.#values.size > MOST) this.#values.delete(this.#values.keys().next().value!);
  }
}
