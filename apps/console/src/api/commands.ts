import { newId } from './new-id.js';

/** So long a take-over may last at the worst; who waits longer is told. */
const PATIENCE_MS = 45_000;
const AGAIN_MS = 700;
/** Whoever was never answered and asks for the same within this time means the same; later it may be another wish. */
const SAME_WISH_MS = 5 * 60_000;
const MOST_UNANSWERED = 50;

/** Commands that nobody answered: they may have been done. Asked for again they have the key that they had, so that they are done once. */
const unanswered = new Map<string, { readonly key: string; readonly untilMs: number }>();

function keyOf(wish: string): string {
  const before = unanswered.get(wish);
  return before !== undefined && before.untilMs > performance.now() ? before.key : newId();
}

function remember(wish: string, key: string): void {
  unanswered.delete(wish);
  unanswered.set(wish, { key, untilMs: performance.now() + SAME_WISH_MS });
  for (const [oldest] of unanswered) if (unanswered.size > MOST_UNANSWERED) unanswered.delete(oldest);
}

/**
 * Sends a command until it is answered by other than what a take-over makes fail. The key makes that safe: whoever did it already answers as
 * they would have, and so does their successor.
 *
 * @param wish what is asked for, whole: the same text is the same command.
 */
export async function untilDone<T>(
  wish: string,
  sendOnce: (headers: Readonly<Record<string, string>>) => Promise<T>,
  isPassing: (error: unknown) => boolean,
  signal?: AbortSignal,
  { patienceMs = PATIENCE_MS, againMs = AGAIN_MS }: { readonly patienceMs?: number; readonly againMs?: number } = {},
): Promise<T> {
  const key = keyOf(wish);
  const headers = { 'idempotency-key': key };
  const endMs = performance.now() + patienceMs;
  // Unanswered from the first byte on: a second press while the first is under way is the same wish, too.
  remember(wish, key);
  for (;;) {
    try {
      const answer = await sendOnce(headers);
      unanswered.delete(wish);
      return answer;
    } catch (error) {
      const isUnknown = isPassing(error) || (error as { code?: unknown }).code === 'COMMAND_UNDER_WAY';
      if (!isUnknown) unanswered.delete(wish);
      if (!isUnknown || signal?.aborted === true || performance.now() + againMs > endMs) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, againMs));
  }
}
