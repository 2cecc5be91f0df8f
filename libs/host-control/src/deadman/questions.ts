import { DeadlineError } from '@yosugara/kernel';
import type { FromDeadMan } from './protocol.js';

type Answered = (answer: FromDeadMan | null) => void;

/** What the dead man was asked and has not answered, by number. */
export class Questions {
  readonly #open = new Map<number, Answered>();
  #nextId = 1;

  /** @returns null: it is gone. @throws DeadlineError */
  async ask(say: (id: number) => void, deadlineMs: number): Promise<FromDeadMan | null> {
    const id = this.#nextId++;
    return await new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#open.delete(id);
        reject(new DeadlineError('dead man', deadlineMs));
      }, deadlineMs);
      this.#open.set(id, (answer) => {
        clearTimeout(timer);
        this.#open.delete(id);
        resolve(answer);
      });
      say(id);
    });
  }

  answered(id: number, answer: FromDeadMan): void {
    this.#open.get(id)?.(answer);
  }

  /** Nobody answers any more. */
  end(): void {
    for (const answer of [...this.#open.values()]) answer(null);
  }
}
