import type { SeriesPoint, SeriesValues } from '@yosugara/protocol';
import { summaryOf } from './board/stack-model.js';

type Series = SeriesValues['series'][number];

const WEEK_MS = 7 * 86_400_000;
/** As far back as a baseline looks. */
export const BASELINE_WEEKS = [1, 2, 3, 4] as const;
/** Of one week alone nobody can say what is usual. */
const LEAST_WEEKS = 2;

export interface Share {
  readonly id: number;
  readonly mean: number;
  /** Of all of them together, 0 to 1. */
  readonly share: number;
}

/** What each has of the sum of all means. What is below zero, or was never measured, has no share. */
export function sharesOf(series: readonly Pick<Series, 'id' | 'points'>[]): readonly Share[] {
  const means = series.map(({ id, points }) => ({ id, mean: Math.max(0, summaryOf(points).mean ?? 0) }));
  const sum = means.reduce((all, { mean }) => all + mean, 0);
  return means.map(({ id, mean }) => ({ id, mean, share: sum === 0 ? 0 : mean / sum }));
}

/** A piece of a pie, from one part of the turn to another, clockwise from the top. @param from, to 0 to 1 */
export function piecePath(from: number, to: number, radius: number): string {
  // A whole turn would end where it begins, and be none.
  const end = Math.min(to, from + 0.99999);
  const at = (turn: number) => {
    const angle = turn * 2 * Math.PI;
    return `${(radius * Math.sin(angle)).toFixed(2)},${(-radius * Math.cos(angle)).toFixed(2)}`;
  };
  return `M0,0L${at(from)}A${radius},${radius} 0 ${end - from > 0.5 ? 1 : 0} 1 ${at(end)}Z`;
}

export interface Pair {
  readonly at: string;
  readonly x: number;
  readonly y: number;
}

/** Values of two series in the same steps; a step that one of them has no value of is left out. */
export function pairsOf(across: readonly SeriesPoint[], up: readonly SeriesPoint[]): readonly Pair[] {
  const others = new Map(up.map(({ at, mean }) => [at, mean]));
  return across.flatMap(({ at, mean: x }) => {
    const y = others.get(at) ?? null;
    return x === null || y === null ? [] : [{ at, x, y }];
  });
}

/** Pearson's. null: too few, or one of them never changes. */
export function correlationOf(pairs: readonly Pair[]): number | null {
  const count = pairs.length;
  if (count < 3) return null;
  const [meanX, meanY] = [pairs.reduce((sum, { x }) => sum + x, 0) / count, pairs.reduce((sum, { y }) => sum + y, 0) / count];
  let [xx, yy, xy] = [0, 0, 0];
  for (const { x, y } of pairs) {
    xx += (x - meanX) ** 2;
    yy += (y - meanY) ** 2;
    xy += (x - meanX) * (y - meanY);
  }
  return xx === 0 || yy === 0 ? null : xy / Math.sqrt(xx * yy);
}

/**
 * What is usual at each of these times: the mean of the same time of the weeks before, and its standard deviation to both sides (`least`, `most`).
 * Where fewer than two of those weeks have a value, nothing is known. Weeks are of 168 hours: summer time moves them by one.
 * @param weeks values of the weeks before, in the same steps
 */
export function baselineOf(points: readonly SeriesPoint[], weeks: readonly (readonly SeriesPoint[])[]): readonly SeriesPoint[] {
  const before = weeks.map((each) => new Map(each.map(({ at, mean }) => [Date.parse(at), mean])));
  return points.map(({ at }) => {
    const values = before.flatMap((each, place) => each.get(Date.parse(at) - (place + 1) * WEEK_MS) ?? []);
    if (values.length < LEAST_WEEKS) return { at, mean: null, least: null, most: null, count: 0, missing: 0 };
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1));
    return { at, mean, least: mean - deviation, most: mean + deviation, count: values.length, missing: 0 };
  });
}

/** How many values lie further from what is usual than twice the deviation. */
export function unusualIn(points: readonly SeriesPoint[], baseline: readonly SeriesPoint[]): number {
  const usual = new Map(baseline.map((point) => [point.at, point]));
  return points.filter(({ at, mean }) => {
    const { mean: middle = null, most = null } = usual.get(at) ?? {};
    return mean !== null && middle !== null && most !== null && Math.abs(mean - middle) > 2 * (most - middle);
  }).length;
}

/** The span of one of the weeks before. */
export const weekBefore = ({ from, to }: Pick<SeriesValues, 'from' | 'to'>, weeks: number): readonly [string, string] => [
  new Date(Date.parse(from) - weeks * WEEK_MS).toISOString(),
  new Date(Date.parse(to) - weeks * WEEK_MS).toISOString(),
];
