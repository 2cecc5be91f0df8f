import type { Look } from './look.js';

/** So many at once with each partner; the others wait for their turn, in order, and not longer than their look. */
export class Turns {
  readonly #most: number;
  readonly #busy = new Map<string, { atOnce: number; readonly waiting: Set<() => void> }>();

  constructor(most: number) {
    this.#most = most;
  }

  /** @param most with this partner, where each has its own number. */
  async take<T>(look: Look, partner: string, run: () => Promise<T>, most = this.#most): Promise<T> {
    const busy = this.#busy.get(partner) ?? { atOnce: 0, waiting: new Set() };
    this.#busy.set(partner, busy);
    if (busy.atOnce < most) busy.atOnce++;
    else await this.#wait(look, busy.waiting);
    try {
      return await run();
    } finally {
      const next = busy.waiting.values().next().value;
      // The turn is handed on, so that nobody who comes now gets it first.
      if (next !== undefined) next();
      else if (--busy.atOnce === 0) this.#busy.delete(partner);
    }
  }

  async #wait(look: Look, waiting: Set<() => void>): Promise<void> {
    let turn!: () => void;
    const myTurn = new Promise<void>((resolve) => {
      turn = () => {
        waiting.delete(turn);
        resolve();
      };
    });
    waiting.add(turn);
    // Should it end before, the turn goes past it: it is deleted in the moment in which the look is over.
    const leave = look.closes(() => waiting.delete(turn));
    await look.wait(myTurn);
    leave();
  }
}
