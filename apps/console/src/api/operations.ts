import type {
  CalendarView,
  EventChange,
  EventCounts,
  EventDetail,
  Events,
  EventsChanged,
  MessageHistogram,
  MonitorRan,
  NotificationTested,
  Priority,
  SeriesList,
  SeriesValues,
  Statuses,
  Tried,
} from '@yosugara/protocol';
import {
  calendarsDays,
  eventsChange,
  eventsCounts,
  eventsList,
  eventsShow,
  messagesHistogram,
  monitorsTry,
  statusesSeries,
  statusesStatuses,
  statusesValues,
  tryOutMonitor,
  tryOutNotification,
} from '@yosugara/protocol/api';
import { asked, send } from './client.js';

const READ_MS = 15_000;
/** Somebody looks at it turning. */
const RUN_WITHIN_S = 15;
const RUN_MS = 25_000;

/** Address of the same as a table; the browser fetches it by itself. */
export const csvOf = (path: string, query: string): string => {
  const text = query === '' ? 'format=csv' : `${query}&format=csv`;
  return `${path}?${text}`;
};

export const operationsApi = {
  events: async (query: string, signal?: AbortSignal): Promise<Events> =>
    await send(eventsList(asked(query)), { signal, deadlineMs: READ_MS }),
  counts: async (signal?: AbortSignal): Promise<EventCounts> => await send(eventsCounts(), { signal }),
  event: async (number: number, signal?: AbortSignal): Promise<EventDetail> => await send(eventsShow(number), { signal }),
  changeEvents: async (change: Omit<EventChange, 'by'>): Promise<EventsChanged> =>
    await send(eventsChange(change), { deadlineMs: READ_MS }),
  statuses: async (query: string, signal?: AbortSignal): Promise<Statuses> =>
    await send(statusesStatuses(asked(query)), { signal, deadlineMs: READ_MS }),
  series: async (query: string, signal?: AbortSignal): Promise<SeriesList> =>
    await send(statusesSeries(asked(query)), { signal, deadlineMs: READ_MS }),
  values: async (ids: readonly number[], query: string, signal?: AbortSignal): Promise<SeriesValues> =>
    await send(statusesValues(ids.join(','), asked(query)), { signal, deadlineMs: READ_MS }),
  histogram: async (query: string, signal?: AbortSignal): Promise<MessageHistogram> =>
    await send(messagesHistogram(asked(query)), { signal, deadlineMs: READ_MS }),
  calendarDays: async (id: string, from: string, to: string, signal?: AbortSignal): Promise<CalendarView> =>
    await send(calendarsDays(id, { from, to }), { signal }),
  tryLine: async (monitor: unknown, text: string): Promise<Tried> => await send(monitorsTry({ monitor, text })),
  runMonitor: async (id: string, facilities: readonly string[]): Promise<MonitorRan> =>
    await send(tryOutMonitor(id, { facilities: [...facilities], withinS: RUN_WITHIN_S }), { deadlineMs: RUN_MS }),
  testNotification: async (
    id: string,
    wish: { readonly priority: Priority | null; readonly facility: string | null },
  ): Promise<NotificationTested> =>
    await send(tryOutNotification(id, { ...wish, withinS: RUN_WITHIN_S }), { deadlineMs: RUN_MS }),
} as const;
