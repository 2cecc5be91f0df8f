import type { JobSession } from '@yosugara/operations';
import { CommitUnknownError, type StartRequest } from '@yosugara/runtime';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { JobWorld, type Manager, until } from './testing/job-world.js';

let world: JobWorld;
beforeAll(async () => {
  world = await JobWorld.open();
});
afterAll(async () => await world?.close());
beforeEach(async () => await world.clear());
afterEach(async () => await world.endManagers());

const command = (id: string, more: object = {}) => ({ type: 'command', id, facility: 'web1', command: `echo ${id}`, ...more });
const after = (job: string) => ({ wait: { groups: [{ conditions: [{ kind: 'end-status', job, status: ['normal'] }] }] } });
const unit = async (jobs: readonly object[], more: object = {}) =>
  await world.put('job-unit', 'night', { name: 'Night', timeZone: 'Asia/Tokyo', jobs, ...more });
const asked = (change: Partial<StartRequest> = {}): StartRequest => ({
  ...{ request: null, unit: 'night', job: null, trigger: { type: 'manual', id: null, info: 'anna' }, scheduledAtMs: null },
  ...{ variables: {}, ignoresTimes: false, commandInstead: null, by: 'anna', ...change },
});

async function started(manager: Manager, change: Partial<StartRequest> = {}): Promise<string> {
  const answer = await until('it serves', async () => await manager.loop.control.start(asked(change)).catch(() => null));
  if (answer.kind !== 'started') throw new Error(JSON.stringify(answer));
  return answer.session;
}
const ended = async (session: string) =>
  await until(`session ${session} ends`, async () => {
    const found = await world.reports.session(session);
    return found !== null && found.endedAtMs !== null && found;
  });
const stateOf = async (session: string, job: string) =>
  (await world.reports.session(session))?.jobs.find((run) => run.job === job);
const nodeState = async (session: string, job: string, state: string) =>
  await until(`${job} is ${state}`, async () => (await stateOf(session, job))?.nodes[0]?.state === state);
const launches = () => [...world.agents.values()].flatMap(({ launches: each }) => [...each.values()]);

describe('a session', () => {
  it('runs its jobs on agents, one after the other, and ends', async () => {
    const web1 = await world.node('web1', ({ command: text }) => ({ code: text.includes('b') ? 1 : 0, stdout: `did ${text}` }));
    await unit([command('a'), command('b', after('a'))]);
    const session = await started(world.manager(1));
    expect(session).toMatch(/^\d{14}-000$/);
    const { endStatus, jobs } = await ended(session);
    expect(endStatus).toBe('warning');
    expect(jobs.map(({ job, endStatus: status, endValue }) => [job, status, endValue])).toEqual([
      ['a', 'normal', 0],
      ['b', 'warning', 1],
    ]);
    expect(await world.reports.outputs(session, 'a')).toMatchObject([{ facility: 'web1', stdout: 'did echo a' }]);
    expect((await world.reports.history(session, 0, 100)).map(({ job, to }) => `${job}:${to}`)).toEqual(
      expect.arrayContaining([':running', 'a:running', 'a:ended', 'b:running', 'b:ended', ':ended']),
    );
    // The database has it a moment before the agent hears so.
    await until('its news were taken', () => web1.news.length === 0);
  });

  it('keeps the revision that it began with, whatever becomes of its unit', async () => {
    const web1 = await world.node('web1', () => null);
    await unit([command('a'), command('b', after('a'))]);
    const manager = world.manager(1);
    const session = await started(manager);
    await until('a runs', () => web1.launches.size === 1);
    const other = { name: 'Night', timeZone: 'UTC', jobs: [command('a')] };
    await world.put('job-unit', 'night', other, 2);
    web1.finish([...web1.launches.keys()][0]!);
    await until('b runs', () => web1.launches.size === 2);
    expect((await world.reports.session(session))?.revision).toBe(1);
    expect((await world.reports.session(await started(manager)))?.revision).toBe(2);
  });

  it('asked for twice under one id is one session, also by two managers', async () => {
    await world.node('web1');
    await unit([command('a')]);
    const first = world.manager(1);
    const [one, two] = [await started(first, { request: 'told/1' }), await started(first, { request: 'told/1' })];
    expect(two).toBe(one);
    await first.end();
    expect(await started(world.manager(2), { request: 'told/1' })).toBe(one);
    expect(await started(world.managers.at(-1)!, { request: 'told/2' })).not.toBe(one);
  });

  it('is operated on by people, who are told why not', async () => {
    const web1 = await world.node('web1', () => null);
    await unit([command('a')]);
    const manager = world.manager(1);
    const session = await started(manager);
    await until('it runs', () => web1.launches.size === 1);
    const operate = async (operation: 'start' | 'force-end', job: string | null) =>
      await manager.loop.control.operate({
        ...{ session, job, facility: null, operation, by: 'anna', comment: '' },
        end: { status: 'normal', value: 7 },
      });
    expect(await operate('start', 'a')).toMatchObject({
      kind: 'refused',
      allowed: expect.arrayContaining(['stop', 'force-end']),
    });
    expect(await operate('force-end', 'b')).toEqual({ kind: 'unknown', what: 'job' });
    expect(await operate('force-end', 'a')).toEqual({ kind: 'done' });
    expect(await ended(session)).toMatchObject({ endStatus: 'normal', jobs: [{ job: 'a', endValue: 7 }] });
    // It is over and no longer in memory: still somebody may run it again.
    expect(await operate('start', 'a')).toEqual({ kind: 'done' });
    await until('it runs again', () => web1.launches.size === 2);
    expect(launches()).toEqual([1, 1]);
  });
});

