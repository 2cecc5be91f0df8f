import { type Clock, explain, type Log } from '@yosugara/kernel';
import type { OptionalIndexes } from '@yosugara/store';
import type { Authority } from '../control/authority.js';
import { COUNTS_KEPT_MS, type KeepPartitions, type ManagerStore, MINUTES_KEPT_MS } from './ports.js';

const LOOK_MS = 1_000;
const EVERY_MS = 3_600_000;
const RETRY_MS = 60_000;
/** Today and the two days to come: a day must exist before its first message, and a night's standstill is no reason to make it late. */
const AHEAD_DAYS = 3;
const KEEP_DAYS = 90;
const MOST_DROPS = 5;
/** Answers of commands: who asks again after a take-over does so within minutes. */
const ANSWERS_KEPT_MS = 86_400_000;
const MOST_ANSWERS = 100_000;

export interface HousekeepingOptions {
  readonly authority: Pick<Authority, 'now' | 'demand'>;
  readonly store: Pick<ManagerStore, 'keepPartitions' | 'completeIndexes' | 'retainCounts' | 'answers'>;
  /** The database is prepared for this epoch. */
  readonly isReady: () => boolean;
  readonly clock: Clock;
  readonly log: Log;
  /** Messages are kept so long; default 90 days. */
  readonly keepDays?: number;
  readonly width?: NonNullable<KeepPartitions['width']>;
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
      const dropped = await this.#keepPartitions(epoch);
      if (dropped.length > 0) log.info('messages.dropped', { days: dropped, keepDays: this.#o.keepDays ?? KEEP_DAYS });
      const nowWallMs = this.#o.clock.wallMs();
      await this.#o.store.retainCounts(
        { hoursBeforeMs: nowWallMs - COUNTS_KEPT_MS, minutesBeforeMs: nowWallMs - MINUTES_KEPT_MS },
        epoch,
        () => void authority.demand('active', epoch),
      );
      await this.#o.store.answers.retain(
        new Date(nowWallMs - ANSWERS_KEPT_MS),
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

  async #keepPartitions(epoch: number): Promise<readonly string[]> {
    const { authority, store, clock, keepDays = KEEP_DAYS, width } = this.#o;
    const options = {
      ...{ nowMs: clock.wallMs(), aheadDays: AHEAD_DAYS, keepDays, most: MOST_DROPS },
      ...(width === undefined ? {} : { width }),
    };
    return await store.keepPartitions(options, epoch, () => void authority.demand('active', epoch));
  }
}
