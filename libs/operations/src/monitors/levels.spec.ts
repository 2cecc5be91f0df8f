import type { Thresholds } from '@yosugara/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Level, levelOf, type Standing, standingLevel, standingOf } from './levels.js';

const thresholds: Thresholds = { info: [0, 80], warning: [80, 90] };

describe('a value without hysteresis', () => {
  it.each([
    [-1, 'critical'],
    [0, 'info'],
    [79.999, 'info'],
    [80, 'warning'],
    [89.999, 'warning'],
    [90, 'critical'],
  ] as const)('%d is %s: the lower bound belongs to a range, the upper one does not', (value, level) =>
    expect(levelOf(thresholds, value)).toBe(level),
  );
  it('a range without ends takes everything', () =>
    expect(levelOf({ info: [null, null], warning: [0, 0] }, -1e308)).toBe('info'));
  it('an empty range takes nothing', () => expect(levelOf({ info: [1, null], warning: [0, 0] }, 0)).toBe('critical'));
});

/** Levels of values one after the other. */
function levels(by: number, values: readonly number[], of = thresholds): Level[] {
  let standing: Standing | null = null;
  return values.map((value) => {
    const level = standingLevel(of, by, standing, value);
    standing = standingOf(of, level, standing, value);
    return level;
  });
}

describe('hysteresis', () => {
  it('holds a level until the value is beyond the bound by its width', () =>
    expect(levels(5, [79, 80, 79, 76, 75, 74.9, 79])).toEqual([
      'info',
      'warning',
      'warning',
      'warning',
      'warning',
      'info',
      'info',
    ]));
  it('gets worse at the bound itself', () =>
    expect(levels(5, [79, 80, 89, 90])).toEqual(['info', 'warning', 'warning', 'critical']));
  it('comes down in steps', () =>
    expect(levels(5, [95, 86, 84, 76, 74])).toEqual(['critical', 'critical', 'warning', 'warning', 'info']));
  it('says nothing of the bound that was not crossed: 1 is well within 0 to 80', () =>
    expect(levels(5, [81, 1])).toEqual(['warning', 'info']));
  it('works below the lower bound too', () => expect(levels(5, [-1, 4, 5])).toEqual(['critical', 'critical', 'info']));

  const bound = fc.double({ min: -1e6, max: 1e6, noNaN: true });
  it('never flaps within its band: values less than its width apart change the level at most once', () =>
    fc.assert(
      fc.property(
        fc.double({ min: 0.5, max: 30, noNaN: true }),
        bound,
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 2 }),
        (by, edge, parts) => {
          const of: Thresholds = { info: [null, edge], warning: [edge, edge + 1_000] };
          // Anywhere across the edge, all of them within one width.
          const values = parts.map((part) => edge - by + part * by + by / 2);
          const seen = levels(by, values, of);
          const changes = seen.filter((level, at) => at > 0 && level !== seen[at - 1]).length;
          expect(changes).toBeLessThanOrEqual(1);
        },
      ),
    ));
  it('is never better than without it, and never worse than the worst of before and now', () =>
    fc.assert(
      fc.property(
        fc.double({ min: 0.1, max: 39, noNaN: true }),
        fc.array(fc.double({ min: -50, max: 150, noNaN: true })),
        (by, values) => {
          const rank = { info: 0, warning: 1, critical: 2 } as const;
          const seen = levels(by, values);
          for (const [at, level] of seen.entries()) {
            const plain = rank[levelOf(thresholds, values[at]!)];
            const before = at === 0 ? 0 : rank[seen[at - 1]!];
            expect(rank[level]).toBeGreaterThanOrEqual(plain);
            expect(rank[level]).toBeLessThanOrEqual(Math.max(plain, before));
          }
        },
      ),
    ));
  it('remembers nothing of what is info, and the same object of what stays', () => {
    expect(standingOf(thresholds, 'info', null, 10)).toBeNull();
    const standing = standingOf(thresholds, 'warning', null, 85)!;
    expect(standingOf(thresholds, 'warning', standing, 86)).toBe(standing);
  });
});
