import type {
  InventoryChanges,
  InventoryCollected,
  InventoryFound,
  InventoryItems,
  InventoryKind,
  NodeInventory,
} from '@yosugara/protocol';
import {
  type InventoryFindQuery,
  inventoryFind,
  nodeInventoryChanges,
  nodeInventoryCollect,
  nodeInventoryItems,
  nodeInventoryShow,
} from '@yosugara/protocol/api';
import { send } from './client.js';

const READ_MS = 20_000;
/** An agent has a minute to look. */
const COLLECT_MS = 75_000;
const PAGE = 100;

/** What nodes consist of. */
export const inventoryApi = {
  show: async (node: string, signal?: AbortSignal): Promise<NodeInventory> =>
    await send(nodeInventoryShow(node), { signal, deadlineMs: READ_MS }),
  items: async (
    node: string,
    query: { readonly kind: InventoryKind; readonly text?: string | undefined; readonly at?: string | undefined },
    after: string | null,
    signal?: AbortSignal,
  ): Promise<InventoryItems> =>
    await send(nodeInventoryItems(node, { ...query, limit: PAGE, after: after ?? undefined }), { signal, deadlineMs: READ_MS }),
  changes: async (node: string, after: string | null, signal?: AbortSignal): Promise<InventoryChanges> =>
    await send(nodeInventoryChanges(node, { limit: PAGE, after: after ?? undefined }), { signal, deadlineMs: READ_MS }),
  collect: async (node: string): Promise<InventoryCollected> =>
    await send(nodeInventoryCollect(node), { deadlineMs: COLLECT_MS }),
  find: async (query: InventoryFindQuery, after: string | null, signal?: AbortSignal): Promise<InventoryFound> =>
    await send(inventoryFind({ ...query, limit: PAGE, after: after ?? undefined }), { signal, deadlineMs: READ_MS }),
} as const;
