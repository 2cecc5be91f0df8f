import type { Clock, Log } from '@yosugara/kernel';
import { type Measure, watchOf } from '@yosugara/operations';
import type { Agents } from '../agents/agents.js';
import type { ManagerConfig } from '../config.js';
import type { Authority } from '../control/authority.js';
import type { JobsHandle } from '../jobs/jobs-handle.js';
import { queuesView } from '../jobs/queues.js';
import type { OperationsStats } from '../operations/start-operations.js';
import type { Room } from '../self/volumes.js';
import type { LiveSettings } from '../settings/live-settings.js';
import { Capacity } from './capacity.js';
import type { CapacityTables } from './capacity-tables.js';
import { keeperOf } from './deliver.js';
import { type IngestLook, paceOf } from './ingest-pace.js';
import { journalBytes, measuresOfCluster, measuresOfNode } from './measures.js';
import { CapacitySampler } from './sampler.js';

export const CAPACITY_EVERY_MS = 60_000;
const TABLES_EVERY_MS = 600_000;
const MOST_PLACED = 10_000;
const MIB = 1_048_576;

export interface CapacityParts {
  readonly config: ManagerConfig;
  readonly authority: Authority;
  readonly tables: CapacityTables;
  readonly rooms: () => Promise<readonly Room[]>;
  readonly stats: () => OperationsStats | null;
  /** Messages that this process has stored, and that wait; null = it does not ingest. */
  readonly ingest: () => Omit<IngestLook, 'atMs'> | null;
  readonly jobs: JobsHandle | undefined;
  readonly agents: Agents | null;
  readonly snapshot: LiveSettings['snapshot'];
  readonly everyMs?: number | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

export interface RunningCapacity {
  readonly capacity: Capacity;
  stop(): void;
}

/** Begins to keep a history of how full everything is, and tells from it what is full when. */
export function startCapacity(parts: CapacityParts): RunningCapacity {
  const { config, authority, tables, clock, log, everyMs = CAPACITY_EVERY_MS } = parts;
  const given = config.config.selfMonitoring.limits['capacity'];
  const { notice, warning, critical } = given ?? watchOf('capacity')?.limits ?? {};
  const limits = { notice: notice ?? null, warning: warning ?? null, critical: critical ?? null };
  const sampler = new CapacitySampler({
    ...{ everyMs, authority, clock, log },
    measure: measurer(parts),
    keep: keeperOf({ config, authority, tables }),
  });
  sampler.start();
  return {
    capacity: new Capacity({ node: config.node, everyMs, limits, authority, tables, clock }),
    stop: () => sampler.stop(),
  };
}

function measurer(parts: CapacityParts): (isMaster: boolean) => Promise<readonly Measure[]> {
  const { config, tables, rooms, stats, agents, clock } = parts;
  let before: IngestLook | null = null;
  let tablesDueMs = 0;
  return async (isMaster) => {
    const [server, journals, volumes] = await Promise.all([
      orNull(tables.server()),
      orNull(journalBytes(config)),
      orNull(rooms()),
    ]);
    const own = measuresOfNode(config.node, volumes ?? [], journals ?? [], server);
    const ingest = isMaster ? parts.ingest() : null;
    const now = ingest === null ? null : { ...ingest, atMs: clock.monotonicMs() };
    const pace = now === null ? null : paceOf(before, now);
    before = now;
    if (!isMaster) return own;
    const isDue = clock.monotonicMs() >= tablesDueMs;
    const sizes = isDue ? await orNull(tables.tables()) : null;
    if (sizes !== null) tablesDueMs = clock.monotonicMs() + Math.min(TABLES_EVERY_MS, 10 * (parts.everyMs ?? TABLES_EVERY_MS));
    const waitingMb = config.config.backup?.maxWaitingWalMb;
    const cluster = measuresOfCluster({
      ...{ server, tables: sizes, stats: stats(), queues: await orNull(queuesNow(parts)), pace, nowMs: clock.wallMs() },
      agents: agents === null ? null : agents.links.agents().length,
      mostWaitingWalBytes: waitingMb === undefined ? null : waitingMb * MIB,
    });
    return [...own, ...cluster];
  };
}

async function queuesNow({ jobs, snapshot }: CapacityParts) {
  if (jobs === undefined) return null;
  const placed = await jobs.tables.placed(MOST_PLACED);
  return await queuesView(placed, placed.length >= MOST_PLACED, {
    queues: snapshot.all('job-queue'),
    node: (facility) => snapshot.get('node', facility)?.body,
    unit: async (unit, revision) => await jobs.unit(unit, revision),
  });
}

/** What cannot be measured now is missing; the rest is measured all the same. */
const orNull = async <T>(work: Promise<T>): Promise<T | null> => await work.catch(() => null);
