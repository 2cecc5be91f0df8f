import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Point, polynomialFit } from './regression.js';

/** A fraction of whole numbers. */
type Fraction = readonly [bigint, bigint];
const times = (a: Fraction, b: Fraction): Fraction => [a[0] * b[0], a[1] * b[1]];
const minus = (a: Fraction, b: Fraction): Fraction => [a[0] * b[1] - b[0] * a[1], a[1] * b[1]];
const over = (a: Fraction, b: Fraction): Fraction => [a[0] * b[1], a[1] * b[0]];
const plus = (a: Fraction, b: Fraction): Fraction => minus(a, [-b[0], b[1]]);

/** The normal equations in exact arithmetic, by Gauss. null = they have no single solution. */
function exact(points: readonly Point[], degree: number, x: number): number | null {
  const powers = (of: number) => Array.from({ length: degree + 1 }, (_, at) => BigInt(of) ** BigInt(at));
  const rows = Array.from({ length: degree + 1 }, (_, row) => [
    ...Array.from(
      { length: degree + 1 },
      (_, column): Fraction => [points.reduce((sum, [at]) => sum + BigInt(at) ** BigInt(row + column), 0n), 1n],
    ),
    [points.reduce((sum, [at, value]) => sum + BigInt(value) * BigInt(at) ** BigInt(row), 0n), 1n] as Fraction,
  ]);
  for (let pivot = 0; pivot <= degree; pivot++) {
    const found = rows.findIndex((row, at) => at >= pivot && row[pivot]![0] !== 0n);
    if (found < 0) return null;
    [rows[pivot], rows[found]] = [rows[found]!, rows[pivot]!];
    for (let at = 0; at <= degree; at++) {
      if (at === pivot) continue;
      const factor = over(rows[at]![pivot]!, rows[pivot]![pivot]!);
      rows[at] = rows[at]!.map((cell, column) => minus(cell, times(factor, rows[pivot]![column]!)));
    }
  }
  const value = powers(x).reduce<Fraction>(
    (sum, power, at) => plus(sum, times([power, 1n], over(rows[at]![degree + 1]!, rows[at]![at]!))),
    [0n, 1n],
  );
  return Number((value[0] * 10n ** 12n) / value[1]) / 1e12;
}

const points = fc.uniqueArray(fc.tuple(fc.integer({ min: -30, max: 30 }), fc.integer({ min: -100, max: 100 })), {
  minLength: 5,
  maxLength: 25,
  selector: ([x]) => x,
});

describe('the polynomial nearest to points', () => {
  it('is that of exact arithmetic, where the points are and beyond them', () =>
    fc.assert(
      fc.property(points, fc.integer({ min: 1, max: 3 }), fc.integer({ min: -60, max: 60 }), (of, degree, x) => {
        const wanted = exact(of, degree, x)!;
        expect(Math.abs(polynomialFit(of, degree)!.at(x) - wanted)).toBeLessThanOrEqual(1e-7 * Math.max(1, Math.abs(wanted)));
      }),
    ));
  it('goes through points that lie on one', () => {
    const cubic = (x: number) => 2 * x ** 3 - x + 5;
    const fit = polynomialFit(
      [-2, -1, 0, 1, 2, 3].map((x) => [x, cubic(x)] as const),
      3,
    )!;
    expect(fit.at(10)).toBeCloseTo(cubic(10), 8);
  });
  it('is as good at times of today, milliseconds since 1970, as near 0', () => {
    const beginMs = Date.UTC(2026, 10, 21);
    const of = Array.from({ length: 60 }, (_, at) => [beginMs + at * 60_000, 3 + 0.25 * at + 0.01 * at ** 2] as const);
    expect(polynomialFit(of, 3)!.at(beginMs + 120 * 60_000)).toBeCloseTo(3 + 30 + 144, 6);
  });
  it('is of a lower degree where the points do not decide a higher one', () => {
    const fit = polynomialFit(
      [
        [1, 4],
        [1, 6],
        [2, 7],
        [2, 7],
      ],
      3,
    )!;
    expect(fit.degree).toBe(1);
    expect(fit.at(3)).toBeCloseTo(9, 10);
  });
  it('is constant through one point', () => expect(polynomialFit([[5, 7]], 3)!.at(1e9)).toBe(7));
  it('there is none of nothing, or of what is no number', () => {
    expect(polynomialFit([], 2)).toBeNull();
    expect(polynomialFit([[0, Number.NaN]], 1)).toBeNull();
    expect(polynomialFit([[Number.POSITIVE_INFINITY, 1]], 1)).toBeNull();
  });
  it('survives values as large as numbers are', () =>
    expect(
      polynomialFit(
        [
          [0, 1e308],
          [1, 1e308],
          [2, 1e308],
        ],
        2,
      )!.at(1),
    ).toBe(1e308));
});
