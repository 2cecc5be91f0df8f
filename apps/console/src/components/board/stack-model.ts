import type { SeriesPoint, SeriesValues } from '@yosugara/protocol';

type Line = Pick<SeriesValues['series'][number], 'points'>;

/** Each upon those before it, at every time that any of them has a value; what was not measured adds nothing. */
export function stacked(
  lines: readonly Line[],
): readonly (readonly { readonly atMs: number; readonly from: number; readonly to: number }[])[] {
  const times = [...new Set(lines.flatMap(({ points }) => points.flatMap(({ at, mean }) => (mean === null ? [] : [at]))))].sort();
  const ground = new Map(times.map((at) => [at, 0]));
  return lines.map(({ points }) => {
    const means = new Map(points.map(({ at, mean }) => [at, mean ?? 0]));
    return times.map((at) => {
      const from = ground.get(at) ?? 0;
      const to = from + (means.get(at) ?? 0);
      ground.set(at, to);
      return { atMs: Date.parse(at), from, to };
    });
  });
}

export interface Summary {
  readonly last: number | null;
  readonly mean: number | null;
  readonly least: number | null;
  readonly most: number | null;
}

/** Of all that was measured; the mean counts each sample once. */
export function summaryOf(points: readonly SeriesPoint[]): Summary {
  const some = points.filter(({ mean }) => mean !== null);
  if (some.length === 0) return { last: null, mean: null, least: null, most: null };
  const count = some.reduce((sum, each) => sum + each.count, 0);
  return {
    last: some.at(-1)!.mean,
    mean: some.reduce((sum, each) => sum + each.mean! * each.count, 0) / Math.max(1, count),
    least: some.reduce((low, each) => Math.min(low, each.least ?? each.mean!), Number.POSITIVE_INFINITY),
    most: some.reduce((high, each) => Math.max(high, each.most ?? each.mean!), Number.NEGATIVE_INFINITY),
  };
}

/** Of several series one figure. null: none of them has a value. */
export function joined(values: readonly (number | null)[], how: 'most' | 'least' | 'mean' | 'sum'): number | null {
  const some = values.filter((each) => each !== null);
  if (some.length === 0) return null;
  const sum = some.reduce((all, each) => all + each, 0);
  return how === 'sum' ? sum : how === 'mean' ? sum / some.length : how === 'most' ? Math.max(...some) : Math.min(...some);
}

/** Beyond a limit it is bad; the limit itself is. */
export function levelOf(
  value: number,
  {
    warning,
    critical,
    isLowBad,
  }: { readonly warning: number | null; readonly critical: number | null; readonly isLowBad: boolean },
): 'critical' | 'warning' | null {
  const isBad = (limit: number | null) => limit !== null && (isLowBad ? value <= limit : value >= limit);
  return isBad(critical) ? 'critical' : isBad(warning) ? 'warning' : null;
}
