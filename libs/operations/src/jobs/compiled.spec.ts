import { jobUnitMistakes } from '@yosugara/protocol';
import { describe, expect, it } from 'vitest';
import { after, command, Desk, jobnet, unitOf } from './testing/desk.js';

const mistakes = (jobs: readonly object[]) => unitOf(jobs).mistakes;

describe('a unit', () => {
  it('may wait for what stands beside a job only, and in no circle', () => {
    expect(mistakes([command('a', after(['b'])), jobnet('n', [command('b')])])).toEqual([
      'jobs.0.wait: "b"; allowed: a job of the same jobnet',
    ]);
    expect(mistakes([command('a', after(['a']))])).toEqual(['jobs.0.wait: "a"; allowed: another job than itself']);
    expect(mistakes([command('a', after(['c'])), command('b', after(['a'])), command('c', after(['b']))])).toEqual([
      'jobs: a → c → b → a; allowed: no circle of jobs that wait for each other',
    ]);
  });

  it('has exclusive branches of jobs that wait for the one that has them', () => {
    const order = (names: readonly string[]) => ({ exclusive: { order: names } });
    expect(mistakes([command('a', order(['b', 'c'])), command('b', after(['a'])), command('c')])).toEqual([
      'jobs.0.exclusive.order: "c"; allowed: a job of the same jobnet that waits for a',
    ]);
    expect(mistakes([command('a', order(['b', 'b'])), command('b', after(['a']))])).toEqual([
      'jobs.0.exclusive.order: "b"; allowed: each job in one exclusive branch, once',
    ]);
  });

  it('refers to jobs of its own, and not to what a reference is in', () => {
    const reference = (id: string, of: string) => ({ type: 'reference', id, of });
    expect(mistakes([reference('r', 'x')])).toEqual(['jobs.0.of: "x"; allowed: a job or jobnet of this unit']);
    expect(mistakes([jobnet('n', [reference('r', 'n')])])).toEqual([
      'jobs: n → r → n; allowed: no reference to what it is itself a part of',
    ]);
    expect(mistakes([jobnet('n', [reference('r', 'm')]), jobnet('m', [reference('q', 'n')])])[0]).toContain('n → r → m → q → n');
  });

  it('has no more jobs than a session can have, with those that references bring along', () => {
    const doubling = Array.from({ length: 16 }, (_, at) =>
      jobnet(
        `n${at}`,
        at === 0 ? [command('c')] : [1, 2].map((each) => ({ type: 'reference', id: `r${at}-${each}`, of: `n${at - 1}` })),
      ),
    );
    expect(jobUnitMistakes(unitOf(doubling).body)[0]!.found).toMatch(/^\d+ jobs with those of references$/);
  });

  it('has what a reference refers to in its place, with conditions of its own', () => {
    const unit = unitOf([
      jobnet('n', [command('a'), command('b', after(['a']))], { retry: { attempts: 1 } }),
      { type: 'reference', id: 'r', of: 'n', ...after(['n'], ['normal', 'abnormal']) },
    ]);
    expect([...unit.jobs.keys()]).toEqual(['n', 'a', 'b', 'r', 'r/a', 'r/b']);
    expect(unit.jobs.get('r/b')).toMatchObject({ parent: 'r', within: ['r'], waitsFor: ['r/a'] });
    const desk = new Desk(unit).returns('a', 0).returns('b', 0);
    expect(desk.states()).toEqual({ n: 'ended', a: 'ended', b: 'ended', r: 'running', 'r/a': 'running', 'r/b': 'waiting' });
    desk.returns('r/a', 0).returns('r/b', 0);
    expect(desk.session).toMatchObject({ state: 'ended', endStatus: 'normal' });
    expect(desk.claims().map(({ run }) => run.split('/')[2])).toEqual(['a', 'b', 'r%2Fa', 'r%2Fb']);
  });
});
