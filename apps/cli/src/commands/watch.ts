import { NoManagerError } from '../control/again.js';
import { sleep } from './follow.js';

export interface Watched<T> {
  readonly read: () => Promise<T>;
  readonly show: (found: T) => void;
  readonly isOver?: (found: T) => boolean;
  readonly everyMs?: number;
  readonly stop: AbortSignal;
}

const WATCH_EVERY_MS = 1_000;

/** Reads again and again and shows what is new, until it is over or stopped. What cannot be had for a while is no end. */
export async function watch<T>({ read, show, isOver, everyMs = WATCH_EVERY_MS, stop }: Watched<T>): Promise<T | null> {
  let before = '';
  // Whoever asks for what is not there is told at once; a take-over is waited for.
  let found: T | null = await read().catch((error: unknown) => {
    if (error instanceof NoManagerError && error.isPassing) return null;
    throw error;
  });
  for (;;) {
    if (found !== null) {
      const text = JSON.stringify(found);
      if (text !== before) show(found);
      before = text;
      if (isOver?.(found) === true) return found;
    }
    if (stop.aborted) return found;
    await sleep(everyMs, stop);
    if (stop.aborted) return found;
    found = await read().catch(() => null);
  }
}
