import { type Clock, explain, type Log } from '@yosugara/kernel';
import { type Collected, collectedOf, type Measure } from '@yosugara/operations';
import type { Authority } from '../control/authority.js';
import { Again } from '../self/again.js';

export interface SamplerOptions {
  readonly everyMs: number;
  readonly authority: Pick<Authority, 'now'>;
  /** What can be known now; what cannot is missing. Within some seconds. */
  readonly measure: (isMaster: boolean) => Promise<readonly Measure[]>;
  /** Into the Master's database. @throws when it cannot be now. */
  readonly keep: (collected: readonly Collected[]) => Promise<void>;
  readonly clock: Clock;
  readonly log: Log;
}

/** What cannot be kept now waits, the oldest goes first: about an hour of a node. */
const MOST_WAITING = 5_000;
/** Kept at one time: one request to the Master takes so many. */
const AT_ONCE = 400;

/** Measures now and then how full everything is, so that there is a history of it. A Standby's goes to the Master. */
export class CapacitySampler {
  readonly #o: SamplerOptions;
  readonly #again: Again;
  #waiting: readonly Collected[] = [];
  #lastWhy = '';

  constructor(options: SamplerOptions) {
    this.#o = options;
    this.#again = new Again(options.everyMs, async () => await this.#turn());
  }

  start(): void {
    this.#again.start();
  }

  stop(): void {
    this.#again.stop();
  }

  async #turn(): Promise<void> {
    const { log } = this.#o;
    try {
      await this.#sample();
      await this.#keep();
      this.#lastWhy = '';
    } catch (error) {
      const why = explain(error);
      if (why !== this.#lastWhy) log.debug('capacity.notKept', { why, waiting: this.#waiting.length });
      this.#lastWhy = why;
    }
  }

  async #sample(): Promise<void> {
    const { authority, measure, clock } = this.#o;
    const { mode } = authority.now();
    const measures = await measure(mode === 'active');
    this.#waiting = [...this.#waiting, ...collectedOf(measures, clock.wallMs())].slice(-MOST_WAITING);
  }

  async #keep(): Promise<void> {
    while (this.#waiting.length > 0 && !this.#again.isStopped) {
      const some = this.#waiting.slice(0, AT_ONCE);
      await this.#o.keep(some);
      this.#waiting = this.#waiting.slice(some.length);
    }
  }
}
