// Made from the API's OpenAPI document: do not edit. YOSUGARA_WRITE_DOCS=1 npx vitest run apps/manager/src/http/api-client.spec.ts writes it.
import type { z } from 'zod';
import {
  CleanUpAcceptedSchema,
  CleanUpPreviewSchema,
  type CleanUpQuestionSchema,
  type CleanUpRequestSchema,
  CleanUpRunsSchema,
  RetentionViewSchema,
} from '../index.js';
import { apiCall, type Query, type Sent } from './call.js';

/** Needs cluster: read. */
export const retentionShow = () => apiCall('GET', '/api/v1/retention', RetentionViewSchema);

/** What would go if it were cleaned up now, with the days of the setting or with others. Needs cluster: read. */
export const retentionPreview = (body: Sent<z.input<typeof CleanUpQuestionSchema>>) =>
  apiCall('POST', '/api/v1/retention/preview', CleanUpPreviewSchema, { body });

/** Deletes now what is older than it is kept, whatever the time of day; how far it is, is in `running` and in the runs. Needs cluster: execute, of all owners. */
export const retentionCleanUp = (body: Sent<z.input<typeof CleanUpRequestSchema>>) =>
  apiCall('POST', '/api/v1/retention/clean-up', CleanUpAcceptedSchema, { body });

export interface RetentionRunsQuery {
  readonly kind?:
    | 'messages'
    | 'counts'
    | 'events'
    | 'confirmedEvents'
    | 'statuses'
    | 'values'
    | 'hours'
    | 'days'
    | 'months'
    | 'jobs'
    | 'notifications'
    | 'settingHistory'
    | 'inventory'
    | 'memory'
    | 'audit'
    | 'takeOvers'
    | 'lag'
    | undefined;
  readonly after?: number | undefined;
  readonly limit?: number | undefined;
}
/** What clean-ups did, newest first: those that deleted something, failed, or were asked for. Needs cluster: read. */
export const retentionRuns = (query: Query<RetentionRunsQuery> = {}) =>
  apiCall('GET', '/api/v1/retention/runs', CleanUpRunsSchema, { query });
