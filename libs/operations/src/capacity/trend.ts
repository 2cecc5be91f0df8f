/** Something that was measured, or the most of it in a while. */
export interface Point {
  readonly atMs: number;
  readonly value: number;
}

/** A straight line through points, robust: up to a quarter of them may be anything. */
export interface Trend {
  readonly perMs: number;
  /** What the slope may be as well, as far as the points tell. */
  readonly lowPerMs: number;
  readonly highPerMs: number;
}

/** 99 of 100: neighbours on a disk are no independent samples, so more is asked for than of those. */
const Z = 2.576;

/**
 * Theil–Sen: the median of the slopes of all pairs, with Sen's interval from the distribution of Kendall's S.
 *
 * @param points at different times, any order, at most some hundred: all pairs are looked at. @returns null: fewer than two.
 * Source: P. K. Sen, "Estimates of the Regression Coefficient Based on Kendall's Tau", JASA 63 (1968).
 */
export function trendOf(points: readonly Point[]): Trend | null {
  const slopes: number[] = [];
  for (let at = 1; at < points.length; at++)
    for (let before = 0; before < at; before++) {
      const [one, other] = [points[before]!, points[at]!];
      if (one.atMs !== other.atMs) slopes.push((other.value - one.value) / (other.atMs - one.atMs));
    }
  if (slopes.length === 0) return null;
  slopes.sort((one, other) => one - other);
  const n = points.length;
  const width = Z * Math.sqrt((n * (n - 1) * (2 * n + 5)) / 18);
  const last = slopes.length - 1;
  const at = (rank: number) => slopes[Math.min(last, Math.max(0, Math.round(rank)))]!;
  return {
    perMs: medianOf(slopes),
    lowPerMs: at((slopes.length - width) / 2 - 1),
    highPerMs: at((slopes.length + width) / 2),
  };
}

/** @returns NaN of nothing. */
export function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}

/** How far neighbours usually are from where the line between them leads: standard deviation by the median, which single jumps do not move. */
export function noiseOf(points: readonly Point[]): number {
  const steps = points.slice(1).map(({ value }, at) => value - points[at]!.value);
  if (steps.length === 0) return 0;
  const usual = medianOf(steps);
  return 1.4826 * medianOf(steps.map((step) => Math.abs(step - usual)));
}
