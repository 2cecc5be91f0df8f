// Made from the API's OpenAPI document: do not edit. YOSUGARA_WRITE_DOCS=1 npx vitest run apps/manager/src/http/api-client.spec.ts writes it.
import { CalendarMomentSchema, CalendarViewSchema } from '../index.js';
import { apiCall, type Query, segment } from './call.js';

export interface CalendarsDaysQuery {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}
/** Days on the calendar's own clock, and when it is open in them. Needs calendar: read. */
export const calendarsDays = (id: string | number, query: Query<CalendarsDaysQuery> = {}) =>
  apiCall('GET', `/api/v1/calendars/${segment(id)}/days`, CalendarViewSchema, { query });

export interface CalendarsOpenQuery {
  readonly at?: string | undefined;
}
/** Whether it is open at a moment, why, and until when. Needs calendar: read. */
export const calendarsOpen = (id: string | number, query: Query<CalendarsOpenQuery> = {}) =>
  apiCall('GET', `/api/v1/calendars/${segment(id)}/open`, CalendarMomentSchema, { query });
