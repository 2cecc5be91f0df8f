import 'reflect-metadata';
import {
  type JobApprovals,
  type JobHistory,
  type JobPlan,
  type JobQueues,
  type JobRunDetail,
  type JobSessionDetail,
  type JobSessionRow,
  JobSessionRowSchema,
  type JobSessions,
} from '@yosugara/protocol';
import { freePort, startTestPostgres, type TestPostgres } from '@yosugara/testkit';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { parse, stringify } from 'yaml';
import { type Answer, Eras, type Method, PROBE_TOKEN, startNode, type TestNode } from '../testing/harness.js';
import { readStream } from '../testing/read-tail.js';
import { FakeAgent } from './testing/fake-agents.js';
import { type LoopOnFakes, loopOnFakes } from './testing/loop-on-fakes.js';

const soon = { timeout: 60_000, interval: 30 };
const eras = new Eras();
const agents = new Map<string, FakeAgent>();
let server: TestPostgres;
let node: TestNode;
let pool: pg.Pool;
let jobs: LoopOnFakes;

/** Of each hour; not one in which this spec runs. */
const MINUTE = (new Date().getUTCMinutes() + 30) % 60;
const UNIT = `
kind: job-unit
id: night
description: Nightly batch
body:
  name: Night
  timeZone: Asia/Tokyo
  variables: { BRANCH: "7" }
  jobs:
    - { type: command, id: first, facility: web1, command: "echo #[BRANCH]" }
    - type: jobnet
      id: net
      wait: { groups: [{ conditions: [{ kind: end-status, job: first, status: [normal] }] }] }
      jobs:
        - { type: command, id: inner, facility: web1, command: sleep, hold: true }
        - type: jobnet
          id: deep
          wait: { groups: [{ conditions: [{ kind: end-status, job: inner, status: [normal, warning] }] }] }
          jobs:
            - { type: approval, id: ask, role: operator, user: eva, sentence: May it go on? }
            - { type: reference, id: again, of: first, wait: { groups: [{ conditions: [{ kind: end-status, job: ask, status: [normal] }] }] } }
`;
const MORE = [
  { kind: 'node', id: 'web1', body: { name: 'web1', addresses: ['10.0.0.1'] } },
  { kind: 'job-queue', id: 'narrow', body: { concurrency: 1, capacity: 5 } },
  {
    kind: 'job-unit',
    id: 'queued',
    body: {
      name: 'Queued',
      timeZone: 'UTC',
      jobs: ['a', 'b'].map((id) => ({ type: 'command', id, facility: 'web1', command: 'sleep', queue: 'narrow' })),
    },
  },
  {
    kind: 'job-trigger',
    id: 'by-hand',
    body: {
      ...{ type: 'manual', unit: 'night' },
      parameters: {
        DAY: { kind: 'input', required: true },
        MODE: { kind: 'choice', choices: [{ value: 'full' }], value: 'full' },
      },
    },
  },
  {
    kind: 'job-trigger',
    id: 'hourly',
    body: {
      type: 'schedule',
      unit: 'queued',
      timeZone: 'UTC',
      schedule: { kind: 'hourly', fromMinute: MINUTE, everyMinutes: 60 },
    },
  },
];

beforeAll(async () => {
  server = await startTestPostgres();
  const { host, port } = server;
  node = await startNode({
    node: 'a',
    address: '127.0.88.1',
    vip: '127.0.88.9',
    port: await freePort(),
    postgres: { host, port },
  });
  await eras.becomeActive(node, 'a');
  pool = new pg.Pool({ host, port, user: 'postgres', database: 'postgres', pipeline: true });
  // What it is told to sleep goes on until somebody ends it.
  agents.set(
    'web1',
    new FakeAgent('web1', ({ command }) => (command === 'sleep' ? null : { code: 0, stdout: `did ${command}` })),
  );
  await put({ documents: [parse(UNIT), ...MORE] });
  jobs = await loopOnFakes(server, agents, eras);
  node.jobs.follow(jobs.loop.control);
  await vi.waitFor(() => expect(jobs.loop.stats().turnP99Ms).not.toBeNull(), soon);
});
afterAll(async () => {
  await jobs?.stop();
  await node?.stop();
  await pool?.end();
  await server?.stop();
});

