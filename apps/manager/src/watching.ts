import { type Clock, explain, type Log } from '@yosugara/kernel';
import type { Agents } from './agents/agents.js';
import type { Capacity } from './capacity/capacity.js';
import { startCapacity } from './capacity/start-capacity.js';
import type { ManagerConfig } from './config.js';
import type { Authority } from './control/authority.js';
import type { ControlQuestion } from './control/client.js';
import type { StandbyRetention } from './ingest/standby-retention.js';
import type { JobsHandle } from './jobs/jobs-handle.js';
import type { Lifecycle } from './lifecycle.js';
import type { Operations } from './operations/operations.js';
import { delivererOf, tellAll } from './self/deliver.js';
import { SelfHandle } from './self/self-handle.js';
import { startSelfMonitoring } from './self/self-monitoring.js';
import type { LiveSettings } from './settings/live-settings.js';
import type { ManagerStore } from './store/ports.js';

const STOP_WATCHING_MS = 600;

/** What ingest has stored since this process began. */
export class StoredSoFar {
  rows = 0;
  throughUs: number | null = null;

  take(rows: readonly { readonly receivedAtUs: number }[]): void {
    this.rows += rows.length;
    for (const { receivedAtUs } of rows) this.throughUs = Math.max(this.throughUs ?? 0, receivedAtUs);
  }
}

export interface WatchingParts {
  readonly config: ManagerConfig;
  readonly store: ManagerStore;
  readonly authority: Authority;
  readonly lifecycle: Lifecycle;
  readonly retention: StandbyRetention;
  readonly liveSettings: LiveSettings;
  readonly storedSoFar: StoredSoFar;
  readonly operations: Pick<Operations, 'stored' | 'stats' | 'tell' | 'movedAtMs'> | undefined;
  readonly jobs: JobsHandle | undefined;
  readonly agents: Agents | null;
  readonly ask: (question: ControlQuestion, deadlineMs: number) => Promise<unknown>;
  /** Between two samples of how full everything is. */
  readonly capacityEveryMs: number | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

export interface Watching {
  readonly capacity: Capacity;
  readonly self: SelfHandle;
  /** Its last words may take a while; they are waited for until then. Safe to be awaited behind what serves. */
  stop(): Promise<void>;
}

/** This process and its node as they are watched by themselves: how full everything is, and what is wrong with us. */
export function startWatching(parts: WatchingParts): Watching {
  const { config, store, authority, lifecycle, retention, liveSettings, storedSoFar, operations, ask, clock, log } = parts;
  let rooms: Parameters<typeof startCapacity>[0]['rooms'] = async () => [];
  const filling = startCapacity({
    ...{ config, authority, tables: store.capacity, rooms: async () => await rooms(), snapshot: liveSettings.snapshot },
    ...{ stats: () => operations?.stats() ?? null, jobs: parts.jobs, agents: parts.agents, clock, log },
    ingest: () => {
      const { ingestBehind: behind } = lifecycle.report(false);
      return behind === undefined || behind === null ? null : { stored: storedSoFar.rows, behind };
    },
    everyMs: parts.capacityEveryMs,
  });
  const handle = new SelfHandle(async (results) => await tellAll(operations, results));
  const starting = startSelfMonitoring({
    ...{ config, authority, lifecycle, askController: ask, clock, log },
    activity: async () => await store.activity(),
    databaseBytes: async () => await store.databaseBytes(),
    operations: () => {
      const stats = operations?.stats() ?? null;
      return stats === null ? null : { ...stats, movedAtMs: operations?.movedAtMs() ?? {} };
    },
    snapshot: () => liveSettings.snapshot,
    storedThroughMs: () => (storedSoFar.throughUs === null ? null : storedSoFar.throughUs / 1_000),
    clockOffsetUs: () => lifecycle.clockOffsetUs ?? retention.clockOffsetUs,
    deliver: delivererOf({ config, authority, operations }),
    capacity: filling.capacity,
  });
  // Nobody waits for it: a disk that hangs must not keep the manager from serving.
  const watching = starting.then(
    (self) => {
      handle.follow(self);
      rooms = self.rooms;
      // What loops tell is an event by now; it is written and sent, too.
      operations?.stored.listen(({ results }) => {
        for (const result of results) if (result.trigger === 'internal') self.ways.note(result);
      });
      return self;
    },
    (error: unknown) => void log.error('self.notStarted', { why: explain(error) }),
  );
  return {
    ...{ capacity: filling.capacity, self: handle },
    stop: async () => {
      filling.stop();
      await soon(watching.then(async (self) => await self?.stop()));
    },
  };
}

/** Or what there is of it by then. */
async function soon(work: Promise<void>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  await Promise.race([work, new Promise((resolve) => (timer = setTimeout(resolve, STOP_WATCHING_MS)))]);
  clearTimeout(timer);
}
