// Made from the API's OpenAPI document: do not edit. YOSUGARA_WRITE_DOCS=1 npx vitest run apps/manager/src/http/api-client.spec.ts writes it.
import { ClusterLagSchema, CommandAnswerSchema, StatusSchema, TakeOversSchema } from '../index.js';
import { apiCall } from './call.js';

/** Needs cluster: read. */
export const clusterStatus = () => apiCall('GET', '/api/cluster', StatusSchema);

/** Bring the node that is out back as Standby. Answers when the request is committed; progress is in the status. Needs cluster: execute. */
export const clusterRecover = (body: {
  readonly node?: string | undefined;
  readonly dryRun?: boolean | undefined;
  readonly discardUnknown?: boolean | undefined;
}) => apiCall('POST', '/api/cluster/recover', CommandAnswerSchema, { body, isCommand: true });

/** Needs cluster: execute. */
export const clusterSwitchover = (body: { readonly to?: string | undefined }) =>
  apiCall('POST', '/api/cluster/switchover', CommandAnswerSchema, { body, isCommand: true });

/** Newest first, each with the recover that brought the old Master back. Needs cluster: read. */
export const takeOversList = () => apiCall('GET', '/api/v1/cluster/take-overs', TakeOversSchema);

/** The most of each step, of each node. Needs cluster: read. */
export const takeOversLag = () => apiCall('GET', '/api/v1/cluster/lag', ClusterLagSchema);
