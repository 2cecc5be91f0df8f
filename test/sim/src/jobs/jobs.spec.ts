import { describe, expect, it } from 'vitest';
import { patched } from '../mutate.js';
import { runJobsSeeds } from './batch.js';
import { JOBS_MUTANTS } from './mutants.js';
import { runJobsSeed } from './world.js';

describe('jobs over take-overs, crashes, lost disks and a bad network', () => {
  it('run at most once for each run id, end or say what they wait for, and end as the reference model says', () => {
    const { violations, executions, takeOvers, judged } = runJobsSeeds(1, 30);
    expect(violations).toEqual([]);
    // The schedules are worth something: something ran, Masters changed, and outcomes were compared.
    expect(Math.min(executions / 400, takeOvers / 40, judged / 60)).toBeGreaterThan(1);
  }, 120_000);

  it('are the same for the same seed', () => expect(runJobsSeed(7)).toEqual(runJobsSeed(7)));
});

it('every planted bug still fits the production files', async () => {
  for (const mutant of JOBS_MUTANTS) await expect(patched(mutant), mutant.name).resolves.toBeDefined();
});
