import type { MessageRow } from '@yosugara/protocol';
import type { MessageToStore } from '@yosugara/runtime';
import { messageRowOf } from '@yosugara/store';

type Listener = (rows: readonly MessageRow[], leftOut: number) => void;

/** Rows of one call; older ones of a batch are left out and counted. */
const MOST_ROWS = 1_000;

/** Rows that this node's ingest has just committed, whatever time they bear: after a take-over they may be minutes old. */
export class StoredRows {
  readonly #listeners = new Set<Listener>();

  /** Neither throws nor waits: ingest calls it. */
  tell(rows: readonly MessageToStore[]): void {
    if (this.#listeners.size === 0) return;
    const newest = rows.slice(-MOST_ROWS).map(messageRowOf);
    for (const listener of [...this.#listeners]) listener(newest, rows.length - newest.length);
  }

  listen(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
