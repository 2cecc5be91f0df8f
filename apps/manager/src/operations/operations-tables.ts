import { lineTotalsKey } from '@yosugara/operations';
import type { SeriesPoint, SeriesRow } from '@yosugara/protocol';
import type { Keep } from '@yosugara/runtime';
import {
  CollectedRepository,
  CollectedSums,
  type Connections,
  changeEvents,
  claim,
  type EventAlteration,
  EventRepository,
  expireStatuses,
  keepAnswer,
  memoryOf,
  type OverviewQuery,
  OverviewRepository,
  type OverviewRows,
  Partitions,
  type SeriesQuery,
  StatusRepository,
  type ValuesQuery,
} from '@yosugara/store';
import { noteAudit } from '../store/audit.js';
import { orUnavailable } from '../store/or-unavailable.js';
import type { AuditEntry, CommitGuard } from '../store/ports.js';

type Changed = Awaited<ReturnType<typeof changeEvents>>;

/** What monitors brought about, as it is read, and as people change it. Every call has a deadline; failures are those of `Connections`. */
export interface OperationsTables {
  readonly events: Pick<EventRepository, 'search' | 'find' | 'newest' | 'counts' | 'news'>;
  /** With the entry of the audit trail, and the answer that is kept, in the same transaction. @throws AnswerKeptError */
  changeEvents(
    alteration: EventAlteration,
    how: {
      readonly entry: (changed: Changed) => AuditEntry;
      readonly keep: Keep<Changed>;
      readonly guard: CommitGuard;
    },
    epoch: number,
  ): Promise<Changed>;
  readonly statuses: Pick<StatusRepository, 'list'>;
  overview(query: OverviewQuery): Promise<OverviewRows>;
  /** Resolves to how many went or became another priority: as many as `limit` means there may be more. */
  expireStatuses(nowMs: number, limit: number, epoch: number, guard: CommitGuard): Promise<number>;
  series(query: SeriesQuery): Promise<{ readonly series: readonly SeriesRow[]; readonly more: boolean }>;
  values(query: ValuesQuery): Promise<ReadonlyMap<number, readonly SeriesPoint[]>>;
  /** What a log-count monitor has counted at a node, as it is committed; null = nothing. */
  linesCounted(of: Parameters<typeof lineTotalsKey>[0]): Promise<unknown>;
  /** Makes partitions of values ahead. */
  makePartitions(nowMs: number, guard: CommitGuard): Promise<void>;
  /** Sums up hours that are over. */
  sumUp(nowMs: number, valuesFromMs: number, epoch: number, guard: CommitGuard): Promise<number>;
}

const AHEAD_DAYS = 3;

export function operationsTables(connections: Connections): OperationsTables {
  const events = new EventRepository(connections.readers);
  const statuses = new StatusRepository(connections.readers);
  const overview = new OverviewRepository(connections.readers);
  const collected = new CollectedRepository(connections.readers);
  const values = new Partitions(connections.ingest, 'collected');
  const hours = new Partitions(connections.ingest, 'collected_hour');
  const sums = new CollectedSums(connections.ingest, hours);
  const fenceOf = (epoch: number, guard: CommitGuard) => async (client: Parameters<typeof claim>[0]) => {
    await claim(client, epoch);
    guard();
  };
  return {
    events: {
      search: async (query) => await orUnavailable(events.search(query)),
      find: async (number, ownerRoles) => await orUnavailable(events.find(number, ownerRoles)),
      newest: async () => await orUnavailable(events.newest()),
      counts: async (ownerRoles) => await orUnavailable(events.counts(ownerRoles)),
      news: async (number, history, limit) => await orUnavailable(events.news(number, history, limit)),
    },
    changeEvents: async (alteration, { entry, keep, guard }, epoch) =>
      await connections.write(
        epoch,
        async (db) => {
          const changed = await changeEvents(db, alteration);
          if (changed.changed.length > 0) await noteAudit(db, entry(changed));
          const kept = keep(changed);
          if (kept !== null) await keepAnswer(db, kept);
          return changed;
        },
        guard,
      ),
    statuses: { list: async (query) => await orUnavailable(statuses.list(query)) },
    overview: async (query) => await orUnavailable(overview.look(query)),
    expireStatuses: async (nowMs, limit, epoch, guard) => {
      const { gone, changed } = await connections.write(epoch, async (db) => await expireStatuses(db, nowMs, limit), guard);
      return gone + changed;
    },
    series: async (query) => await orUnavailable(collected.series(query)),
    values: async (query) => await orUnavailable(collected.values(query)),
    linesCounted: async (of) => await orUnavailable(memoryOf(connections.readers, lineTotalsKey(of))),
    sumUp: async (nowMs, valuesFromMs, epoch, guard) => await sums.keepUp(nowMs, valuesFromMs, fenceOf(epoch, guard)),
    makePartitions: async (nowMs, guard) => {
      guard();
      try {
        await values.createAhead(AHEAD_DAYS, nowMs, { width: 'day', hourlyFromBytes: 0 });
      } catch (error) {
        values.forget();
        throw error;
      }
    },
  };
}
