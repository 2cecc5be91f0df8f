import { describe, expect, it } from 'vitest';
import { after, command, Desk, endOf, SPOOL, unitOf } from './testing/desk.js';
import { UNSTARTED_DELAYS } from './unstarted.js';
import { waitsFor } from './waits-for.js';

const OTHER = 'b'.repeat(32);
const unit = unitOf([command('a'), command('b', after(['a']))]);
const node = (desk: Desk) => desk.run('a').nodes[0]!;
const check = (desk: Desk, spool = SPOOL, epoch = desk.epoch, attempt = 1) =>
  desk.step({ kind: 'start-check', job: 'a', facility: 'web1', attempt, spool, epoch, nonce: 'n' }).of('start-answer')[0]!;
const ended = (desk: Desk, more: object = {}) =>
  desk.step({ kind: 'run-ended', job: 'a', facility: 'web1', attempt: 1, end: endOf(desk, desk.ref('a'), more) });

describe('a start check', () => {
  it('is answered yes for what is claimed, and the disk that was let launch it is stored', () => {
    const desk = new Desk(unit);
    expect(check(desk)).toMatchObject({ go: true, nonce: 'n' });
    expect(node(desk)).toMatchObject({ state: 'claimed', spool: SPOOL, epoch: 7 });
  });

  it('is answered again to that disk, and never to another one', () => {
    const desk = new Desk(unit);
    check(desk);
    expect(check(desk)).toMatchObject({ go: true });
    expect(check(desk, OTHER)).toMatchObject({ go: false, why: 'another disk of this agent was let run it' });
  });

  it('is answered no when the run is over, is another one, or the job is being stopped', () => {
    expect(check(new Desk(unit), SPOOL, 7, 2)).toMatchObject({ go: false });
    expect(check(new Desk(unit).returns('a', 0))).toMatchObject({ go: false });
    expect(check(new Desk(unit).operate('stop', 'a'))).toMatchObject({ go: false });
    expect(check(new Desk(unit).operate('force-end', 'a'))).toMatchObject({ go: false });
  });

  it('of a newer Master than this one is answered no', () =>
    expect(check(new Desk(unit), SPOOL, 8)).toMatchObject({ go: false }));

  it('after a take-over is answered by the new Master, under its epoch', () => {
    const desk = new Desk(unit);
    desk.epoch = 8;
    expect(check(desk, SPOOL, 7)).toMatchObject({ go: true });
    expect(node(desk).epoch).toBe(8);
  });
});

describe('a claim that nobody took', () => {
  it('is told again once a minute, and given up after so many times', () => {
    const desk = new Desk(unitOf([command('a', { agentRetry: { attempts: 3, end: 1 } })])).pass(2);
    expect(desk.claims()).toHaveLength(3);
    desk.pass(1);
    expect(desk.run('a')).toMatchObject({
      state: 'ended',
      endStatus: 'warning',
      nodes: [{ state: 'not-started', returnValue: 1 }],
    });
  });

  it('stays where nobody says how it ends, and is told when its agent comes', () => {
    const desk = new Desk(unitOf([command('a', { agentRetry: { attempts: 3, end: null } })])).pass(60);
    expect(desk.state('a')).toBe('running');
    const told = desk.claims().length;
    desk.step({ kind: 'agent-here', facility: 'web1', spool: OTHER });
    expect(desk.claims()).toHaveLength(told + 1);
  });

  it('is told by a new Master with its own epoch, which is stored before', () => {
    const desk = new Desk(unit);
    desk.epoch = 8;
    desk.step({ kind: 'resume' });
    expect(desk.of('claim')).toMatchObject([{ instruction: { epoch: 8, run: '20261122010000-000/unit/a/web1/1' } }]);
    expect(node(desk).epoch).toBe(8);
  });

  it('is no more when it was let launch: then it is asked for', () => {
    const desk = new Desk(unit);
    check(desk);
    desk.pass(3);
    expect(desk.claims()).toHaveLength(1);
    expect(desk.of('ask', desk.all)).toHaveLength(3);
    desk.step({ kind: 'run-state', ...desk.ref('a'), spool: SPOOL, state: 'running' });
    expect(node(desk).state).toBe('running');
  });
});

