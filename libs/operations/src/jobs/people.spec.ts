import { describe, expect, it } from 'vitest';
import { after, command, Desk, endOf, jobnet, MINUTE, unitOf } from './testing/desk.js';
import { waitsFor } from './waits-for.js';

const net = unitOf([jobnet('net', [command('a'), command('b', after(['a']))]), command('c', after(['net']))]);
const waits = (desk: Desk) => waitsFor(desk.unit, desk.session, desk.env);

describe('to stop', () => {
  it('a jobnet stops what runs in it, starts nothing more, and it is stopped when its commands are over', () => {
    const desk = new Desk(net).launch('a').operate('stop', 'net');
    expect(desk.states()).toMatchObject({ net: 'stopping', a: 'stopping', b: 'waiting', c: 'waiting' });
    desk.returns('a', 0, 'web1', { outcome: 'stopped', code: null });
    expect(desk.states()).toMatchObject({ net: 'stopped', a: 'stopped', b: 'waiting', c: 'waiting' });
    expect(desk.session.state).toBe('running');
    expect(waits(desk)).toContainEqual(expect.objectContaining({ job: 'net', needsPeople: true }));
  });

  it('what was not launched yet ends at once: its start check will be refused', () =>
    expect(new Desk(net).operate('stop', 'a').run('a')).toMatchObject({ state: 'stopped', nodes: [{ state: 'not-started' }] }));

  it('a session stops all of it; started again it begins anew, with new runs', () => {
    const desk = new Desk(net).launch('a').operate('stop', null);
    expect(desk.session.state).toBe('stopping');
    desk.returns('a', 0, 'web1', { outcome: 'stopped', code: null });
    expect(desk.session.state).toBe('stopped');
    desk.operate('start', null);
    expect(desk.states()).toEqual({ net: 'running', a: 'running', b: 'waiting', c: 'waiting' });
    desk.returns('a', 0).returns('b', 0).returns('c', 0);
    expect(desk.session).toMatchObject({ state: 'ended', endStatus: 'normal' });
    expect(new Set(desk.claims().map(({ run }) => run)).size).toBe(desk.claims().length);
  });

  it('by force does not wait for the command', () => {
    const desk = new Desk(net).launch('a').operate('force-stop', 'a');
    expect(desk.state('a')).toBe('stopped');
    expect(desk.of('stop')).toMatchObject([{ how: 'kill' }]);
  });
});

describe('to suspend', () => {
  it('lets what runs go on, and starts nothing more until it is released', () => {
    const desk = new Desk(net).operate('suspend', 'net').returns('a', 0);
    expect(desk.states()).toMatchObject({ net: 'suspended', a: 'ended', b: 'waiting' });
    expect(desk.operate('release-suspend', 'net').state('b')).toBe('running');
  });

  it('a session does the same for all of it', () => {
    const desk = new Desk(net).operate('suspend', null).returns('a', 0);
    expect(desk.state('b')).toBe('waiting');
    expect(desk.operate('release-suspend', null).state('b')).toBe('running');
  });
});

describe('to start again', () => {
  it('a job in what has ended opens what is around it', () => {
    const desk = new Desk(net).returns('a', 0).returns('b', 9);
    expect(desk.session.state).toBe('ended');
    desk.operate('start', 'b');
    expect([desk.session.state, desk.state('net'), desk.state('b'), desk.state('a')]).toEqual([
      'running',
      'running',
      'running',
      'ended',
    ]);
    desk.returns('b', 0);
    expect(desk.run('net')).toMatchObject({ state: 'ended', endStatus: 'normal' });
    expect(desk.session.state).toBe('ended');
  });

  it('a job in a jobnet that was ended before its turn came lets that wait for its turn again', () => {
    const held = jobnet('outer', [jobnet('inner', [command('x')])], { hold: true });
    const desk = new Desk(unitOf([held, command('y')])).operate('set-end', 'x').operate('set-end', 'inner');
    desk.operate('start', 'x');
    expect(desk.states()).toEqual({ outer: 'held', inner: 'waiting', x: 'waiting', y: 'running' });
    desk.operate('force-end', null).operate('start', null);
    expect(desk.refusal).toBeNull();
    expect(desk.states()).toEqual({ outer: 'held', inner: 'waiting', x: 'waiting', y: 'running' });
    expect(desk.operate('release-hold', 'outer').states()).toMatchObject({ outer: 'running', inner: 'running', x: 'running' });
  });

  it('a job in what is being stopped does not keep it from being stopped', () => {
    const desk = new Desk(unitOf([jobnet('outer', [jobnet('inner', [command('x')]), command('y')])]));
    desk.returns('x', 0).launch('y').operate('stop', 'outer').operate('start', 'x');
    desk.returns('y', 0, 'web1', { outcome: 'stopped', code: null });
    expect(desk.states()).toEqual({ outer: 'stopped', inner: 'stopped', x: 'waiting', y: 'stopped' });
  });

  it('one node runs its command once more, and the others keep what they returned', () => {
    const desk = new Desk(unitOf([command('a', { facility: 'webs' })]));
    desk.returns('a', 0, 'web1').returns('a', 9, 'web2').returns('a', 0, 'web3');
    desk.operate('start', 'a', { facility: 'web2' });
    expect(desk.run('a').nodes.map(({ state, attempt }) => `${state} ${attempt}`)).toEqual(['ended 1', 'claimed 2', 'ended 1']);
    expect(desk.returns('a', 0, 'web2').session).toMatchObject({ state: 'ended', endStatus: 'normal' });
  });
});

