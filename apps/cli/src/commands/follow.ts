import { DeadlineError, YosugaraError } from '@yosugara/kernel';
import type { Status } from '@yosugara/protocol';
import { type Ask, type Controllers, RefusedError } from '../control/client.js';

const POLL_EVERY_MS = 200;
/** The leader changes its mind about nothing here: it was only busy. */
const ASK_AGAIN_FOR_MS = 10_000;
const ASK_AGAIN_EVERY_MS = 300;

/** Cut short by `stop`. */
export const sleep = (ms: number, stop?: AbortSignal): Promise<void> =>
  new Promise((done) => {
    const timer = setTimeout(end, ms);
    function end(): void {
      clearTimeout(timer);
      stop?.removeEventListener('abort', end);
      done();
    }
    stop?.addEventListener('abort', end, { once: true });
  });

export class CommandFailedError extends YosugaraError {
  override readonly name = 'CommandFailedError';
}

/** Sends a command, again while the answer is "ask again". @returns what the controller said. */
export async function send(controllers: Controllers, ask: Ask): Promise<string> {
  const { message } = (await sent(controllers, ask)) as { readonly message?: unknown };
  return typeof message === 'string' ? message : 'accepted';
}

/** The same. @returns the whole answer, an object. */
export async function sent(controllers: Controllers, ask: Ask): Promise<object> {
  const untilMs = performance.now() + ASK_AGAIN_FOR_MS;
  for (;;) {
    try {
      const result = await controllers.command(ask);
      return typeof result === 'object' && result !== null ? result : {};
    } catch (error) {
      const again = error instanceof RefusedError && /ask again$/.test(error.message);
      if (!again || performance.now() > untilMs) throw error;
      await sleep(ASK_AGAIN_EVERY_MS);
    }
  }
}

/**
 * Looks at the status again and again until `judge` has a verdict. A status that cannot be had for a while (a controller
 * starting again, an election) is no verdict.
 *
 * @throws DeadlineError no verdict in time.
 */
export async function follow<T>(
  controllers: Controllers,
  what: string,
  deadlineMs: number,
  judge: (status: Status) => T | null,
): Promise<T> {
  const untilMs = performance.now() + deadlineMs;
  for (;;) {
    const status = await controllers.status().catch((error: unknown) => {
      if (error instanceof YosugaraError) return null;
      throw error;
    });
    const verdict = status === null ? null : judge(status);
    if (verdict !== null) return verdict;
    if (performance.now() > untilMs) throw new DeadlineError(what, deadlineMs);
    await sleep(POLL_EVERY_MS);
  }
}
