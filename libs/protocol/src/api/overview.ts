// Made from the API's OpenAPI document: do not edit. YOSUGARA_WRITE_DOCS=1 npx vitest run apps/manager/src/http/api-client.spec.ts writes it.
import { OverviewSchema } from '../index.js';
import { apiCall } from './call.js';

/** What is wrong where, what runs, who does not answer, and how the manager itself is. Needs event: read. */
export const overviewShow = () => apiCall('GET', '/api/v1/overview', OverviewSchema);
