import { JobUnitBodySchema } from '@yosugara/protocol';
import { describe, expect, it } from 'vitest';
import { begun, done, redone, undone } from './undo-model.js';
import {
  addJob,
  changeJob,
  duplicateJob,
  findJob,
  JOB_TYPES,
  jobsIn,
  moveJob,
  newJob,
  pathTo,
  type UnitDraft,
} from './unit-model.js';
import { mistakesOf, problemsByJob } from './unit-problems.js';
import { connect, disconnect, removeJobs } from './unit-waits.js';

const command = (id: string, ...froms: readonly string[]) => ({
  ...{ type: 'command', id, facility: 'web1', command: 'true' },
  wait:
    froms.length === 0 ? {} : { groups: [{ conditions: froms.map((job) => ({ kind: 'end-status', job, status: ['normal'] })) }] },
});
const NIGHT = JobUnitBodySchema.parse({
  name: 'Night',
  timeZone: 'UTC',
  jobs: [
    command('a'),
    { ...command('b', 'a'), exclusive: null },
    {
      type: 'jobnet',
      id: 'net',
      wait: { groups: [{ conditions: [{ kind: 'end-status', job: 'b', status: ['normal'] }] }] },
      jobs: [{ ...command('x'), exclusive: { order: ['y', 'z'] } }, command('y', 'x'), command('z', 'x'), command('w', 'y')],
    },
    { type: 'reference', id: 'again', of: 'a' },
  ],
}) as unknown as UnitDraft;
const froms = (unit: UnitDraft, id: string) =>
  findJob(unit, id)!.job.wait.groups.flatMap(({ conditions }) => conditions.flatMap((each) => ('job' in each ? each.job : [])));
const connected = (from: string, to: string) => {
  const made = connect(NIGHT, from, to);
  if (!('unit' in made)) throw new Error(made.why);
  return made.unit;
};

describe('a unit that is edited', () => {
  it('has a way to each job, and jobs in each jobnet', () => {
    expect(pathTo(NIGHT, 'w')).toEqual(['net', 'w']);
    expect(jobsIn(NIGHT, 'net')!.map(({ id }) => id)).toEqual(['x', 'y', 'z', 'w']);
    expect([jobsIn(NIGHT, 'a'), jobsIn(NIGHT, 'gone'), findJob(NIGHT, 'gone')]).toEqual([null, null, null]);
  });
  it.each(JOB_TYPES)('gets a new %s, of which only what nobody can guess is missing', (type) => {
    const { unit, id } = addJob(NIGHT, 'net', type);
    expect(jobsIn(unit, 'net')!.at(-1)).toMatchObject({ id: `${type}-1`, type, wait: { groups: [] } });
    const problems = problemsByJob(unit, mistakesOf(unit));
    expect([...problems.keys()]).toEqual([id]);
    expect(addJob(unit, '', type).id).toBe(`${type}-2`);
    expect(NIGHT.jobs.length).toBe(4);
  });
  it('loses a job with all that names it as a condition or a branch', () => {
    const unit = removeJobs(NIGHT, ['y']);
    expect(froms(unit, 'w')).toEqual([]);
    expect(findJob(unit, 'x')!.job.exclusive).toBeNull();
    expect(mistakesOf(unit)).toEqual([]);
  });
  it('shows a reference to what is gone as a mistake at its place', () => {
    const unit = removeJobs(NIGHT, ['a']);
    expect(froms(unit, 'b')).toEqual([]);
    expect(problemsByJob(unit, mistakesOf(unit)).get('again')).toMatchObject([{ place: 'of', found: '"a"' }]);
  });
  it('keeps what is not touched: the very objects', () => {
    const unit = removeJobs(NIGHT, ['w']);
    expect(unit.jobs[0]).toBe(NIGHT.jobs[0]);
    expect(removeJobs(NIGHT, ['gone'])).toBe(NIGHT);
  });
  it('renames a job for all who name it', () => {
    const { job } = findJob(NIGHT, 'y')!;
    const unit = changeJob(NIGHT, 'y', { ...job, id: 'yes' });
    expect(froms(unit, 'w')).toEqual(['yes']);
    expect(findJob(unit, 'x')!.job.exclusive!.order).toEqual(['yes', 'z']);
    const other = changeJob(NIGHT, 'a', { ...findJob(NIGHT, 'a')!.job, id: 'first' });
    expect(findJob(other, 'again')!.job).toMatchObject({ of: 'first' });
    expect(mistakesOf(unit)).toEqual([]);
  });
  it('does not mix up two jobs while an id is typed that another one has', () => {
    const unit = changeJob(NIGHT, 'y', { ...findJob(NIGHT, 'y')!.job, id: 'z' });
    expect(froms(unit, 'w')).toEqual(['y']);
    expect(mistakesOf(unit).length).toBeGreaterThan(0);
  });
  it('copies a jobnet with ids of its own, and its waits within', () => {
    const { unit, id } = duplicateJob(NIGHT, 'net')!;
    expect([id, jobsIn(unit, id)!.map((job) => job.id)]).toEqual(['net-2', ['x-2', 'y-2', 'z-2', 'w-2']]);
    expect([froms(unit, 'w-2'), froms(unit, 'net-2')]).toEqual([['y-2'], ['b']]);
    expect(mistakesOf(unit)).toEqual([]);
  });
  it('moves a job among those beside it, and not beyond them', () => {
    expect(moveJob(NIGHT, 'b', -1).jobs.map(({ id }) => id)).toEqual(['b', 'a', 'net', 'again']);
    expect(moveJob(NIGHT, 'a', -1)).toBe(NIGHT);
  });
});

