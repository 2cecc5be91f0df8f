import { type Clock, explain, type Log } from '@yosugara/kernel';
import {
  type Result,
  SELF_BEGIN,
  type Seen,
  type SelfRules,
  type SelfSeenLevel,
  type SelfState,
  selfStep,
} from '@yosugara/operations';
import { Again } from './again.js';
import type { Gatherer } from './gatherer.js';

export interface SelfWatchOptions {
  readonly node: string;
  readonly rules: SelfRules;
  readonly gatherer: Pick<Gatherer, 'look'>;
  readonly everyMs: number;
  /** Neither throws nor waits. */
  readonly tell: (result: Result) => void;
  readonly clock: Clock;
  readonly log: Log;
}

export interface SelfLook {
  readonly wallMs: number;
  readonly tookMs: number;
  readonly seen: ReadonlyMap<string, readonly Seen[]>;
  readonly levels: readonly SelfSeenLevel[];
  /** Of the same moment as `wallMs`: what `sinceMs` is counted on. */
  readonly monotonicMs: number;
  readonly leftOut: number;
}

/** Looks at everything every few seconds, and tells what became worse or better. Knows nothing of the database. */
export class SelfWatch {
  readonly #o: SelfWatchOptions;
  #state: SelfState = SELF_BEGIN;
  #last: SelfLook | null = null;
  #looks = 0;
  readonly #again: Again;

  constructor(options: SelfWatchOptions) {
    this.#o = options;
    this.#again = new Again(options.everyMs, async () => await this.#turn());
  }

  start(): void {
    this.#again.start();
  }

  stop(): void {
    this.#again.stop();
  }

  /** As of the newest look; null = none yet. */
  get last(): SelfLook | null {
    return this.#last;
  }

  get looks(): number {
    return this.#looks;
  }

  async #turn(): Promise<void> {
    const { log } = this.#o;
    try {
      await this.#look();
    } catch (error) {
      log.error('self.failed', { why: explain(error) });
    }
  }

  async #look(): Promise<void> {
    const { node, rules, gatherer, clock, tell } = this.#o;
    const beganMs = clock.monotonicMs();
    const seen = await gatherer.look();
    if (this.#again.isStopped) return;
    const [monotonicMs, wallMs] = [clock.monotonicMs(), clock.wallMs()];
    const { state, results, levels } = selfStep(rules, this.#state, { node, monotonicMs, wallMs, seen });
    this.#state = state;
    this.#last = { wallMs, monotonicMs, tookMs: monotonicMs - beganMs, seen, levels, leftOut: state.leftOut };
    this.#looks++;
    for (const result of results) tell(result);
  }
}
