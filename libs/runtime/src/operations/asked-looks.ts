import { YosugaraError } from '@yosugara/kernel';
import type { Result, Sample, SampleValue } from '@yosugara/operations';
import type { DueTick } from './agenda.js';

/** What came of a look that somebody asked for. */
export interface LookSeen {
  /** What was seen of each item. */
  readonly seen: readonly { readonly item: string; readonly value: SampleValue }[];
  /** What the monitor says of it, as it is stored. None: nothing is to be said, or it is held until it is known whose silence it is. */
  readonly results: readonly Result[];
}

/** `closed`: a maintenance window keeps monitors from looking there. `unknown`: nobody looks there for this monitor. */
export type AskedLook = { readonly kind: 'looks'; readonly seen: Promise<LookSeen> } | { readonly kind: 'closed' | 'unknown' };

interface Waiter {
  readonly done: (seen: LookSeen) => void;
  readonly failed: (error: Error) => void;
}

/** Who waits for which look. */
export class AskedLooks {
  readonly #most: number;
  readonly #waiting = new Map<DueTick, Waiter[]>();
  #count = 0;

  constructor(most: number) {
    this.#most = most;
  }

  get room(): number {
    return this.#most - this.#count;
  }

  /** @returns what came of it, when it is stored. Rejects when the look is thrown away. */
  async of(due: DueTick): Promise<LookSeen> {
    this.#count++;
    try {
      return await new Promise<LookSeen>((done, failed) => {
        const others = this.#waiting.get(due);
        if (others === undefined) this.#waiting.set(due, [{ done, failed }]);
        else others.push({ done, failed });
      });
    } finally {
      this.#count--;
    }
  }

  stored(due: DueTick, samples: readonly Sample[], results: readonly Result[]): void {
    const waiters = this.#waiting.get(due);
    if (waiters === undefined) return;
    this.#waiting.delete(due);
    const { monitor, facility } = due.task;
    const seen: LookSeen = {
      seen: samples.map(({ item, value }) => ({ item, value })),
      results: results.filter((result) => result.monitor === monitor && result.facility === facility),
    };
    for (const { done } of waiters) done(seen);
  }

  /** Whatever is under way is nobody's any more. */
  end(): void {
    const waiters = [...this.#waiting.values()].flat();
    this.#waiting.clear();
    for (const { failed } of waiters) failed(new YosugaraError('NOT_SERVING', 'the look was thrown away: ask again'));
  }
}