describe('a connection', () => {
  it('is one more condition, and goes again', () => {
    const unit = connected('z', 'w');
    expect(froms(unit, 'w')).toEqual(['y', 'z']);
    expect(disconnect(unit, 'z', 'w')).toEqual(NIGHT);
  });
  it('is not made to itself, twice, in a circle, or from one jobnet into another', () => {
    const why = (from: string, to: string) => {
      const made = connect(NIGHT, from, to);
      return 'why' in made ? made.why : null;
    };
    expect([why('x', 'x'), why('x', 'y'), why('w', 'x'), why('a', 'x'), why('gone', 'x')]).toEqual([
      ...['itself', 'already', 'circle', 'apart', 'apart'],
    ]);
  });
  it('does not become one of several of which one is enough', () => {
    const { job } = findJob(NIGHT, 'w')!;
    const either = changeJob(NIGHT, 'w', { ...job, wait: { ...job.wait, groups: [{ ...job.wait.groups[0]!, operator: 'or' }] } });
    const made = connect(either, 'z', 'w');
    expect('unit' in made && findJob(made.unit, 'w')!.job.wait.groups.length).toBe(2);
  });
  it('that goes takes its branch with it', () => expect(findJob(disconnect(NIGHT, 'x', 'y'), 'x')!.job.exclusive).toBeNull());
});

describe('mistakes', () => {
  it('are told at the place of the job that has them', () => {
    const unit = changeJob(NIGHT, 'w', {
      ...newJob('command', 'w'),
      retry: { attempts: 0, intervalMinutes: 0, until: ['normal'] },
    });
    const found = problemsByJob(unit, mistakesOf(unit));
    expect([...found.keys()]).toEqual(['w']);
    expect(
      found
        .get('w')!
        .map(({ place }) => place)
        .sort(),
    ).toEqual(['command', 'facility', 'retry.attempts']);
  });
  it('of the manager are told there, too', () =>
    expect(problemsByJob(NIGHT, [{ place: 'body.jobs.2.jobs.1.queue', found: 'q', allowed: 'a queue' }]).get('y')).toMatchObject([
      { place: 'queue' },
    ]));
  it('of the whole are told of the unit', () =>
    expect(problemsByJob(NIGHT, mistakesOf({ ...NIGHT, timeZone: 'Nowhere/At-all' })).get('')).toMatchObject([
      { place: 'timeZone' },
    ]));
});

describe('undo', () => {
  it('goes back and forth, and an edit ends what was undone', () => {
    const three = done(done(begun(1), 2), 3);
    expect([undone(three).now, undone(undone(three)).now, redone(undone(three)).now]).toEqual([2, 1, 3]);
    expect(redone(done(undone(three), 4)).now).toBe(4);
    expect(undone(undone(done(undone(three), 4))).now).toBe(1);
    expect(undone(undone(undone(three))).now).toBe(1);
  });
  it('takes what was typed into one form as one step', () => {
    const typed = done(done(done(begun(''), 'a', 'form'), 'ab', 'form'), 'ab!', 'other');
    expect([undone(typed).now, undone(undone(typed)).now]).toEqual(['ab', '']);
    expect(done(typed, 'ab!')).toBe(typed);
  });
});
