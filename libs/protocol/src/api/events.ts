// Made from the API's OpenAPI document: do not edit. YOSUGARA_WRITE_DOCS=1 npx vitest run apps/manager/src/http/api-client.spec.ts writes it.
import type { z } from 'zod';
import {
  type EventChangeSchema,
  EventCountsSchema,
  EventDetailSchema,
  EventsChangedSchema,
  EventsSchema,
  SeriesListSchema,
  SeriesValuesSchema,
  StatusesSchema,
} from '../index.js';
import { apiCall, type Query, type Sent, segment } from './call.js';

export interface EventsListQuery {
  readonly state?: string | readonly string[] | undefined;
  readonly priority?: string | readonly string[] | undefined;
  readonly facility?: string | undefined;
  readonly scope?: string | undefined;
  readonly monitor?: string | undefined;
  readonly plugin?: string | undefined;
  readonly notification?: string | undefined;
  readonly owner?: string | undefined;
  readonly text?: string | undefined;
  readonly since?: string | undefined;
  readonly until?: string | undefined;
  readonly after?: string | undefined;
  readonly limit?: number | undefined;
  readonly format?: 'json' | 'csv' | undefined;
}
/** Newest first, in the order of storing; on a Standby as far as it has replayed. As a table (`format=csv`) at most `limit` of them, page after page. Needs event: read. */
export const eventsList = (query: Query<EventsListQuery> = {}) => apiCall('GET', '/api/v1/events', EventsSchema, { query });

/** How many nobody has confirmed, by priority. Needs event: read. */
export const eventsCounts = () => apiCall('GET', '/api/v1/events/counts', EventCountsSchema);

/** With all that people did with it. Needs event: read. */
export const eventsShow = (number: string | number) => apiCall('GET', `/api/v1/events/${segment(number)}`, EventDetailSchema);

/** Confirms, unconfirms, comments on or gives away many at once. What is so already stays as it is. Needs event: modify. */
export const eventsChange = (body: Sent<z.input<typeof EventChangeSchema>>) =>
  apiCall('POST', '/api/v1/events/changes', EventsChangedSchema, { body, isCommand: true });

export interface StatusesStatusesQuery {
  readonly priority?: string | readonly string[] | undefined;
  readonly facility?: string | undefined;
  readonly scope?: string | undefined;
  readonly monitor?: string | undefined;
  readonly plugin?: string | undefined;
  readonly text?: string | undefined;
  readonly after?: string | undefined;
  readonly limit?: number | undefined;
  readonly format?: 'json' | 'csv' | undefined;
}
/** The worst first. Needs event: read. */
export const statusesStatuses = (query: Query<StatusesStatusesQuery> = {}) =>
  apiCall('GET', '/api/v1/statuses', StatusesSchema, { query });

export interface StatusesSeriesQuery {
  readonly facility?: string | undefined;
  readonly monitor?: string | undefined;
  readonly item?: string | undefined;
  readonly text?: string | undefined;
  readonly after?: string | undefined;
  readonly limit?: number | undefined;
}
/** What values are kept of. Needs graph: read. */
export const statusesSeries = (query: Query<StatusesSeriesQuery> = {}) =>
  apiCall('GET', '/api/v1/series', SeriesListSchema, { query });

export interface StatusesValuesQuery {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly step?: string | undefined;
  readonly format?: 'json' | 'csv' | undefined;
}
/** Of one series, or of several with commas between: mean, least and most of each step. The last day when no time is given. `step=1month`: of the months of UTC, whole ones at both ends; `stepMs` is then that of a mean month. / Needs graph: read. */
export const statusesValues = (ids: string | number, query: Query<StatusesValuesQuery> = {}) =>
  apiCall('GET', `/api/v1/series/${segment(ids)}/values`, SeriesValuesSchema, { query });
