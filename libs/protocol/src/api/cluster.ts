// Made from the API's OpenAPI document: do not edit. YOSUGARA_WRITE_DOCS=1 npx vitest run apps/manager/src/http/api-client.spec.ts writes it.
import { ClusterLagSchema, CommandAnswerSchema, StatusSchema, TakeOversSchema } from '../index.js';
import { apiCall, type Query } from './call.js';

/** Needs cluster: read. */
export const clusterStatus = () => apiCall('GET', '/api/v1/cluster', StatusSchema);

/** Bring the node that is out back as Standby. Answers when the request is committed; progress is in the status. Needs cluster: execute. */
export const clusterRecover = (body: {
  readonly node?: string | undefined;
  readonly dryRun?: boolean | undefined;
  readonly discardUnknown?: boolean | undefined;
}) => apiCall('POST', '/api/v1/cluster/recover', CommandAnswerSchema, { body, isCommand: true });

/** Needs cluster: execute. */
export const clusterSwitchover = (body: { readonly to?: string | undefined }) =>
  apiCall('POST', '/api/v1/cluster/switchover', CommandAnswerSchema, { body, isCommand: true });

/** Takes a node out on purpose, so that nobody is alarmed and nothing is started there, for a time that ends by itself; 0 minutes: it is back. Needs cluster: execute. */
export const clusterMaintenance = (body: {
  readonly node: string;
  readonly minutes: number;
  readonly why?: string | undefined;
}) => apiCall('POST', '/api/v1/cluster/maintenance', CommandAnswerSchema, { body, isCommand: true });

/** No automatic take-over for so long; 0 minutes: they go on. A Master that loses its lease stops all the same. Needs cluster: execute. */
export const clusterPause = (body: { readonly minutes: number; readonly why?: string | undefined }) =>
  apiCall('POST', '/api/v1/cluster/pause', CommandAnswerSchema, { body, isCommand: true });

/** Has the power of a node cut, and read back. The Master hands over first when it is meant itself. Answers when the order is committed; what became of it is `lastFence` of the status. / Needs cluster: execute. */
export const clusterFence = (body: { readonly node: string; readonly why: string }) =>
  apiCall('POST', '/api/v1/cluster/fence', CommandAnswerSchema, { body, isCommand: true });

export interface TakeOversListQuery {
  readonly after?: number | undefined;
  readonly limit?: number | undefined;
}
/** Newest first, each with the recover that brought the old Master back. Needs cluster: read. */
export const takeOversList = (query: Query<TakeOversListQuery> = {}) =>
  apiCall('GET', '/api/v1/cluster/take-overs', TakeOversSchema, { query });

export interface TakeOversLagQuery {
  readonly hours?: number | undefined;
}
/** The most of each step, of each node. Needs cluster: read. */
export const takeOversLag = (query: Query<TakeOversLagQuery> = {}) =>
  apiCall('GET', '/api/v1/cluster/lag', ClusterLagSchema, { query });
