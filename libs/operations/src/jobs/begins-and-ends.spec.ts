import { describe, expect, it } from 'vitest';
import { after, command, Desk, jobnet, MINUTE, unitOf } from './testing/desk.js';

describe('a job that does not simply begin', () => {
  it('is held until somebody releases it', () => {
    const desk = new Desk(unitOf([command('a', { hold: true })]));
    expect(desk.state('a')).toBe('held');
    expect(desk.operate('release-hold', 'a').state('a')).toBe('running');
  });

  it('is skipped when its turn comes, and ends as it says', () => {
    const desk = new Desk(
      unitOf([command('a'), command('b', { ...after(['a']), skip: { status: 'normal', value: 3 } }), command('c', after(['b']))]),
    );
    expect(desk.state('b')).toBe('skipped');
    desk.returns('a', 0);
    expect(desk.run('b')).toMatchObject({ state: 'ended-skip', endValue: 3, startedAtMs: null });
    expect(desk.state('c')).toBe('running');
  });

  it('ends where its calendar is closed when its turn comes', () => {
    const unit = unitOf([command('a', { calendar: { id: 'work', outside: { status: 'normal', value: 8 } } })]);
    expect(new Desk(unit, {}, (desk) => void desk.closed.add('work')).run('a')).toMatchObject({
      state: 'ended-calendar',
      endValue: 8,
    });
    expect(new Desk(unit).state('a')).toBe('running');
  });

  it('is told of once in each round in which it is late, each time under an id of its own', () => {
    const late = { sessionMinutes: 5, notify: 'warning' };
    const notify = { notifications: ['mail'] };
    const inner = jobnet('inner', [command('b', { startDelay: late, notify })], after(['a']));
    const desk = new Desk(unitOf([jobnet('net', [command('a'), inner], { retry: { attempts: 1 } })])).pass(6);
    expect(desk.returns('a', 9).pass(1).state('a')).toBe('running');
    const told = desk.of('result', desk.all).filter(({ result }) => result.sub === 'start-delay');
    expect(told.map(({ result }) => result.id)).toHaveLength(2);
    expect(new Set(told.map(({ result }) => result.id)).size).toBe(2);
  });

  it.each([
    ['stop', 'ended-start-delay'],
    ['skip', 'skipped'],
    ['hold', 'held'],
    ['none', 'waiting'],
  ])('is told and treated as late when it has not begun (%s)', (operation, state) => {
    const late = { sessionMinutes: 5, notify: 'warning', operation, end: { status: 'warning', value: 4 } };
    const notify = { notifications: ['mail'] };
    const desk = new Desk(unitOf([command('a'), command('b', { ...after(['a']), startDelay: late, notify })]));
    expect(desk.pass(4).state('b')).toBe('waiting');
    desk.pass(1);
    expect(desk.state('b')).toBe(state);
    expect(desk.of('result', desk.all).filter(({ result }) => result.sub === 'start-delay')).toHaveLength(1);
    desk.returns('a', 0);
    if (operation === 'skip') expect(desk.run('b')).toMatchObject({ state: 'ended-skip', endStatus: 'warning', endValue: 4 });
  });
});

describe('a job that runs too long', () => {
  const unit = (operation: string, more: object = {}) =>
    unitOf([
      command('a', { endDelay: { jobMinutes: 5, operation, end: { status: 'warning', value: 4 }, ...more } }),
      command('b', after(['a'], ['warning'])),
    ]);

  it('is stopped, and ends as the delay says when its command is over', () => {
    const desk = new Desk(unit('stop')).launch('a').pass(5);
    expect(desk.state('a')).toBe('stopping');
    expect(desk.of('stop', desk.all)).toMatchObject([{ job: 'a', facility: 'web1', how: 'command' }]);
    desk.returns('a', 0, 'web1', { outcome: 'stopped', code: null });
    expect(desk.run('a')).toMatchObject({ state: 'ended-end-delay', endStatus: 'warning', endValue: 4 });
    expect(desk.state('b')).toBe('running');
  });

  it('ends as the delay says when it ends by itself (set-end)', () => {
    const desk = new Desk(unit('set-end')).launch('a').pass(5);
    expect(desk.of('stop', desk.all)).toEqual([]);
    expect(desk.returns('a', 0).run('a')).toMatchObject({ state: 'ended-end-delay', endValue: 4 });
  });

  it('ends at once (force-end), and what its command does later changes nothing', () => {
    const desk = new Desk(unit('force-end')).launch('a').pass(5);
    expect(desk.states()).toEqual({ a: 'ended-end-delay', b: 'running' });
    expect(desk.returns('a', 0).run('a')).toMatchObject({
      state: 'ended-end-delay',
      endValue: 4,
      nodes: [{ state: 'ended', returnValue: 0 }],
    });
  });

  it('is suspended', () => {
    const desk = new Desk(unit('suspend')).launch('a').pass(5);
    expect(desk.returns('a', 0).state('a')).toBe('suspended');
    expect(desk.operate('release-suspend', 'a').state('a')).toBe('ended');
  });

  it('is late by what it usually takes, from five runs on', () => {
    const took = (minutes: number) => ({ status: 'normal' as const, value: 0, startedAtMs: 0, endedAtMs: minutes * MINUTE });
    const usual = (runs: number) => (desk: Desk) => {
      desk.runs = Array.from({ length: runs }, (_, at) => took(at % 2 === 0 ? 8 : 12));
    };
    const of = { jobMinutes: null, deviation: 2 };
    // Mean 10, deviation 2: late from 14 minutes on.
    expect(new Desk(unit('force-end', of), {}, usual(6)).launch('a').pass(13).state('a')).toBe('running');
    expect(new Desk(unit('force-end', of), {}, usual(6)).launch('a').pass(14).state('a')).toBe('ended-end-delay');
    expect(new Desk(unit('force-end', of), {}, usual(4)).launch('a').pass(9).state('a')).toBe('running');
  });
});

