import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { Coverage } from './coverage.js';
import { MUTANTS } from './mutants.js';
import { patched, runMutants } from './mutate.js';
import { shrink } from './shrink.js';
import { type Outcome, runSeed } from './world.js';

const traced = (seed: number, only?: readonly number[]): { outcome: Outcome; hash: string; lines: number } => {
  const hash = createHash('sha256');
  let lines = 0;
  const trace = (line: string): void => {
    hash.update(line);
    lines += 1;
  };
  const outcome = runSeed(seed, only === undefined ? { trace } : { trace, only });
  return { outcome, hash: hash.digest('hex'), lines };
};

describe('the simulator', () => {
  it('finds nothing in 60 schedules, and something happens in them', { timeout: 120_000 }, () => {
    const outcomes = Array.from({ length: 60 }, (_, place) => runSeed(1_000_000 + place));
    expect(outcomes.flatMap(({ seed, violations }) => violations.map((violation) => ({ seed, ...violation })))).toEqual([]);
    expect(outcomes.filter((outcome) => outcome.takeOvers > 1).length).toBeGreaterThan(30);
    expect(Math.min(...outcomes.map((outcome) => outcome.acknowledged))).toBeGreaterThan(50);
  });

  it('does the same with the same seed, traced or not, and something else with another', () => {
    const first = traced(7);
    expect(first.lines).toBeGreaterThan(100);
    expect(traced(7)).toEqual(first);
    expect(runSeed(7)).toEqual(first.outcome);
    expect(traced(8).hash).not.toBe(first.hash);
  });

  it('replays a part of its faults, so that a failing plan can be shrunk', () => {
    const { faults } = runSeed(7);
    expect(runSeed(7, { only: [] }).faults).toEqual([]);
    expect(runSeed(7, { only: [0] }).faults).toEqual([faults[0]]);
    expect(shrink(7, 'nothing like this', faults.length)).toHaveLength(faults.length);
  });
});

describe('clocks', () => {
  it('that are set, by minutes and either way, cause no take-over', { timeout: 60_000 }, () => {
    const { faults } = runSeed(857);
    const only = faults.flatMap(({ name }, place) => (name === 'wallClock' ? [place] : []));
    expect(only.length).toBeGreaterThanOrEqual(2);
    const { takeOvers, violations } = runSeed(857, { only });
    expect({ takeOvers, violations }).toEqual({ takeOvers: 1, violations: [] });
  });
});

describe('coverage', () => {
  it('counts what a schedule comes through: role, input and phase; action and outcome; fault and moment', () => {
    const coverage = new Coverage();
    runSeed(7, { coverage });
    const cells = coverage.cells();
    expect(cells.get('input MASTER_SYNC tick serving')).toBeGreaterThan(100);
    expect([...cells.keys()]).toEqual(
      expect.arrayContaining([expect.stringMatching(/^fault /), expect.stringMatching(/^done .* ok$/)]),
    );
  });
});

describe('planted bugs', () => {
  it.each(MUTANTS.map((mutant) => [mutant.name, mutant] as const))('%s still fits the production files', async (_, mutant) =>
    expect((await patched(mutant)).size).toBeGreaterThan(0),
  );

  it('are forty at least', () => expect(new Set(MUTANTS.map(({ name }) => name)).size).toBeGreaterThanOrEqual(40));

  it('are found: one in the consensus, one in the decider, one in the decider and its linter', { timeout: 240_000 }, async () => {
    const found = await runMutants('no-promise,join-without-mark,promoted-without-names');
    expect(found.map(({ name, invariant }) => [name, invariant])).toEqual([
      ['no-promise', 'S1'],
      ['join-without-mark', 'S3'],
      ['promoted-without-names', 'S4'],
    ]);
  });
});
