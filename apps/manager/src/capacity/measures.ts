import { join } from 'node:path';
import { AGENT_LIMITS } from '@yosugara/connectors';
import { type Measure, watchOf } from '@yosugara/operations';
import { type JobQueues, STATE_LAYOUT } from '@yosugara/protocol';
import type { ServerFacts } from '@yosugara/store';
import type { ManagerConfig } from '../config.js';
import type { OperationsStats } from '../operations/start-operations.js';
import { folderBytes } from '../self/journal-sizes.js';
import type { Room } from '../self/volumes.js';
import type { IngestPace } from './ingest-pace.js';

const MIB = 1_048_576;

/** What of a node can fill up, whatever it is: both nodes measure it. */
export function measuresOfNode(
  node: string,
  rooms: readonly Room[],
  journals: readonly { readonly item: string; readonly bytes: number; readonly limit: number }[],
  server: ServerFacts | null,
): readonly Measure[] {
  const one = (resource: string, item: string, used: number, limit: number | null): Measure => ({
    resource,
    node,
    item,
    used,
    limit,
  });
  return [
    ...rooms.map(({ item, usedBytes, usableBytes }) => one('disk', item, usedBytes, usableBytes)),
    ...rooms.flatMap(({ item, files }) => (files === null ? [] : [one('files', item, files.used, files.most)])),
    ...journals.map(({ item, bytes, limit }) => one('journal', item, bytes, limit)),
    ...(server === null ? [] : [one('connections', '', server.connections, server.mostConnections)]),
    ...(server?.walBytes == null ? [] : [one('wal', '', server.walBytes, null)]),
  ];
}

export interface ClusterFacts {
  readonly server: ServerFacts | null;
  /** null: they were not measured just now. */
  readonly tables: ReadonlyMap<string, number> | null;
  readonly stats: OperationsStats | null;
  readonly queues: JobQueues | null;
  /** null: it takes none. */
  readonly agents: number | null;
  readonly pace: IngestPace | null;
  readonly mostWaitingWalBytes: number | null;
  readonly nowMs: number;
}

/** What of the cluster can fill up: the Master measures it. */
export function measuresOfCluster(facts: ClusterFacts): readonly Measure[] {
  const { server, tables, stats, queues, agents, pace, mostWaitingWalBytes, nowMs } = facts;
  const one = (resource: string, item: string, used: number, limit: number | null = null): Measure => ({
    ...{ resource, node: '', item, used, limit },
  });
  const waited = (queues?.queues ?? []).flatMap(({ waiting }) =>
    waiting.map(({ since }) => (nowMs - Date.parse(since ?? '')) / 1_000),
  );
  return [
    ...(server?.slots ?? []).map(({ slot, heldBytes }) => one('wal-slot', slot, heldBytes, server!.mostHeldBytes)),
    ...(server?.waitingWalBytes == null ? [] : [one('wal-archive', '', server.waitingWalBytes, mostWaitingWalBytes)]),
    ...[...(tables ?? [])].map(([group, bytes]) => one('database', group, bytes)),
    ...(stats?.outbox == null ? [] : [one('outbox', '', stats.outbox.waiting, watchOf('outbox-depth')?.limits.critical ?? null)]),
    ...(queues?.queues ?? []).map(({ queue, running, waiting, capacity, concurrency }) =>
      // Without an end to the queue it is full when somebody has to wait.
      one('job-queue', queue, running.length + waiting.length, capacity ?? concurrency),
    ),
    ...(queues === null ? [] : [one('job-wait', '', Math.max(0, ...waited.filter(Number.isFinite)))]),
    ...(agents === null ? [] : [one('agents', '', agents, AGENT_LIMITS.sockets)]),
    ...(pace === null ? [] : [one('waiting-messages', '', pace.behind), one('ingest-rate', '', pace.perSecond, pace.ceiling)]),
  ];
}

/** Both journals, by the files of their folders. */
export async function journalBytes({ stateDir, config }: ManagerConfig) {
  const limit = config.receiver.maxJournalMb * MIB;
  const folders = [
    ['own', STATE_LAYOUT.journalOwn],
    ['peer', STATE_LAYOUT.journalPeer],
  ] as const;
  return await Promise.all(
    folders.map(async ([item, path]) => ({ item, bytes: await folderBytes(join(stateDir, path)), limit })),
  );
}

/** A folder of backups on this host is a volume, too. */
export function backupFolder({ config }: ManagerConfig): { readonly name: string; readonly path: string } | null {
  const repository = config.backup?.repository;
  return repository?.type === 'directory' ? { name: 'backup', path: repository.path } : null;
}
