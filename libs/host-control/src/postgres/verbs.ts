import { setTimeout as sleep } from 'node:timers/promises';
import { PostgresControlError } from '../errors.js';
import type { Watch } from './watch.js';

/** A look has its own deadline; one that was under way may come before it. */
const AFTER_LOOK_MS = 2_000;

/** One verb at a time; only stop goes ahead of them, since it must work when one hangs. */
export class Verbs {
  readonly #watch: Pick<Watch, 'look' | 'poke'>;
  readonly #before: () => void;
  #queue: Promise<unknown>;
  #closed = false;

  /** @param first never rejects; @param before called as each verb begins. */
  constructor(first: Promise<unknown>, watch: Pick<Watch, 'look' | 'poke'>, before: () => void) {
    this.#queue = first;
    this.#watch = watch;
    this.#before = before;
  }

  do<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#queue.then(
      () => this.#run(work),
      () => this.#run(work),
    );
    this.#queue = turn;
    return turn;
  }

  /**
   * Ends with a look that began after the change, also when the verb failed: one from before it must not be heard after the verb
   * has ended. (A rewind that could not reach the Master leaves everything as it was; seen half-way, it asks for a base backup.)
   */
  async #run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#closed) throw new PostgresControlError('NOT_RUNNING', 'closed');
    this.#before();
    try {
      return await work();
    } catch (error) {
      if (error instanceof PostgresControlError) throw error;
      throw new PostgresControlError('QUERY_FAILED', 'PostgreSQL did not do it', error);
    } finally {
      await Promise.race([this.#watch.look(), sleep(AFTER_LOOK_MS)]);
      this.#watch.poke();
    }
  }

  /** No further verb begins; one under way may fail now. */
  close(): void {
    this.#closed = true;
  }

  async idle(): Promise<void> {
    await this.#queue.catch(() => {});
  }
}
