import type { LastFence, RecoverReport, TakeOverSeen } from '@yosugara/protocol';
import {
  AuditRepository,
  type Connections,
  type HistoryEntry,
  type LagMinute,
  type StoredTakeOver,
  TakeOverRepository,
} from '@yosugara/store';
import type { CommitGuard } from '../store/ports.js';

/** Whoever does what nobody asked for, as in the rest of the audit log. */
const PROGRAM = 'yosugara';

/** How Masters changed and nodes came back, as both nodes show it. Failures are those of `Connections`. */
export interface TakeOverTables {
  add(entries: readonly HistoryEntry[], epoch: number, guard: CommitGuard): Promise<void>;
  see(of: number, seen: TakeOverSeen, epoch: number, guard: CommitGuard): Promise<void>;
  addRecover(report: RecoverReport, epoch: number, guard: CommitGuard): Promise<void>;
  /** What became of an order to cut power goes into the audit log, once. */
  addFence(fence: LastFence, node: string, epoch: number, guard: CommitGuard): Promise<void>;
  addLag(minutes: readonly LagMinute[], epoch: number, guard: CommitGuard): Promise<void>;
  list(after: number | null, limit: number): Promise<readonly StoredTakeOver[]>;
  recovers(since: Date, limit: number): Promise<readonly RecoverReport[]>;
  lag(from: Date, to: Date, stepMs: number): Promise<readonly LagMinute[]>;
}

export function takeOverTables(connections: Connections): TakeOverTables {
  const read = async <T>(work: (of: TakeOverRepository) => Promise<T>): Promise<T> =>
    await connections.read(async (db) => await work(new TakeOverRepository(db)));
  const write = async (epoch: number, guard: CommitGuard, work: (of: TakeOverRepository) => Promise<void>): Promise<void> =>
    await connections.write(epoch, async (db) => await work(new TakeOverRepository(db)), guard);
  return {
    add: async (entries, epoch, guard) => await write(epoch, guard, async (of) => await of.add(entries)),
    see: async (of, seen, epoch, guard) => await write(epoch, guard, async (tables) => await tables.see(of, seen)),
    addRecover: async (report, epoch, guard) => await write(epoch, guard, async (of) => await of.addRecover(report)),
    addFence: async ({ requestId, ordered, at, ...detail }, node, epoch, guard) => {
      const entry = {
        ...{ actor: ordered?.by ?? PROGRAM, action: 'cluster.fenced', target: `fence/${requestId}`, epoch, node },
        detail: { ...detail, why: ordered?.why ?? '', orderedAt: at },
      };
      await connections.write(epoch, async (db) => await new AuditRepository(db).noteOnce(entry), guard);
    },
    addLag: async (minutes, epoch, guard) => await write(epoch, guard, async (of) => await of.addLag(minutes)),
    list: async (after, limit) => await read(async (of) => await of.list(after, limit)),
    recovers: async (since, limit) => await read(async (of) => await of.recovers(since, limit)),
    lag: async (from, to, stepMs) => await read(async (of) => await of.lag(from, to, stepMs)),
  };
}
