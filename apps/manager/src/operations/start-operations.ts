import { type Clock, epoch as epochOf, explain, type Log } from '@yosugara/kernel';
import type { Result } from '@yosugara/operations';
import {
  type AskedLook,
  type JobStats,
  MonitorLoop,
  type MonitorStats,
  type OperationsBatch,
  type OperationsStore,
  type OutboxDepth,
  OutboxLoop,
  type OutboxOptions,
  type Probe,
  type SettingsRules,
  type Settlement,
  type StaleEpochError,
} from '@yosugara/runtime';
import type { Permission } from '../control/authority.js';
import { type RunJobsOptions, type RunningJobs, runJobs } from '../jobs/run-jobs.js';
import type { RunningIngest, StartIngest } from '../lifecycle.js';
import { SettledTests } from './settled-tests.js';

export interface OperationsParts {
  readonly store: OperationsStore;
  readonly rules: SettingsRules;
  /** What is committed of the settings is in the rules when this resolves. */
  readonly ready: () => Promise<void>;
  /** Made for one epoch, and closed at its end. */
  readonly probes: () => readonly Probe[];
  readonly outbox: Pick<OutboxOptions, 'store' | 'notifier' | 'escalations'>;
  readonly onStored: (batch: OperationsBatch) => void;
  /** Missing: no jobs run. */
  readonly jobs?: (probes: readonly Probe[]) => Pick<RunJobsOptions, 'store' | 'handle' | 'agents' | 'rules' | 'errands'>;
  readonly onJobs?: (jobs: RunningJobs | null) => void;
  readonly clock: Clock;
  readonly log: Log;
}

export interface OperationsStats {
  readonly monitors: MonitorStats;
  readonly outbox: OutboxDepth | null;
  /** Missing where no jobs run. */
  readonly jobs?: JobStats;
}

export interface RunningOperations extends Pick<RunningIngest, 'failure' | 'stop'> {
  stats(): OperationsStats;
  /** When each loop last went around, by the monotonic clock; null = not yet. */
  movedAtMs(): Readonly<Record<string, number | null>>;
  /** A result of ourselves. Resolves when it is stored. @throws when it cannot be now. */
  tell(result: Result): Promise<void>;
  /** See MonitorLoop.look. */
  look(monitor: string, facility: string): AskedLook | null;
  /** Has a test told. @param entry of the outbox, whose next word is waited for; null = none: it is over when it is stored. */
  test(result: Result, entry: string | null, over: AbortSignal): Promise<Settlement | 'stored' | null>;
  /** Rows of the outbox were just stored. */
  poke(): void;
}

/** The loops of one epoch that look, judge and tell. */
export function startOperations(
  { store, rules, ready, probes: make, outbox, onStored, jobs: jobParts, onJobs = () => undefined, clock, log }: OperationsParts,
  epoch: number,
  permitted: () => Permission,
): RunningOperations {
  let failure: unknown = null;
  const onStale = (error: StaleEpochError) => {
    log.error('operations.stale', { why: explain(error) });
    failure = error;
  };
  const permit = () => permitOf(permitted, epoch);
  const probes = make();
  const monitors = new MonitorLoop({
    ...{ store, ready, probes, permit, clock, log, onStale },
    rules: () => rules,
    onStored: (batch) => stored(batch),
  });
  const tests = new SettledTests();
  const sending = new OutboxLoop({
    ...outbox,
    onSettled: (_, settlement) => tests.settled(settlement),
    ...{ permit, clock, log, onStale, onGivenUp: async (result) => await monitors.tell(result) },
  });
  const stored = (batch: OperationsBatch) => {
    if (batch.outbox.length > 0) sending.poke();
    onStored(batch);
  };
  const jobs =
    jobParts === undefined ? null : runJobs({ ...jobParts(probes), epoch, permit, ready, clock, log, onStale, onStored: stored });
  onJobs(jobs);
  monitors.start();
  sending.start();
  let stopping: Promise<void> | null = null;
  const stop = async () => {
    onJobs(null);
    await Promise.all([monitors.stop(), sending.stop(), jobs?.stop()]);
    await Promise.allSettled(probes.map(async (probe) => await probe.close()));
  };
  return {
    failure: () => failure,
    stop: async () => await (stopping ??= stop()),
    stats: () => ({
      ...{ monitors: monitors.stats(), outbox: sending.depth },
      ...(jobs === null ? {} : { jobs: jobs.control.stats() }),
    }),
    movedAtMs: () => ({
      ...{ monitors: monitors.movedAtMs, outbox: sending.movedAtMs },
      ...(jobs === null ? {} : { jobs: jobs.movedAtMs() }),
    }),
    tell: async (result) => await monitors.tell(result),
    look: (monitor, facility) => monitors.look(monitor, facility),
    test: async (result, entry, over) => {
      const settled = entry === null ? null : tests.next(entry, over);
      await monitors.tell(result);
      return settled === null ? 'stored' : await settled;
    },
    poke: () => sending.poke(),
  };
}

/** Both begin and end together: one of them that fails ends the other, and both begin again. */
export function withOperations(
  startIngest: StartIngest,
  start: (epoch: number, permitted: () => Permission) => RunningOperations,
  onRunning: (running: RunningOperations | null) => void,
): StartIngest {
  return async (options) => {
    const ingest = await startIngest(options);
    const operations = await Promise.resolve()
      .then(() => start(options.epoch, options.permitted))
      .catch(async (error: unknown) => {
        await ingest.stop();
        throw error;
      });
    onRunning(operations);
    return {
      behind: () => ingest.behind(),
      movedAtMs: () => ingest.movedAtMs?.() ?? null,
      clockOffsetUs: () => ingest.clockOffsetUs?.() ?? null,
      failure: () => ingest.failure() ?? operations.failure(),
      stop: async () => {
        onRunning(null);
        await Promise.all([ingest.stop(), operations.stop()]);
      },
    };
  };
}

/** null = not now. */
function permitOf(permitted: () => Permission, epoch: number) {
  try {
    return { epoch: epochOf(epoch), leaseUntilMs: permitted().leaseUntilMs };
  } catch {
    return null;
  }
}
