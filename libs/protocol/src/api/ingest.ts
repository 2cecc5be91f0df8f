// Made from the API's OpenAPI document: do not edit. YOSUGARA_WRITE_DOCS=1 npx vitest run apps/manager/src/http/api-client.spec.ts writes it.
import { IngestSourcesSchema, IngestSummarySchema, IngestTraceSchema } from '../index.js';
import { apiCall, type Query } from './call.js';

export interface IngestSummaryQuery {
  readonly since?: string | undefined;
  readonly until?: string | undefined;
}
/** Needs message: read. */
export const ingestSummary = (query: Query<IngestSummaryQuery> = {}) =>
  apiCall('GET', '/api/v1/ingest/summary', IngestSummarySchema, { query });

export interface IngestSourcesQuery {
  readonly since?: string | undefined;
  readonly until?: string | undefined;
  readonly source?: string | undefined;
  readonly limit?: number | undefined;
}
/** Needs message: read. */
export const ingestSources = (query: Query<IngestSourcesQuery> = {}) =>
  apiCall('GET', '/api/v1/ingest/sources', IngestSourcesSchema, { query });

export interface IngestTraceQuery {
  readonly id: string;
}
/** One message's way from the socket to the row, as this node can tell it: its journal, its copy of the other node's, its database. Needs message: read. */
export const ingestTrace = (query: Query<IngestTraceQuery>) =>
  apiCall('GET', '/api/v1/ingest/trace', IngestTraceSchema, { query });
