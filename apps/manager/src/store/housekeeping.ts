import { type Clock, explain, type Log } from '@yosugara/kernel';
import type { OptionalIndexes } from '@yosugara/store';
import type { Authority } from '../control/authority.js';
import type { MakePartitions, ManagerStore } from './ports.js';

const LOOK_MS = 1_000;
const EVERY_MS = 3_600_000;
const RETRY_MS = 60_000;
/** Today and the two days to come: a day must exist before its first message, and a night's standstill is no reason to make it late. */
const AHEAD_DAYS = 3;
/** Answers of commands: who asks again after a take-over does so within minutes. */
const ANSWERS_KEPT_MS = 86_400_000;
const MOST_ANSWERS = 100_000;

export interface HousekeepingOptions {
  readonly authority: Pick<Authority, 'now' | 'demand'>;
  readonly store: Pick<ManagerStore, 'makePartitions' | 'completeIndexes' | 'answers'>;
  /** The database is prepared for this epoch. */
  readonly isReady: () => boolean;
  readonly clock: Clock;
  readonly log: Log;
  readonly width?: NonNullable<MakePartitions['width']>;
  /** Missing = those there are stay. */
  readonly indexes?: OptionalIndexes;
}

/** What the owner of the database does now and then: soon after it became so, and every hour. Only under the lease. */
export class Housekeeping {
  readonly #o: HousekeepingOptions;
  #timer: ReturnType<typeof setInterval> | undefined;
  #dueMs = 0;
  #epoch = 0;
  #isBusy = false;

  constructor(options: HousekeepingOptions) {
    this.#o = options;
  }

  start(): void {
    this.#timer = setInterval(() => void this.#look(), LOOK_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #look(): Promise<void> {
    const { authority, isReady, clock, log } = this.#o;
    const { mode, epoch } = authority.now();
    const nowMs = clock.monotonicMs();
    if (this.#isBusy || mode !== 'active' || !isReady() || (epoch === this.#epoch && nowMs < this.#dueMs)) return;
    this.#isBusy = true;
    this.#epoch = epoch;
    this.#dueMs = nowMs + EVERY_MS;
    try {
      await this.#makePartitions(epoch);
      await this.#o.store.answers.retain(
        new Date(this.#o.clock.wallMs() - ANSWERS_KEPT_MS),
        MOST_ANSWERS,
        epoch,
        () => void authority.demand('active', epoch),
      );
      const indexes = await this.#o.store.completeIndexes(
        this.#o.indexes ?? null,
        epoch,
        () => void authority.demand('active', epoch),
      );
      if (indexes.length > 0) log.info('messages.indexed', { indexes });
    } catch (error) {
      this.#dueMs = nowMs + RETRY_MS;
      log.warn('housekeeping.failed', { why: explain(error) });
    } finally {
      this.#isBusy = false;
    }
  }

  async #makePartitions(epoch: number): Promise<void> {
    const { authority, store, clock, width } = this.#o;
    const options = { nowMs: clock.wallMs(), aheadDays: AHEAD_DAYS, ...(width === undefined ? {} : { width }) };
    await store.makePartitions(options, () => void authority.demand('active', epoch));
  }
}
