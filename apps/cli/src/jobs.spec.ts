import type { JobInSession, JobRunDetail, JobSessionDetail, JobSessionRow } from '@yosugara/protocol';
import { describe, expect, it, vi } from 'vitest';
import { CommandLine } from './testing/command-line.js';
import { type Asked, managers as managersAt, type Reply } from './testing/managers.js';

const cli = new CommandLine();
const { yosugara } = cli;
const managers = async (reply: (asked: Asked) => Reply) => await managersAt(cli, 89, reply);

const AT = '2026-11-21T18:00:00.000Z';
const row = (id: string, change: Partial<JobSessionRow> = {}): JobSessionRow => ({
  ...{ id, unit: 'night', revision: 3, root: null, trigger: { type: 'schedule', id: 'nightly', info: 'it was its time' } },
  ...{ scheduledAt: AT, startedAt: AT, endedAt: null, state: 'running', endStatus: null, endValue: null },
  ...{ ownerRole: 'operator', isTest: false, ...change },
});
const job = (id: string, change: Partial<JobInSession> = {}): JobInSession => ({
  ...{ job: id, name: '', type: 'command', parent: '', depth: 1, state: 'running', endStatus: null, endValue: null },
  ...{ startedAt: AT, endedAt: null, attempt: 1, why: '', notBefore: null, waitsFor: [], queue: null, nodes: { running: 2 } },
  ...{ operations: ['stop'], ...change },
});
const detail = (change: Partial<JobSessionDetail> = {}): JobSessionDetail => ({
  ...row('20261122030000-000'),
  ...{ unitName: 'Night', timeZone: 'Asia/Tokyo', variables: { DAY: 'mon' }, ignoresTimes: false, testCommand: null },
  ...{ operations: ['stop', 'suspend'] },
  jobs: [job('net', { type: 'jobnet', nodes: {} }), job('inner', { depth: 2, parent: 'net', why: 'waits\u001b[2J' })],
  ...change,
});
const output = {
  facility: 'web1',
  attempt: 1,
  at: AT,
  stdout: 'one\ntwo\u001b[2J\n',
  stderr: 'oh',
  stdoutBytes: 8,
  stderrBytes: 2,
};
const run: JobRunDetail = { ...job('inner'), session: 'S', runs: [], outputs: [output] };
/** What a command waits for between two tries is over at once; requests and answers are real. */
const soon = async (act: () => Promise<number>): Promise<number> => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }).setTimerTickMode('nextTimerAsync');
  return await act().finally(() => vi.useRealTimers());
};
const bodies = (asked: readonly Asked[]) =>
  asked.filter(({ method }) => method === 'POST').map(({ path, body }) => ({ path, body }));

describe('yosugara jobs list', () => {
  it('shows the newest last, asks for what was said, and tells how to go on', async () => {
    const rows = [row('20261122030000-001'), row('20261122030000-000', { state: 'ended', endStatus: 'abnormal', endValue: 9 })];
    const asked = await managers(() => [200, { rows, next: '7' }]);
    expect(await yosugara('jobs', 'list', '--open', '--unit', 'night', '--state', 'running,held', '--limit', '2')).toBe(0);
    const query = new URLSearchParams(asked[0]!.path.split('?')[1]);
    expect(Object.fromEntries(query)).toEqual({ unit: 'night', state: 'running,held', open: 'true', limit: '2' });
    expect(cli.out.indexOf('ended abnormal (9)')).toBeLessThan(cli.out.indexOf('20261122030000-001'));
    expect(cli.notes).toContain('more: --after 7');
    expect(await yosugara('jobs', 'sessions', '--json', '--limit', '2')).toBe(0);
    expect(JSON.parse(cli.out.slice(cli.out.indexOf('{'))).rows).toHaveLength(2);
  });
});

