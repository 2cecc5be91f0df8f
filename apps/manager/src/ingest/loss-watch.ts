import { type Clock, explain, type Log } from '@yosugara/kernel';
import type { OneSided } from '@yosugara/protocol';
import type { Authority } from '../control/authority.js';
import { Again } from '../self/again.js';
import type { ManagerStore } from '../store/ports.js';

const EVERY_MS = 30_000;
/** Stated in docs/visible-loss.md. One lost datagram in a hundred is no accident any more; ten of them are no chance. */
export const ONE_SIDED_ALARM = { atLeast: 10, share: 0.01 } as const;

export interface LossWatchOptions {
  readonly authority: Pick<Authority, 'now'>;
  readonly store: Pick<ManagerStore, 'counts'>;
  /** Both data nodes. */
  readonly nodes: readonly string[];
  readonly clock: Clock;
  readonly log: Log;
  readonly everyMs?: number;
}

/** On the Master: which sources send to both nodes and reach one only. */
export class LossWatch {
  readonly #o: LossWatchOptions;
  readonly #again: Again;
  #known: readonly OneSided[] = [];

  constructor(options: LossWatchOptions) {
    this.#o = options;
    this.#again = new Again(options.everyMs ?? EVERY_MS, async () => await this.#turn());
  }

  start(): void {
    this.#again.start();
  }

  stop(): void {
    this.#again.stop();
  }

  get oneSided(): readonly OneSided[] {
    return this.#o.authority.now().mode === 'active' ? this.#known : [];
  }

  async #turn(): Promise<void> {
    const { authority, store, nodes, clock, log } = this.#o;
    const [first, second] = nodes;
    if (authority.now().mode !== 'active' || first === undefined || second === undefined) this.#known = [];
    else
      this.#known = await store.counts.oneSided([first, second], clock.wallMs(), ONE_SIDED_ALARM).catch((error: unknown) => {
        log.debug('losses.unknown', { why: explain(error) });
        return this.#known;
      });
  }
}