describe('a comment', () => {
  const asking = () => new Desk(unitOf([{ type: 'approval', id: 'ok', role: 'ops', sentence: 'Go on?' }]));
  const linesOf = (desk: Desk) => desk.of('history').flatMap(({ line }) => (line.who === 'ada' ? [[line.job, line.text]] : []));

  it('of who approves stands in the history of the session, after what was done', () =>
    expect(linesOf(asking().operate('approve', 'ok', { comment: ' the change board met ' })).at(-1)).toEqual([
      'ok',
      'approve: the change board met',
    ]));

  it('of what was refused does not, nor does an empty one', () => {
    expect(linesOf(asking().operate('release-hold', 'ok', { comment: 'now' }))).toEqual([]);
    expect(linesOf(asking().operate('deny', 'ok', { comment: ' ' })).map(([, text]) => text)).toEqual(['denied by ada']);
  });

  it('of a node names it', () => {
    const desk = new Desk(unitOf([command('a')])).returns('a', 9);
    desk.operate('start', 'a', { facility: 'web1', comment: 'disk was full' });
    expect(desk.of('history').map(({ line }) => [line.facility, line.text])).toContainEqual(['web1', 'start: disk was full']);
  });
});

describe('to force', () => {
  it('a job to run passes over its conditions, its hold and its queue', () => {
    const desk = new Desk(unitOf([command('a'), command('b', { ...after(['a']), queue: 'q' }), command('h', { hold: true })]));
    expect(desk.operate('force-run', 'b').operate('force-run', 'h').states()).toEqual({
      a: 'running',
      b: 'running',
      h: 'running',
    });
    expect(desk.of('want-place', desk.all)).toEqual([]);
  });

  it('a job to run is refused where nothing can run', () => {
    const desk = new Desk(unitOf([command('a'), jobnet('net', [command('x')], after(['a']))])).operate('force-run', 'x');
    expect([desk.refusal, desk.state('x')]).toEqual(['Its jobnet net is waiting: nothing in it can run.', 'waiting']);
  });

  it('an end ends a jobnet with all that runs in it', () => {
    const desk = new Desk(net).launch('a').operate('force-end', 'net', { end: { status: 'normal', value: 0 } });
    expect(desk.states()).toMatchObject({ net: 'modified', a: 'modified', b: 'waiting', c: 'running' });
  });

  it('what still waits in a jobnet that ended has its turn when something in it is started again', () => {
    const jobs = [command('a'), command('d'), command('b', after(['a']))];
    const desk = new Desk(unitOf([jobnet('net', jobs)])).operate('force-end', 'net', { end: { status: 'normal', value: 0 } });
    expect(desk.session.state).toBe('ended');
    expect(desk.operate('start', 'd').states()).toMatchObject({ net: 'running', a: 'modified', d: 'running', b: 'running' });
  });
});

describe('a session made beforehand', () => {
  const premade = (minutes: number) => new Desk(net, { premade: true, scheduledAtMs: Date.UTC(2026, 10, 22, 1, minutes) });

  it('begins when it is time, with what was held and skipped in it', () => {
    const desk = premade(30);
    expect([desk.session.state, desk.wakeAtMs]).toEqual(['scheduled', desk.nowMs + 30 * MINUTE]);
    desk.operate('skip', 'b', { end: { status: 'normal', value: 7 } }).pass(30);
    expect(desk.states()).toMatchObject({ net: 'running', a: 'running', b: 'skipped' });
    expect(desk.returns('a', 0).run('b')).toMatchObject({ state: 'ended-skip', endValue: 7 });
  });

  it('can be held, skipped, and started before its time', () => {
    expect(premade(30).operate('hold', null).pass(40).session.state).toBe('held');
    expect(premade(30).operate('hold', null).pass(40).operate('release-hold', null).pass(0).session.state).toBe('running');
    expect(premade(30).operate('skip', null).pass(30).session).toMatchObject({ state: 'ended-skip', endStatus: 'normal' });
    expect(premade(30).operate('start', null).session.state).toBe('running');
  });
});

