import { useQuery } from '@tanstack/react-query';
import type { JobPlan, JobSessionRow } from '@yosugara/protocol';
import { jobsApi } from '../api/jobs.js';
import { type Span } from './gantt-model.js';

const HOUR_MS = 3_600_000;
const PAGE_ROWS = 1_000;
export const MOST_ROWS = 20_000;
/** What began so long before what is in sight may still run in it. */
const BEFORE_MS = 24 * HOUR_MS;
const PLAN_EVERY_MS = 60_000;

/** Sessions of a span, however many pages they are, and all that are not over. */
export function useSessions(span: Span, unit: string, everyMs: number) {
  // What is fetched does not change with every step of the wheel.
  const from = Math.floor((span.fromMs - BEFORE_MS) / HOUR_MS) * HOUR_MS;
  const to = Math.ceil(span.toMs / HOUR_MS) * HOUR_MS;
  return useQuery({
    queryKey: ['jobs', 'live', 'gantt', from, to, unit],
    queryFn: async ({ signal }) => {
      const query = (more: Readonly<Record<string, string>>) =>
        new URLSearchParams({ ...more, ...(unit === '' ? {} : { unit }), limit: String(PAGE_ROWS) }).toString();
      const rows = new Map<string, JobSessionRow>();
      let after: string | null = null;
      do {
        const page = await jobsApi.sessions(
          query({ since: new Date(from).toISOString(), until: new Date(to).toISOString(), ...(after === null ? {} : { after }) }),
          signal,
        );
        for (const row of page.rows) rows.set(row.id, row);
        after = page.next;
      } while (after !== null && rows.size < MOST_ROWS);
      const open = await jobsApi.sessions(query({ open: 'true' }), signal);
      for (const row of open.rows) rows.set(row.id, row);
      return { rows: [...rows.values()], isCut: after !== null };
    },
    refetchInterval: Math.max(everyMs, 5_000),
    placeholderData: (before) => before,
  });
}

export function usePlan(span: Span, unit: string, nowMs: number) {
  const from = Math.max(span.fromMs, Math.floor(nowMs / 60_000) * 60_000);
  const to = Math.ceil(span.toMs / HOUR_MS) * HOUR_MS;
  const fromHour = Math.max(from - (from % 60_000), 0);
  return useQuery({
    queryKey: ['jobs', 'plan', 'gantt', Math.floor(fromHour / 300_000), to, unit],
    queryFn: async ({ signal }): Promise<JobPlan['runs']> => {
      if (to <= fromHour) return [];
      const query = new URLSearchParams({
        from: new Date(fromHour).toISOString(),
        to: new Date(to).toISOString(),
        limit: '5000',
      });
      if (unit !== '') query.set('unit', unit);
      return (await jobsApi.plan(query.toString(), signal)).runs;
    },
    refetchInterval: PLAN_EVERY_MS,
    placeholderData: (before) => before,
  });
}
