import { levelOf } from './levels.js';
import { resultOf } from './make-result.js';
import { polynomialFit } from './regression.js';
import type { Result, Sample } from './result.js';
import { since, type Window } from './series.js';
import { type NumericBody, nameOf, shown } from './wording.js';

const CURVES = ['constant', 'line', 'parabola', 'cubic curve'] as const;

/** Where the value will be, when it is asked for and the values of the time decide it. @param window with the one that is judged. */
export function predictionOf(body: NumericBody, sample: Sample, window: Window): readonly Result[] {
  const { prediction } = body.numeric;
  if (prediction?.enabled !== true) return [];
  const points = since(window, sample.atMs - prediction.rangeM * 60_000);
  if (points.length < prediction.minSamples) return [];
  const fit = polynomialFit(points, prediction.degree);
  const targetMs = sample.atMs + prediction.aheadM * 60_000;
  const value = fit?.at(targetMs) ?? Number.NaN;
  if (!Number.isFinite(value)) return [];
  const by = `the ${CURVES[fit!.degree]} that is nearest to ${points.length} values of the last ${prediction.rangeM} min`;
  return [
    resultOf(body, sample, {
      ...{ trigger: 'prediction', sub: 'prediction', to: prediction, priority: levelOf(body.numeric, value) },
      message: `${nameOf(body, sample.item)}: ${shown(body, value)} is to be expected in ${prediction.aheadM} min`,
      original: `at ${new Date(targetMs).toISOString()}, by ${by}; now ${shown(body, points.at(-1)![1])}`,
    }),
  ];
}
