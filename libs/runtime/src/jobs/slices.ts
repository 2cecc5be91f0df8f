import type { Clock } from '@yosugara/kernel';

/** The event loop is held no longer than about this. */
const SLICE_MS = 15;

const onceAround = async () => await new Promise<void>((resolve) => setImmediate(resolve));

/** To be asked after each piece of long work: null = go on, else wait. @throws (when awaited) that the work is nobody's any more */
export type Between = () => Promise<void> | null;

/** Long work in pieces, between which others have their turn. */
export class Slices {
  /** Until now. */
  longestMs = 0;
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #pause: () => Promise<void>;
  #sinceMs: number;

  /** @param pause default: once around the event loop. */
  constructor(clock: Pick<Clock, 'monotonicMs'>, pause: () => Promise<void> = onceAround) {
    this.#clock = clock;
    this.#pause = pause;
    this.#sinceMs = clock.monotonicMs();
  }

  /** Something outside was waited for: that held nobody. */
  afterWait(): void {
    this.#sinceMs = this.#clock.monotonicMs();
  }

  /** @returns ms since others had their turn. */
  note(): number {
    const tookMs = this.#clock.monotonicMs() - this.#sinceMs;
    this.longestMs = Math.max(this.longestMs, tookMs);
    return tookMs;
  }

  /** To be asked after each piece. null = go on. */
  between(): Promise<void> | null {
    if (this.note() < SLICE_MS) return null;
    return this.#pause().then(() => {
      this.#sinceMs = this.#clock.monotonicMs();
    });
  }
}