describe('yosugara jobs show', () => {
  it('draws the tree, and hides what would command the terminal', async () => {
    await managers(() => [200, detail()]);
    expect(await yosugara('jobs', 'show', '20261122030000-000')).toBe(0);
    expect(cli.out).toMatch(/^net +jobnet/m);
    expect(cli.out).toMatch(/^ {2}inner +command .*2 running .*waits\\x1b\[2J/m);
    expect(cli.out).toContain('DAY = mon');
  });
  it('that is not there ends with 1', async () => {
    await managers(() => [404, { code: 'NOT_FOUND', message: 'there is no session X' }]);
    expect(await yosugara('jobs', 'show', 'X')).toBe(1);
    expect(cli.notes).toContain('there is no session X');
  });
  it.each([
    ['normal', 0],
    ['warning', 1],
    ['abnormal', 1],
  ] as const)('--watch ends when the session does: %s is %d', async (endStatus, code) => {
    let looks = 0;
    await managers(() => [200, ++looks < 2 ? detail() : detail({ state: 'ended', endedAt: AT, endStatus })]);
    expect(await yosugara('jobs', 'show', 'S', '--watch')).toBe(code);
    expect(looks).toBe(2);
  });
  it('shows what a job wrote', async () => {
    const asked = await managers(() => [200, run]);
    expect(await yosugara('jobs', 'output', 'S', 'net/inner')).toBe(0);
    expect(asked[0]?.path).toBe('/api/v1/job-sessions/S/job?job=net%2Finner');
    expect(cli.out).toContain('== web1, attempt 1');
    expect(cli.out).toContain('one\ntwo\\x1b[2J\n');
    expect(await yosugara('jobs', 'output', 'S', 'inner', '--node', 'web2')).toBe(0);
    expect(cli.out).toContain('nothing was written');
  });
  it('reads a history page after page', async () => {
    const line = { at: AT, job: 'inner', facility: null, from: 'held', to: 'waiting', by: 'eva', text: 'released' };
    const asked = await managers(({ path }) => {
      const isFirst = path.includes('after=0');
      return [200, { lines: [{ number: isFirst ? 1 : 2, ...line }], next: isFirst ? 1 : null }];
    });
    expect(await yosugara('jobs', 'history', 'S')).toBe(0);
    expect(asked).toHaveLength(2);
    expect(cli.out).toMatch(/inner +– +held → waiting +eva +released/);
  });
});

describe('yosugara jobs run', () => {
  it('begins a session with parameters, under a request of its own or one that is given', async () => {
    const asked = await managers(() => [200, { session: '20261122030000-000', again: false }]);
    const words = ['--trigger', 'by-hand', '-p', 'DAY=mon', '--parameter', 'WHERE=a=b', '--request', 'deploy-4711'];
    expect(await yosugara('jobs', 'run', 'night', ...words)).toBe(0);
    expect(bodies(asked)).toMatchObject([
      {
        path: '/api/v1/job-units/night/sessions',
        body: {
          request: 'deploy-4711',
          trigger: 'by-hand',
          job: null,
          parameters: { DAY: 'mon', WHERE: 'a=b' },
          by: expect.any(String),
        },
      },
    ]);
    expect(await yosugara('jobs', 'run', 'night')).toBe(0);
    expect(bodies(asked)[1]?.body.request).toMatch(/^[0-9a-f-]{36}$/);
    expect(cli.out).toContain('session 20261122030000-000');
  });
  it('--wait ends as the session does', async () => {
    await managers(({ method }) =>
      method === 'POST'
        ? [200, { session: 'S', again: false }]
        : [200, detail({ state: 'ended', endedAt: AT, endStatus: 'abnormal' })],
    );
    expect(await yosugara('jobs', 'run', 'night', '--wait')).toBe(1);
  });
  it('says what is wrong with parameters', async () => {
    const problems = [{ place: 'parameters.DAY', found: 'nothing', allowed: 'a value: it is required' }];
    await managers(() => [400, { code: 'INVALID_INPUT', message: 'parameters.DAY: nothing; allowed: a value', problems }]);
    expect(await yosugara('jobs', 'run', 'night')).toBe(2);
    expect(cli.notes).toContain('parameters.DAY');
    expect(await yosugara('jobs', 'run', 'night', '-p', 'DAY')).toBe(2);
  });
});

describe('operations', () => {
  it.each([
    [['hold', 'S', 'inner'], { operation: 'hold', job: 'inner', facility: null, end: null }],
    [['stop', 'S'], { operation: 'stop', job: null }],
    [['force-stop', 'S', 'inner', '--node', 'web1'], { operation: 'force-stop', job: 'inner', facility: 'web1' }],
    [['rerun', 'S', 'inner'], { operation: 'start' }],
    [['set-end', 'S', 'inner', '--status', 'warning'], { end: { status: 'warning', value: 1 } }],
    [['skip', 'S', 'inner', '--status', 'normal', '--value', '7'], { operation: 'skip', end: { status: 'normal', value: 7 } }],
    [['deny', 'S', 'ask', '--comment', 'not now'], { operation: 'deny', comment: 'not now' }],
  ])('jobs %j', async (words, body) => {
    const asked = await managers(() => [200, { done: true }]);
    expect(await yosugara('jobs', ...words)).toBe(0);
    expect(bodies(asked)).toMatchObject([{ path: '/api/v1/job-sessions/S/operations', body }]);
  });
  it('that are not possible now end with 4, and say what is', async () => {
    await managers(() => [409, { code: 'REFUSED', message: 'stop is not possible while it is held: nothing of it runs.' }]);
    expect(await yosugara('jobs', 'stop', 'S', 'inner')).toBe(4);
    expect(cli.notes).toContain('nothing of it runs');
  });
  it('that somebody else is asked for end with 4', async () => {
    await managers(() => [403, { code: 'FORBIDDEN', message: 'this is asked of eva, and you are root' }]);
    expect(await yosugara('jobs', 'approve', 'S', 'ask')).toBe(4);
  });
  it('release does what is possible', async () => {
    const jobs = [job('inner', { state: 'skipped', operations: ['release-skip'] })];
    const asked = await managers(({ method }) => (method === 'POST' ? [200, { done: true }] : [200, detail({ jobs })]));
    expect(await yosugara('jobs', 'release', 'S', 'inner')).toBe(0);
    expect(bodies(asked)).toMatchObject([{ body: { operation: 'release-skip' } }]);
    expect(await yosugara('jobs', 'release', 'S')).toBe(4);
    expect(cli.notes).toContain('there is nothing to release: it is running');
  });
});

it('yosugara jobs plan shows each run on its own clock', async () => {
  const planned = {
    at: AT,
    trigger: 'nightly',
    unit: 'night',
    unitName: 'Night',
    job: null,
    timeZone: 'Asia/Tokyo',
    session: null,
    state: null,
  };
  const asked = await managers(() => [200, { from: AT, to: AT, runs: [planned], more: true }]);
  expect(await yosugara('jobs', 'plan', '--to', '7d', '--unit', 'night')).toBe(0);
  expect(asked[0]?.path).toBe('/api/v1/job-plan?to=7d&unit=night&limit=200');
  expect(cli.out).toContain('2026-11-22 03:00 Asia/Tokyo');
  expect(cli.notes).toContain('there are more');
});

it('yosugara jobs queues shows who has a place and who waits', async () => {
  const place = (session: string) => ({ session, unit: 'night', job: 'a', facility: null, since: AT, state: 'queued' });
  const queues = [{ queue: 'narrow', concurrency: 1, capacity: 5, running: [place('one')], waiting: [place('two')] }];
  await managers(() => [200, { queues, nodes: [], more: false }]);
  expect(await yosugara('jobs', 'queues')).toBe(0);
  expect(cli.out).toMatch(/narrow +1 of 1 run +1 of 5 wait/);
  expect(cli.out).toMatch(/waits +two a since 2026-11-21 18:00:00/);
});

it('yosugara jobs link says a message once', async () => {
  const asked = await managers(() => [200, { isNew: false }]);
  expect(await yosugara('jobs', 'link', 'done', '--message', 'all', '--value', 'branch=7', '--id', 'message-1')).toBe(0);
  expect(bodies(asked)).toMatchObject([
    { body: { id: 'message-1', messageId: 'done', values: { branch: '7' }, priority: 'info' } },
  ]);
  expect(cli.out).toContain('it was said before');
});

const planned = {
  at: AT,
  trigger: 'nightly',
  unit: 'night',
  unitName: 'Night',
  job: null,
  timeZone: 'UTC',
  session: null,
  state: null,
};
const line = { number: 1, at: AT, job: 'inner', facility: null, from: 'held', to: 'waiting', by: 'eva', text: 'released' };
const ANSWERS: readonly [RegExp, unknown][] = [
  [/^GET .*\/job\?/, run],
  [/^GET .*\/history/, { lines: [line], next: null }],
  [/^GET .*\/job-sessions\/S/, detail()],
  [/^GET .*\/job-sessions/, { rows: [row('S')], next: null }],
  [/^GET .*\/job-plan/, { from: AT, to: AT, runs: [planned], more: false }],
  [/^GET .*\/job-queues/, { queues: [], nodes: [], more: false }],
  [/^POST .*\/job-units/, { session: 'S', again: false }],
  [/^POST .*\/job-links/, { isNew: true }],
  [/^POST .*\/operations/, { done: true }],
];
const answering = async () =>
  await managers(({ method, path }) => [200, ANSWERS.find(([asked]) => asked.test(`${method} ${path}`))?.[1] ?? {}]);

describe('--json', () => {
  it.each([
    [['list'], 'rows'],
    [['show', 'S'], 'jobs'],
    [['show', 'S', 'inner'], 'runs'],
    [['history', 'S'], 'lines'],
    [['output', 'S', 'inner'], 'outputs'],
    [['run', 'night'], 'session'],
    [['plan'], 'runs'],
    [['queues'], 'queues'],
    [['link', 'done'], 'isNew'],
    ...['hold', 'release-hold', 'release-skip', 'release-suspend', 'force-run', 'rerun', 'start', 'stop', 'suspend', 'skip'].map(
      (verb): [string[], string] => [[verb, 'S', 'inner'], 'operation'],
    ),
    ...['change-end', 'set-end', 'force-end', 'force-stop', 'approve', 'deny'].map((verb): [string[], string] => [
      [verb, 'S', 'inner'],
      'operation',
    ]),
  ] as [string[], string][])('of jobs %j is one document, and nothing beside it', async (words, key) => {
    await answering();
    expect(await yosugara('jobs', ...words, '--json')).toBe(0);
    expect(JSON.parse(cli.out)).toHaveProperty(key);
    expect(cli.notes).toBe('');
  });
});

describe('what went wrong', () => {
  const VERBS = [
    ['list'],
    ['show', 'S'],
    ['history', 'S'],
    ['output', 'S', 'j'],
    ['run', 'u'],
    ['plan'],
    ['queues'],
    ['link', 'x'],
    ['hold', 'S'],
  ];
  it.each(VERBS)('jobs %s ends with 1 when nobody answers', async (...words) => {
    await managers(() => [503, { code: 'NOT_ACTIVE', message: 'this node is not the Master' }]);
    expect(await soon(() => yosugara('jobs', ...words))).toBe(1);
    expect([cli.out, cli.notes]).toEqual(['', expect.stringContaining('not the Master')]);
  });
  it.each([
    [['show'], 'missing required argument'],
    [['list', '--limit', 'x'], 'a number above 0'],
    [['list', '--since', 'yesterday'], '--since'],
    [['list', '--open', '--over'], 'cannot be used with'],
    [['list', '--trigger-type', 'moon'], 'Allowed choices'],
    [['set-end', 'S', 'j', '--value', '7'], '--status'],
    [['set-end', 'S', 'j', '--status', 'fine'], 'Allowed choices'],
    [['run', 'u', '-p', '=x'], '--parameter'],
    [['dance'], 'unknown command'],
  ])('jobs %j ends with 2', async (words, why) => {
    await answering();
    expect(await yosugara('jobs', ...words)).toBe(2);
    expect(cli.notes).toContain(why);
  });
  it('a unit that is not there cannot be begun', async () => {
    await managers(() => [404, { code: 'NOT_FOUND', message: 'there is no unit moon that is enabled' }]);
    expect(await yosugara('jobs', 'run', 'moon')).toBe(1);
    expect(cli.notes).toContain('there is no unit moon');
  });
});