it('begins very many at once in several transactions, none of which is larger than it has to be', async () => {
  await world.node('web1', () => null);
  const JOBS = 300;
  await unit(Array.from({ length: JOBS }, (_, at) => command(`j${at}`, { hold: true })));
  const manager = world.manager(1);
  await until('it serves', () => manager.loop.stats().turnP99Ms !== null);
  const sizes: number[] = [];
  world.fault = { before: ({ sessions }) => void sizes.push(sessions.reduce((sum, { jobs }) => sum + jobs.length, 0)) };
  const answers = await Promise.all(Array.from({ length: 8 }, async () => await manager.loop.control.start(asked())));
  world.fault = {};
  expect(answers.map(({ kind }) => kind)).toEqual(Array.from({ length: 8 }, () => 'started'));
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(8 * JOBS);
  expect(Math.max(...sizes)).toBe(2 * JOBS);
  expect(manager.loop.stats()).toMatchObject({ sessions: 8, waiting: 8 * JOBS, running: 0, unanswered: 0 });
});

describe('nothing is lost or done twice', () => {
  it('when the manager dies before the commit: nothing left', async () => {
    const web1 = await world.node('web1');
    await unit([command('a')]);
    const first = world.manager(1);
    world.fault = {
      before: ({ sessions }) => {
        if (sessions.length > 0) throw new Error('the power went');
      },
    };
    await until('it serves', () => first.loop.stats().turnP99Ms !== null);
    await expect(first.loop.control.start(asked({ request: 'r' }))).rejects.toThrow('the power went');
    first.kill();
    world.fault = {};
    expect(web1.heard.filter(({ say }) => say === 'start')).toEqual([]);
    expect((await world.reports.sessions({ limit: 10 })).rows).toEqual([]);
    await ended(await started(world.manager(2), { request: 'r' }));
    expect(launches()).toEqual([1]);
  });

  it('when it dies after the commit and before the instruction leaves: the next one says it', async () => {
    const web1 = await world.node('web1');
    await unit([command('a')]);
    const first = world.manager(1);
    await until('web1 is there', () => web1.tasks !== null);
    world.fault = { after: ({ sessions }) => void (sessions.length > 0 && first.kill()) };
    await first.loop.control.start(asked({ request: 'r' })).catch(() => undefined);
    world.fault = {};
    expect(web1.heard.filter(({ say }) => say === 'start')).toEqual([]);
    const [row] = (await world.reports.sessions({ limit: 10 })).rows;
    world.manager(2);
    expect(await ended(row!.id)).toMatchObject({ endStatus: 'normal' });
    expect(launches()).toEqual([1]);
  });

  it('when nobody knows whether it was committed: it is read again, and whoever asks again has the same session', async () => {
    await world.node('web1');
    await unit([command('a')]);
    const manager = world.manager(1);
    let [commits, faults] = [0, 0];
    world.fault = {
      after: () => {
        if (commits++ % 3 !== 1) return;
        faults++;
        throw new CommitUnknownError('the connection broke');
      },
    };
    const answers = await Promise.all([0, 1, 2, 3].map(async (n) => await started(manager, { request: `r${n}` })));
    // What comes while the database stands still is committed at once: then few commits were enough.
    while (faults < 2) answers.push(await started(manager, { request: `r${answers.length}` }));
    for (const session of answers) expect(await ended(session)).toMatchObject({ endStatus: 'normal' });
    expect((await world.reports.sessions({ limit: 100 })).rows).toHaveLength(answers.length);
    expect(launches()).toEqual(answers.map(() => 1));
  });

  it('when an instruction gets lost and the manager changes: it is said again, and runs once', async () => {
    const web1 = await world.node('web1');
    await unit([command('a')]);
    const first = world.manager(1);
    await until('web1 is there', () => web1.tasks !== null);
    first.links.drops = (_, { say }) => say === 'start';
    const session = await started(first);
    await nodeState(session, 'a', 'claimed');
    first.kill();
    world.manager(2);
    expect(await ended(session)).toMatchObject({ endStatus: 'normal' });
    expect(launches()).toEqual([1]);
  });

  it('when a command goes on while managers change: its result reaches the new one', async () => {
    const web1 = await world.node('web1', () => null);
    await unit([command('a'), command('b', after('a'))]);
    const first = world.manager(1);
    const session = await started(first);
    await nodeState(session, 'a', 'running');
    first.kill();
    web1.finish([...web1.launches.keys()][0]!);
    world.manager(2);
    await until('b runs', () => web1.launches.size === 2);
    web1.finish([...web1.launches.keys()][1]!);
    expect(await ended(session)).toMatchObject({ endStatus: 'normal' });
    expect(launches()).toEqual([1, 1]);
  });

  it('when the same news come twice, before and after they were committed', async () => {
    const web1 = await world.node('web1', () => null);
    await unit([command('a')]);
    const manager = world.manager(1);
    const session = await started(manager);
    await nodeState(session, 'a', 'running');
    const run = [...web1.launches.keys()][0]!;
    const first = web1.first + web1.news.length;
    const end = { run, atMs: 5, startedAtMs: 4, outcome: 'exited', code: 0, signal: null, why: '' } as const;
    const news = [
      {
        kind: 'run-ended',
        end: { ...end, stdout: 'x', stderr: '', stdoutBytes: 1, stderrBytes: 0, variables: {}, outputTrouble: null },
      },
    ] as const;
    const { desk } = manager.loop;
    const say = async () => await desk.news('web1', web1.spool, first, news);
    expect(await Promise.all([say(), say()])).toEqual([first, first]);
    expect(await say()).toBe(first);
    await ended(session);
    expect(await world.reports.outputs(session, 'a')).toHaveLength(1);
    const ends = (await world.reports.history(session, 0, 100)).filter(({ job, to }) => job === 'a' && to === 'ended');
    expect(ends).toHaveLength(1);
  });

  it('when a manager goes on that is the Master no more: it commits nothing, and lets nothing start', async () => {
    const web1 = await world.node('web1', () => null);
    await unit([command('a')]);
    const old = world.manager(1);
    const session = await started(old);
    await nodeState(session, 'a', 'running');
    old.isolate();
    const next = world.manager(2);
    const other = await started(next);
    await until('both run', () => web1.launches.size === 2);
    // Its clock stood still: it believes in its lease. What it does is refused by the database.
    const claimed = { say: 'start-check', run: [...web1.runs.keys()][1]!, epoch: 1, nonce: 'c'.repeat(32) } as const;
    await expect(old.loop.desk.startCheck('web1', claimed)).rejects.toThrow(/epoch 1 is over|does not run jobs/);
    await until('it knows', () => old.stale.length > 0);
    await expect(old.loop.control.start(asked())).rejects.toThrow();
    expect((await world.reports.sessions({ limit: 10 })).rows.map(({ id }) => id).sort()).toEqual([session, other].sort());
  });

  it('when a former Master still says what it had to say: its agents refuse, and how often is counted', async () => {
    const web1 = await world.node('web1', () => null);
    await unit([command('a')]);
    const old = world.manager(1);
    const first = await started(old);
    await nodeState(first, 'a', 'running');
    old.isolate();
    const next = world.manager(2);
    const session = await started(next);
    await until('both run', () => web1.launches.size === 2);
    const late = web1.heard.find((saying) => saying.say === 'start')!;
    web1.take({ ...late, run: late.run.replace('/a/', '/late/') });
    await until('it is heard of', () => next.loop.control.stats().refused === 1);
    expect(web1.launches.size).toBe(2);
    expect((await stateOf(session, 'a'))?.nodes[0]?.state).toBe('running');
  });

  it('when the disk of an agent is lost: a run that may have begun is unknown, and never said again', async () => {
    const web1 = await world.node('web1', () => null);
    await unit([command('a')]);
    const manager = world.manager(1);
    const session = await started(manager);
    await nodeState(session, 'a', 'running');
    web1.wipe('c'.repeat(32));
    await nodeState(session, 'a', 'unknown');
    expect((await stateOf(session, 'a'))?.state).toBe('error');
    manager.kill();
    world.manager(2);
    await until('it is there again', () => web1.isConnected);
    await until('its tasks were told again', () => web1.heard.filter(({ say }) => say === 'tasks').length > 1);
    expect(launches()).toEqual([1]);
  });
});

