import type { Clock } from '@yosugara/kernel';
import type { Collected, SelfLimits } from '@yosugara/operations';
import type { Capacity as CapacityAnswer } from '@yosugara/protocol';
import type { Authority } from '../control/authority.js';
import type { CapacityTables } from './capacity-tables.js';
import { capacityRows } from './capacity-view.js';

/** However many ask, it is worked out once in so long. */
const FRESH_MS = 5_000;

export interface CapacityOptions {
  readonly node: string;
  readonly everyMs: number;
  readonly limits: SelfLimits;
  readonly authority: Pick<Authority, 'demand' | 'now'>;
  readonly tables: Pick<CapacityTables, 'history' | 'store'>;
  readonly clock: Clock;
}

/** What fills up when, as the history in the database tells: the same on both nodes. */
export class Capacity {
  readonly #o: CapacityOptions;
  #last: { readonly atMs: number; readonly answer: Promise<CapacityAnswer> } | null = null;

  constructor(options: CapacityOptions) {
    this.#o = options;
  }

  get everyMs(): number {
    return this.#o.everyMs;
  }

  async look(): Promise<CapacityAnswer> {
    const atMs = this.#o.clock.monotonicMs();
    if (this.#last === null || atMs - this.#last.atMs >= Math.min(FRESH_MS, this.#o.everyMs)) {
      const answer = this.#workOut();
      this.#last = { atMs, answer };
      answer.catch(() => {
        // Who asks next is not to wait for what failed.
        this.#last = null;
      });
    }
    return await this.#last.answer;
  }

  /** Measures of the other node. @throws when this one does not serve. */
  async store(measures: readonly Collected[]): Promise<void> {
    const { authority, tables } = this.#o;
    const { epoch } = authority.demand('active');
    await tables.store(measures, epoch, () => void authority.demand('active', epoch));
  }

  async #workOut(): Promise<CapacityAnswer> {
    const { node, everyMs, limits, tables, clock } = this.#o;
    const nowMs = clock.wallMs();
    const rows = capacityRows(await tables.history(nowMs, everyMs), { nowMs, everyMs, limits });
    return { node, at: new Date(nowMs).toISOString(), everySeconds: everyMs / 1_000, rows: [...rows] };
  }
}
