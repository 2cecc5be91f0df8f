import { describe, expect, it } from 'vitest';
import { patched } from '../mutate.js';
import { runJobsSeeds } from './batch.js';
import { JOBS_MUTANTS } from './mutants.js';
import { runJobsSeed } from './world.js';

describe('jobs over take-overs, crashes, lost disks and a bad network', () => {
  it('run at most once for each run id, end or say what they wait for, and end as the reference model says', async () => {
    const { violations, executions, takeOvers, judged, ticks } = await runJobsSeeds(1, 100);
    expect(violations).toEqual([]);
    // The schedules are worth something: something ran, Masters changed, outcomes were compared, schedules were due.
    expect(Math.min(executions / 2_000, takeOvers / 150, judged / 700, ticks / 100)).toBeGreaterThan(1);
  }, 180_000);

  it('are the same for the same seed', async () => expect(await runJobsSeed(7)).toEqual(await runJobsSeed(7)), 30_000);
});

it('every planted bug still fits the production files', async () => {
  for (const mutant of JOBS_MUTANTS) await expect(patched(mutant), mutant.name).resolves.toBeDefined();
});
