/** In ms; closer together about the second that the goals are about. */
export const LAG_BOUNDS_MS = [
  ...[25, 50, 75, 100, 150, 200, 250, 300, 350, 400, 450, 500, 600, 700, 800, 900, 1_000],
  ...[1_250, 1_500, 2_000, 3_000, 5_000, 10_000, 30_000, 60_000],
] as const;

export interface LagCounted {
  /** How many were at most the bound of the same place, and above the one before; behind them, those above all. */
  readonly counts: readonly number[];
  readonly sumMs: number;
}

/** How late things were, since the process began: whoever reads it twice knows of the time between. */
export class LagCounts {
  readonly #counts = new Array<number>(LAG_BOUNDS_MS.length + 1).fill(0);
  #sumMs = 0;

  add(ms: number): void {
    const found = LAG_BOUNDS_MS.findIndex((bound) => ms <= bound);
    const at = found < 0 ? LAG_BOUNDS_MS.length : found;
    this.#counts[at] = this.#counts[at]! + 1;
    this.#sumMs += Math.max(0, ms);
  }

  counted(): LagCounted {
    return { counts: [...this.#counts], sumMs: this.#sumMs };
  }
}