const call = async (method: Method, path: string, body?: unknown): Promise<Answer> =>
  await node.call(method, `/api/v1${path}`, { bearer: PROBE_TOKEN, ...(body === undefined ? {} : { body }) });
async function get<T>(path: string): Promise<T> {
  const { status, body } = await call('GET', path);
  expect([status, path, status === 200 ? '' : body]).toEqual([200, path, '']);
  return body as T;
}
async function put(wish: object): Promise<Answer['body']> {
  const { status, body } = await call('POST', '/settings/import', wish);
  expect([status, status === 200 ? '' : body]).toEqual([200, '']);
  return body;
}
const start = async (unit: string, wish: object = {}): Promise<string> => {
  const { status, body } = await call('POST', `/job-units/${unit}/sessions`, wish);
  expect([status, status === 200 ? '' : body]).toEqual([200, '']);
  return body.session;
};
const show = async (session: string) => await get<JobSessionDetail>(`/job-sessions/${session}`);
const jobOf = async (session: string, job: string) => (await show(session)).jobs.find((each) => each.job === job);
const state = async (session: string, job: string, is: string) =>
  await vi.waitFor(async () => expect((await jobOf(session, job))?.state).toBe(is), soon);
const operate = async (session: string, wish: object) => await call('POST', `/job-sessions/${session}/operations`, wish);

describe('a job unit in YAML', () => {
  it('of several levels comes out as it went in, and nothing is different then', async () => {
    const { documents } = await get<{ documents: { id: string }[] }>(
      '/settings/export?kind=job-unit&kind=job-trigger&kind=job-queue',
    );
    expect(documents).toHaveLength(5);
    const again = documents.map((each) => parse(stringify(each)));
    expect((await put({ documents: again, dryRun: true })).counts).toEqual({ added: 0, changed: 0, removed: 0, unchanged: 5 });
    expect((await put({ documents: [parse(UNIT)], dryRun: true })).counts).toMatchObject({ changed: 0, unchanged: 1 });
    const other = UNIT.replace('echo #[BRANCH]', 'echo 8');
    const { changed } = await put({ documents: [parse(other)], dryRun: true });
    expect(changed).toMatchObject([{ id: 'night', differences: [{ place: expect.stringMatching(/^body\.jobs/) }] }]);
  });
  it('with a mistake in a trigger’s cron expression is refused at its place', async () => {
    const body = { type: 'schedule', unit: 'night', timeZone: 'UTC', schedule: { kind: 'cron', expression: '0 25 * * *' } };
    const answer = await call('PUT', '/settings/job-trigger/wrong', { body });
    expect(answer.status).toBe(400);
    expect(answer.body.problems).toMatchObject([
      { place: 'body.schedule.expression', allowed: expect.stringContaining('hour "25"') },
    ]);
  });
});

