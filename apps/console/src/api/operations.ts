import {
  type CalendarView,
  CalendarViewSchema,
  type EventChange,
  type EventCounts,
  EventCountsSchema,
  type EventDetail,
  EventDetailSchema,
  type Events,
  type EventsChanged,
  EventsChangedSchema,
  EventsSchema,
  type SeriesList,
  SeriesListSchema,
  type SeriesValues,
  SeriesValuesSchema,
  type Statuses,
  StatusesSchema,
  type Tried,
  TriedSchema,
} from '@yosugara/protocol';
import { call, decode } from './client.js';

const READ_MS = 15_000;
const at = (path: string, query: string) => (query === '' ? path : `${path}?${query}`);

/** Address of the same as a table; the browser fetches it by itself. */
export const csvOf = (path: string, query: string): string => at(path, query === '' ? 'format=csv' : `${query}&format=csv`);

export const operationsApi = {
  events: async (query: string, signal?: AbortSignal): Promise<Events> =>
    decode('events', EventsSchema, await call(at('/api/v1/events', query), { signal, deadlineMs: READ_MS })),
  counts: async (signal?: AbortSignal): Promise<EventCounts> =>
    decode('events', EventCountsSchema, await call('/api/v1/events/counts', { signal })),
  event: async (number: number, signal?: AbortSignal): Promise<EventDetail> =>
    decode('events', EventDetailSchema, await call(`/api/v1/events/${number}`, { signal })),
  changeEvents: async (change: Omit<EventChange, 'by'>): Promise<EventsChanged> =>
    decode(
      'events',
      EventsChangedSchema,
      await call('/api/v1/events/changes', { method: 'POST', body: change, deadlineMs: READ_MS }),
    ),
  statuses: async (query: string, signal?: AbortSignal): Promise<Statuses> =>
    decode('statuses', StatusesSchema, await call(at('/api/v1/statuses', query), { signal, deadlineMs: READ_MS })),
  series: async (query: string, signal?: AbortSignal): Promise<SeriesList> =>
    decode('series', SeriesListSchema, await call(at('/api/v1/series', query), { signal, deadlineMs: READ_MS })),
  values: async (ids: readonly number[], query: string, signal?: AbortSignal): Promise<SeriesValues> =>
    decode(
      'series',
      SeriesValuesSchema,
      await call(at(`/api/v1/series/${ids.join(',')}/values`, query), { signal, deadlineMs: READ_MS }),
    ),
  calendarDays: async (id: string, from: string, to: string, signal?: AbortSignal): Promise<CalendarView> =>
    decode(
      'calendar',
      CalendarViewSchema,
      await call(`/api/v1/calendars/${encodeURIComponent(id)}/days?from=${from}&to=${to}`, { signal }),
    ),
  tryLine: async (monitor: unknown, text: string): Promise<Tried> =>
    decode('monitors', TriedSchema, await call('/api/v1/monitors/try', { method: 'POST', body: { monitor, text } })),
} as const;