describe('what begins sessions', () => {
  const schedule = (more: object = {}) => ({
    ...{ type: 'schedule', unit: 'night', timeZone: 'UTC', schedule: { kind: 'interval', minutes: 1 } },
    ...more,
  });
  /** Four in two hours, five in the two and a half before, and none of them due while a spec runs. */
  const halfHourly = () => {
    const minute = (new Date().getUTCMinutes() + 15) % 30;
    return { kind: 'interval', minutes: 30, from: `00:${String(minute).padStart(2, '0')}` };
  };
  const runs = async () => (await world.reports.sessions({ limit: 100, triggerId: 'nightly' })).rows;
  /** As if nobody had served for so long. */
  const away = async (minutes: number) =>
    await world.pool.query(
      `update setting set modified_at = now() - interval '1 day' where kind = 'job-trigger';
       insert into job_mark values ('nightly', now() - interval '${minutes} minutes', '{"revision": 1}')
       on conflict (trigger) do update set fired_up_to = excluded.fired_up_to`,
    );

  it.each([
    ['run', 1],
    ['run-each', 5],
    ['ask', 5],
    ['skip', 0],
  ] as const)('late policy %s: %d sessions of five runs that nobody was there for', async (late, sessions) => {
    await world.node('web1');
    await unit([command('a')]);
    await world.put('job-trigger', 'nightly', schedule({ schedule: halfHourly(), late, lateUpToMinutes: 1_000 }));
    await away(150);
    const manager = world.manager(1);
    await until('it is decided', async () =>
      (await world.reports.marks()).some(({ firedUpToMs }) => firedUpToMs > Date.now() - 30_000),
    );
    const dropped = await world.pool.query(`select message from event where monitor = 'nightly'`);
    const found = await runs();
    expect(found).toHaveLength(sessions);
    expect(dropped.rows.length > 0).toBe(late === 'run' || late === 'skip');
    if (late === 'ask') expect(found.filter(({ state }) => state === 'held')).toHaveLength(5);
    await manager.end();
    // The next one finds it decided.
    world.manager(2);
    await until('it serves', () => world.managers.at(-1)!.loop.stats().turnP99Ms !== null);
    expect((await runs()).length).toBe(found.length);
  });

  it('are made beforehand, and taken away when nobody wants them any more', async () => {
    await unit([command('a')]);
    const body = schedule({ schedule: halfHourly(), premakeHours: 2 });
    await world.put('job-trigger', 'nightly', body);
    const manager = world.manager(1);
    const made = await until('they are made', async () => {
      const found = await runs();
      return found.length === 4 && found;
    });
    expect(new Set(made.map(({ state }) => state))).toEqual(new Set(['scheduled']));
    const held = made[1]!.id;
    const hold = { operation: 'hold', job: null, facility: null, end: null, by: 'anna', comment: '' } as const;
    expect(await manager.loop.control.operate({ session: held, ...hold })).toEqual({ kind: 'done' });
    await manager.end();
    await world.put('job-trigger', 'nightly', { ...body, premakeHours: 0 }, 2);
    world.manager(2);
    await until('they are gone', async () => (await runs()).length === 1);
    expect((await runs())[0]?.id).toBe(held);
  });

  it('do not begin any more when their schedule changed a moment before', async () => {
    await unit([command('a')]);
    const body = schedule({ schedule: halfHourly(), premakeHours: 2 });
    await world.put('job-trigger', 'nightly', body);
    world.manager(1);
    await until('they are made', async () => (await runs()).length === 4);
    await world.put('job-trigger', 'nightly', { ...body, premakeHours: 0 }, 2);
    await until('they are gone', async () => (await runs()).length === 0);
  });

  it('find a link message that was stored in the moment in which the job that waits for it began', async () => {
    await unit([{ type: 'link-receive', id: 'a', messageId: 'arrived', pastMinutes: 5, hold: true }]);
    const { control } = world.manager(1).loop;
    const session = await started(world.managers.at(-1)!);
    const message = { id: '1', atMs: Date.now(), messageId: 'arrived', message: '', priority: 'info', values: {} } as const;
    const release = { operation: 'release-hold', job: 'a', facility: null, end: null, by: 'anna', comment: '' } as const;
    // Both are in one turn.
    await Promise.all([control.link(message), control.operate({ session, ...release })]);
    expect(await ended(session)).toMatchObject({ endStatus: 'normal' });
  });

  it('are link messages, each once', async () => {
    const web1 = await world.node('web1');
    await unit([command('a', { command: 'echo #[FILE]' })]);
    await world.put('job-trigger', 'linked', { type: 'link-receive', unit: 'night', messageId: 'arrived', pattern: 'in.*box' });
    const manager = world.manager(1);
    const say = async (id: string, message: string) =>
      await manager.loop.control.link({
        id,
        atMs: Date.now(),
        messageId: 'arrived',
        message,
        priority: 'info',
        values: { FILE: 'x' },
      });
    await until('it serves', () => manager.loop.stats().turnP99Ms !== null);
    expect([await say('1', 'in the box'), await say('1', 'in the box'), await say('2', 'elsewhere')]).toEqual([
      true,
      false,
      true,
    ]);
    await until('it ran', () => web1.launches.size === 1);
    await manager.end();
    const next = world.manager(2);
    await until('it serves', () => next.loop.stats().turnP99Ms !== null);
    expect(await next.loop.control.link({ ...linkLike, id: '1' })).toBe(false);
    expect((await world.reports.sessions({ limit: 10 })).rows).toHaveLength(1);
    expect([...web1.runs.values()][0]?.instruction.command).toContain('x');
  });

  it('are files that an agent saw', async () => {
    const web1 = await world.node('web1');
    await unit([command('a', { command: 'cat #[DIRECTORY]/#[FILENAME]' })]);
    const file = { directory: '/in', name: '.*\\.csv' };
    await world.put('job-trigger', 'files', { type: 'file-check', unit: 'night', facility: 'web1', file });
    world.manager(1);
    const { tasks } = await until('it knows what to look for', () => web1.tasks);
    expect(tasks).toMatchObject([{ kind: 'file-watch', directory: '/in', name: '.*\\.csv' }]);
    const seen = { kind: 'file', task: tasks[0]!.id, atMs: Date.now(), directory: '/in', change: 'created' } as const;
    web1.say({ ...seen, name: 'a.csv', sizeBytes: 3, modifiedAtMs: 5 });
    web1.say({ ...seen, name: 'a.txt', sizeBytes: 3, modifiedAtMs: 5 });
    await until('it ran', () => web1.launches.size === 1);
    expect([...web1.runs.values()].map(({ instruction }) => instruction.command)).toEqual([
      expect.stringMatching(/cat .*\/in.*a\.csv/),
    ]);
  });
});

const linkLike = { atMs: 1, messageId: 'arrived', message: 'in the box', priority: 'info', values: {} } as const;

it('gives places of a queue one after the other, also over a change of managers', async () => {
  const web1 = await world.node('web1', () => null);
  await world.put('job-queue', 'one', { concurrency: 1 });
  await unit(['a', 'b', 'c'].map((id) => command(id, { queue: 'one' })));
  const first = world.manager(1);
  const session = await started(first);
  await until('one runs', () => web1.launches.size === 1);
  const states = async (): Promise<readonly JobSession['state'][]> =>
    ((await world.reports.session(session))?.jobs ?? []).map(({ state }) => state);
  await until('two wait', async () => (await states()).filter((state) => state === 'queued').length === 2);
  first.kill();
  world.manager(2);
  for (let done = 0; done < 3; done++) {
    const run = await until('one runs', () => [...web1.runs].find(([, { state }]) => state === 'running')?.[0] ?? null);
    expect([...web1.runs.values()].filter(({ state }) => state === 'running')).toHaveLength(1);
    web1.finish(run);
  }
  expect(await ended(session)).toMatchObject({ endStatus: 'normal' });
  expect(launches()).toEqual([1, 1, 1]);
});