describe('a run that did not start', () => {
  const notStarted = (desk: Desk) =>
    desk.step({ kind: 'run-ended', ...desk.ref('a'), end: endOf(desk, desk.ref('a'), { outcome: 'not-started', code: null }) });

  it('is told again as another run, at most as often as agents are asked', () => {
    const desk = new Desk(unitOf([command('a', { agentRetry: { attempts: 2, end: -1 } })]));
    for (const attempt of [1, 2]) {
      expect(node(desk).attempt).toBe(attempt);
      notStarted(desk);
      desk.pass(1);
    }
    expect(node(desk).attempt).toBe(3);
    notStarted(desk);
    expect(desk.run('a')).toMatchObject({ state: 'ended', endStatus: 'abnormal' });
    expect(new Set(desk.claims().map(({ run }) => run)).size).toBe(3);
  });

  it('has no output, which would stand in the place of what is told of it later', () => {
    const desk = notStarted(new Desk(unit));
    expect(desk.of('output')).toEqual([]);
    const first = { job: 'a', facility: 'web1', attempt: 1 };
    desk.step({ kind: 'run-ended', ...first, end: endOf(desk, desk.ref('a'), { stdout: 'it ran from another disk' }) });
    expect(desk.of('output')).toMatchObject([{ attempt: 1, end: { stdout: 'it ran from another disk' } }]);
  });

  it.each(UNSTARTED_DELAYS.map(({ delayMs, why }, at) => [at + 1, delayMs, why] as const))(
    'the %d. time waits %d ms: %s',
    (times, delayMs) => {
      const desk = new Desk(unit);
      for (let at = 1; at < times; at++) {
        notStarted(desk);
        desk.pass(2);
      }
      const told = desk.claims().length;
      notStarted(desk);
      if (delayMs > 0) {
        expect(desk.claims()).toHaveLength(told);
        expect(desk.wakeAtMs).toBe(desk.nowMs + delayMs);
        desk.nowMs += delayMs - 1;
        expect(desk.step({ kind: 'tick' }).claims()).toHaveLength(told);
        desk.nowMs += 1;
        desk.step({ kind: 'tick' });
      }
      expect(desk.claims()).toHaveLength(told + 1);
      expect(node(desk)).toMatchObject({ state: 'claimed', unstarted: times, notBeforeMs: null });
    },
  );

  it('waits for the next one no longer when somebody wants it now, and says meanwhile what it waits for', () => {
    const desk = new Desk(unit);
    for (const _ of [1, 2]) notStarted(desk);
    expect(node(desk)).toMatchObject({ state: 'waiting', attempt: 3 });
    expect(waitsFor(unit, desk.session, desk.env).find(({ job }) => job === 'a')?.text).toContain('its next run on web1');
    desk.operate('stop', 'a');
    expect(desk.state('a')).toBe('stopped');
    desk.operate('start', 'a');
    expect(node(desk).state).toBe('claimed');
  });

  it('is told by a new Master no sooner', () => {
    const desk = new Desk(unit);
    for (const _ of [1, 2]) notStarted(desk);
    const told = desk.claims().length;
    expect(desk.step({ kind: 'resume' }).claims()).toHaveLength(told);
    desk.pass(1);
    expect(desk.claims()).toHaveLength(told + 1);
  });
});

