import { setTimeout as delay } from 'node:timers/promises';
import type { Acknowledged, WriterName } from '../check/types.js';
import { monotonicMs } from '../host/shell.js';
import { PAUSE_MS, RETRY_MS } from './plan.js';

export type Attempt =
  | { readonly kind: 'acknowledged'; readonly holder: string; readonly lsn?: string }
  | { readonly kind: 'unknown'; readonly why: string };

/** One attempt to write the key. Settles within its deadline, never throws; 'unknown' covers "failed" too: only a clean acknowledgement counts. */
export type Attempter = (key: number) => Promise<Attempt>;

/** Writes numbered keys one after another, until it is stopped; never gives up. */
export class Writer {
  readonly name: WriterName;
  readonly acknowledged: Acknowledged[] = [];
  /** Keys whose write may or may not have happened; never twice. */
  readonly unknown: number[] = [];
  readonly #attempt: Attempter;
  readonly #afterUnknown: 'same key' | 'next key';
  readonly #pauseMs: number;
  readonly #retryMs: number;
  #trouble: string | null = null;
  #stopping = false;
  #loop: Promise<void> = Promise.resolve();

  /** @param afterUnknown the API refuses a key that is already there, so a write that is repeated needs another one. */
  constructor(
    name: WriterName,
    attempt: Attempter,
    afterUnknown: 'same key' | 'next key',
    pauseMs = PAUSE_MS,
    retryMs = RETRY_MS,
  ) {
    this.name = name;
    this.#attempt = attempt;
    this.#afterUnknown = afterUnknown;
    this.#pauseMs = pauseMs;
    this.#retryMs = retryMs;
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
    let attempts = 1;
    for (let key = firstKey; !this.#stopping; ) {
      const begunMs = monotonicMs();
      const outcome = await this.#attempt(key);
      if (outcome.kind === 'acknowledged') {
        this.#trouble = null;
        const { holder, lsn } = outcome;
        const where = lsn === undefined ? {} : { lsn, begunMs };
        this.acknowledged.push({ writer: this.name, key, atMs: monotonicMs(), holder, attempts, ...where });
      } else {
        this.#trouble = outcome.why;
        if (this.#afterUnknown === 'next key') this.unknown.push(key);
      }
      const acknowledged = outcome.kind === 'acknowledged';
      attempts = acknowledged ? 1 : attempts + 1;
      if (acknowledged || this.#afterUnknown === 'next key') key++;
      await delay(acknowledged ? this.#pauseMs : this.#retryMs);
    }
  }
}
