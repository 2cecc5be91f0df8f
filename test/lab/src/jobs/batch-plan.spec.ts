import { partsOfRun } from '@yosugara/protocol';
import { describe, expect, it } from 'vitest';
import { agentsOf, countMarks, lateStarts } from './batch-plan.js';

const session = '20261122010000-001';
const marks = (...jobs: readonly string[]) => jobs.map((job) => `${session} ${job}`);

describe('marks of a batch', () => {
  it('are counted once each', () =>
    expect(countMarks(marks('job-0-0', 'job-0-1'), session)).toEqual({ started: 2, doubled: [], strange: [] }));
  it('that are there twice are doubled', () =>
    expect(countMarks(marks('job-0-0', 'job-0-1', 'job-0-0', 'job-0-0'), session)).toMatchObject({
      started: 2,
      doubled: marks('job-0-0'),
    }));
  it('of earlier sessions do not count', () =>
    expect(countMarks(['20261121010000-001 job-0-0', ...marks('job-0-0')], session)).toMatchObject({ started: 1, doubled: [] }));
  it('that no job writes are strange', () =>
    expect(countMarks([...marks('job-0-0'), `${session} `, 'job-0-'], session)).toMatchObject({
      started: 1,
      strange: [`${session} `, 'job-0-'],
    }));
});

it('what a former Master would still say is of runs of the batch itself, each said to the agent that it is of', () => {
  const agents = agentsOf('JO2/1');
  const starts = lateStarts(session, agents, '/marks', 7);
  expect(Object.keys(starts)).toEqual(agents);
  expect(Object.values(starts).map(({ length }) => length)).toEqual([20, 20, 20, 20]);
  for (const [agent, each] of Object.entries(starts))
    for (const { run, epoch, command } of each) {
      expect([partsOfRun(run), epoch]).toEqual([expect.objectContaining({ session, facility: agent, attempt: 1 }), 7]);
      expect(command).toContain(`${session} ${partsOfRun(run)!.job}`);
    }
});
