// Made from the API's OpenAPI document: do not edit. YOSUGARA_WRITE_DOCS=1 npx vitest run apps/manager/src/http/api-client.spec.ts writes it.
import { CapacitySchema, SelfViewSchema } from '../index.js';
import { apiCall } from './call.js';

/** Every value that is watched on this node, the worst first. Needs cluster: read. */
export const selfShow = () => apiCall('GET', '/api/v1/self', SelfViewSchema);

/** What fills up when, if all goes on as it did, and what to change; the most urgent first. Needs cluster: read. */
export const capacityShow = () => apiCall('GET', '/api/v1/capacity', CapacitySchema);
