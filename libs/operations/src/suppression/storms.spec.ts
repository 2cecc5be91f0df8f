import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { foldStorm, type StormMemory, type StormOutcome, Storms } from './storms.js';

const RULE = { most: 3, withinMs: 60_000 };
/** Times in seconds; what became of each. */
function storm(seconds: readonly number[]): readonly string[] {
  let memory: StormMemory | null = null;
  return seconds.map((second, index) => {
    const step: { memory: StormMemory; outcome: StormOutcome } = foldStorm(memory, `e${index}`, second * 1_000, RULE);
    memory = step.memory;
    return step.outcome.kind === 'folds' ? `${step.outcome.into}×${step.outcome.count}` : step.outcome.kind;
  });
}

describe('events of one key', () => {
  it('stand alone while they are few', () => expect(storm([0, 20, 40, 60, 80, 100, 120])).toEqual(Array(7).fill('alone')));
  it('too many within the time are one with a count that is raised', () =>
    expect(storm([0, 1, 2, 3, 4, 5])).toEqual(['alone', 'alone', 'alone', 'opens', 'e3×2', 'e3×3']));
  it('the storm goes on from one minute to the next, also through one that began slowly', () =>
    expect(storm([0, 1, 2, 3, 61, 62, 63, 64, 121])).toEqual([
      ...['alone', 'alone', 'alone', 'opens', 'e3×2', 'e3×3', 'e3×4', 'e3×5', 'e3×6'],
    ]));
  it('and is over after a minute in which they were few', () =>
    expect(storm([0, 1, 2, 3, 61, 121, 122, 123, 124])).toEqual([
      ...['alone', 'alone', 'alone', 'opens', 'e3×2', 'alone', 'alone', 'alone', 'opens'],
    ]));
  it('or after one in which there was none', () =>
    expect(storm([0, 1, 2, 3, 4, 125])).toEqual(['alone', 'alone', 'alone', 'opens', 'e3×2', 'alone']));
  it('what comes with an older time counts as come now', () =>
    expect(storm([100, 101, 102, 5, 103])).toEqual(['alone', 'alone', 'alone', 'opens', 'e3×2']));

  it('never more of a minute stand alone than the rule says, and none is lost', () =>
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 600 }), { maxLength: 200 }), (times) => {
        const sorted = times.toSorted((one, other) => one - other);
        const outcomes = storm(sorted);
        const own = new Map<number, number>();
        let folded = 0;
        for (const [index, outcome] of outcomes.entries()) {
          const minute = Math.floor(sorted[index]! / 60);
          if (outcome === 'alone') own.set(minute, (own.get(minute) ?? 0) + 1);
          if (outcome.includes('×')) folded++;
        }
        for (const count of own.values()) expect(count).toBeLessThanOrEqual(RULE.most);
        // The last count of each storm, and what stood alone, are all that came.
        const counts = new Map<string, number>();
        for (const outcome of outcomes)
          if (outcome.includes('×')) counts.set(outcome.split('×')[0]!, Number(outcome.split('×')[1]));
        expect([...counts.values()].reduce((sum, count) => sum + count - 1, 0)).toBe(folded);
      }),
      { numRuns: 300 },
    ));
});

describe('storms of many keys', () => {
  it('do not know of each other', () => {
    const storms = new Storms({ most: 1, withinMs: 1_000 });
    expect([storms.fold('a', '1', 0), storms.fold('b', '2', 0), storms.fold('a', '3', 0)].map(({ kind }) => kind)).toEqual([
      'alone',
      'alone',
      'opens',
    ]);
  });
  it('are kept of so many keys, and the one quiet longest is forgotten', () => {
    const storms = new Storms({ most: 1, withinMs: 1_000 }, 2);
    for (const key of ['a', 'b', 'a', 'c']) storms.fold(key, key, 0);
    expect(storms.keys).toBe(2);
    expect(storms.fold('a', '5', 0).kind).toBe('folds');
    expect(storms.fold('b', '6', 0).kind).toBe('alone');
  });
});
