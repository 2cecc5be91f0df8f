import type { Tally } from '@yosugara/operations';
import { OTHER_SOURCES } from '@yosugara/protocol';

/** Told apart; a sender of forged addresses must not fill the memory. */
const MAX_SOURCES = 2_000;

export interface CountedSource {
  readonly source: string;
  readonly node: string;
  received: number;
  matched: number;
  unpaired: number;
}

/**
 * What this process has stored, by source: for metrics, whose counters begin with the process. What lasts is in the database, in
 * the transactions of the rows.
 */
export class Counted {
  readonly sinceMs = Date.now();
  readonly #counts = new Map<string, CountedSource>();
  readonly #sources = new Set<string>();

  /** Neither throws nor waits: ingest calls it. */
  add(tallies: readonly Tally[]): void {
    for (const tally of tallies) {
      const source = this.#sources.has(tally.source) || this.#sources.size < MAX_SOURCES ? tally.source : OTHER_SOURCES;
      this.#sources.add(source);
      const key = `${tally.node} ${source}`;
      let counts = this.#counts.get(key);
      if (counts === undefined)
        this.#counts.set(key, (counts = { source, node: tally.node, received: 0, matched: 0, unpaired: 0 }));
      counts.received += tally.received;
      counts.matched += tally.matched;
      counts.unpaired += tally.unpaired;
    }
  }

  list(): readonly CountedSource[] {
    return [...this.#counts.values()];
  }
}
