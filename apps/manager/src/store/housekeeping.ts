import type { OptionalIndexes } from '@yosugara/store';
import { type DutiesOptions, OwnersDuties } from '../control/duties.js';
import type { MakePartitions, ManagerStore } from './ports.js';

const EVERY_MS = 3_600_000;
const RETRY_MS = 60_000;
/** Today and the two days to come: a day must exist before its first message, and a night's standstill is no reason to make it late. */
const AHEAD_DAYS = 3;
/** Answers of commands: who asks again after a take-over does so within minutes. */
const ANSWERS_KEPT_MS = 86_400_000;
const MOST_ANSWERS = 100_000;

export interface HousekeepingOptions extends Omit<DutiesOptions, 'failed' | 'duties'> {
  readonly store: Pick<ManagerStore, 'makePartitions' | 'completeIndexes' | 'answers'>;
  readonly width?: NonNullable<MakePartitions['width']>;
  /** Missing = those there are stay. */
  readonly indexes?: OptionalIndexes;
}

/** Of messages: their days, their indexes; and the answers of commands. */
export function housekeeping({ store, width, indexes, ...owner }: HousekeepingOptions): OwnersDuties {
  const { clock, log } = owner;
  const run = async (epoch: number, guard: () => void) => {
    const partitions = { nowMs: clock.wallMs(), aheadDays: AHEAD_DAYS, ...(width === undefined ? {} : { width }) };
    await store.makePartitions(partitions, guard);
    await store.answers.retain(new Date(clock.wallMs() - ANSWERS_KEPT_MS), MOST_ANSWERS, epoch, guard);
    const made = await store.completeIndexes(indexes ?? null, epoch, guard);
    if (made.length > 0) log.info('messages.indexed', { indexes: made });
  };
  const duties = [{ name: 'messages', everyMs: EVERY_MS, retryMs: RETRY_MS, run }];
  return new OwnersDuties({ ...owner, failed: 'housekeeping.failed', duties });
}
