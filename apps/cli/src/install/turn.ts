import { mkdir, rmdir } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { JournalLockedError, lockDirectory } from '@yosugara/journal';
import { YosugaraError } from '@yosugara/kernel';
import type { Places } from './places.js';

const WITHIN_MS = 30_000;
const AGAIN_MS = 20;

/**
 * What makes this host a member, or changes what is known of a cluster that is being formed, is done by one program at a time: `join-token`
 * writes the file of the service that answers joins, and what it read before somebody joined must not be what it writes.
 * @throws YosugaraError BUSY — somebody else's turn takes too long.
 */
export async function inTurn<Result>(places: Places, task: () => Promise<Result>, withinMs = WITHIN_MS): Promise<Result> {
  // It is not private, as the lock's folder is.
  await mkdir(places.configDir, { recursive: true, mode: 0o755 });
  const lock = await lockWithin(places, withinMs);
  try {
    return await task();
  } finally {
    await lock.release();
    // Whoever waits may be about to write there: then it stays.
    await rmdir(places.turnFolder).catch(() => undefined);
  }
}

async function lockWithin({ turnFolder }: Places, withinMs: number) {
  const endMs = performance.now() + withinMs;
  for (;;) {
    try {
      return await lockDirectory(turnFolder);
    } catch (error) {
      // The one before may have taken its folder away under us.
      const isTaken = error instanceof JournalLockedError || (error as NodeJS.ErrnoException).code === 'ENOENT';
      if (!isTaken) throw error;
      if (performance.now() >= endMs)
        throw new YosugaraError('BUSY', 'another yosugara init, join or join-token is at work on this host', { cause: error });
      await delay(AGAIN_MS);
    }
  }
}
