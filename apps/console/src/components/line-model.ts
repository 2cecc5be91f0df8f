import type { SeriesPoint } from '@yosugara/protocol';

export interface Scale {
  readonly low: number;
  readonly high: number;
  /** Round figures from low to high. */
  readonly ticks: readonly number[];
}

/** Round figures that hold all values, at most `most` of them; of nothing, 0 to 1. */
export function scaleOf(values: readonly number[], most = 5): Scale {
  const found = values.filter(Number.isFinite);
  let low = found.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY);
  let high = found.reduce((greatest, value) => Math.max(greatest, value), Number.NEGATIVE_INFINITY);
  if (found.length === 0) [low, high] = [0, 1];
  // Near zero the zero is shown: a line that fills the height would tell of a change that is none.
  if (low > 0 && low < high * 0.6) low = 0;
  if (low === high) [low, high] = low === 0 ? [0, 1] : low > 0 ? [0, high] : [low, 0];
  const step = stepOf((high - low) / most);
  const first = Math.floor(low / step + 1e-9);
  const last = Math.ceil(high / step - 1e-9);
  const ticks = Array.from({ length: last - first + 1 }, (_, at) => Number(((first + at) * step).toPrecision(12)));
  return { low: ticks[0] ?? 0, high: ticks.at(-1) ?? 1, ticks };
}

function stepOf(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  for (const factor of [1, 2, 2.5, 5, 10]) if (least <= factor * power * (1 + 1e-9)) return factor * power;
  return 10 * power;
}

export interface Frame {
  readonly fromMs: number;
  readonly toMs: number;
  readonly scale: Scale;
  readonly width: number;
  readonly height: number;
}

export const xOf = (ms: number, { fromMs, toMs, width }: Frame): number => ((ms - fromMs) / Math.max(1, toMs - fromMs)) * width;
export const yOf = (value: number, { scale, height }: Frame): number =>
  height - ((value - scale.low) / (scale.high - scale.low)) * height;

const round = (value: number): string => value.toFixed(1);

/** Runs of points with a value: where nothing was measured, or no point is for some steps, the line is broken. */
export function runsOf(points: readonly SeriesPoint[], stepMs: number): readonly (readonly SeriesPoint[])[] {
  const runs: SeriesPoint[][] = [];
  let lastMs = Number.NEGATIVE_INFINITY;
  for (const point of points) {
    if (point.mean === null) {
      lastMs = Number.NEGATIVE_INFINITY;
      continue;
    }
    const ms = Date.parse(point.at);
    if (ms - lastMs > stepMs * 2.5) runs.push([point]);
    else runs.at(-1)!.push(point);
    lastMs = ms;
  }
  return runs;
}

/** Means as a line; a point by itself is a short one. */
export function linePath(points: readonly SeriesPoint[], stepMs: number, frame: Frame): string {
  return runsOf(points, stepMs)
    .map((run) => {
      const at = run.map(
        (point) => `${round(xOf(Date.parse(point.at) + stepMs / 2, frame))},${round(yOf(point.mean ?? 0, frame))}`,
      );
      return at.length === 1 ? `M${at[0]} h1.5` : `M${at.join('L')}`;
    })
    .join('');
}

/** Between the least and the most of each step. */
export function bandPath(points: readonly SeriesPoint[], stepMs: number, frame: Frame): string {
  return runsOf(points, stepMs)
    .filter((run) => run.length > 1)
    .map((run) => {
      const x = (point: SeriesPoint) => round(xOf(Date.parse(point.at) + stepMs / 2, frame));
      const upper = run.map((point) => `${x(point)},${round(yOf(point.most ?? point.mean ?? 0, frame))}`);
      const lower = run.toReversed().map((point) => `${x(point)},${round(yOf(point.least ?? point.mean ?? 0, frame))}`);
      return `M${[...upper, ...lower].join('L')}Z`;
    })
    .join('');
}

/** Of all points the one next to a moment. */
export function nearest(points: readonly SeriesPoint[], ms: number): SeriesPoint | null {
  let [from, to] = [0, points.length - 1];
  while (from < to) {
    const middle = (from + to) >> 1;
    if (Date.parse(points[middle]!.at) < ms) from = middle + 1;
    else to = middle;
  }
  const [after, before] = [points[from], points[from - 1]];
  if (after === undefined || before === undefined) return after ?? before ?? null;
  return Math.abs(Date.parse(after.at) - ms) < Math.abs(Date.parse(before.at) - ms) ? after : before;
}

/** `1.2 k`, `3.4 M`: four figures at most. */
export function short(value: number): string {
  const size = Math.abs(value);
  for (const [unit, power] of [
    ['T', 1e12],
    ['G', 1e9],
    ['M', 1e6],
    ['k', 1e3],
  ] as const)
    if (size >= power * 0.9995) return `${Number((value / power).toPrecision(3))} ${unit}`;
  return String(Number(value.toPrecision(3)));
}

/** Moments to be written below: some six, as round as people think. */
export function momentsOf(fromMs: number, toMs: number, offsetMinutes: number, most = 7): readonly number[] {
  const MINUTE_MS = 60_000;
  const step =
    [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1_440, 2_880, 7_200, 10_080, 20_160, 43_200].find(
      (minutes) => (toMs - fromMs) / (minutes * MINUTE_MS) <= Math.min(7, most),
    ) ?? 86_400;
  const stepMs = step * MINUTE_MS;
  const offsetMs = offsetMinutes * MINUTE_MS;
  const first = Math.ceil((fromMs - offsetMs) / stepMs) * stepMs + offsetMs;
  return Array.from({ length: Math.max(0, Math.floor((toMs - first) / stepMs) + 1) }, (_, at) => first + at * stepMs);
}
