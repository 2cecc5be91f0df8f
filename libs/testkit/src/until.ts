/** For whatever comes by itself: many times what it takes, for a machine that others share. */
export const PATIENCE_MS = 60_000;

/** null, undefined, false, nought and an empty text are "not yet". */
type Found<T> = Exclude<T, null | undefined | false | 0 | ''>;

/**
 * What is looked for within the deadline, or a failure that says what was awaited.
 *
 * The outside world may fail meanwhile (a table is not replayed yet, a server still starts): that is "not yet", and at the deadline
 * the last such failure is told as the cause. A mistake of our own, and an `expect` in the look, is thrown at once.
 */
export async function eventually<T>(what: string, look: () => T | Promise<T>, withinMs: number = PATIENCE_MS): Promise<Found<T>> {
  for (const untilMs = performance.now() + withinMs; ; await pause(15)) {
    const { found, failed } = await outcome(look);
    if (found) return found as Found<T>;
    if (performance.now() <= untilMs) continue;
    const last = failed === undefined ? '' : `; last: ${failed.message}`;
    throw new Error(`${what}: not within ${withinMs} ms${last}`, { cause: failed });
  }
}

/** As `eventually`, where the look itself says what it is for. */
export async function until(holds: () => boolean | Promise<boolean>, deadlineMs: number = PATIENCE_MS): Promise<void> {
  await eventually(`${holds}`, holds, deadlineMs);
}

export async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}

async function outcome<T>(look: () => T | Promise<T>): Promise<{ readonly found?: T; readonly failed?: Error }> {
  try {
    return { found: await look() };
  } catch (cause) {
    if (!(cause instanceof Error) || isOurs(cause)) throw cause;
    return { failed: cause };
  }
}

/** `fetch` tells what the network does as a TypeError, too: with a cause. */
function isOurs(error: Error): boolean {
  if (error.name === 'AssertionError' || error instanceof ReferenceError || error instanceof RangeError) return true;
  return error instanceof TypeError && error.cause === undefined;
}

/** This whole program does nothing for so long: its timers are late, and what comes meanwhile lies unread. */
export function standStill(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
