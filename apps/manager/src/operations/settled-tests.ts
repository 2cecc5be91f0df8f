import type { Settlement } from '@yosugara/runtime';

/** Whoever waits for what became of an entry of the outbox that they put there. */
export class SettledTests {
  readonly #waiting = new Map<string, (settlement: Settlement) => void>();

  /** The next word about it. */
  async next(id: string, signal: AbortSignal): Promise<Settlement | null> {
    return await new Promise<Settlement | null>((resolve) => {
      const end = (settlement: Settlement | null) => {
        this.#waiting.delete(id);
        resolve(settlement);
      };
      this.#waiting.set(id, end);
      signal.addEventListener('abort', () => end(null), { once: true });
      if (signal.aborted) end(null);
    });
  }

  readonly settled = (settlement: Settlement): void => this.#waiting.get(settlement.id)?.(settlement);
}
