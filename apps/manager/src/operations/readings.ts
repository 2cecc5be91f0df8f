import type { NewestValues, Readings } from '@yosugara/runtime';
import type { OperationsTables } from './operations-tables.js';

/** Of one series; where more were collected, each stands for the mean of a while. */
const MOST_POINTS = 2_000;

/** What monitors saw, for those that are made of it. */
export function readingsOf(newest: NewestValues, tables: Pick<OperationsTables, 'series' | 'values' | 'linesCounted'>): Readings {
  return {
    newest: (of) => newest.of(of),
    lines: async (of) => await tables.linesCounted(of),
    series: async ({ monitor, facility, item }, fromMs, toMs) => {
      const { series } = await tables.series({ facilities: [facility], monitor });
      const id = series.find((each) => each.item === item)?.id;
      if (id === undefined) return [];
      const stepMs = Math.max(1, Math.ceil((toMs - fromMs) / MOST_POINTS / 1_000)) * 1_000;
      const points = (await tables.values({ ids: [id], fromMs, toMs, step: stepMs })).get(id) ?? [];
      return points.map(({ at, mean }) => [Date.parse(at), mean] as const);
    },
  };
}
