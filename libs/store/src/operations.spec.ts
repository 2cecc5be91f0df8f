import { epoch } from '@yosugara/kernel';
import { type Collected, countLines, EMPTY_WINDOW, lineTotalsKey, type NotifyMemory } from '@yosugara/operations';
import { type IngestBatch, StaleEpochError, StaleProgressError } from '@yosugara/runtime';
import { startTestPostgres, type TestPostgres } from '@yosugara/testkit';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  CollectedRepository,
  CollectedSums,
  changeEvents,
  cleanUp,
  EventRepository,
  expireStatuses,
  MessageRepository,
  memoryOf,
  OperationsRepository,
  openStore,
  Partitions,
  StatusRepository,
  type Store,
} from './index.js';
import { batchWith, eventLike, resultLike, statusLike, toldOf } from './testing/told.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
let server: TestPostgres;
let store: Store;
let pool: pg.Pool;
let operations: OperationsRepository;
let events: EventRepository;

beforeAll(async () => {
  server = await startTestPostgres();
  const where = { host: server.host, port: server.port, database: 'postgres', user: 'postgres' };
  store = openStore(where);
  pool = new pg.Pool(where);
  await store.migrate();
  operations = new OperationsRepository(pool, new Partitions(pool, 'collected'));
  events = new EventRepository(pool);
});
afterAll(async () => {
  await store?.close();
  await pool?.end();
  await server?.stop();
});
beforeEach(async () => {
  await pool.query(
    `truncate event, event_history, status, monitor_memory, notify_memory, tick, series, collected, collected_hour, collected_day, collected_month, collected_late, outbox restart identity;
     update operations_progress set version = 0; update ownership set epoch = 1;
     update collected_progress set closing = '2026-11-21', closed = '2026-11-21'`,
  );
  operations.forget();
});

const put = async (change: Parameters<typeof batchWith>[0], version = 0, of = 1) =>
  await operations.storeOperations(batchWith(change), epoch(of), version);
const partitions = (table: Partitions['table']) => new Partitions(pool, table);
const count = async (table: string) => Number((await pool.query(`select count(*) as n from ${table}`)).rows[0].n);

