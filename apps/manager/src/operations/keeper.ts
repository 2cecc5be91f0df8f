import { type Clock, explain, type Log } from '@yosugara/kernel';
import type { Authority } from '../control/authority.js';
import type { ManagerStore } from '../store/ports.js';

const LOOK_MS = 1_000;
const EXPIRE_EVERY_MS = 5_000;
const SUM_EVERY_MS = 60_000;
const PARTITIONS_EVERY_MS = 3_600_000;
const RETRY_MS = 30_000;
const EXPIRED_AT_ONCE = 5_000;
const DAY_MS = 86_400_000;

export interface KeeperOptions {
  readonly authority: Pick<Authority, 'now' | 'demand'>;
  readonly tables: Pick<ManagerStore['operations'], 'expireStatuses' | 'sumUp' | 'makePartitions'>;
  /** Values are kept so long. */
  readonly valueDays: () => number;
  /** The database is prepared for this epoch. */
  readonly isReady: () => boolean;
  readonly clock: Clock;
  readonly log: Log;
}

interface Duty {
  readonly name: string;
  readonly everyMs: number;
  readonly run: (epoch: number) => Promise<void>;
  dueMs: number;
}

/** What the owner of the database does now and then for events, statuses and values. Only under the lease; one after the other. */
export class Keeper {
  readonly #o: KeeperOptions;
  readonly #duties: readonly Duty[];
  #timer: ReturnType<typeof setInterval> | undefined;
  #epoch = 0;
  #isBusy = false;

  constructor(options: KeeperOptions) {
    this.#o = options;
    const duty = (name: string, everyMs: number, run: Duty['run']): Duty => ({ name, everyMs, run, dueMs: 0 });
    this.#duties = [
      duty('statuses', EXPIRE_EVERY_MS, async (epoch) => await this.#expire(epoch)),
      duty('sums', SUM_EVERY_MS, async (epoch) => await this.#sumUp(epoch)),
      duty('partitions', PARTITIONS_EVERY_MS, async (epoch) => {
        await this.#o.tables.makePartitions(this.#o.clock.wallMs(), this.#guard(epoch));
      }),
    ];
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
    if (this.#isBusy || mode !== 'active' || !isReady()) return;
    this.#isBusy = true;
    const isNew = epoch !== this.#epoch;
    this.#epoch = epoch;
    for (const duty of this.#duties) {
      const nowMs = clock.monotonicMs();
      if (!isNew && nowMs < duty.dueMs) continue;
      duty.dueMs = nowMs + duty.everyMs;
      try {
        await duty.run(epoch);
      } catch (error) {
        duty.dueMs = nowMs + Math.min(duty.everyMs, RETRY_MS);
        log.warn('operations.notKept', { duty: duty.name, why: explain(error) });
      }
    }
    this.#isBusy = false;
  }

  readonly #guard = (epoch: number) => () => void this.#o.authority.demand('active', epoch);

  async #expire(epoch: number): Promise<void> {
    const { tables, clock } = this.#o;
    while ((await tables.expireStatuses(clock.wallMs(), EXPIRED_AT_ONCE, epoch, this.#guard(epoch))) >= EXPIRED_AT_ONCE);
  }

  async #sumUp(epoch: number): Promise<void> {
    const { tables, clock } = this.#o;
    const nowMs = clock.wallMs();
    await tables.sumUp(nowMs, nowMs - this.#o.valueDays() * DAY_MS, epoch, this.#guard(epoch));
  }
}
