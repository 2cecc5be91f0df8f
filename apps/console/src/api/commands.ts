import { newId } from './new-id.js';

/** So long a take-over may last at the worst; who waits longer is told. */
const PATIENCE_MS = 45_000;
const AGAIN_MS = 700;

/**
 * Sends a command until it is answered by other than what a take-over makes fail. The key makes that safe: whoever did it already answers as
 * they would have, and so does their successor.
 */
export async function untilDone<T>(
  sendOnce: (headers: Readonly<Record<string, string>>) => Promise<T>,
  isPassing: (error: unknown) => boolean,
  signal?: AbortSignal,
  { patienceMs = PATIENCE_MS, againMs = AGAIN_MS }: { readonly patienceMs?: number; readonly againMs?: number } = {},
): Promise<T> {
  const headers = { 'idempotency-key': newId() };
  const endMs = performance.now() + patienceMs;
  for (;;) {
    try {
      return await sendOnce(headers);
    } catch (error) {
      const isAgain = isPassing(error) || (error as { code?: unknown }).code === 'COMMAND_UNDER_WAY';
      if (!isAgain || signal?.aborted === true || performance.now() + againMs > endMs) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, againMs));
  }
}
