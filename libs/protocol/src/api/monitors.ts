// Made from the API's OpenAPI document: do not edit. YOSUGARA_WRITE_DOCS=1 npx vitest run apps/manager/src/http/api-client.spec.ts writes it.
import type { z } from 'zod';
import { TriedSchema, type TryLineSchema } from '../index.js';
import { apiCall, type Sent } from './call.js';

/** Which rule decides about one line, why the others do not, and what would be told. Nothing is stored, nobody is told. Needs monitor: read. */
export const monitorsTry = (body: Sent<z.input<typeof TryLineSchema>>) =>
  apiCall('POST', '/api/v1/monitors/try', TriedSchema, { body });
