// Made from the API's OpenAPI document: do not edit. YOSUGARA_WRITE_DOCS=1 npx vitest run apps/manager/src/http/api-client.spec.ts writes it.
import {
  InventoryChangesSchema,
  InventoryCollectedSchema,
  InventoryFoundSchema,
  InventoryItemsSchema,
  NodeInventorySchema,
} from '../index.js';
import { apiCall, type Query, segment } from './call.js';

export interface InventoryFindQuery {
  readonly kind?:
    | 'host'
    | 'os'
    | 'boot'
    | 'cpu'
    | 'memory'
    | 'interface'
    | 'filesystem'
    | 'device'
    | 'package'
    | 'port'
    | 'process'
    | undefined;
  readonly name?: string | undefined;
  readonly contains?: string | undefined;
  readonly field?: string | undefined;
  readonly operator?: 'eq' | 'ne' | 'lt' | 'le' | 'gt' | 'ge' | 'contains' | undefined;
  readonly value?: string | undefined;
  readonly at?: string | undefined;
  readonly after?: string | undefined;
  readonly limit?: number | undefined;
}
/** Nodes by what they have, now or at a day: by name, then by node. Needs repository: read. */
export const inventoryFind = (query: Query<InventoryFindQuery> = {}) =>
  apiCall('GET', '/api/v1/inventory', InventoryFoundSchema, { query });

/** When it was collected, how much there is of each kind, and what could not be looked at. Needs repository: read. */
export const nodeInventoryShow = (id: string | number) =>
  apiCall('GET', `/api/v1/nodes/${segment(id)}/inventory`, NodeInventorySchema);

export interface NodeInventoryItemsQuery {
  readonly kind?:
    | 'host'
    | 'os'
    | 'boot'
    | 'cpu'
    | 'memory'
    | 'interface'
    | 'filesystem'
    | 'device'
    | 'package'
    | 'port'
    | 'process'
    | undefined;
  readonly text?: string | undefined;
  readonly at?: string | undefined;
  readonly after?: string | undefined;
  readonly limit?: number | undefined;
}
/** What it has, by kind and name of the thing, now or at a day. Needs repository: read. */
export const nodeInventoryItems = (id: string | number, query: Query<NodeInventoryItemsQuery> = {}) =>
  apiCall('GET', `/api/v1/nodes/${segment(id)}/inventory/items`, InventoryItemsSchema, { query });

export interface NodeInventoryChangesQuery {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly after?: string | undefined;
  readonly limit?: number | undefined;
}
/** What came, went and is other than it was between two times, newest first. Needs repository: read. */
export const nodeInventoryChanges = (id: string | number, query: Query<NodeInventoryChangesQuery> = {}) =>
  apiCall('GET', `/api/v1/nodes/${segment(id)}/inventory/changes`, InventoryChangesSchema, { query });

/** Its agent looks now. What is as it was is not written again. Needs repository: execute. */
export const nodeInventoryCollect = (id: string | number) =>
  apiCall('POST', `/api/v1/nodes/${segment(id)}/inventory/collect`, InventoryCollectedSchema);
