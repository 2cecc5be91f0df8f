import type { Thresholds, ValueRange } from '@yosugara/protocol';

/** Of a number, worst first. */
export type Level = 'critical' | 'warning' | 'info';
/** On which side of the better range the value was when it left it. */
export type Side = 'above' | 'below';

/** What is remembered of a number that is not info; null = it is. */
export interface Standing {
  readonly level: Exclude<Level, 'info'>;
  readonly side: Side;
}

const RANK: Readonly<Record<Level, number>> = { info: 0, warning: 1, critical: 2 };
export const worse = (a: Level, b: Level): Level => (RANK[a] >= RANK[b] ? a : b);

const within = ([lower, upper]: ValueRange, value: number) =>
  (lower === null || value >= lower) && (upper === null || value < upper);

/** In `info` it is info, else in `warning` it is warning, else critical. */
export const levelOf = ({ info, warning }: Thresholds, value: number): Level =>
  within(info, value) ? 'info' : within(warning, value) ? 'warning' : 'critical';

/**
 * The level with hysteresis: to get better than it was, a value must be beyond the bound that it crossed by `by`. To get worse it need
 * only be there. The other bound has no such margin: a response time of 1 ms is not too near to 0.
 */
export function standingLevel(thresholds: Thresholds, by: number, before: Standing | null, value: number): Level {
  const plain = levelOf(thresholds, value);
  if (before === null || RANK[plain] >= RANK[before.level]) return plain;
  const strict = { info: narrowed(thresholds.info, before.side, by), warning: narrowed(thresholds.warning, before.side, by) };
  const reached = levelOf(strict, value);
  // Between a bound and its margin nothing is said by the ranges: it stays as it was.
  return RANK[reached] > RANK[before.level] ? before.level : worse(reached, plain);
}

function narrowed([lower, upper]: ValueRange, side: Side, by: number): ValueRange {
  return side === 'above' ? [lower, upper === null ? null : upper - by] : [lower === null ? null : lower + by, upper];
}

/** What to remember of a value of that level; the very object that was when nothing changed. */
export function standingOf(
  { info: [lower, upper] }: Thresholds,
  level: Level,
  before: Standing | null,
  value: number,
): Standing | null {
  if (level === 'info') return null;
  // Within the info range only by the margin: it has not left the side that it came from.
  const side = lower !== null && value < lower ? 'below' : upper !== null && value >= upper ? 'above' : (before?.side ?? 'above');
  return before !== null && before.level === level && before.side === side ? before : { level, side };
}