describe('a job that is run again', () => {
  it('has its next attempt after the interval, as another run, until it ends as wanted', () => {
    const desk = new Desk(unitOf([command('a', { retry: { attempts: 2, intervalMinutes: 3 } })])).returns('a', 9);
    expect(desk.run('a')).toMatchObject({ state: 'waiting', attempt: 2 });
    expect(desk.pass(3).run('a')).toMatchObject({ state: 'running', nodes: [{ attempt: 2, state: 'claimed' }] });
    expect(desk.returns('a', 0).run('a')).toMatchObject({ state: 'ended', endStatus: 'normal' });
    expect(new Set(desk.claims().map(({ run }) => run)).size).toBe(2);
  });

  it('ends as its last attempt did', () => {
    const desk = new Desk(unitOf([command('a', { retry: { attempts: 2 } })])).returns('a', 9).returns('a', 9).returns('a', 8);
    expect(desk.run('a')).toMatchObject({ state: 'ended', endStatus: 'abnormal', attempt: 3 });
  });

  it('is a whole jobnet with all that is in it', () => {
    const desk = new Desk(unitOf([jobnet('net', [command('a'), command('b', after(['a']))], { retry: { attempts: 1 } })]));
    desk.returns('a', 0).returns('b', 9);
    expect(desk.states()).toEqual({ net: 'running', a: 'running', b: 'waiting' });
    desk.returns('a', 0).returns('b', 0);
    expect(desk.session).toMatchObject({ state: 'ended', endStatus: 'normal' });
    expect(desk.claims().map(({ run }) => run.split('/').slice(2).join('/'))).toEqual([
      'a/web1/1',
      'b/web1/1',
      'a/web1/2',
      'b/web1/2',
    ]);
  });

  it('is a command on the node where it failed', () => {
    const desk = new Desk(unitOf([command('a', { facility: 'webs', commandRetry: { attempts: 1 } })]));
    desk.returns('a', 0, 'web1').returns('a', 7, 'web2').returns('a', 0, 'web3');
    expect(desk.run('a').nodes).toMatchObject([{ state: 'ended' }, { state: 'claimed', attempt: 2 }, { state: 'ended' }]);
    expect(desk.returns('a', 0, 'web2').run('a')).toMatchObject({ state: 'ended', endStatus: 'normal' });
  });
});

describe('a job on several nodes', () => {
  it('ends as the worst of them', () => {
    const desk = new Desk(unitOf([command('a', { facility: 'webs' })]));
    expect(desk.claims()).toHaveLength(3);
    desk.returns('a', 0, 'web1').returns('a', 1, 'web2').returns('a', 0, 'web3');
    expect(desk.run('a')).toMatchObject({ state: 'ended', endStatus: 'warning', endValue: 1 });
  });

  it('tries one after the other, by their priority, until one ends normally', () => {
    const desk = new Desk(unitOf([command('a', { facility: 'webs', nodes: 'one' })]), {}, ({ nodeJobs }) =>
      nodeJobs.set('web3', { priority: 20, multiplicity: 0 }),
    );
    expect(desk.run('a').nodes.map(({ facility, state }) => `${facility} ${state}`)).toEqual([
      'web3 claimed',
      'web1 waiting',
      'web2 waiting',
    ]);
    desk.returns('a', 9, 'web3');
    expect(desk.returns('a', 0, 'web1').run('a')).toMatchObject({ state: 'ended', endStatus: 'normal' });
    expect(desk.claims()).toHaveLength(2);
  });

  it('has a scope that is filled in when it begins', () => {
    const desk = new Desk(unitOf([command('a', { facility: '#[TARGET]' })]), { variables: { TARGET: 'webs' } });
    expect(desk.run('a').nodes).toHaveLength(3);
  });

  it('is not managed where nobody is there to run it', () => {
    expect(new Desk(unitOf([command('a', { facility: 'gone' })])).run('a')).toMatchObject({
      state: 'not-managed',
      endStatus: 'abnormal',
    });
    const noAgent = (desk: Desk) => void desk.noAgent.add('web1');
    expect(new Desk(unitOf([command('a')]), {}, noAgent).state('a')).toBe('not-managed');
    const desk = new Desk(unitOf([command('a', { facility: 'webs' })]), {}, noAgent);
    expect(desk.returns('a', 0, 'web2').returns('a', 0, 'web3').run('a')).toMatchObject({
      state: 'ended',
      endStatus: 'abnormal',
    });
  });
});

describe('what is told', () => {
  it('has one id for one thing, another one for each attempt, and goes to whom the job names', () => {
    const notify = { notifications: ['mail'], begin: 'info' };
    const desk = new Desk(unitOf([command('a', { notify, retry: { attempts: 1 } })])).returns('a', 9).returns('a', 9);
    const results = desk.of('result', desk.all).map(({ result }) => `${result.id} ${result.priority}`);
    expect(results).toEqual(['unit/web1/a/begin/20261122010000-000:1 info', 'unit/web1/a/end/20261122010000-000:2 critical']);
    expect(desk.of('ended', desk.all).map(({ job, ran }) => `${job} ${ran}`)).toEqual(['a true', ' true']);
  });

  it('is nothing where nobody is named', () => {
    expect(new Desk(unitOf([command('a')])).returns('a', 9).of('result')).toEqual([]);
  });
});
