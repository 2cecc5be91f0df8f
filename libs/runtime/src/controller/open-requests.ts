import type { Answer } from './types.js';

const OPERATOR_DEADLINE_MS = 4_000;

type Reply = Omit<Answer, 'id'>;

/** Operators who wait for an answer: each gets exactly one, in time. */
export class OpenRequests {
  readonly #waiting = new Map<string, (reply: Reply) => void>();

  /** @param ask called once the answer to `id` has somebody to go to. */
  async awaitAnswer(id: string, ask: () => void): Promise<Reply> {
    return await new Promise((resolve) => {
      const timer = setTimeout(
        () => this.answer({ id, ok: false, message: 'no answer in time; ask again' }),
        OPERATOR_DEADLINE_MS,
      );
      this.#waiting.set(id, (reply) => {
        clearTimeout(timer);
        resolve({ ...reply });
      });
      ask();
    });
  }

  answer({ id, ok, message, code, plan }: Answer): void {
    this.#waiting.get(id)?.({ ok, message, ...(code === undefined ? {} : { code }), ...(plan === undefined ? {} : { plan }) });
    this.#waiting.delete(id);
  }
}
