import type { NumericJudgement } from '@yosugara/protocol';
import type { Point } from './regression.js';
import type { SeriesPoint } from './result.js';

/** So many values stand for the time that is looked back on: more would make the state large, and tell hardly more. */
export const MAX_WINDOW = 120;

/** Values of the last while, oldest first. */
export type Window = readonly (readonly [atMs: number, value: number])[];

/** How long values are needed. 0 = not at all. */
export function windowMs({ change, prediction }: Pick<NumericJudgement, 'change' | 'prediction'>): number {
  const minutes = [change, prediction].map((one) => (one?.enabled === true ? one.rangeM : 0));
  return Math.max(...minutes) * 60_000;
}

/** With one value more; of each 120th of the time the newest only. @param keepMs how long values stay. */
export function windowWith(window: Window, [atMs, value]: readonly [number, number], keepMs: number): Window {
  const slotMs = keepMs / MAX_WINDOW;
  // What is of later than now was seen by a clock that was wrong.
  const kept = window.filter(([oldMs]) => oldMs > atMs - keepMs && oldMs < atMs);
  const last = kept.at(-1);
  if (last !== undefined && Math.floor(last[0] / slotMs) === Math.floor(atMs / slotMs)) kept.pop();
  return [...kept, [atMs, value]];
}

export const since = (window: Window, fromMs: number): Window => window.filter(([atMs]) => atMs > fromMs);

export function meanOf(values: readonly number[]): number {
  let total = 0;
  for (const value of values) total += value / values.length;
  return total;
}

/** Of all of them, not of a sample of more. */
export function deviationOf(values: readonly number[], mean: number): number {
  let squares = 0;
  for (const value of values) squares += ((value - mean) * (value - mean)) / values.length;
  return Math.sqrt(squares);
}

/**
 * Values of two series that belong together: to each of the first the nearest of the second, when that is no further than half the time
 * between two of either series; none is used twice.
 */
export function paired(first: readonly SeriesPoint[], second: readonly SeriesPoint[]): readonly Point[] {
  const [one, other] = [measured(first), measured(second)];
  const reachMs = Math.max(medianGapMs(one), medianGapMs(other)) / 2;
  const pairs: Point[] = [];
  let next = 0;
  for (const [atMs, value] of one) {
    while (next + 1 < other.length && Math.abs(other[next + 1]![0] - atMs) <= Math.abs(other[next]![0] - atMs)) next++;
    const nearest = other[next];
    if (nearest === undefined) break;
    if (Math.abs(nearest[0] - atMs) > reachMs) continue;
    pairs.push([value, nearest[1]]);
    next++;
  }
  return pairs;
}

const measured = (series: readonly SeriesPoint[]) =>
  series.filter((point): point is readonly [number, number] => point[1] !== null && Number.isFinite(point[1]));

function medianGapMs(series: readonly (readonly [number, number])[]): number {
  const gaps = series.slice(1).map(([atMs], at) => atMs - series[at]![0]);
  return gaps.sort((a, b) => a - b)[gaps.length >> 1] ?? 0;
}

/** Pearson's coefficient, -1 … 1; null = one of the two does not vary. */
export function correlationOf(pairs: readonly Point[]): number | null {
  const [xs, ys] = [pairs.map(([x]) => x), pairs.map(([, y]) => y)].map(spread) as [number[], number[]];
  const [meanX, meanY] = [meanOf(xs), meanOf(ys)];
  let [both, squaresX, squaresY] = [0, 0, 0];
  for (const [at, x] of xs.entries()) {
    const [dx, dy] = [x - meanX, ys[at]! - meanY];
    both += dx * dy;
    squaresX += dx * dx;
    squaresY += dy * dy;
  }
  const size = Math.sqrt(squaresX) * Math.sqrt(squaresY);
  return size === 0 ? null : Math.max(-1, Math.min(1, both / size));
}

/** What is left of equal values is rounding. */
const ROUNDING = 1e-12;

/**
 * From the first value on, and as far as 1: neither changes the coefficient. Squares of large values would be infinite, and a counter of bytes
 * that grows by little would seem to stand still. All 0: they do not vary.
 */
function spread(values: readonly number[]): readonly number[] {
  const most = Math.max(...values.map(Math.abs), 0);
  if (most === 0) return values;
  const first = values[0]! / most;
  const from = values.map((value) => value / most - first);
  const furthest = Math.max(...from.map(Math.abs));
  return from.map((value) => (furthest <= ROUNDING ? 0 : value / furthest));
}