describe('a run that nobody knows of', () => {
  it('is one whose agent comes back with another disk: people decide, and nothing is sent again', () => {
    const desk = new Desk(unit).launch('a');
    desk.step({ kind: 'agent-here', facility: 'web1', spool: OTHER });
    expect(desk.run('a')).toMatchObject({ state: 'error', nodes: [{ state: 'unknown' }] });
    expect(desk.pass(100).claims()).toHaveLength(1);
    desk.operate('start', 'a');
    expect(desk.claims().map(({ run }) => run.at(-1))).toEqual(['1', '2']);
  });

  it('is one whose agent lost it', () =>
    expect(ended(new Desk(unit).launch('a'), { outcome: 'lost', code: null }).state('a')).toBe('error'));

  it('is none when it is heard of after all', () => {
    const desk = new Desk(unit).launch('a');
    desk.step({ kind: 'agent-here', facility: 'web1', spool: OTHER });
    ended(desk);
    expect(desk.states()).toEqual({ a: 'ended', b: 'running' });
  });

  it('can be said to have ended by people, of the job or of the node', () => {
    const lost = () => ended(new Desk(unit).launch('a'), { outcome: 'lost', code: null });
    expect(
      lost()
        .operate('set-end', 'a', { end: { status: 'normal', value: 0 } })
        .states(),
    ).toEqual({ a: 'modified', b: 'running' });
    expect(
      lost()
        .operate('set-end', 'a', { facility: 'web1', end: { status: 'normal', value: 0 } })
        .states(),
    ).toEqual({ a: 'ended', b: 'running' });
  });
});

describe('a run that is heard of after its session was stopped', () => {
  const stopped = () => {
    const desk = new Desk(unitOf([command('a', { facility: 'webs', nodes: 'one' }), command('b', after(['a']))])).launch('a');
    desk.step({ kind: 'agent-here', facility: 'web1', spool: OTHER });
    desk.operate('stop', null);
    expect([desk.session.state, desk.state('a')]).toEqual(['stopped', 'error']);
    return desk;
  };

  it('leaves its job stopped where another node would have had its turn: nothing more of it starts', () => {
    const desk = stopped().returns('a', 9);
    expect(desk.run('a')).toMatchObject({
      state: 'stopped',
      nodes: [{ state: 'ended' }, { state: 'waiting' }, { state: 'waiting' }],
    });
    desk.operate('start', null);
    expect(desk.session.state).toBe('running');
    expect(desk.states()).toEqual({ a: 'running', b: 'waiting' });
  });

  it('leaves its job stopped where its command would have had another try', () => {
    const retried = command('a', { commandRetry: { attempts: 3, until: ['normal'] } });
    const desk = new Desk(unitOf([retried])).launch('a');
    desk.step({ kind: 'agent-here', facility: 'web1', spool: OTHER });
    desk.operate('stop', null).returns('a', 9);
    expect([desk.session.state, desk.state('a')]).toEqual(['stopped', 'stopped']);
  });

  it('ends its job where nothing more would come of it', () =>
    expect(stopped().returns('a', 0).states()).toEqual({ a: 'ended', b: 'waiting' }));

  it('does not hold up a session that is being stopped', () => {
    const webs = { facility: 'webs', nodes: 'one' };
    const desk = new Desk(unitOf([command('a', webs), command('c', { facility: 'web2' })])).launch('a').launch('c', 'web2');
    desk.step({ kind: 'agent-here', facility: 'web1', spool: OTHER });
    desk.operate('stop', null).returns('a', 9);
    expect([desk.session.state, desk.state('a')]).toEqual(['stopping', 'stopped']);
    desk.returns('c', 0, 'web2', { outcome: 'stopped', code: null });
    expect(desk.session.state).toBe('stopped');
  });
});