describe('a batch of operations', () => {
  it('stores all of it, and what it remembered is read again', async () => {
    const notifyMemory: NotifyMemory = {
      ...{ notification: 'events', monitor: 'log', facility: 'web1', item: '', sub: '1', priority: 'critical', count: 1 },
      ...{ toldPriority: 'critical', toldAtMs: 1_800_000_000_123 },
    };
    await put({
      events: [eventLike()],
      statuses: [statusLike()],
      outbox: [{ told: toldOf(resultLike()), payload: {}, dueAtMs: 1, untilMs: 2 }],
      collected: [{ monitor: 'ping', facility: 'web1', item: '', atMs: Date.UTC(2026, 10, 21, 1), value: 1.5 }],
      monitorMemory: [{ monitor: 'ping', facility: 'web1', item: '/', state: { last: 1 } }],
      notifyMemory: [notifyMemory],
      ticks: [{ monitor: 'ping', facility: 'web1', dueAtMs: 1_800_000_000_001, skipped: 2 }],
    });
    expect(await operations.loadMemory()).toEqual({
      version: 1,
      monitors: [{ monitor: 'ping', facility: 'web1', item: '/', state: { last: 1 } }],
      notifications: [notifyMemory],
      ticks: [{ monitor: 'ping', facility: 'web1', dueAtMs: 1_800_000_000_001, skipped: 2 }],
    });
    expect([await count('event'), await count('status'), await count('collected'), await count('outbox')]).toEqual([1, 1, 1, 1]);
  });
  it('is refused by a younger epoch, and nothing of it is there', async () => {
    await store.claim(7);
    await expect(put({ events: [eventLike()] }, 0, 6)).rejects.toBeInstanceOf(StaleEpochError);
    expect(await count('event')).toBe(0);
  });
  it('is refused when it is made from memories that are not the newest', async () => {
    await put({ events: [eventLike({ atMs: 1 })] });
    await expect(put({ events: [eventLike({ atMs: 2 })] })).rejects.toBeInstanceOf(StaleProgressError);
    expect(await count('event')).toBe(1);
  });
  it('changes memories in place, and forgets those that are nothing any more', async () => {
    const of = (state: unknown) => [{ monitor: 'm', facility: 'f', item: 'x'.repeat(9_000), state }];
    await put({ monitorMemory: of({ a: 1 }) });
    await put({ monitorMemory: of({ a: 2 }) }, 1);
    expect((await operations.loadMemory()).monitors.map(({ state }) => state)).toEqual([{ a: 2 }]);
    await put({ monitorMemory: of(null) }, 2);
    expect((await operations.loadMemory()).monitors).toEqual([]);
  });
  it('remembers what was counted of lines where whoever looks finds it', async () => {
    const key = lineTotalsKey({ monitor: 'count', facility: 'web1', of: 'log' });
    expect(await memoryOf(pool, key)).toBeNull();
    const state = countLines(null, [{ monitor: 'count', facility: 'web1', of: 'log', origin: 'j:1', by: 'app', group: 'sshd' }]);
    await put({ monitorMemory: [{ ...key, state }] });
    expect(await memoryOf(pool, key)).toEqual({ began: 'j:1', by: 'app', totals: [['sshd', 1]] });
    expect(await memoryOf(pool, lineTotalsKey({ monitor: 'count', facility: 'web2', of: 'log' }))).toBeNull();
  });
  it('takes the last of several of one key, and texts that hold NUL', async () => {
    const memory = (state: unknown) => ({ monitor: 'm', facility: 'f', item: 'a\0b', state });
    await put({
      monitorMemory: [memory({ text: 'x\0y' }), memory({ text: 'z\0' })],
      events: [eventLike({ message: 'a\0b', item: '\0' })],
      ticks: [
        { monitor: 'm', facility: 'f', dueAtMs: 1_000, skipped: 1 },
        { monitor: 'm', facility: 'f', dueAtMs: 2_000, skipped: 3 },
      ],
    });
    const { monitors, ticks } = await operations.loadMemory();
    expect([monitors, ticks]).toEqual([
      [{ ...memory({ text: 'z\u{FFFD}' }), item: 'a\u{FFFD}b' }],
      [{ monitor: 'm', facility: 'f', dueAtMs: 2_000, skipped: 4 }],
    ]);
  });
  it('of messages is in the transaction that stores the rows, or neither is', async () => {
    const messages = new MessageRepository(pool, new Partitions(pool), { operations });
    const { version } = await messages.loadProgress();
    const batch = (of: number): IngestBatch => ({
      ...{ epoch: epoch(1), version: of, rows: [], seenAlso: [], positions: [], window: EMPTY_WINDOW },
      operations: batchWith({ events: [eventLike({ atMs: of })] }),
    });
    await messages.storeBatch(batch(version));
    await expect(messages.storeBatch(batch(version))).rejects.toBeInstanceOf(StaleProgressError);
    expect(await count('event')).toBe(1);
    await messages.storeBatch(batch(version + 1));
    expect(await count('event')).toBe(2);
  });
});

