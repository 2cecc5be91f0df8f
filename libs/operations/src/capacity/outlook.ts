import { duration } from '../self/sentences.js';
import { type Forecast, forecastOf, foremostOf, type Look } from './forecast.js';
import type { Resource } from './resources.js';
import type { Point } from './trend.js';

/** Looks of these lengths, in times of what is between two samples; each has so many points. */
export const LOOKS = [120, 2_880, 43_200] as const;
export const LOOK_POINTS = 120;

export interface Use {
  readonly used: number | null;
  readonly limit: number | null;
  readonly share: number | null;
  /** The most in the longest look. */
  readonly peak: number | null;
  readonly perDay: number | null;
  readonly forecast: Forecast;
  /** Of the look that the forecast is from; null = there is none. */
  readonly spanMs: number | null;
}

/** By step, what was used: the most in each step, oldest first. */
export type History = ReadonlyMap<number, readonly Point[]>;

const DAY_MS = 86_400_000;
/** A look is of its length when it is at least so much of it. */
const FILLED = 0.25;

/** @param everyMs between two samples. @param limit as measured last, or the most that was. */
export function useOf({
  history,
  limit,
  nowMs,
  everyMs,
}: {
  readonly history: History;
  readonly limit: number | null;
  readonly nowMs: number;
  readonly everyMs: number;
}): Use {
  const steps = [...history.keys()].sort((one, other) => one - other);
  const looks: Look[] = steps.flatMap((stepMs, at) => {
    const points = history.get(stepMs)!;
    const look = { ...forecastOf({ points, limit, nowMs }), stepMs };
    // The shortest always; longer ones when they know more than it does.
    return at === 0 || look.spanMs >= FILLED * stepMs * LOOK_POINTS ? [look] : [];
  });
  const foremost = foremostOf(looks);
  const newest = history.get(steps[0] ?? 0)?.at(-1);
  const used = newest !== undefined && nowMs - newest.atMs <= STALE * everyMs + steps[0]! ? newest.value : null;
  const all = steps.flatMap((step) => history.get(step)!.map(({ value }) => value));
  return {
    ...{ used, limit, share: used === null || limit === null || limit <= 0 ? null : used / limit },
    peak: all.length === 0 ? null : Math.max(...all),
    perDay: foremost?.perMs == null ? null : foremost.perMs * DAY_MS,
    ...{ forecast: foremost?.forecast ?? { kind: 'unknown', why: 'few' }, spanMs: foremost?.spanMs ?? null },
  };
}
/** Samples that may be missing before a value is called unknown. */
const STALE = 5;

/** When, as somebody would say it. */
export function fullInWords(forecast: Forecast, nowMs: number): string {
  switch (forecast.kind) {
    case 'unknown':
      return { few: 'not enough history', short: 'not enough history since room was made', 'no-limit': '' }[forecast.why];
    case 'never':
      return 'never at this rate';
    case 'far':
      return `not within ${duration((forecast.afterMs - nowMs) / 1_000)}`;
    case 'full':
      return forecast.atMs <= nowMs ? 'full now' : `in ${duration((forecast.atMs - nowMs) / 1_000)}`;
  }
}

/** One thing on one node, in words: `a: volume data`. */
export const nameOf = (resource: Resource, node: string, item: string): string =>
  [...(node === '' ? [] : [`${node}:`]), resource.id, ...(item === '' ? [] : [item])].join(' ');
