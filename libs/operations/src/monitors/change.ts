import type { ChangeJudgement } from '@yosugara/protocol';
import { levelOf } from './levels.js';
import { resultOf } from './make-result.js';
import type { Result, Sample } from './result.js';
import { deviationOf, meanOf, since, type Window } from './series.js';
import { type NumericBody, nameOf, rangeText, shown } from './wording.js';

/** How far a value is from those before it; infinite where these were all the same and it is not. */
export function changeFrom(values: readonly number[], value: number, of: ChangeJudgement['of']): number {
  const mean = meanOf(values);
  const amount = value - mean;
  // A mean of equal values need not be that value: rounding is no change.
  if (Math.abs(amount) <= 1e-12 * Math.max(Math.abs(mean), Math.abs(value))) return 0;
  return of === 'amount' ? amount : amount / deviationOf(values, mean);
}

/** The judgement of a change, when it is asked for and there are values enough. @param earlier without the one that is judged. */
export function changeOf(body: NumericBody, sample: Sample, value: number, earlier: Window): readonly Result[] {
  const { change } = body.numeric;
  if (change?.enabled !== true) return [];
  const values = since(earlier, sample.atMs - change.rangeM * 60_000).map(([, one]) => one);
  if (values.length < change.minSamples) return [];
  const by = changeFrom(values, value, change.of);
  if (Number.isNaN(by)) return [];
  const mean = shown(body, meanOf(values));
  const far =
    change.of === 'amount'
      ? `${shown(body, Math.abs(by))} ${by < 0 ? 'below' : 'above'}`
      : `${deviations(by)} ${by < 0 ? 'below' : 'above'}`;
  return [
    resultOf(body, sample, {
      ...{ trigger: 'change', sub: 'change', to: change, priority: levelOf(change, by) },
      message: `${nameOf(body, sample.item)}: ${shown(body, value)} is ${by === 0 ? 'exactly' : far} the mean of the last ${change.rangeM} min, ${mean}`,
      original: `${values.length} values; info: ${rangeText(change.info)}, warning: ${rangeText(change.warning)}, else critical`,
    }),
  ];
}

const deviations = (by: number): string =>
  Number.isFinite(by) ? `${Number(Math.abs(by).toPrecision(3))} standard deviations` : 'for the first time';
