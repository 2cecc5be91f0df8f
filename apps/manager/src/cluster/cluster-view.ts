import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { type Clock, explain, type Log } from '@yosugara/kernel';
import { type Status, StatusSchema } from '@yosugara/protocol';
import type { ControlQuestion } from '../control/client.js';
import { CLOCK, CONTROLLER, LOG } from '../tokens.js';

/** @throws ControllerUnreachableError, ControllerRefusedError, DeadlineError */
export type AskController = (question: ControlQuestion, deadlineMs: number) => Promise<unknown>;

const FRESH_MS = 250;
const WATCH_MS = 500;
const STATUS_DEADLINE_MS = 2_000;

/** The controller's view of the cluster; one question serves all who ask within a quarter of a second. */
@Injectable()
export class ClusterView implements OnApplicationShutdown {
  readonly #ask: AskController;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #listeners = new Set<(status: Status) => void>();
  #known: { readonly status: Status; readonly atMs: number } | null = null;
  #asking: Promise<Status> | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #told = '';

  constructor(@Inject(CONTROLLER) ask: AskController, @Inject(CLOCK) clock: Clock, @Inject(LOG) log: Log) {
    this.#ask = ask;
    this.#clock = clock;
    this.#log = log;
  }

  async status(): Promise<Status> {
    if (this.#known !== null && this.#clock.monotonicMs() - this.#known.atMs < FRESH_MS) return this.#known.status;
    this.#asking ??= this.#fetch().finally(() => {
      this.#asking = null;
    });
    return await this.#asking;
  }

  /** The status as it changes, at most twice a second; the first one as soon as it is known. Returns the unsubscribe. */
  listen(listener: (status: Status) => void): () => void {
    this.#listeners.add(listener);
    if (this.#listeners.size === 1) this.#plan(0);
    else if (this.#known !== null) listener(this.#known.status);
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.#rest();
    };
  }

  onApplicationShutdown(): void {
    this.#listeners.clear();
    this.#rest();
  }

  async #fetch(): Promise<Status> {
    const status = StatusSchema.parse(await this.#ask({ method: 'status' }, STATUS_DEADLINE_MS));
    this.#known = { status, atMs: this.#clock.monotonicMs() };
    return status;
  }

  #rest(): void {
    clearTimeout(this.#timer);
    this.#told = '';
  }

  #plan(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#look(), ms);
  }

  async #look(): Promise<void> {
    try {
      const status = await this.status();
      const text = JSON.stringify(status);
      if (text !== this.#told) for (const listener of [...this.#listeners]) listener(status);
      // Nobody is left who was told: whoever comes next must be.
      this.#told = this.#listeners.size > 0 ? text : '';
    } catch (error) {
      this.#log.debug('cluster.unknown', { why: explain(error) });
    } finally {
      if (this.#listeners.size > 0) this.#plan(WATCH_MS);
    }
  }
}
