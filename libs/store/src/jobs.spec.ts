import { epoch } from '@yosugara/kernel';
import { type JobRun, type JobSession, runAtFirst } from '@yosugara/operations';
import { EMPTY_BATCH, type JobBatch, type SessionToStore, StaleEpochError, StaleProgressError } from '@yosugara/runtime';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { JobReportRepository, JobRepository, OperationsRepository, Partitions } from './index.js';
import { type OpenedStore, openMigratedStore } from './testing/opened.js';
import { batchWith, eventLike } from './testing/told.js';

const DAY = 86_400_000;
const AT = Date.UTC(2026, 10, 21, 3);
let opened: OpenedStore;
let pool: pg.Pool;
let jobs: JobRepository;
let reports: JobReportRepository;

beforeAll(async () => {
  opened = await openMigratedStore();
  pool = new pg.Pool({ ...opened.where, pipeline: true });
  jobs = new JobRepository(pool, new OperationsRepository(pool, new Partitions(pool, 'collected')));
  reports = new JobReportRepository(pool);
});
afterAll(async () => {
  await pool?.end();
  await opened?.close();
});
beforeEach(async () => {
  await opened.pool.query(`
    truncate job_session, job_mark, job_link, agent_spool, event, setting_history restart identity cascade;
    update job_progress set version = 0; update ownership set epoch = 1;
    insert into setting_history (kind, id, revision, version, epoch, by, body) values
      ('job-unit', 'night', 1, 1, 1, 'anna', '{"ownerRole": "operators", "body": {"name": "Night", "timeZone": "Asia/Tokyo", "jobs": [{"type": "command", "id": "a", "facility": "web", "command": "true"}]}}'),
      ('job-unit', 'night', 2, 2, 1, 'anna', null), ('job-unit', 'day', 1, 1, 1, 'anna', null)`);
});

const run = (job: string, change: Partial<JobRun> = {}): JobRun => ({
  ...{
    job,
    state: 'waiting',
    endStatus: null,
    endValue: null,
    startedAtMs: null,
    endedAtMs: null,
    attempt: 1,
    marks: [],
    nodes: [],
  },
  ...{ why: '', notBeforeMs: null, round: 0, runs: 0, endWith: null, queuedAtMs: null },
  ...change,
});
const session = (id: string, change: Partial<JobSession> = {}): JobSession => ({
  ...{ id, unit: 'night', revision: 1, root: null, trigger: { type: 'manual', id: null, info: 'anna' }, scheduledAtMs: AT + 0.5 },
  ...{ startedAtMs: AT, endedAtMs: null, state: 'running', endStatus: null, endValue: null, variables: { A: '1' } },
  ...{ jobs: new Map([['a', run('a')]]), ignoresTimes: false, testCommand: null },
  ...change,
});
const begun = ({ jobs: all, ...head }: JobSession, request: string | null = null): SessionToStore => ({
  ...{ head, jobs: [...all.values()], begins: { ownerRole: 'operators', request, keepDays: 3 } },
});
const changed = ({ jobs: all, ...head }: JobSession): SessionToStore => ({ head, jobs: [...all.values()] });
const EMPTY: JobBatch = {
  ...{ sessions: [], removed: [], outputs: [], history: [], marks: [], links: [], spools: [], operations: EMPTY_BATCH },
};
const put = async (change: Partial<JobBatch>, version = 0, of = 1) =>
  await jobs.storeJobs({ ...EMPTY, ...change }, epoch(of), version);