describe('events', () => {
  it('are there once, however often they are stored', async () => {
    await put({ events: [eventLike(), eventLike()] });
    await put({ events: [eventLike({ message: 'another text' })] }, 1);
    const { rows } = await events.search({});
    expect(rows.map(({ message }) => message)).toEqual(['disk full']);
  });
  it('are found by what they are, the newest first, page by page', async () => {
    await put({
      events: Array.from({ length: 25 }, (_, at) =>
        eventLike({
          atMs: Date.UTC(2026, 10, 21) + at * 1_000,
          priority: at % 5 === 0 ? 'info' : 'critical',
          facility: `web${at % 3}`,
          monitor: at < 20 ? 'log' : 'trap',
          message: `line ${at}: 100% of 50_50`,
        }),
      ),
    });
    const numbers = async (query: Parameters<EventRepository['search']>[0]) =>
      (await events.search(query)).rows.map(({ number }) => number);
    const first = await events.search({ limit: 10 });
    expect(first.rows.map(({ number }) => number)).toEqual([25, 24, 23, 22, 21, 20, 19, 18, 17, 16]);
    expect(await numbers({ limit: 10, before: Number(first.next) })).toEqual([15, 14, 13, 12, 11, 10, 9, 8, 7, 6]);
    expect((await events.search({ limit: 10, before: 6 })).next).toBeNull();
    expect(await numbers({ priorities: ['info'] })).toEqual([21, 16, 11, 6, 1]);
    expect(await numbers({ facilities: ['web0', 'web1'], monitor: 'trap' })).toEqual([25, 23, 22]);
    expect(await numbers({ text: 'LINE 7' })).toEqual([8]);
    expect(await numbers({ text: '100%' })).toHaveLength(25);
    expect(await numbers({ text: '5050' })).toEqual([]);
    expect(await numbers({ sinceMs: Date.UTC(2026, 10, 21) + 3_000, untilMs: Date.UTC(2026, 10, 21) + 5_000 })).toEqual([5, 4]);
    expect(await numbers({ scope: 'tokyo', states: ['confirmed'] })).toEqual([]);
  });
  it('remember who did what with them; what is so already is no change', async () => {
    await put({ events: [eventLike({ atMs: 1 }), eventLike({ atMs: 2 })] });
    const change = async (alteration: Parameters<typeof changeEvents>[1]) =>
      await store.db.transaction().execute(async (db) => await changeEvents(db, alteration));
    expect(await change({ numbers: [1, 2, 99], state: 'confirmed', by: 'eva' })).toEqual({ changed: [1, 2], unknown: [99] });
    expect(await change({ numbers: [1, 2], state: 'confirmed', comment: 'cable', by: 'eva' })).toEqual({
      changed: [1, 2],
      unknown: [],
    });
    expect(await change({ numbers: [1, 2], state: 'confirmed', comment: 'cable', by: 'ben' })).toEqual({
      changed: [],
      unknown: [],
    });
    await change({ numbers: [1], owner: 'ben', comment: null, by: 'ben' });
    const found = await events.find(1);
    expect(found).toMatchObject({ state: 'confirmed', owner: 'ben', comment: null, changedBy: 'ben', original: '<13>disk full' });
    expect(found?.history.map(({ by, action, detail }) => [by, action, detail])).toEqual([
      ['eva', 'state', { from: 'unconfirmed', to: 'confirmed' }],
      ['eva', 'comment', { from: null, to: 'cable' }],
      ['ben', 'owner', { from: null, to: 'ben' }],
      ['ben', 'comment', { from: 'cable', to: null }],
    ]);
    expect(await events.counts()).toMatchObject({ open: { critical: 0 } });
  });
  it('are told to whoever follows, new ones and changed ones, each once', async () => {
    await put({ events: [eventLike({ atMs: 1 }), eventLike({ atMs: 2 })] });
    const from = await events.newest();
    await put({ events: [eventLike({ atMs: 3 })] }, 1);
    await store.db.transaction().execute(async (db) => {
      await changeEvents(db, { numbers: [1, 3], state: 'confirming', comment: 'x', by: 'eva' });
    });
    const news = await events.news(from.number, from.history, 100);
    expect(news.rows.map(({ number, state }) => [number, state])).toEqual([
      [1, 'confirming'],
      [3, 'confirming'],
    ]);
    expect(await events.news(news.number, news.history, 100)).toEqual({ rows: [], number: news.number, history: news.history });
  });
  it('become visible in the order of their numbers, though two write at once', async () => {
    const [one, two] = [await pool.connect(), await pool.connect()];
    const insert = async (client: pg.PoolClient, atMs: number) => {
      await client.query('begin');
      await operations.write(client, batchWith({ events: [eventLike({ atMs })] }));
    };
    await insert(one, 1);
    let isSecondIn = false;
    const second = insert(two, 2).then(() => {
      isSecondIn = true;
    });
    await expect.poll(async () => (await pool.query('select from pg_locks where not granted')).rowCount).toBe(1);
    expect(isSecondIn).toBe(false);
    await one.query('commit');
    await second;
    await two.query('commit');
    one.release();
    two.release();
    expect((await events.search({})).rows.map(({ number }) => number)).toEqual([2, 1]);
  });
  it('that stand for a storm say how many, and until when', async () => {
    await put({ events: [eventLike({ atMs: 1_000 })] });
    const into = `${resultLike({ atMs: 1_000 }).id}/events`;
    await put(
      {
        folds: [
          { into, count: 2, atMs: 5_000 },
          { into, count: 7, atMs: 9_000 },
        ],
      },
      1,
    );
    expect((await events.search({})).rows).toMatchObject([{ folded: 7, lastAt: new Date(9_000).toISOString() }]);
  });
  it('go with their history when they are old', async () => {
    await put({ events: [eventLike({ atMs: 1_000 }), eventLike({ atMs: DAY * 30 })] });
    await store.db.transaction().execute(async (db) => await changeEvents(db, { numbers: [1], comment: 'x', by: 'eva' }));
    expect((await cleanUp(pool, partitions, { kind: 'events', beforeMs: DAY }, async () => undefined)).rows).toBe(1);
    expect([await count('event'), await count('event_history')]).toEqual([1, 0]);
  });
});

