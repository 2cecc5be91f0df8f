import { useQueries } from '@tanstack/react-query';
import type { SeriesPoint, SeriesValues } from '@yosugara/protocol';
import { operationsApi } from '../api/operations.js';
import { BASELINE_WEEKS, baselineOf, weekBefore } from './graph-kinds.js';

/** What is over changes seldom. */
const STALE_MS = 600_000;

/** What is usual for each series at the times that are shown, by its id. Empty until the weeks before are there. */
export function useBaseline(of: SeriesValues | undefined, isWanted: boolean): ReadonlyMap<number, readonly SeriesPoint[]> {
  const ids = of?.series.map(({ id }) => id) ?? [];
  // The span moves with the clock; of a new step only is it asked again.
  const stepMs = of?.stepMs ?? 0;
  const newest = of === undefined || stepMs === 0 ? 0 : Math.floor(Date.parse(of.to) / Math.max(stepMs, STALE_MS));
  const weeks = useQueries({
    queries: BASELINE_WEEKS.map((back) => ({
      queryKey: ['series', 'baseline', ids.join(), stepMs, newest, of?.from.slice(0, 10), back],
      queryFn: async ({ signal }: { signal: AbortSignal }) => {
        const [from, to] = weekBefore(of!, back);
        const query = new URLSearchParams({ from, to, step: `${Math.round(stepMs / 1_000)}s` }).toString();
        return await operationsApi.values(ids, query, signal);
      },
      enabled: isWanted && of !== undefined && ids.length > 0,
      staleTime: STALE_MS,
    })),
  });
  if (!isWanted || of === undefined || weeks.some(({ data }) => data === undefined)) return new Map();
  return new Map(
    of.series.map(({ id, points }) => {
      const before = weeks.map(({ data }) => data?.series.find((each) => each.id === id)?.points ?? []);
      return [id, baselineOf(points, before)];
    }),
  );
}