describe('a batch of jobs', () => {
  it('stores all of it, and what is open is read again', async () => {
    const one = session('20261121120000-001', {
      jobs: new Map([
        ['a', run('a', { why: 'x\0y' })],
        ['b', run('b')],
      ]),
    });
    const mark = { trigger: 'nightly', firedUpToMs: AT, state: { seen: 1 } };
    const link = { id: 'm1', atMs: AT, messageId: 'done', message: 'it is', priority: 'info', values: { A: '1' } } as const;
    await put({
      ...{ sessions: [begun(one)], marks: [mark], links: [link], spools: [{ agent: 'web1', spool: 'ab', number: 7 }] },
      outputs: [
        {
          ...{ session: one.id, job: 'a', facility: 'web1', attempt: 1, atMs: AT, stdout: 'out\0', stderr: '' },
          ...{ stdoutBytes: 4, stderrBytes: 0 },
        },
      ],
      history: [
        { session: one.id, atMs: AT, job: 'a', facility: null, from: 'waiting', to: 'running', who: null, text: 'it began' },
      ],
      operations: batchWith({ events: [eventLike()] }),
    });
    const loaded = await jobs.loadJobs();
    expect(loaded).toMatchObject({ version: 1, marks: [mark], spools: [{ agent: 'web1', spool: 'ab', number: 7 }] });
    expect(loaded.sessions).toEqual([
      {
        ...one,
        jobs: new Map([
          ['a', run('a', { why: 'x\u{FFFD}y' })],
          ['b', run('b')],
        ]),
      },
    ]);
    expect(await jobs.linksSince(AT - 1, 10)).toEqual([link]);
    expect(await reports.outputs(one.id, 'a')).toMatchObject([{ stdout: 'out\u{FFFD}', stdoutBytes: 4, facility: 'web1' }]);
    expect(await reports.history(one.id, 0, 10)).toMatchObject([{ number: 1, from: 'waiting', text: 'it began' }]);
    expect((await opened.pool.query('select id from event')).rowCount).toBe(1);
  });

  it('reads runs that nothing happened to by their names alone, and others as they are', async () => {
    const first = [runAtFirst('a', 'waiting'), runAtFirst('b', 'held'), runAtFirst('c', 'skipped'), runAtFirst('d', 'waiting')];
    const one = session('s-1', { jobs: new Map(first.map((each) => [each.job, each])) });
    await put({ sessions: [begun(one)] });
    const known = async () =>
      (await opened.pool.query('select job from job_run where first_written_by = xmin order by job')).rows.map(({ job }) => job);
    expect(await known()).toEqual(['a', 'b', 'c', 'd']);
    expect((await jobs.loadJobs()).sessions).toEqual([one]);
    const skipped = { ...first[2]!, endWith: { status: 'normal', value: 1 } } as const;
    await put({ sessions: [changed({ ...one, jobs: new Map([['c', skipped]]) })] }, 1);
    // As a version does that does not know of it.
    await opened.pool.query(`update job_run set run = jsonb_set(run, '{why}', '"older"') where job = 'd'`);
    expect(await known()).toEqual(['a', 'b']);
    const jobsNow = [first[0]!, first[1]!, skipped, { ...first[3]!, why: 'older' }];
    expect((await jobs.loadJobs()).sessions).toEqual([{ ...one, jobs: new Map(jobsNow.map((each) => [each.job, each])) }]);
  });

  it('changes what is there, row by row, and what is over is not open', async () => {
    const one = session('s-1', {
      jobs: new Map([
        ['a', run('a')],
        ['b', run('b')],
      ]),
    });
    await put({ sessions: [begun(one)] });
    const over = { ...one, state: 'ended', endStatus: 'normal', endValue: 0, endedAtMs: AT + 5, variables: { B: '2' } } as const;
    const b = run('b', { state: 'ended', endStatus: 'normal', endValue: 0 });
    await put({ sessions: [changed({ ...over, jobs: new Map([['b', b]]) })] }, 1);
    expect((await jobs.loadJobs()).sessions).toEqual([]);
    expect(await jobs.loadSession('s-1')).toEqual({
      ...over,
      jobs: new Map([
        ['a', run('a')],
        ['b', b],
      ]),
    });
  });

  it('is refused by a younger epoch, and nothing of it is there', async () => {
    await opened.store.claim(7);
    await expect(put({ sessions: [begun(session('s-1'))] }, 0, 6)).rejects.toBeInstanceOf(StaleEpochError);
    expect(await jobs.loadJobs()).toMatchObject({ version: 0, sessions: [] });
  });

  it('is refused when it is made from what is not the newest', async () => {
    await put({});
    await expect(put({ sessions: [begun(session('s-1'))] })).rejects.toBeInstanceOf(StaleProgressError);
    expect(await jobs.loadJobs()).toMatchObject({ version: 1, sessions: [] });
  });

  it('is stored whole or not at all', async () => {
    const unknownUnit = begun(session('s-1', { revision: 9 }));
    const mark = { trigger: 'nightly', firedUpToMs: AT, state: null };
    await expect(put({ marks: [mark], sessions: [unknownUnit] })).rejects.toThrow(/foreign key/);
    expect(await jobs.loadJobs()).toMatchObject({ version: 0, marks: [], sessions: [] });
  });

  it('counts news of a disk forward only', async () => {
    await put({ spools: [{ agent: 'web1', spool: 'ab', number: 7 }] });
    await put({ spools: [{ agent: 'web1', spool: 'ab', number: 3 }] }, 1);
    expect((await jobs.loadJobs()).spools).toEqual([{ agent: 'web1', spool: 'ab', number: 7 }]);
  });
});

