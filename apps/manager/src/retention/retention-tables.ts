import type { CleanUpRun, Retained } from '@yosugara/protocol';
import {
  type CleanUp,
  type CleanUpStart,
  type Connections,
  claim,
  cleanUp,
  type Kept,
  keptOf,
  Partitions,
  type Preview,
  previewOf,
  RetentionRepository,
} from '@yosugara/store';
import { noteAudit } from '../store/audit.js';
import { orUnavailable } from '../store/or-unavailable.js';
import type { AuditEntry, CommitGuard } from '../store/ports.js';

/** What is kept, what goes, and what went. Failures are those of `Connections`. */
export interface RetentionTables {
  kept(): Promise<readonly Kept[]>;
  /** null: nothing tells beforehand. */
  preview(kind: Retained, beforeMs: number): Promise<Preview | null>;
  looks(): Promise<ReadonlyMap<string, Date>>;
  last(): Promise<ReadonlyMap<string, CleanUpRun>>;
  runs(kind: Retained | null, after: number | null, limit: number): Promise<readonly CleanUpRun[]>;
  looked(kind: Retained, atMs: number, epoch: number, guard: CommitGuard): Promise<void>;
  /** @param entry of the audit trail, in the same transaction. */
  begin(start: CleanUpStart, guard: CommitGuard, entry?: AuditEntry): Promise<number>;
  end(number: number, how: Parameters<RetentionRepository['end']>[1], epoch: number, guard: CommitGuard): Promise<void>;
  /** @param onPart hears of each transaction when it is over; the next one waits for it. */
  cleanUp(
    what: CleanUp,
    epoch: number,
    guard: CommitGuard,
    onPart: (rows: number) => Promise<void>,
  ): Promise<{ readonly rows: number; readonly parts: readonly string[] }>;
}

/** @param messages those that are made ahead: what is dropped is forgotten there, too. */
export function retentionTables(connections: Connections, messages: Partitions): RetentionTables {
  const { ingest, readers } = connections;
  const read = async <T>(work: (of: RetentionRepository) => Promise<T>): Promise<T> =>
    await connections.read(async (db) => await work(new RetentionRepository(db)));
  return {
    kept: async () => await orUnavailable(keptOf(readers)),
    preview: async (kind, beforeMs) => await orUnavailable(previewOf(readers, kind, beforeMs)),
    looks: async () => await read(async (of) => await of.looks()),
    last: async () => await read(async (of) => await of.last()),
    runs: async (kind, after, limit) => await read(async (of) => await of.runs(kind, after, limit)),
    looked: async (kind, atMs, epoch, guard) =>
      await connections.write(epoch, async (db) => await new RetentionRepository(db).looked(kind, atMs), guard),
    begin: async (start, guard, entry) =>
      await connections.write(
        start.epoch,
        async (db) => {
          if (entry !== undefined) await noteAudit(db, entry);
          return await new RetentionRepository(db).begin(start);
        },
        guard,
      ),
    end: async (number, how, epoch, guard) =>
      await connections.write(epoch, async (db) => await new RetentionRepository(db).end(number, how), guard),
    cleanUp: async (what, epoch, guard, onPart) => {
      const fence = async (client: Parameters<typeof claim>[0]) => {
        await claim(client, epoch);
        guard();
      };
      guard();
      const partitionsOf = (table: Partitions['table']) => (table === 'message' ? messages : new Partitions(ingest, table));
      return await cleanUp(ingest, partitionsOf, what, { fence, onPart });
    },
  };
}
