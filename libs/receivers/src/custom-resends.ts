import { createHash } from 'node:crypto';

/** How far a request came. */
export interface Progress {
  /** So many of its traps are in the journal; the last has this number. */
  journaled: number;
  lastSeq: number;
}

interface Failed {
  readonly progress: Progress;
  readonly atMs: number;
}

const KEPT_MS = 15 * 60_000;
const MAX_KEPT = 10_000;

/**
 * Requests that got no 200 though some or all of their traps were journaled. Who gets no answer, or is told to come again, sends the
 * same bytes from the same address: that goes on where the first one ended. A request that was answered and is sent again is another one.
 */
export class CustomResends {
  readonly #failed = new Map<string, Failed>();
  readonly #nowMs: () => number;

  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs;
  }

  static keyOf(address: string, body: Uint8Array): string {
    return createHash('sha256').update(address).update('\0').update(body).digest('base64');
  }

  /** Taken out: two at once are two requests, and only one of them goes on. */
  take(key: string): Progress {
    const found = this.#failed.get(key);
    this.#failed.delete(key);
    const isGood = found !== undefined && found.atMs > this.#nowMs() - KEPT_MS;
    return isGood ? found.progress : { journaled: 0, lastSeq: 0 };
  }

  leave(key: string, progress: Progress): void {
    if (progress.journaled === 0) return;
    this.#failed.set(key, { progress, atMs: this.#nowMs() });
    for (const oldest of this.#failed.keys()) {
      if (this.#failed.size <= MAX_KEPT) return;
      this.#failed.delete(oldest);
    }
  }
}