it('asked for twice under one id there is one session only', async () => {
  await put({ sessions: [begun(session('20261121120000-001'), 'told/1')] });
  const found = await jobs.lookUp(['told/1', 'told/2'], ['20261121120000-', '20261121120001-']);
  expect([...found.requests]).toEqual([['told/1', '20261121120000-001']]);
  expect(found.taken).toEqual(['20261121120000-001']);
  await expect(put({ sessions: [begun(session('20261121120000-002'), 'told/1')] }, 1)).rejects.toThrow(/duplicate key/);
});

it('reads a unit as it was in a revision; one that a session has is never forgotten', async () => {
  expect(await jobs.unitOf('night', 1)).toMatchObject({
    id: 'night',
    revision: 1,
    ownerRole: 'operators',
    body: { name: 'Night' },
  });
  expect(await jobs.unitOf('night', 2)).toBeNull();
  await put({ sessions: [begun(session('s-1'))] });
  await expect(opened.pool.query(`delete from setting_history where id = 'night' and revision = 1`)).rejects.toThrow(
    /foreign key/,
  );
});

it('says how jobs and sessions ended, newest first', async () => {
  const ended = (at: number, value: number) =>
    session(`s-${at}`, {
      ...{ startedAtMs: AT, endedAtMs: AT + at, state: 'ended', endStatus: 'normal', endValue: value },
      jobs: new Map([['a', run('a', { endStatus: 'warning', endValue: value + 1, startedAtMs: AT, endedAtMs: AT + at - 1 })]]),
    });
  await put({ sessions: [begun(ended(1_000, 1)), begun(ended(2_000, 5)), begun(session('s-open'))] });
  const found = await jobs.pastEnds([
    { unit: 'night', job: 'a' },
    { unit: 'night', job: '' },
    { unit: 'day', job: '' },
  ]);
  expect(found.filter(({ job }) => job === '').map(({ session: id, value }) => [id, value])).toEqual([
    ['s-2000', 5],
    ['s-1000', 1],
  ]);
  expect(found.filter(({ job }) => job === 'a')).toMatchObject([
    { unit: 'night', session: 's-2000', status: 'warning', value: 6, startedAtMs: AT, endedAtMs: AT + 1_999 },
    { session: 's-1000', value: 2 },
  ]);
});

it('forgets sessions when their days are over, with all of them, and never open ones', async () => {
  const over = session('s-1', { endedAtMs: AT, state: 'ended', endStatus: 'normal', endValue: 0 });
  const line = { session: 's-1', atMs: AT, job: '', facility: null, from: null, to: null, who: null, text: '' };
  await put({ sessions: [begun(over), begun(session('s-2'))], history: [line] });
  expect(await jobs.forgetJobs(AT + 3 * DAY - 1, epoch(1))).toBe(0);
  expect(await jobs.forgetJobs(AT + 300 * DAY, epoch(1))).toBe(1);
  expect(await reports.history('s-1', 0, 10)).toEqual([]);
  expect((await reports.sessions({ limit: 10 })).rows.map(({ id }) => id)).toEqual(['s-2']);
  await opened.store.claim(2);
  await expect(jobs.forgetJobs(AT, epoch(1))).rejects.toBeInstanceOf(StaleEpochError);
});

it('lists sessions by what is asked, in pages', async () => {
  const many = Array.from({ length: 5 }, (_, at) =>
    session(`s-${at}`, at === 3 ? { endedAtMs: AT, state: 'ended', endStatus: 'abnormal', unit: 'day' } : {}),
  );
  await put({ sessions: many.map((each) => begun(each)) });
  const ids = async (query: object) => (await reports.sessions({ limit: 10, ...query })).rows.map(({ id }) => id);
  const first = await reports.sessions({ limit: 3 });
  expect(first.rows.map(({ id }) => id)).toEqual(['s-4', 's-3', 's-2']);
  expect(await ids({ after: first.next })).toEqual(['s-1', 's-0']);
  expect(await ids({ unit: 'day' })).toEqual(['s-3']);
  expect(await ids({ open: false, endStatuses: ['abnormal'], states: ['ended'], job: 'a' })).toEqual(['s-3']);
  expect(await ids({ open: true, triggerType: 'manual', fromMs: AT, toMs: AT + 1, ownerRoles: ['operators'] })).toHaveLength(4);
  expect(await ids({ job: 'b' })).toEqual([]);
  expect(await reports.session('s-3')).toMatchObject({ id: 's-3', ownerRole: 'operators', jobs: [{ job: 'a' }] });
  expect(await reports.session('nothing')).toBeNull();
  await expect(reports.sessions({ limit: 1, after: "1'" })).rejects.toThrow(/after/);
});
