import { DeadlineError, YosugaraError } from '@yosugara/kernel';
import type { Status } from '@yosugara/protocol';
import { type Ask, type Controllers, RefusedError } from '../control/client.js';

const POLL_EVERY_MS = 200;
/** The leader changes its mind about nothing here: it was only busy. */
const ASK_AGAIN_FOR_MS = 10_000;
/** Nobody decided anything: so long a take-over may last at the worst, or a host that stands still. */
const ANSWER_WITHIN_MS = 30_000;
const UNANSWERED = /(?:answer in time|busy with another change); ask again$/;
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
  const fromMs = performance.now();
  for (;;) {
    try {
      const result = await controllers.command(ask);
      return typeof result === 'object' && result !== null ? result : {};
    } catch (error) {
      if (!(error instanceof RefusedError) || performance.now() - fromMs >= patienceOf(error)) throw error;
      await sleep(ASK_AGAIN_EVERY_MS);
    }
  }
}

/** How long the same is asked for, in ms; 0: it was refused. */
function patienceOf({ message }: RefusedError): number {
  if (UNANSWERED.test(message)) return ANSWER_WITHIN_MS;
  return /ask again$/.test(message) ? ASK_AGAIN_FOR_MS : 0;
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
