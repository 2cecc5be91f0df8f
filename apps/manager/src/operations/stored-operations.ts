import type { OperationsBatch } from '@yosugara/runtime';

type Listener = (batch: OperationsBatch) => void;

/** What the loops of this node have just committed. */
export class StoredOperations {
  readonly #listeners = new Set<Listener>();

  /** Neither throws nor waits: loops call it. */
  tell(batch: OperationsBatch): void {
    for (const listener of [...this.#listeners]) listener(batch);
  }

  listen(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
