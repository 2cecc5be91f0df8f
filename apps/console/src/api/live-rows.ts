import type { MessageRow } from '@yosugara/protocol';

/** Newest first, no id twice. Bounded: the oldest rows fall out, their ids are remembered a while longer. */
export interface LiveRows {
  readonly rows: readonly MessageRow[];
  readonly capacity: number;
}

/** Ids beyond the rows shown, so that a refill after a take-over does not count or show a row again. */
const REMEMBERED_IDS = 50_000;

/** A bounded set: forgets the oldest. */
export class SeenIds {
  readonly #ids = new Set<string>();
  readonly #capacity: number;
  constructor(capacity: number = REMEMBERED_IDS) {
    this.#capacity = capacity;
  }

  /** True when the id is new. */
  add(id: string): boolean {
    if (this.#ids.has(id)) return false;
    this.#ids.add(id);
    if (this.#ids.size > this.#capacity) for (const oldest of this.#ids) return this.#ids.delete(oldest);
    return true;
  }
}

export const emptyRows = (capacity: number): LiveRows => ({ rows: [], capacity });

/** Newest first by time of reception, then by id: the same order whichever way the rows came. */
export function newestFirst(one: MessageRow, two: MessageRow): number {
  if (one.receivedAt !== two.receivedAt) return one.receivedAt < two.receivedAt ? 1 : -1;
  return one.id === two.id ? 0 : one.id < two.id ? 1 : -1;
}

/** Rows that are new are put where their time belongs; `incoming` must hold only unseen ids. */
export function merge(live: LiveRows, incoming: readonly MessageRow[]): LiveRows {
  if (incoming.length === 0) return live;
  const rows = [...incoming, ...live.rows].sort(newestFirst).slice(0, live.capacity);
  return { ...live, rows };
}