describe('a session', () => {
  it('begins by hand, under one request once, and is shown with its tree, its outputs and its history', async () => {
    const request = 'deploy-4711';
    const session = await start('night', { request, parameters: { BRANCH: '9' }, by: 'anna' });
    const { body } = await call('POST', '/job-units/night/sessions', { request });
    expect(body).toEqual({ session, again: true });
    await state(session, 'first', 'ended');
    await state(session, 'inner', 'held');
    const detail = await show(session);
    expect(detail).toMatchObject({
      ...{ unit: 'night', unitName: 'Night', state: 'running', endStatus: null, variables: { BRANCH: '9' }, isTest: false },
      trigger: { type: 'api', id: null, info: 'started by anna' },
    });
    expect(detail.jobs.map(({ job, type, parent, depth }) => [job, type, parent, depth])).toEqual([
      ['first', 'command', '', 1],
      ['net', 'jobnet', '', 1],
      ['inner', 'command', 'net', 2],
      ['deep', 'jobnet', 'net', 2],
      ['ask', 'approval', 'deep', 3],
      ['again', 'command', 'deep', 3],
    ]);
    expect(detail.jobs[0]).toMatchObject({ state: 'ended', endStatus: 'normal', nodes: { ended: 1 } });
    expect(detail.jobs[2]?.operations).toContain('release-hold');
    const run = await get<JobRunDetail>(`/job-sessions/${session}/job?job=first`);
    expect(run.outputs).toMatchObject([{ facility: 'web1', stdout: "did echo '9'" }]);
    expect(run.runs).toMatchObject([{ facility: 'web1', state: 'ended', returnValue: 0, epoch: eras.now }]);
    const { lines } = await get<JobHistory>(`/job-sessions/${session}/history?limit=3`);
    expect(lines).toHaveLength(3);
    const { rows } = await get<JobSessions>('/job-sessions?unit=night&open=true&job=inner&triggerType=api&since=1h');
    expect(rows.map(({ id }) => id)).toContain(session);
    expect((await get<JobSessions>('/job-sessions?endStatus=abnormal')).rows).toEqual([]);
    await operate(session, { operation: 'force-end', end: { status: 'warning', value: 3 } });
  });

  it('begins once under an Idempotency-Key and is operated once under one, with the first answer each time', async () => {
    const twice = async (key: string, path: string, body: object) => {
      const once = async () =>
        await node.call('POST', `/api/v1${path}`, { bearer: PROBE_TOKEN, body, headers: { 'idempotency-key': key } });
      const [first, again] = [await once(), await once()];
      expect([first.status, again.status, again.headers.get('idempotency-replayed')]).toEqual([200, 200, 'true']);
      expect(again.body).toEqual(first.body);
      return first.body;
    };
    const { session, again } = await twice('begin', '/job-units/night/sessions', { by: 'anna' });
    expect(again).toBe(false);
    await state(session, 'inner', 'held');
    // Asked without a key, the second one is refused: it is held no more.
    await twice('release', `/job-sessions/${session}/operations`, { operation: 'release-hold', job: 'inner', by: 'anna' });
    const said = { id: 'under-key', messageId: 'nobody-waits', message: '', priority: 'info', values: {} };
    expect(await twice('say', '/job-links', said)).toEqual({ isNew: true });
    await operate(session, { operation: 'force-end', end: { status: 'warning', value: 3 } });
  });

  it('does what people say where it is possible, and says why not elsewhere', async () => {
    const session = await start('night', { by: 'anna' });
    await state(session, 'inner', 'held');
    const refused = await operate(session, { operation: 'stop', job: 'inner' });
    expect([refused.status, refused.body.code, refused.body.place]).toEqual([409, 'REFUSED', 'operation']);
    expect(refused.body.message).toMatch(/stop is not possible while it is held: .*Possible now: .*release-hold/);
    expect((await operate(session, { operation: 'release-hold', job: 'inner', by: 'anna' })).status).toBe(200);
    await state(session, 'inner', 'running');
    expect((await operate(session, { operation: 'release-hold', job: 'inner' })).status).toBe(409);
    for (const [wish, status] of [
      [{ operation: 'hold', job: 'nothing' }, 404],
      [{ operation: 'stop', job: 'inner', facility: 'web9' }, 404],
      [{ operation: 'stop', facility: 'web1' }, 400],
      [{ operation: 'dance' }, 400],
    ] as const)
      expect((await operate(session, wish)).status, JSON.stringify(wish)).toBe(status);
    expect((await operate('20200101000000-000', { operation: 'stop' })).status).toBe(404);
    agents.get('web1')?.finish([...(agents.get('web1')?.runs.keys() ?? [])].findLast((run) => run.startsWith(session)) ?? '');
    await state(session, 'ask', 'running');
    const { approvals } = await get<JobApprovals>('/job-approvals');
    expect(approvals.filter((each) => each.session === session)).toMatchObject([
      { unit: 'night', unitName: 'Night', job: 'ask', sentence: 'May it go on?', role: 'operator', user: 'eva', mine: false },
    ]);
    const approval = { operation: 'approve', job: 'ask' };
    expect((await operate(session, { ...approval, by: 'adam' })).status).toBe(403);
    expect((await operate(session, { ...approval, by: 'eva' })).status).toBe(200);
    await vi.waitFor(async () => expect(await show(session)).toMatchObject({ state: 'ended', endStatus: 'normal' }), soon);
    expect((await get<JobApprovals>('/job-approvals')).approvals.some((each) => each.session === session)).toBe(false);
    const { lines } = await get<JobHistory>(`/job-sessions/${session}/history`);
    expect(lines.find(({ by }) => by === 'eva')).toMatchObject({ job: 'ask' });
    const { rows } = await pool.query("select actor, detail from audit where action = 'job.operate' order by id desc limit 1");
    expect(rows).toMatchObject([{ actor: 'eva', detail: { session, job: 'ask', operation: 'approve' } }]);
  });

  it('by a manual trigger has the parameters that it asks for', async () => {
    const wish = (parameters: object) => ({ trigger: 'by-hand', parameters, testCommand: 'true' });
    const refused = await call('POST', '/job-units/night/sessions', wish({ MODE: 'part' }));
    expect(refused.status).toBe(400);
    expect(refused.body.problems.map(({ place }: { place: string }) => place)).toEqual(['parameters.DAY', 'parameters.MODE']);
    const session = await start('night', wish({ DAY: 'mon' }));
    expect(await show(session)).toMatchObject({
      ...{ isTest: true, testCommand: 'true', trigger: { type: 'manual', id: 'by-hand' } },
      variables: { BRANCH: '7', DAY: 'mon', MODE: 'full' },
    });
    expect((await call('POST', '/job-units/night/sessions', { trigger: 'hourly' })).status).toBe(404);
    expect((await call('POST', '/job-units/queued/sessions', { trigger: 'hourly' })).status).toBe(409);
    expect((await call('POST', '/job-units/nothing/sessions', {})).status).toBe(404);
    expect((await call('POST', '/job-units/night/sessions', { job: 'nothing' })).status).toBe(404);
    await operate(session, { operation: 'force-end' });
  });

  it('that began with a part of its unit has only that', async () => {
    const session = await start('night', { job: 'deep' });
    const { root, jobs } = await show(session);
    expect([root, ...jobs.map(({ job, depth }) => `${job} ${depth}`)]).toEqual(['deep', 'deep 1', 'ask 2', 'again 2']);
    await operate(session, { operation: 'force-end' });
  });
});

