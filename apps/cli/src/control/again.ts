import { randomUUID } from 'node:crypto';
import { YosugaraError } from '@yosugara/kernel';

/** So long a take-over may last at the worst. */
const PATIENCE_MS = 30_000;
const AGAIN_MS = 500;

/** No manager answered. `isPassing`: one of them said that it will, or was cut off while it was asked. */
export class NoManagerError extends YosugaraError {
  override readonly name = 'NoManagerError';
  readonly isPassing: boolean;
  constructor(where: string, isPassing: boolean, cause: unknown) {
    super('NO_MANAGER', `no manager answers at ${where}`, { cause });
    this.isPassing = isPassing;
  }
}

/** 503, or a connection that ended before the answer: whether it was done is not known. One that nobody took is neither. */
export function isPassing(error: unknown): boolean {
  if (error instanceof YosugaraError) return error.code === 'PASSING';
  const { code, message } = error as { readonly code?: unknown; readonly message?: unknown };
  if (code === 'ECONNREFUSED' || code === 'EHOSTUNREACH' || code === 'ENETUNREACH') return false;
  return code === 'ECONNRESET' || code === 'EPIPE' || code === 'ABORT_ERR' || message === 'no answer in time';
}

/**
 * A command, sent until it is answered by other than what a take-over makes fail. The key makes that safe: whoever did it already answers as
 * they would have, and so does their successor.
 */
export async function untilDone<T>(
  sendOnce: (headers: Readonly<Record<string, string>>) => Promise<T>,
  { patienceMs = PATIENCE_MS, againMs = AGAIN_MS }: { readonly patienceMs?: number; readonly againMs?: number } = {},
): Promise<T> {
  const headers = { 'idempotency-key': randomUUID() };
  const endMs = performance.now() + patienceMs;
  for (;;) {
    try {
      return await sendOnce(headers);
    } catch (error) {
      const isUnderWay = error instanceof YosugaraError && error.code === 'COMMAND_UNDER_WAY';
      const isAgain = isUnderWay || (error instanceof NoManagerError && error.isPassing);
      if (!isAgain || performance.now() + againMs > endMs) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, againMs));
  }
}