describe('approval', () => {
  const unit = unitOf([
    { type: 'approval', id: 'ok', role: 'ops', user: 'ada', sentence: 'Go on with #[SESSION_ID]?', notifications: ['mail'] },
    command('yes', after(['ok'])),
    command('no', after(['ok'], ['abnormal'])),
  ]);

  it('is asked for, and ends as it says for the answer', () => {
    const desk = new Desk(unit);
    expect(desk.of('result')[0]!.result.message).toContain('Go on with 20261122010000-000?');
    expect(desk.run('ok').why).toBe('Go on with 20261122010000-000?');
    expect(desk.operate('approve', 'ok').states()).toEqual({ ok: 'ended', yes: 'running', no: 'ended-unmatched' });
    expect(new Desk(unit).operate('deny', 'ok').states()).toEqual({ ok: 'ended', yes: 'ended-unmatched', no: 'running' });
  });

  it('is refused to others, and twice', () => {
    const desk = new Desk(unit).operate('approve', 'ok', { who: 'bob' });
    expect([desk.refusal, desk.state('ok')]).toEqual(['Only ada may answer.', 'running']);
    expect(desk.operate('approve', 'ok').operate('deny', 'ok').refusal).toContain('not possible while it is ended');
  });
});

describe('queues and places on nodes', () => {
  const unit = unitOf([command('a', { queue: 'q' }), command('b', after(['a']))]);
  const key = { of: 'queue', id: 'q', session: '20261122010000-000', job: 'a' } as const;

  it('a job waits for a place, runs with it and gives it back', () => {
    const desk = new Desk(unit);
    expect(desk.of('want-place')).toMatchObject([{ want: { key, has: false, within: [] } }]);
    expect([desk.state('a'), desk.claims().length]).toEqual(['queued', 0]);
    desk.step({ kind: 'granted', place: key });
    expect([desk.state('a'), desk.claims().length]).toEqual(['running', 1]);
    expect(desk.returns('a', 0).of('leave-place')).toEqual([{ kind: 'leave-place', key }]);
  });

  it('a place that nobody wants any more is given back', () => {
    const desk = new Desk(unit).operate('stop', 'a');
    expect(desk.state('a')).toBe('stopped');
    expect(desk.step({ kind: 'granted', place: key }).of('leave-place')).toEqual([{ kind: 'leave-place', key }]);
  });

  it('a full queue ends the job', () =>
    expect(new Desk(unit).step({ kind: 'refused', place: key }).state('a')).toBe('ended-queue-limit'));

  it('a new Master hears of places that are had and wanted', () => {
    const desk = new Desk(unit);
    expect(desk.step({ kind: 'resume' }).of('want-place')).toMatchObject([{ want: { key, has: false } }]);
    desk.step({ kind: 'granted', place: key }).step({ kind: 'resume' });
    expect(desk.of('want-place')).toMatchObject([{ want: { key, has: true } }]);
  });

  it('what waits has the priority of its job, on a node and in a queue, also for a new Master', () => {
    const limited = ({ nodeJobs }: Desk) => void nodeJobs.set('web1', { priority: 16, multiplicity: 1 });
    const desk = new Desk(
      unitOf([command('a', { placePriority: 7 }), command('b', { queue: 'q', placePriority: 3 })]),
      {},
      limited,
    );
    const wanted = () => desk.of('want-place').map(({ want }) => `${want.key.of} ${want.priority}`);
    expect(wanted().sort()).toEqual(['node 7', 'queue 3']);
    desk.step({ kind: 'resume' });
    expect(wanted().sort()).toEqual(['node 7', 'queue 3']);
  });

  it('a node with a limit is waited for, or ends with the value where the job says so', () => {
    const limited = ({ nodeJobs }: Desk) => void nodeJobs.set('web1', { priority: 16, multiplicity: 1 });
    const place = { of: 'node', id: 'web1', session: '20261122010000-000', job: 'a' } as const;
    const desk = new Desk(unitOf([command('a')]), {}, limited);
    expect(desk.run('a').nodes[0]!.state).toBe('queued');
    expect(desk.step({ kind: 'granted', place }).claims()).toHaveLength(1);
    expect(desk.returns('a', 0).of('leave-place')).toHaveLength(1);
    const ending = new Desk(unitOf([command('a', { multiplicity: { over: 'end', value: 1 } })]), {}, limited);
    expect(ending.of('want-place')).toMatchObject([{ want: { waits: false } }]);
    expect(ending.step({ kind: 'refused', place }).run('a')).toMatchObject({ state: 'ended', endStatus: 'warning' });
  });
});

describe('what an open session waits for', () => {
  it('is said of each job that could go on', () => {
    const desk = new Desk(net);
    expect(waits(desk)).toContainEqual({ job: 'a', needsPeople: false, text: 'the agent of web1 to take it (asked 0 times)' });
    desk.launch('a');
    expect(waits(desk)).toContainEqual({ job: 'a', needsPeople: false, text: 'the end on web1' });
    desk.step({ kind: 'run-ended', ...desk.ref('a'), end: endOf(desk, desk.ref('a'), { outcome: 'lost', code: null }) });
    expect(waits(desk)).toContainEqual(expect.objectContaining({ job: 'a', needsPeople: true }));
  });
});