it('who waits in a queue, and who has a place, is shown', async () => {
  const session = await start('queued');
  await state(session, 'b', 'queued');
  await state(session, 'a', 'running');
  const { queues } = await get<JobQueues>('/job-queues');
  expect(queues).toMatchObject([
    { queue: 'narrow', concurrency: 1, capacity: 5, running: [{ session, job: 'a' }], waiting: [{ session, job: 'b' }] },
  ]);
  await operate(session, { operation: 'force-end' });
});

it('the plan has the runs to come, in order, and says when there are more', async () => {
  const plan = await get<JobPlan>('/job-plan?from=2030-01-01T00:00:00Z&to=2030-01-01T03:00:00Z&limit=2');
  const minute = String(MINUTE).padStart(2, '0');
  expect(plan.runs.map(({ at, trigger, unitName }) => [at, trigger, unitName])).toEqual([
    [`2030-01-01T00:${minute}:00.000Z`, 'hourly', 'Queued'],
    [`2030-01-01T01:${minute}:00.000Z`, 'hourly', 'Queued'],
  ]);
  expect(plan.more).toBe(true);
  expect((await get<JobPlan>('/job-plan?to=2d&unit=queued')).runs.length).toBeGreaterThanOrEqual(47);
  expect((await get<JobPlan>('/job-plan?unit=night')).runs).toEqual([]);
  for (const query of ['to=500d', 'from=2h&to=1h', 'from=x'])
    expect((await call('GET', `/job-plan?${query}`)).status, query).toBe(400);
});

