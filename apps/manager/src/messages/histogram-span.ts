import { InvalidInputError } from '@yosugara/kernel';
import { parseInstant } from './query.js';

const HOUR_MS = 3_600_000;
/** Bins that people think in, s. */
const BINS_S = [
  ...[1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 21_600, 43_200, 86_400, 604_800, 2_592_000],
] as const;

/**
 * Whole bins that hold the time asked for, the last hour when none is given. They begin at multiples of their width since 1970: the same bins
 * whenever somebody asks.
 * @throws InvalidInputError — it ends before it begins.
 */
export function histogramSpan(since: string | undefined, until: string | undefined, most: number, nowMs: number) {
  const at = (text: string | undefined, usual: number) =>
    text === undefined ? usual : (parseInstant(text, nowMs)?.getTime() ?? usual);
  const endMs = at(until, nowMs);
  const beginMs = at(since, endMs - HOUR_MS);
  if (beginMs >= endMs) throw new InvalidInputError('since', since ?? '', 'a time before `until`');
  const leastS = (endMs - beginMs) / 1_000 / most;
  const found = BINS_S.find((each) => each >= leastS) ?? Math.ceil(leastS / 86_400) * 86_400;
  const binMs = found * 1_000;
  return { binMs, fromMs: Math.floor(beginMs / binMs) * binMs, toMs: Math.ceil(endMs / binMs) * binMs };
}
