import { type Teeth, teethOf } from './teeth.js';
import { medianOf, type Point, type Trend, trendOf } from './trend.js';

export type Confidence = 'low' | 'medium' | 'high';

/** When something is full, if all goes on as it did. */
export type Forecast =
  /** There is not enough history to say anything. */
  | { readonly kind: 'unknown'; readonly why: 'few' | 'short' | 'no-limit' }
  /** It does not grow, as far as can be told. */
  | { readonly kind: 'never' }
  /** It grows, and is not full within what this history can tell. */
  | { readonly kind: 'far'; readonly afterMs: number }
  | {
      readonly kind: 'full';
      readonly atMs: number;
      readonly earliestMs: number;
      /** null: perhaps never. */
      readonly latestMs: number | null;
      readonly confidence: Confidence;
    };

export interface Outlook {
  readonly forecast: Forecast;
  /** What it grows by; null = not known. Of a saw: the line through its tips. */
  readonly perMs: number | null;
  readonly spanMs: number;
  /** How steep its teeth rise between clean-ups; 0 = it has none. */
  readonly risePerMs: number;
}

export interface ForecastQuestion {
  /** Oldest first, evenly spaced but for gaps, at most some hundred. */
  readonly points: readonly Point[];
  /** Full is at least so much; null = there is no bound. */
  readonly limit: number | null;
  readonly nowMs: number;
}

export const LEAST_POINTS = 12;
/** Nobody knows from an hour what is in a month: so many times its own length a history reaches. */
export const REACH = 10;
/** Fewer clean-ups than this tell no rhythm. */
const LEAST_TIPS = 3;
const RECENT = 5;

/** When it is full. Same points, same answer: no clock. */
export function forecastOf({ points: given, limit, nowMs }: ForecastQuestion): Outlook {
  const points = given.filter(({ atMs, value }) => Number.isFinite(atMs) && Number.isFinite(value));
  const spanMs = points.length < 2 ? 0 : points.at(-1)!.atMs - points[0]!.atMs;
  const nothing = (why: 'few' | 'short'): Outlook => ({
    ...{ forecast: { kind: 'unknown', why }, perMs: null, spanMs, risePerMs: 0 },
  });
  if (points.length < LEAST_POINTS) return nothing('few');
  const teeth = teethOf(points);
  const line = lineOf(points, teeth);
  if (line === null) return nothing('short');
  const { trend, level, most } = line;
  const outlook = { perMs: trend.perMs, spanMs, risePerMs: teeth.risePerMs };
  if (limit === null) return { ...outlook, forecast: { kind: 'unknown', why: 'no-limit' } };
  const now = level + trend.perMs * (nowMs - points.at(-1)!.atMs);
  if (now >= limit)
    return { ...outlook, forecast: { kind: 'full', atMs: nowMs, earliestMs: nowMs, latestMs: nowMs, confidence: 'high' } };
  return { ...outlook, forecast: whenFull(trend, limit - now, nowMs, spanMs, most) };
}

interface Line {
  readonly trend: Trend;
  /** At the newest point. */
  readonly level: number;
  /** No surer than this. */
  readonly most: Confidence;
}

function lineOf(points: readonly Point[], { tips, rising, least }: Teeth): Line | null {
  const last = points.at(-1)!;
  if (tips.length >= LEAST_TIPS) {
    const trend = trendOf(tips)!;
    const level = levelOf(tips, trend.perMs, last.atMs);
    // Beyond every tip that was: the clean-up has not come this time.
    const now = recentLevel(rising, last.atMs, 0);
    if (rising.length < LEAST_POINTS || now <= level + least) return { trend, level, most: 'medium' };
  }
  // One clean-up, or somebody made room: only what came afterwards tells how it grows. Whether another one comes nobody knows.
  const whole = trendOf(points);
  if (whole === null) return null;
  const from = tips.length === 0 || whole.perMs <= 0 ? points : rising;
  if (from.length < LEAST_POINTS) return null;
  const trend = from === points ? whole : trendOf(from)!;
  return { trend, level: recentLevel(from, last.atMs, trend.perMs), most: tips.length === 0 ? 'high' : 'low' };
}

const levelOf = (points: readonly Point[], perMs: number, atMs: number): number =>
  medianOf(points.map((point) => point.value + perMs * (atMs - point.atMs)));

/** By the newest points, so that a file of today that is there to stay counts at once, and a single odd value does not. */
const recentLevel = (points: readonly Point[], atMs: number, perMs: number): number =>
  levelOf(points.slice(-RECENT), perMs, atMs);

function whenFull(
  { perMs, lowPerMs, highPerMs }: Trend,
  left: number,
  nowMs: number,
  spanMs: number,
  most: Confidence,
): Forecast {
  if (perMs <= 0 || lowPerMs <= 0) return { kind: 'never' };
  const inMs = left / perMs;
  if (inMs > REACH * spanMs) return { kind: 'far', afterMs: nowMs + REACH * spanMs };
  return {
    ...{ kind: 'full', atMs: nowMs + inMs, earliestMs: nowMs + left / highPerMs, latestMs: nowMs + left / lowPerMs },
    confidence: lesser(most, confidenceOf((highPerMs - lowPerMs) / perMs, inMs / spanMs)),
  };
}

const confidenceOf = (spread: number, reach: number): Confidence =>
  spread <= 0.5 && reach <= 2 ? 'high' : spread <= 1.5 && reach <= 5 ? 'medium' : 'low';
const ORDER: readonly Confidence[] = ['low', 'medium', 'high'];
const lesser = (one: Confidence, other: Confidence): Confidence => ORDER[Math.min(ORDER.indexOf(one), ORDER.indexOf(other))]!;

/** One of several looks at the same series, of different lengths. */
export interface Look extends Outlook {
  readonly stepMs: number;
}

/**
 * Of looks of different lengths the one that counts: the earliest end that is at least fairly sure, else the earliest at all. What rises no
 * quicker than teeth that a longer look knows is a tooth, and its clean-up comes.
 */
export function foremostOf(looks: readonly Look[]): Look | null {
  const longestFirst = [...looks].sort((one, other) => other.spanMs - one.spanMs);
  const counting = longestFirst.filter((look, at) => !longestFirst.slice(0, at).some((longer) => isToothOf(look, longer)));
  const full = counting.flatMap((look) => (look.forecast.kind === 'full' ? [{ look, forecast: look.forecast }] : []));
  const sure = full.filter(({ forecast }) => forecast.confidence !== 'low');
  const [first] = (sure.length > 0 ? sure : full).sort((one, other) => one.forecast.atMs - other.forecast.atMs);
  if (first !== undefined) return first.look;
  return counting.find(({ forecast }) => forecast.kind !== 'unknown') ?? counting[0] ?? null;
}

const TOOTH = 2;
const isToothOf = (look: Outlook, longer: Outlook): boolean =>
  longer.risePerMs > 0 && longer.forecast.kind !== 'unknown' && (look.perMs ?? 0) > 0 && look.perMs! <= TOOTH * longer.risePerMs;
