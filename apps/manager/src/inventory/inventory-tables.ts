import { inventoryChange } from '@yosugara/operations';
import type { Inventory, InventoryCollected } from '@yosugara/protocol';
import { type Connections, InventoryRepository } from '@yosugara/store';
import type { CommitGuard } from '../store/ports.js';

type Reads = 'nodes' | 'counts' | 'items' | 'changes' | 'find';
/** In which epoch it is written, and who is asked last. */
export interface InventoryWrite {
  readonly epoch: number;
  readonly guard: CommitGuard;
}

/** What hosts consist of. Failures are those of `Connections`. */
export interface InventoryTables extends Pick<InventoryRepository, Reads> {
  /** What is other than before, in one transaction: the same once more changes nothing. */
  collected(node: string, inventory: Inventory, at: Date, write: InventoryWrite): Promise<InventoryCollected>;
  failed(node: string, at: Date, why: string, write: InventoryWrite): Promise<void>;
}

/** Of a host with as much as there may be. */
const WRITE_DEADLINE_MS = 20_000;

export function inventoryTables(connections: Connections): InventoryTables {
  const read = async <T>(work: (of: InventoryRepository) => Promise<T>): Promise<T> =>
    await connections.read(async (db) => await work(new InventoryRepository(db)));
  return {
    nodes: async (node = null) => await read(async (of) => await of.nodes(node)),
    counts: async (node) => await read(async (of) => await of.counts(node)),
    items: async (wanted) => await read(async (of) => await of.items(wanted)),
    changes: async (node, how) => await read(async (of) => await of.changes(node, how)),
    find: async (wanted) => await read(async (of) => await of.find(wanted)),
    collected: async (node, inventory, at, { epoch, guard }) =>
      await connections.write(
        epoch,
        async (db) => {
          const of = new InventoryRepository(db);
          const { added, removed, changed, ...change } = inventoryChange(await of.current(node, at), inventory);
          const { cut, troubles, items } = inventory;
          const collectedAt = await of.collected(node, at, { ...change, cut, troubles });
          return { collectedAt: collectedAt.toISOString(), items: items.length, added, removed, changed };
        },
        guard,
        WRITE_DEADLINE_MS,
      ),
    failed: async (node, at, why, { epoch, guard }) =>
      await connections.write(epoch, async (db) => await new InventoryRepository(db).failed(node, at, why), guard),
  };
}
