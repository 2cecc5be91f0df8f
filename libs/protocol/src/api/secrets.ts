// Made from the API's OpenAPI document: do not edit. YOSUGARA_WRITE_DOCS=1 npx vitest run apps/manager/src/http/api-client.spec.ts writes it.
import { SecretsRotatedSchema, SecretsViewSchema } from '../index.js';
import { apiCall } from './call.js';

/** Needs cluster: read. */
export const secretsShow = () => apiCall('GET', '/api/v1/secrets', SecretsViewSchema);

/** Encrypts all secrets by the newest key that all nodes have; how far it is, is in `pass`. Needs cluster: execute, of all owners. */
export const secretsRotate = () => apiCall('POST', '/api/v1/secrets/rotate', SecretsRotatedSchema);
