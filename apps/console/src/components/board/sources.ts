import { useQueryClient } from '@tanstack/react-query';
import type { SeriesValues, WidgetSource } from '@yosugara/protocol';
import { operationsApi } from '../../api/operations.js';
import { useAsked, useBoard } from './board-context.js';
import { spanQuery } from './board-model.js';

/** Lines that can still be told apart. */
export const MOST_LINES = 16;
const LIST_EVERY_MS = 60_000;

const queryOf = (source: WidgetSource, limit: number): string =>
  new URLSearchParams({
    ...Object.fromEntries(Object.entries(source).filter(([, value]) => value !== '')),
    limit: String(limit),
  }).toString();

/** Values of all series that fit any of the sources, and whether there are more than can be shown. */
export function useSeriesValues(sources: readonly WidgetSource[]) {
  const { span } = useBoard();
  const wanted = sources.map(({ facility, monitor, item }) => queryOf({ facility, monitor, item }, MOST_LINES + 1));
  const query = new URLSearchParams(spanQuery(span, ['from', 'to'])).toString();
  const client = useQueryClient();
  return useAsked(['series', 'of widget', wanted, query], async (signal) => {
    const ids = await client.fetchQuery({
      queryKey: ['series', 'ids', wanted],
      queryFn: async () => {
        const found = [];
        for (const each of wanted) found.push(...(await operationsApi.series(each, signal)).series);
        return [...new Set(found.map(({ id }) => id))];
      },
      staleTime: LIST_EVERY_MS,
    });
    if (ids.length === 0) return { values: null, more: false };
    return { values: await operationsApi.values(ids.slice(0, MOST_LINES), query, signal), more: ids.length > MOST_LINES };
  });
}

/** Its parts that differ among those that are shown: what is the same for all says nothing. */
export function lineNames(series: SeriesValues['series']): readonly string[] {
  const parts = ['facility', 'monitor', 'item'] as const;
  const telling = parts.filter((part) => new Set(series.map((each) => each[part])).size > 1);
  const shown = telling.length === 0 ? (['facility', 'item'] as const) : telling;
  return series.map(
    (each) =>
      shown
        .map((part) => each[part])
        .filter(Boolean)
        .join(' · ') || each.monitor,
  );
}
