import { type LagCounted, LagCounts } from './lag-counts.js';
import type { TickDone } from './ports.js';

const LAGS = 1_000;
/** Before this nobody calls a tick late. */
const LATE_MS = 1_000;

export interface LookTallied {
  /** Since the process began. */
  readonly ticks: number;
  readonly late: number;
  readonly skipped: number;
  /** From due to begun, of the newest thousand; null = nothing yet. */
  readonly lagP99Ms: number | null;
  /** From due to begun, and to committed, of all ticks since the process began. */
  readonly begunLag: LagCounted;
  readonly storedLag: LagCounted;
}

/** How many looks there were, and how late. */
export class LookTally {
  readonly #counts = { ticks: 0, late: 0, skipped: 0 };
  readonly #newest: number[] = [];
  readonly #begunLag = new LagCounts();
  readonly #storedLag = new LagCounts();

  begun(lagMs: number): void {
    if (lagMs > LATE_MS) this.#counts.late++;
    this.#begunLag.add(lagMs);
    this.#newest.push(lagMs);
    if (this.#newest.length > LAGS) this.#newest.shift();
  }

  /** @param isSeen false = nobody looked (new, out of its calendar): there is no lag. */
  stored({ dueAtMs, skipped }: TickDone, isSeen: boolean, nowMs: number): void {
    this.#counts.ticks++;
    this.#counts.skipped += skipped;
    if (isSeen) this.#storedLag.add(nowMs - dueAtMs);
  }

  tallied(): LookTallied {
    const lags = [...this.#newest].sort((one, two) => one - two);
    return {
      ...this.#counts,
      lagP99Ms: lags[Math.floor(lags.length * 0.99)] ?? null,
      ...{ begunLag: this.#begunLag.counted(), storedLag: this.#storedLag.counted() },
    };
  }
}
