import { describe, expect, it } from 'vitest';
import { countMarks } from './batch-plan.js';

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
