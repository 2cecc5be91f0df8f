// Made from the API's OpenAPI document: do not edit. YOSUGARA_WRITE_DOCS=1 npx vitest run apps/manager/src/http/api-client.spec.ts writes it.
import { SelfViewSchema } from '../index.js';
import { apiCall } from './call.js';

/** Every value that is watched on this node, the worst first. Needs cluster: read. */
export const selfShow = () => apiCall('GET', '/api/v1/self', SelfViewSchema);