it('a schedule that nobody saved is tried: its next times, or what is wrong with it', async () => {
  const tried = async (schedule: object) => await call('POST', '/job-plan/try', { timeZone: 'Asia/Tokyo', schedule, limit: 3 });
  const { status, body } = await tried({ kind: 'cron', expression: '30 2 * * *' });
  expect([status, body.times.length]).toEqual([200, 3]);
  for (const time of body.times) expect(time).toMatch(/T17:30:00.000Z$/);
  const refused = await tried({ kind: 'cron', expression: '0 25 * * *' });
  expect(refused).toMatchObject({ status: 400, body: { message: expect.stringContaining('hour "25"') } });
});

it('a link message is said once', async () => {
  const message = { id: 'message-1', messageId: 'done', message: 'all of it', values: { branch: '7' } };
  expect((await call('POST', '/job-links', message)).body).toEqual({ isNew: true });
  expect((await call('POST', '/job-links', message)).body).toEqual({ isNew: false });
  expect(await get('/job-links?messageId=done')).toMatchObject({
    messages: [{ id: 'message-1', values: { branch: '7' } }],
    next: null,
  });
  expect((await call('POST', '/job-links', { ...message, id: 'message-2' })).body).toEqual({ isNew: true });
  const first = await get<{ next: number | null }>('/job-links?messageId=done&limit=1');
  expect(first).toMatchObject({ messages: [{ id: 'message-2' }], next: expect.any(Number) });
  expect(await get(`/job-links?messageId=done&limit=1&after=${first.next}`)).toMatchObject({ messages: [{ id: 'message-1' }] });
});

it('whoever follows sees each session as it changes, and goes on where they were', async () => {
  const follow = async (lastId: string | null) => {
    const rows: JobSessionRow[] = [];
    let last = '';
    const close = await readStream(`${node.url}/api/v1/job-sessions/stream`, lastId, ({ name, data, id }) => {
      if (name === 'sessions') rows.push(...JobSessionRowSchema.array().parse(JSON.parse(data).rows));
      last = id ?? last;
    });
    return { rows, last: () => last, close };
  };
  const first = await follow(null);
  const session = await start('night', { job: 'first' });
  const ends = (rows: readonly JobSessionRow[], id: string) => rows.some((row) => row.id === id && row.endStatus === 'normal');
  await vi.waitFor(() => expect(ends(first.rows, session)).toBe(true), soon);
  const at = first.last();
  await first.close();
  const missed = await start('night', { job: 'first' });
  await vi.waitFor(async () => expect((await show(missed)).endStatus).toBe('normal'), soon);
  const second = await follow(at);
  await vi.waitFor(() => expect(ends(second.rows, missed)).toBe(true), soon);
  expect(second.rows.some(({ id }) => id === session)).toBe(false);
  await second.close();
  expect(
    (await node.call('GET', '/api/v1/job-sessions/stream', { bearer: PROBE_TOKEN, headers: { 'last-event-id': 'x' } })).status,
  ).toBe(400);
});

it('without a login nothing is told, and where no jobs run nothing is changed', async () => {
  expect((await node.call('GET', '/api/v1/job-sessions')).status).toBe(401);
  node.jobs.follow(null);
  try {
    const { status, body } = await call('POST', '/job-units/night/sessions', {});
    expect([status, body.code]).toEqual([503, 'NOT_ACTIVE']);
  } finally {
    node.jobs.follow(jobs.loop.control);
  }
});
