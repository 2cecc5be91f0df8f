import type { Result } from '@yosugara/operations';
import type { Metrics } from '../http/metrics.js';
import { addSelfMetrics } from './self-metrics.js';
import type { SelfMonitoring } from './self-monitoring.js';
import type { SelfLook } from './self-watch.js';

/** What the API asks of the watch over ourselves, which may begin after the API. */
export class SelfHandle {
  #running: SelfMonitoring | null = null;
  readonly #store: (results: readonly Result[]) => Promise<readonly string[]>;

  /** @param store makes events of results of the other node; resolves to the ids of those that are. */
  constructor(store: (results: readonly Result[]) => Promise<readonly string[]>) {
    this.#store = store;
  }

  follow(running: SelfMonitoring): void {
    this.#running = running;
  }

  view(): { readonly last: SelfLook | null; readonly pending: number } {
    return { last: this.#running?.watch.last ?? null, pending: this.#running?.ways.pending.waiting ?? 0 };
  }

  addMetrics(metrics: Metrics): void {
    if (this.#running !== null) addSelfMetrics(metrics, this.#running);
  }

  /** Makes an event of a word about ourselves. */
  async tell(result: Result): Promise<void> {
    await this.#store([result]);
  }

  async store(results: readonly Result[]): Promise<readonly string[]> {
    for (const result of results) this.#running?.ways.skip(result);
    return await this.#store(results);
  }
}
