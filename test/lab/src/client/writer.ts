import { setTimeout as delay } from 'node:timers/promises';
import type { Acknowledged, WriterName } from '../check/types.js';
import { monotonicMs } from '../host/shell.js';
import { PAUSE_MS, RETRY_MS } from './plan.js';

export type Attempt =
  | { readonly kind: 'acknowledged'; readonly holder: string }
  | { readonly kind: 'unknown'; readonly why: string };

/** One attempt to write the key. Settles within its deadline, never throws; 'unknown' covers "failed" too: only a clean acknowledgement counts. */
export type Attempter = (key: number) => Promise<Attempt>;

/**
 * Writes numbered keys one after another. A key whose outcome is unknown is written again under the same number until it is
 * acknowledged: a client that gives up would hide the loss.
 */
export class Writer {
  readonly name: WriterName;
  readonly acknowledged: Acknowledged[] = [];
  readonly #attempt: Attempter;
  #trouble: string | null = null;
  #stopping = false;
  #loop: Promise<void> = Promise.resolve();

  constructor(name: WriterName, attempt: Attempter) {
    this.name = name;
    this.#attempt = attempt;
  }

  get lastAckMs(): number | null {
    return this.acknowledged.at(-1)?.atMs ?? null;
  }

  get trouble(): string | null {
    return this.#trouble;
  }

  start(firstKey: number): void {
    this.#loop = this.#run(firstKey);
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#loop;
  }

  async #run(firstKey: number): Promise<void> {
    for (let key = firstKey; !this.#stopping; key++) {
      await this.#write(key);
      await delay(PAUSE_MS);
    }
  }

  async #write(key: number): Promise<void> {
    for (let attempts = 1; !this.#stopping; attempts++) {
      const outcome = await this.#attempt(key);
      if (outcome.kind === 'acknowledged') {
        this.#trouble = null;
        this.acknowledged.push({ writer: this.name, key, atMs: monotonicMs(), holder: outcome.holder, attempts });
        return;
      }
      this.#trouble = outcome.why;
      await delay(RETRY_MS);
    }
  }
}
