import { epoch } from '@yosugara/kernel';
import { EMPTY_BATCH } from '@yosugara/runtime';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { changeEvents, OperationsRepository, OverviewRepository, Partitions } from './index.js';
import { type OpenedStore, openMigratedStore } from './testing/opened.js';
import { batchWith, eventLike, statusLike } from './testing/told.js';

const AT = Date.UTC(2026, 10, 21, 3);
let opened: OpenedStore;
let overview: OverviewRepository;

beforeAll(async () => {
  opened = await openMigratedStore();
  overview = new OverviewRepository(opened.pool);
  await opened.pool.query('update ownership set epoch = 1');
  const operations = new OperationsRepository(opened.pool, new Partitions(opened.pool, 'collected'));
  const told = batchWith({
    events: [
      eventLike({ atMs: AT }),
      eventLike({ atMs: AT + 1 }),
      eventLike({ atMs: AT + 2, facility: 'db1', priority: 'warning' }),
      eventLike({ atMs: AT + 3, facility: 'db1', priority: 'info' }),
    ],
    statuses: [
      statusLike({ monitor: 'ping', facility: 'web1', atMs: AT, priority: 'critical' }),
      statusLike({ monitor: 'alive', facility: 'web1', atMs: AT - 60_000, priority: 'critical', message: 'no agent' }),
      statusLike({ monitor: 'ping', facility: 'db1', atMs: AT, priority: 'info' }),
      statusLike({ monitor: 'ping', facility: 'db2', atMs: AT - 5_000, priority: 'unknown' }),
      statusLike({ monitor: 'disk', facility: 'db3', atMs: AT, priority: 'critical' }),
    ],
  });
  await operations.storeOperations({ ...EMPTY_BATCH, ...told }, epoch(1), 0);
  await opened.store.db.transaction().execute(async (db) => {
    await changeEvents(db, { numbers: [1], state: 'confirmed', by: 'eva' });
  });
});
afterAll(async () => await opened?.close());

const look = async (limit = 10) => await overview.look({ reachability: ['ping', 'alive'], limit });
const sorted = (all: readonly object[]) => all.map((each) => JSON.stringify(each)).sort();

it('counts what nobody has confirmed, and how everything is, by place and priority', async () => {
  const { open, now } = await look();
  expect(sorted(open)).toEqual(
    sorted([
      { facility: 'web1', priority: 'critical', count: 1 },
      { facility: 'db1', priority: 'warning', count: 1 },
      { facility: 'db1', priority: 'info', count: 1 },
    ]),
  );
  expect(now).toContainEqual({ facility: 'web1', priority: 'critical', count: 2 });
});
it('names each node that is not reached once, the longest first, and no node where something else is wrong', async () => {
  const { silent } = await look();
  expect(silent).toEqual([
    { facility: 'web1', monitor: 'alive', message: 'no agent', priority: 'critical', sinceMs: AT - 60_000 },
    { facility: 'db2', monitor: 'ping', message: 'disk full', priority: 'unknown', sinceMs: AT - 5_000 },
  ]);
  expect((await look(1)).silent).toHaveLength(1);
  expect((await overview.look({ reachability: [], limit: 10 })).silent).toEqual([]);
});
it('knows which jobs are late: those that should have begun and have not, or should have ended and have not', async () => {
  const run = (marks: string[], startedAtMs: number | null, endedAtMs: number | null) =>
    JSON.stringify({
      state: startedAtMs === null ? 'waiting' : endedAtMs === null ? 'running' : 'ended',
      marks,
      startedAtMs,
      endedAtMs,
    });
  await opened.pool.query(`
    insert into setting_history (kind, id, revision, version, epoch, by) values ('job-unit', 'night', 1, 1, 1, 'anna');
    insert into job_session (id, unit, revision, owner_role, trigger_type, trigger_info, scheduled_at, state, ended_at, end_status, variables, ignores_times, keep_days)
      select 's' || n, 'night', 1, 'operator', 'manual', '', now(), case n when 3 then 'ended' else 'running' end,
        case n when 3 then now() end, case n when 3 then 'abnormal' end, '{}', false, 3 from generate_series(1, 3) n`);
  const runs: readonly (readonly [session: number, job: string, run: string])[] = [
    [1, 'begins late', run(['start-delay'], null, null)],
    [1, 'began after all', run(['start-delay'], AT, null)],
    [2, 'ends late', run(['start-delay', 'end-delay'], AT, null)],
    [2, 'ended after all', run(['end-delay'], AT, AT + 1)],
    [3, 'of a session that is over', run(['end-delay'], AT, null)],
  ];
  for (const each of runs) await opened.pool.query('insert into job_run (session, job, run) values ($1, $2, $3)', [...each]);
  expect((await look()).jobs).toEqual({
    states: { running: 2 },
    late: [
      { session: 's1', unit: 'night', job: 'begins late', state: 'waiting', why: 'start-delay' },
      { session: 's2', unit: 'night', job: 'ends late', state: 'running', why: 'end-delay' },
    ],
    failed: 1,
  });
});
it('reads of many open events the index only', async () => {
  await opened.pool.query('vacuum analyze event');
  await opened.pool.query('set enable_seqscan = off');
  const { rows } = await opened.pool.query(
    'explain select facility, priority, count(*) from event where state < 2 group by facility, priority',
  );
  expect(rows.map((row) => Object.values(row)[0]).join('\n')).toContain('Index Only Scan using event_open_by');
});