describe('statuses', () => {
  const list = async () => (await new StatusRepository(pool).list({})).rows;
  it('are what came last by its own time, and say since when', async () => {
    await put({ statuses: [statusLike({ atMs: 2_000 })] });
    await put({ statuses: [statusLike({ atMs: 3_000, message: 'still' }), statusLike({ atMs: 1_000, priority: 'info' })] }, 1);
    expect(await list()).toMatchObject([{ priority: 'critical', message: 'still', since: new Date(2_000).toISOString() }]);
    await put({ statuses: [statusLike({ atMs: 4_000, priority: 'info' })] }, 2);
    expect(await list()).toMatchObject([{ priority: 'info', since: new Date(4_000).toISOString() }]);
  });
  it('come in pages, the worst first, each once', async () => {
    const each = (item: string, atMs: number, priority: 'critical' | 'info') => statusLike({ item, atMs, priority });
    await put({
      statuses: [
        each('a', 3_000, 'info'),
        each('b', 2_000.5, 'critical'),
        each('c', 3_000, 'critical'),
        each('d', 3_000, 'critical'),
      ],
    });
    const repository = new StatusRepository(pool);
    const all = (await repository.list({})).rows.map(({ item }) => item);
    expect([all.length, all.at(-2), all.at(-1)]).toEqual([4, 'b', 'a']);
    const paged: string[] = [];
    for (let after: string | null = ''; after !== null; ) {
      const page: Awaited<ReturnType<typeof repository.list>> = await repository.list({
        limit: 1,
        ...(after === '' ? {} : { after }),
      });
      paged.push(...page.rows.map(({ item }) => item));
      after = page.next;
    }
    expect(paged).toEqual(all);
    await expect(repository.list({ after: "1.1.00'" })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  });
  it('go, or become another priority, when their time is over', async () => {
    await put({
      statuses: [
        statusLike({ item: 'goes' }, { expiresAtMs: 10_000 }),
        statusLike({ item: 'becomes' }, { expiresAtMs: 10_000, expiresTo: 'unknown' }),
        statusLike({ item: 'stays' }),
        statusLike({ item: 'later' }, { expiresAtMs: 20_000 }),
      ],
    });
    const expire = async (nowMs: number) =>
      await store.db.transaction().execute(async (db) => await expireStatuses(db, nowMs, 100));
    expect(await expire(9_999)).toEqual({ gone: 0, changed: 0 });
    expect(await expire(10_000)).toEqual({ gone: 1, changed: 1 });
    expect((await list()).map(({ item, priority }) => [item, priority]).sort()).toEqual([
      ['becomes', 'unknown'],
      ['later', 'critical'],
      ['stays', 'critical'],
    ]);
  });
});

describe('what is left of settings', () => {
  const free = async () => undefined;
  const revision = async (kind: string, id: string, revision: number, day: number, body: object | null = {}) =>
    await pool.query(
      `insert into setting_history (kind, id, revision, version, epoch, at, by, body) values ($1, $2, $3, 1, 1, $4, 'eva', $5)`,
      [kind, id, revision, new Date(day * DAY), body],
    );
  const left = async () =>
    (await pool.query("select id || ' ' || revision as one from setting_history order by id, revision")).rows.map(
      ({ one }) => one,
    );
  afterEach(async () => {
    await pool.query('delete from job_session; delete from setting_history');
  });

  it('goes when it is old: revisions that are not the newest, and that no session runs on', async () => {
    await revision('node', 'web1', 1, 1);
    await revision('node', 'web1', 2, 10);
    await revision('node', 'web1', 3, 11);
    await revision('node', 'steady', 1, 1);
    await revision('node', 'gone', 4, 1);
    await revision('node', 'gone', 5, 2, null);
    await revision('job-unit', 'nightly', 1, 1);
    await revision('job-unit', 'nightly', 2, 2);
    await revision('job-unit', 'nightly', 3, 3);
    await pool.query(
      `insert into job_session (id, unit, revision, owner_role, trigger_type, trigger_info, scheduled_at, state, variables, ignores_times, keep_days)
       values ('s', 'nightly', 2, 'admin', 'manual', '', now(), 'running', '{}', false, 1)`,
    );
    const before = (day: number) => ({ kind: 'settingHistory', beforeMs: day * DAY }) as const;
    expect((await cleanUp(pool, partitions, before(10), free)).rows).toBe(3);
    expect(await left()).toEqual(['gone 5', 'nightly 2', 'nightly 3', 'steady 1', 'web1 2', 'web1 3']);
    expect((await cleanUp(pool, partitions, before(1_000), free)).rows).toBe(1);
    expect(await left()).toEqual(['gone 5', 'nightly 2', 'nightly 3', 'steady 1', 'web1 3']);
  });

  it('goes when it is old: memories and statuses of monitors, nodes and notifications that were deleted', async () => {
    const at = (monitor: string, facility: string) => ({ monitor, facility, item: '' });
    const told = { sub: '', priority: 'critical', count: 1, toldPriority: null, toldAtMs: null } as const;
    const places = [
      at('old', 'web1'),
      at('ping', 'web1'),
      at('ping', 'gone'),
      at('again', 'web1'),
      at('', ''),
      at('fresh', 'web1'),
    ];
    await put({
      monitorMemory: [...places, at('count', 'gone/lines'), at('count', 'web1/lines')].map((one) => ({ ...one, state: {} })),
      notifyMemory: [
        ...places.map((one) => ({ notification: 'mail', ...one, ...told })),
        { notification: 'old', ...at('ping', 'web1'), ...told },
      ],
      ticks: places.map((one) => ({ ...one, dueAtMs: 1, skipped: 0 })),
      statuses: [statusLike({ monitor: 'old' }), statusLike({ facility: 'gone' }), statusLike({ monitor: 'ping' })],
    });
    await revision('monitor', 'old', 2, 1, null);
    await revision('node', 'gone', 2, 1, null);
    await revision('notification', 'old', 2, 1, null);
    await revision('monitor', 'again', 2, 1, null);
    await revision('monitor', 'again', 3, 2);
    await revision('monitor', 'fresh', 2, 9, null);
    // A node of that name, no monitor.
    await revision('node', 'ping', 2, 1, null);
    expect((await cleanUp(pool, partitions, { kind: 'memory', beforeMs: 5 * DAY }, free)).rows).toBe(3 + 3 + 2 + 2);
    const { monitors, notifications, ticks } = await operations.loadMemory();
    const kept = ['/', 'again/web1', 'fresh/web1', 'ping/web1'];
    const named = (all: readonly { monitor: string; facility: string }[]) =>
      all.map(({ monitor, facility }) => `${monitor}/${facility}`).sort();
    expect(named(monitors)).toEqual(['/', 'again/web1', 'count/web1/lines', 'fresh/web1', 'ping/web1']);
    expect(named(notifications)).toEqual(kept);
    expect(named(ticks)).toEqual(kept);
    expect(await count('status')).toBe(1);
  });

  it('stays when this process may change the database no more', async () => {
    await revision('node', 'web1', 1, 1);
    await revision('node', 'web1', 2, 2);
    const refused = async () => {
      throw new StaleEpochError(1, 2);
    };
    const what = { kind: 'settingHistory', beforeMs: DAY * 3 } as const;
    await expect(cleanUp(pool, partitions, what, refused)).rejects.toBeInstanceOf(StaleEpochError);
    expect(await left()).toEqual(['web1 1', 'web1 2']);
  });
});

describe('collected values', () => {
  const START = Date.UTC(2026, 10, 21);
  const free = async () => undefined;
  const sums = () => new CollectedSums(pool, new Partitions(pool, 'collected_hour'));
  const value = (atMs: number, number: number | null, item = ''): Collected => ({
    ...{ monitor: 'ping', facility: 'web1', item, atMs, value: number },
  });
  const read = async (fromMs: number, toMs: number, step: number | 'month') => {
    const repository = new CollectedRepository(pool);
    const { series } = await repository.series({});
    const points = await repository.values({ ids: series.map(({ id }) => id), fromMs, toMs, step });
    return points.get(series[0]!.id)!.map(({ at, mean, count: n, missing }) => [Date.parse(at) - START, mean, n, missing]);
  };
  /** What the sums must be: the same questions with and without them have the same answers. */
  const hours = async () =>
    (
      await pool.query('select (extract(epoch from at) * 1000)::bigint as at, sum, count, missing from collected_hour order by 1')
    ).rows.map((row) => [Number(row.at) - START, row.sum, row.count, row.missing]);

  it('are of series that come in pages, by node, monitor and name', async () => {
    await put({ collected: ['b', 'a', 'c'].map((item) => value(START, 1, item)) });
    const repository = new CollectedRepository(pool);
    const first = await repository.series({ limit: 2 });
    expect([first.series.map(({ item }) => item), first.more]).toEqual([['a', 'b'], true]);
    const rest = await repository.series({ limit: 2, after: ['web1', 'ping', 'b'] });
    expect([rest.series.map(({ item }) => item), rest.more]).toEqual([['c'], false]);
  });
  it('are read in steps, what was not measured counted apart', async () => {
    await put({
      collected: [value(START, 1), value(START + 60_000, 3), value(START + 120_000, null), value(START + 600_000, null)],
    });
    expect(await read(START, START + HOUR, 300_000)).toEqual([
      [0, 2, 2, 1],
      [600_000, null, 0, 1],
    ]);
  });
  it('of one time are there once', async () => {
    await put({ collected: [value(START, 1), value(START, 2)] });
    await put({ collected: [value(START, 3)] }, 1);
    expect(await read(START, START + HOUR, 60_000)).toEqual([[0, 1, 1, 0]]);
  });
  it('are summed up by hour and day, and long steps have the same answer before and after', async () => {
    const all = Array.from({ length: 30 * 60 }, (_, minute) => value(START + minute * 60_000, minute % 7 === 0 ? null : minute));
    await put({ collected: all });
    const before = [await read(START, START + 2 * DAY, HOUR), await read(START, START + 2 * DAY, DAY)];
    const now = START + 30 * HOUR + 1_000;
    // The last hour is not over long enough.
    expect(await sums().keepUp(now, 0, free)).toBe(29);
    expect(await hours()).toHaveLength(29);
    expect(await count('collected_day')).toBe(1);
    expect([await read(START, START + 2 * DAY, HOUR), await read(START, START + 2 * DAY, DAY)]).toEqual(before);
    expect(await sums().keepUp(now, 0, free)).toBe(0);
    await pool.query('delete from collected where at < $1', [new Date(START + DAY)]);
    expect(await read(START, START + 2 * DAY, DAY)).toEqual(before[1]);
  });
  it('that come after their hour was summed up are in its sums, its day and its month', async () => {
    await put({ collected: [value(START, 1)] });
    await sums().keepUp(START + 45 * DAY, 0, free);
    await put({ collected: [value(START + 60_000, 9)] }, 1);
    await sums().keepUp(START + 45 * DAY, 0, free);
    expect(await hours()).toEqual([[0, 10, 2, 0]]);
    for (const table of ['collected_day', 'collected_month'])
      expect((await pool.query(`select sum, count from ${table}`)).rows).toEqual([{ sum: 10, count: 2 }]);
  });
  it('are read by months, from their sums where those are and from what is newer', async () => {
    const decemberMs = Date.UTC(2026, 11, 1);
    const times = [START, START + 9 * DAY, decemberMs + DAY, decemberMs + 20 * DAY];
    await put({ collected: times.map((ms, place) => value(ms, place)) });
    const wanted = [
      [Date.UTC(2026, 10, 1) - START, 0.5, 2, 0],
      [decemberMs - START, 2.5, 2, 0],
    ];
    expect(await read(START + DAY, START + 60 * DAY, 'month')).toEqual(wanted);
    await sums().keepUp(decemberMs + 5 * DAY, 0, free);
    for (const table of ['collected', 'collected_hour', 'collected_day'])
      await pool.query(`delete from ${table} where at < '2026-12-01'`);
    expect(await read(START + DAY, START + 60 * DAY, 'month')).toEqual(wanted);
    // A step that happens to be as long as the shortest month is none of a month.
    expect(await read(START + DAY, decemberMs, 28 * DAY)).toEqual([]);
  });
  it('that are under way while their hour is closed are waited for', async () => {
    const writer = await pool.connect();
    await operations.prepare(batchWith({ collected: [value(START, 1)] }));
    await writer.query('begin');
    await operations.write(writer, batchWith({ collected: [value(START, 1)] }));
    const closing = sums().keepUp(START + 2 * HOUR, 0, free);
    await expect.poll(async () => (await pool.query('select from pg_locks where not granted')).rowCount).toBe(1);
    await writer.query('commit');
    writer.release();
    await closing;
    expect(await hours()).toEqual([[0, 1, 1, 0]]);
  });
  it('are summed up once, whatever sum was interrupted by a crash', async () => {
    await put({ collected: [value(START, 1), value(START + HOUR, 2)] });
    for (let crashAt = 1; crashAt <= 4; crashAt++) {
      let asked = 0;
      const crash = async () => {
        if (++asked === crashAt) throw new Error('crash');
      };
      await sums()
        .keepUp(START + 3 * HOUR, 0, crash)
        .catch(() => undefined);
    }
    await sums().keepUp(START + 3 * HOUR, 0, free);
    expect(await hours()).toEqual([
      [0, 1, 1, 0],
      [HOUR, 2, 1, 0],
    ]);
  });
  it('of an hour are found without reading their day, before any VACUUM', async () => {
    const minutes = Array.from({ length: 600 }, (_, minute) => START + minute * 60_000);
    await put({ collected: minutes.flatMap((ms) => Array.from({ length: 20 }, (_, item) => value(ms, 1, String(item)))) });
    await sums().keepUp(START + 10 * HOUR, 0, free);
    expect(await hours()).toHaveLength(9 * 20);
    const left =
      "select brin_summarize_new_values((indexrelid::regclass)) as pages from pg_index where indrelid = 'collected_p20261121'::regclass";
    const brin = " and (select amname from pg_am a join pg_class c on c.relam = a.oid where c.oid = indexrelid) = 'brin'";
    expect((await pool.query(left + brin)).rows).toEqual([{ pages: 0 }]);
  });
  it('go with their partitions', async () => {
    await put({ collected: [value(START, 1), value(START + DAY, 2)] });
    const partitions = new Partitions(pool, 'collected');
    expect(await partitions.dropBefore((START + DAY) * 1_000)).toEqual(['2026-11-21']);
    expect(await read(START, START + 2 * DAY, 60_000)).toEqual([[DAY, 2, 1, 0]]);
  });
});
