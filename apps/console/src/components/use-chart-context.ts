import { useQueries } from '@tanstack/react-query';
import type { EventRow, MonitorBody, SeriesValues, Thresholds } from '@yosugara/protocol';
import { operationsApi } from '../api/operations.js';
import { settingsApi } from '../api/settings.js';
import { isOf, limitsOf } from './chart-context.js';
import { useMe } from './use-me.js';

type Series = SeriesValues['series'][number];

/** The newest of a span; more would be one mark beside the other. */
const MOST_EVENTS = 100;
const EVENTS_STALE_MS = 60_000;
const MONITOR_STALE_MS = 300_000;

export interface ChartContext {
  readonly events: (series: Series) => readonly EventRow[];
  readonly limits: (series: Series) => Thresholds | null;
}

/** What was told of each series in its time, and its limits; of what whoever looks may read. */
export function useChartContext(of: SeriesValues | undefined, isWanted: boolean): ChartContext {
  const { may } = useMe();
  const series = isWanted ? (of?.series ?? []) : [];
  const pairs = [
    ...new Map(series.map(({ monitor, facility }) => [JSON.stringify([monitor, facility]), { monitor, facility }])).values(),
  ];
  const monitors = [...new Set(series.map(({ monitor }) => monitor))];
  const [from, to] = [of?.from ?? '', of?.to ?? ''];
  const told = useQueries({
    queries: pairs.map(({ monitor, facility }) => ({
      // The span moves with the clock: of a new minute only is it asked again.
      queryKey: ['series', 'events', monitor, facility, from.slice(0, 16), to.slice(0, 16)],
      queryFn: async ({ signal }: { signal: AbortSignal }) => {
        const query = { monitor, facility, since: from, until: to, limit: String(MOST_EVENTS) };
        return await operationsApi.events(new URLSearchParams(query).toString(), signal);
      },
      enabled: may('event', 'read'),
      staleTime: EVENTS_STALE_MS,
      placeholderData: <Data>(before: Data | undefined) => before,
    })),
  });
  const settings = useQueries({
    queries: monitors.map((id) => ({
      queryKey: ['series', 'monitor', id],
      // Values outlive their monitor.
      queryFn: async ({ signal }: { signal: AbortSignal }) => await settingsApi.show('monitor', id, signal).catch(() => null),
      enabled: may('monitor', 'read'),
      staleTime: MONITOR_STALE_MS,
    })),
  });
  return {
    events: (each) => {
      const at = pairs.findIndex(({ monitor, facility }) => monitor === each.monitor && facility === each.facility);
      return (told[at]?.data?.rows ?? []).filter((event) => isOf(each, event));
    },
    limits: ({ monitor, item }) => {
      const body = settings[monitors.indexOf(monitor)]?.data?.body as MonitorBody | undefined;
      return body === undefined ? null : limitsOf(body, item);
    },
  };
}
