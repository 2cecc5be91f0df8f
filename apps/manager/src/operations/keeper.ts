import { type DutiesOptions, type Duty, OwnersDuties } from '../control/duties.js';
import type { ManagerStore } from '../store/ports.js';

const EXPIRE_EVERY_MS = 5_000;
const SUM_EVERY_MS = 60_000;
const PARTITIONS_EVERY_MS = 3_600_000;
const RETRY_MS = 30_000;
const EXPIRED_AT_ONCE = 5_000;
const DAY_MS = 86_400_000;

export interface KeeperOptions extends Omit<DutiesOptions, 'failed' | 'duties'> {
  readonly tables: Pick<ManagerStore['operations'], 'expireStatuses' | 'sumUp' | 'makePartitions'>;
  /** Values are kept so long. */
  readonly valueDays: () => number;
}

/** Of events, statuses and values. */
export function operationsKeeper({ tables, valueDays, ...owner }: KeeperOptions): OwnersDuties {
  const { clock } = owner;
  const duty = (name: string, everyMs: number, run: Duty['run']): Duty => ({ name, everyMs, retryMs: RETRY_MS, run });
  return new OwnersDuties({
    ...{ ...owner, failed: 'operations.notKept' },
    duties: [
      duty('statuses', EXPIRE_EVERY_MS, async (epoch, guard) => {
        while ((await tables.expireStatuses(clock.wallMs(), EXPIRED_AT_ONCE, epoch, guard)) >= EXPIRED_AT_ONCE);
      }),
      duty('sums', SUM_EVERY_MS, async (epoch, guard) => {
        const nowMs = clock.wallMs();
        await tables.sumUp(nowMs, nowMs - valueDays() * DAY_MS, epoch, guard);
      }),
      duty('partitions', PARTITIONS_EVERY_MS, async (_, guard) => void (await tables.makePartitions(clock.wallMs(), guard))),
    ],
  });
}