describe('news of a run', () => {
  it('that come twice or late change nothing', () => {
    const desk = new Desk(unit).returns('a', 0);
    const { session } = desk;
    expect(ended(desk, { code: 9 }).session).toBe(session);
    expect(desk.step({ kind: 'run-started', job: 'a', facility: 'web1', attempt: 1, atMs: 1 }).session).toBe(session);
  });

  it('are kept, also when people ended the job meanwhile', () => {
    const desk = new Desk(unit).launch('a').operate('force-end', 'a', { end: { status: 'normal', value: 0 } });
    ended(desk, { code: 9, stdout: 'late' });
    expect(desk.of('output')).toMatchObject([{ job: 'a', attempt: 1, end: { stdout: 'late' } }]);
    expect(desk.run('a')).toMatchObject({ state: 'modified', endStatus: 'normal', nodes: [{ state: 'ended', returnValue: 9 }] });
  });

  it.each(['signal', 'timeout', 'stopped'] as const)('that it ended by %s are abnormal', (outcome) =>
    expect(ended(new Desk(unit).launch('a'), { outcome, code: null }).run('a')).toMatchObject({
      state: 'ended',
      endStatus: 'abnormal',
    }),
  );

  it('whose output could not be written end or suspend the job where it says so', () => {
    const stdout = (onFailure: string) =>
      unitOf([command('a', { stdout: { path: '/out', onFailure, end: { status: 'warning', value: 2 } } })]);
    const trouble = { outputTrouble: 'no space' };
    expect(ended(new Desk(stdout('end')).launch('a'), trouble).run('a')).toMatchObject({ state: 'output-failed', endValue: 2 });
    expect(ended(new Desk(stdout('suspend')).launch('a'), trouble).state('a')).toBe('suspended');
    expect(ended(new Desk(stdout('go-on')).launch('a'), trouble).state('a')).toBe('ended');
  });

  it('whose output could not be written tell so once with the worse priority of both files, where one is said', () => {
    const told = (stdout: object, stderr: object, outputTrouble: string | null = 'no space') => {
      const unit = unitOf([
        command('a', {
          ...{ stdout: { path: '/out', ...stdout }, stderr: { path: '/err', ...stderr } },
          notify: { notifications: ['ops'], begin: null, normal: null, warning: null, abnormal: null },
        }),
      ]);
      return ended(new Desk(unit).launch('a'), { outputTrouble }).of('result');
    };
    const [only, ...more] = told({ notify: 'warning' }, { notify: 'critical' });
    expect(more).toEqual([]);
    expect(only!.result).toMatchObject({ priority: 'critical', sub: 'output web1', notifications: ['ops'] });
    expect(only!.result.message).toContain('on web1: its output could not be written: no space');
    expect(told({ notify: 'warning' }, {})).toMatchObject([{ result: { priority: 'warning' } }]);
    expect(told({}, {})).toEqual([]);
    expect(told({ notify: 'warning' }, {}, null)).toEqual([]);
  });
});

describe('an instruction', () => {
  it('has the values of now, each as one word of the shell, and those of its node', () => {
    const jobs = [
      command('a', { variables: [{ name: 'OUT', pattern: '(.*)' }] }),
      command('b', {
        ...after(['a']),
        ...{ command: 'echo #[OUT] "#[IP_ADDRESS]" #[RETURN:a:web1] #[SESSION_ID]', environment: { OUT: '#[OUT]' } },
        ...{ user: 'batch', timeoutMinutes: 5, stdout: { path: '/var/#[JOB_ID]' } },
      }),
    ];
    const desk = new Desk(unitOf(jobs)).returns('a', 0, 'web1', { variables: { OUT: "it's; rm -rf /" } });
    expect(desk.claims()[1]).toMatchObject({
      command: `echo 'it'\\''s; rm -rf /' "''10.0.0.1''" '0' '20261122010000-000'`.replace(`"''10.0.0.1''"`, `""'10.0.0.1'""`),
      ...{ environment: { OUT: "it's; rm -rf /" }, user: 'batch', timeoutMs: 300_000, stdout: { path: '/var/b', append: false } },
    });
  });

  it('of a test run has its command in place of the job’s', () =>
    expect(new Desk(unit, { testCommand: 'true' }).claims()[0]!.command).toBe('true'));
});
