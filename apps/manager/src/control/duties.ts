import { type Clock, explain, type Log } from '@yosugara/kernel';
import type { Authority } from './authority.js';

const LOOK_MS = 1_000;

export interface Duty {
  readonly name: string;
  readonly everyMs: number;
  /** After a failure. */
  readonly retryMs: number;
  /** @param guard throws once this node is not the owner of that epoch any more. */
  readonly run: (epoch: number, guard: () => void) => Promise<void>;
}

export interface DutiesOptions {
  readonly authority: Pick<Authority, 'now' | 'demand'>;
  /** The database is prepared for this epoch. */
  readonly isReady: () => boolean;
  readonly clock: Clock;
  readonly log: Log;
  /** Of the line in the log when one failed. */
  readonly failed: string;
  readonly duties: readonly Duty[];
}

/** What the owner of the database does now and then, and soon after it became so. Only under the lease; one after the other. */
export class OwnersDuties {
  readonly #o: DutiesOptions;
  readonly #dueMs = new Map<Duty, number>();
  #timer: ReturnType<typeof setInterval> | undefined;
  #epoch = 0;
  #isBusy = false;

  constructor(options: DutiesOptions) {
    this.#o = options;
  }

  start(): void {
    this.#timer = setInterval(() => void this.#look(), LOOK_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #look(): Promise<void> {
    const { authority, isReady, clock, duties } = this.#o;
    const { mode, epoch } = authority.now();
    if (this.#isBusy || mode !== 'active' || !isReady()) return;
    this.#isBusy = true;
    if (epoch !== this.#epoch) this.#dueMs.clear();
    this.#epoch = epoch;
    for (const duty of duties) if (clock.monotonicMs() >= (this.#dueMs.get(duty) ?? 0)) await this.#do(duty, epoch);
    this.#isBusy = false;
  }

  async #do(duty: Duty, epoch: number): Promise<void> {
    const { authority, clock, log, failed } = this.#o;
    const nowMs = clock.monotonicMs();
    this.#dueMs.set(duty, nowMs + duty.everyMs);
    try {
      await duty.run(epoch, () => void authority.demand('active', epoch));
    } catch (error) {
      this.#dueMs.set(duty, nowMs + Math.min(duty.everyMs, duty.retryMs));
      log.warn(failed, { duty: duty.name, why: explain(error) });
    }
  }
}
