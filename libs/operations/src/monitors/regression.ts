export type Point = readonly [x: number, y: number];

/** A polynomial through points, as nearly as can be. */
export interface Fit {
  at(x: number): number;
  /** As high as the points decide it, at most as asked. */
  readonly degree: number;
}

/** Below this part of the points' own size a polynomial is 0 at all of them: rounding is all that is left. */
const VANISHES = 1e-18;

/**
 * The polynomial of at most that degree whose squared distances from the points are least.
 *
 * By polynomials that are orthogonal over the points, made one from the other, so that no equations need be solved and nothing large is
 * subtracted from anything large; what a lower one left over is fitted by the next. G. E. Forsythe, "Generation and use of orthogonal
 * polynomials for data-fitting with a digital computer", J. SIAM 5 (1957).
 * @returns null when there is no point, or not everything in it is a number.
 */
export function polynomialFit(points: readonly Point[], degree: number): Fit | null {
  const { shift, scale, height } = frame(points);
  if (points.length === 0 || !Number.isFinite(shift) || !Number.isFinite(scale) || !Number.isFinite(height)) return null;
  const inFrame = (x: number) => (x - shift) / scale;
  const xs = points.map(([x]) => inFrame(x));
  const left = points.map(([, y]) => y / height);
  const steps: { readonly alpha: number; readonly beta: number; readonly factor: number }[] = [];
  let before = xs.map(() => 0);
  let now = xs.map(() => 1);
  let normBefore = 1;
  for (let power = 0; power <= degree; power++) {
    const norm = sum(now.map((value) => value * value));
    if (norm <= VANISHES * points.length) break;
    const factor = sum(now.map((value, at) => value * left[at]!)) / norm;
    const alpha = sum(now.map((value, at) => xs[at]! * value * value)) / norm;
    const beta = power === 0 ? 0 : norm / normBefore;
    steps.push({ alpha, beta, factor });
    for (const [at, value] of now.entries()) left[at]! -= factor * value;
    const next = now.map((value, at) => (xs[at]! - alpha) * value - beta * before[at]!);
    [before, now, normBefore] = [now, next, norm];
  }
  return { degree: steps.length - 1, at: (x) => height * valueAt(inFrame(x), steps) };
}

function valueAt(
  x: number,
  steps: readonly { readonly alpha: number; readonly beta: number; readonly factor: number }[],
): number {
  let [before, now, value] = [0, 1, 0];
  for (const { alpha, beta, factor } of steps) {
    value += factor * now;
    [before, now] = [now, (x - alpha) * now - beta * before];
  }
  return value;
}

/** All points lie between -1 and 1 in it, on both axes. */
function frame(points: readonly Point[]) {
  const xs = points.map(([x]) => x);
  const [least, most] = [Math.min(...xs), Math.max(...xs)];
  const half = most / 2 - least / 2;
  const height = Math.max(...points.map(([, y]) => Math.abs(y)));
  return { shift: least + half, scale: half === 0 ? 1 : half, height: height === 0 ? 1 : height };
}

function sum(values: readonly number[]): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
