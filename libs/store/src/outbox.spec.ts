import { epoch, SILENT_LOG } from '@yosugara/kernel';
import { beginEscalation, type NotificationKind, type Result, type Told } from '@yosugara/operations';
import { type Notifier, type OutboxEntry, OutboxLoop, type OutboxOptions, StaleEpochError } from '@yosugara/runtime';
import { startTestPostgres, type TestPostgres } from '@yosugara/testkit';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { insertEvents } from './events-repository.js';
import { insertOutbox, OutboxRepository, openStore, type Store } from './index.js';
import { rowKey } from './row-key.js';

const E7 = epoch(7);
const T0 = 1_763_000_000_000;
const MINUTE_MS = 60_000;
let server: TestPostgres;
let store: Store;
let pool: pg.Pool;
let outbox: OutboxRepository;
beforeAll(async () => {
  server = await startTestPostgres();
  store = openStore({ host: server.host, port: server.port, database: 'postgres', user: 'postgres' });
  await store.migrate();
  pool = new pg.Pool({ connectionString: server.connectionString });
  pool.on('error', () => undefined);
  outbox = new OutboxRepository(pool);
});
afterEach(async () => {
  await pool.query('truncate outbox; update ownership set epoch = 7; delete from event; delete from notify_memory');
});
afterAll(async () => {
  await pool?.end();
  await store?.close();
  await server?.stop();
});

const RESULT: Result = {
  ...{ id: 'm/web1///1', trigger: 'monitor', plugin: 'ping', monitor: 'm', facility: 'web1', sender: null, item: '', sub: '' },
  ...{ priority: 'critical', application: '', message: 'no answer', original: '', atMs: T0, notifications: ['screen', 'chain'] },
};
function entry(id: string, notification = 'mail', change: Partial<OutboxEntry> & { kind?: NotificationKind } = {}): OutboxEntry {
  const { kind = 'mail', ...rest } = change;
  const told: Told = { id: `${id}/${notification}`, notification, kind, result: RESULT, why: 'first', before: null };
  return { told, payload: { kind, text: `of ${id}` }, dueAtMs: T0, untilMs: T0 + 60 * MINUTE_MS, ...rest };
}
async function insert(...entries: readonly OutboxEntry[]): Promise<void> {
  const client = await pool.connect();
  try {
    await insertOutbox(client, entries);
  } finally {
    client.release();
  }
}
const due = async (nowMs = T0, change: object = {}, ours = E7) =>
  (await outbox.dueOutbox({ nowMs, except: [], destinations: 10, each: 10, ...change }, ours)).map(({ told }) => told.id);

describe('the outbox in the database', () => {
  it('has an entry as it was put in, once', async () => {
    await insert(entry('1'), entry('1'));
    await insert(entry('1'));
    const [found, ...more] = await outbox.dueOutbox({ nowMs: T0, except: [], destinations: 10, each: 10 }, E7);
    expect(more).toEqual([]);
    expect(found).toEqual({ ...entry('1'), destination: 'mail', attempts: 0, note: null });
  });
  it('takes what no text and no JSON of PostgreSQL can hold', async () => {
    const odd = entry('1', 'mail', { payload: { text: 'a\0b', half: '\ud800' } });
    await insert({ ...odd, told: { ...odd.told, result: { ...RESULT, message: 'x\0y \udc00 \\u0000' } } });
    expect(await due()).toHaveLength(1);
  });
  it('gives the oldest of each destination that is due, with what is behind it', async () => {
    await insert(entry('1', 'b'), entry('2', 'a'), entry('3', 'b'), entry('4', 'c', { dueAtMs: T0 + 1 }), entry('5', 'c'));
    expect(await due()).toEqual(['1/b', '2/a', '3/b']);
    expect(await due(T0 + 1)).toEqual(['1/b', '2/a', '3/b', '4/c', '5/c']);
    expect(await due(T0, { except: ['b'] })).toEqual(['2/a']);
    expect(await due(T0, { destinations: 1 })).toEqual(['1/b', '3/b']);
    expect(await due(T0, { each: 1 })).toEqual(['1/b', '2/a']);
  });
  it('gives no more what was sent or given up, and later what is to be tried again', async () => {
    await insert(entry('1'), entry('2', 'sms'), entry('3', 'chat'));
    await outbox.settleOutbox({ id: '1/mail', kind: 'done', atMs: T0, note: null }, E7);
    await outbox.settleOutbox({ id: '2/sms', kind: 'given up', atMs: T0, note: 'no such number' }, E7);
    await outbox.settleOutbox({ id: '3/chat', kind: 'again', dueAtMs: T0 + 1_000, note: 'busy\0' }, E7);
    expect(await due()).toEqual([]);
    const [again] = await outbox.dueOutbox({ nowMs: T0 + 1_000, except: [], destinations: 10, each: 10 }, E7);
    expect(again).toMatchObject({ attempts: 1, note: 'busy\ufffd', dueAtMs: T0 + 1_000 });
  });
  it('may be told twice what became of an entry', async () => {
    await insert(entry('1'));
    for (let n = 0; n < 2; n++) await outbox.settleOutbox({ id: '1/mail', kind: 'done', atMs: T0, note: null }, E7);
    await outbox.settleOutbox({ id: '1/mail', kind: 'given up', atMs: T0, note: 'late' }, E7);
    expect((await pool.query('select state, attempts from outbox')).rows).toEqual([{ state: 1, attempts: 1 }]);
  });
  it('knows what was sent some days ago: the same is not put in again, until it is forgotten', async () => {
    await insert(entry('1'));
    await outbox.settleOutbox({ id: '1/mail', kind: 'done', atMs: T0, note: null }, E7);
    await insert(entry('1'));
    expect(await due()).toEqual([]);
    expect(await outbox.forgetOutbox(T0, E7)).toBe(0);
    expect(await outbox.forgetOutbox(T0 + 1, E7)).toBe(1);
  });
  it('counts what waits, and since when', async () => {
    await insert(
      entry('1'),
      entry('2'),
      entry('3', 'later', { dueAtMs: T0 + 1_000 }),
      entry('4', 'chain', { kind: 'escalation' }),
    );
    const depth = await outbox.outboxDepth(T0);
    expect(depth).toMatchObject({ waiting: 3, escalations: 1 });
    expect(Math.abs((depth.oldestAtMs ?? 0) - Date.now())).toBeLessThan(60_000);
  });
  it('reads a long queue from its head', async () => {
    await insert(...Array.from({ length: 5_000 }, (_, at) => entry(`${at}`, at % 5 === 0 ? 'b' : 'a')));
    await pool.query('analyze outbox');
    const plan = (await pool.query(`explain (analyze, costs off, timing off) ${await dueQuery()}`)).rows.map((row) =>
      String(row['QUERY PLAN']),
    );
    expect(plan.join('\n')).toContain('outbox_waiting');
    expect(plan.join('\n')).not.toContain('Seq Scan');
    expect(await due(T0, { each: 2 })).toEqual(['0/b', '1/a', '2/a', '5/b']);
  });
});

/** As the repository sends it, with values in the place of parameters. */
async function dueQuery(): Promise<string> {
  let text = '';
  const spying = {
    connect: async () =>
      await pool.connect().then((client) => watch(client, (query) => (text = query.includes('recursive') ? query : text))),
  };
  await new OutboxRepository(spying as unknown as pg.Pool).dueOutbox({ nowMs: T0, except: [], destinations: 10, each: 10 }, E7);
  return text.replace('$1', String(T0)).replace('$2', "'{}'").replace('$3', '10').replace('$4', '10');
}
function watch(client: pg.PoolClient, saw: (query: string) => void): pg.PoolClient {
  return new Proxy(client, {
    get: (target, name) => {
      const value = Reflect.get(target, name) as unknown;
      if (typeof value !== 'function') return value;
      return (...args: unknown[]) => {
        if (name === 'query') saw(String(args[0]));
        return Reflect.apply(value, target, args) as unknown;
      };
    },
  });
}

describe('an epoch that is over', () => {
  it('is given nothing, and marks nothing', async () => {
    await insert(entry('1'));
    await pool.query('update ownership set epoch = 8');
    await expect(due()).rejects.toBeInstanceOf(StaleEpochError);
    await expect(outbox.settleOutbox({ id: '1/mail', kind: 'done', atMs: T0, note: null }, E7)).rejects.toBeInstanceOf(
      StaleEpochError,
    );
    await expect(outbox.forgetOutbox(T0, E7)).rejects.toBeInstanceOf(StaleEpochError);
    const step = { insert: [entry('2')], next: null, why: '', atMs: T0 };
    await expect(outbox.stepEscalation('1/mail', step, E7)).rejects.toBeInstanceOf(StaleEpochError);
    expect((await pool.query('select id, state from outbox')).rows).toEqual([{ id: '1/mail', state: 0 }]);
    expect(await due(T0, {}, epoch(8))).toEqual(['1/mail']);
  });
});

describe('an escalation in the database', () => {
  const chain = (id: string) =>
    entry(id, 'chain', { kind: 'escalation', payload: { kind: 'escalation', memory: beginEscalation(T0) } });
  it('waits for its time, and for no other one', async () => {
    await insert(chain('1'), chain('2'));
    const next = { memory: { beganAtMs: T0, next: 1 }, dueAtMs: T0 + 15 * MINUTE_MS };
    await outbox.stepEscalation('1/chain', { insert: [entry('1', 'sms')], next, why: 'step 1', atMs: T0 }, E7);
    expect(await due()).toEqual(['1/sms', '2/chain']);
    const found = await outbox.dueOutbox({ nowMs: next.dueAtMs, except: [], destinations: 10, each: 10 }, E7);
    expect(found.find(({ told }) => told.id === '1/chain')?.payload).toEqual({ kind: 'escalation', memory: next.memory });
  });
  it('is over with its last step', async () => {
    await insert(chain('1'));
    await outbox.stepEscalation(
      '1/chain',
      { insert: [entry('1', 'sms')], next: null, why: 'its last step was told', atMs: T0 },
      E7,
    );
    expect(await due(T0 + 60 * MINUTE_MS)).toEqual(['1/sms']);
  });
  it('sees that an event of its result was confirmed, and what the monitor saw last', async () => {
    const { told } = chain('1');
    expect(await outbox.lookAtEscalation(told, [])).toEqual({ confirmed: false, latest: null, wasOver: false });
    const client = await pool.connect();
    const screen: Told = { ...told, id: `${RESULT.id}/screen`, notification: 'screen', kind: 'event' };
    await insertEvents(client, [{ told: screen, state: 'confirming', scope: '' }]).finally(() => client.release());
    await pool.query(
      `insert into notify_memory (key, notification, monitor, facility, item, sub, priority, count) values ($1, 'chain', 'm', 'web1', '', '', 3, 1)`,
      [rowKey('chain', 'm', 'web1', '', '')],
    );
    expect(await outbox.lookAtEscalation(told, [])).toEqual({ confirmed: false, latest: 'info', wasOver: false });
    await pool.query('update event set state = 2');
    expect(await outbox.lookAtEscalation(told, [])).toMatchObject({ confirmed: true });
  });
  it('sees that the event of a storm was confirmed that stands for its own', async () => {
    const { told } = chain('7');
    const storm: Told = { ...told, id: 'storm/screen', notification: 'screen', kind: 'event' };
    const client = await pool.connect();
    await insertEvents(client, [{ told: storm, state: 'unconfirmed', scope: '' }]).finally(() => client.release());
    expect(await outbox.lookAtEscalation(told, ['storm/screen'])).toMatchObject({ confirmed: false });
    await pool.query('update event set state = 2');
    expect(await outbox.lookAtEscalation(told, ['storm/screen'])).toMatchObject({ confirmed: true });
    expect(await outbox.lookAtEscalation(told, [])).toMatchObject({ confirmed: false });
  });
});

describe('a crash between sending and marking', () => {
  const loops: OutboxLoop[] = [];
  afterEach(async () => {
    for (const loop of loops.splice(0)) await loop.stop();
  });
  const begin = (notifier: Notifier, change: Partial<OutboxOptions> = {}) => {
    const loop = new OutboxLoop({
      ...{
        store: outbox,
        notifier,
        permit: () => ({ epoch: E7, leaseUntilMs: Number.POSITIVE_INFINITY }),
        log: SILENT_LOG,
        pollMs: 20,
      },
      clock: { monotonicMs: () => performance.now(), wallMs: () => Date.now() },
      escalations: { setting: () => null, target: () => null, entryOf: () => null },
      onGivenUp: async () => undefined,
      ...change,
    });
    loops.push(loop);
    loop.start();
    return loop;
  };
  it('sends it once more, with the same id, and no other entry twice', async () => {
    const sent: string[] = [];
    const notifier: Notifier = {
      send: async ({ told }) => {
        sent.push(told.id);
        return { kind: 'accepted' };
      },
      deadlineMsOf: () => 5_000,
    };
    const entries = ['1', '2', '3'].map((id) => entry(id, 'mail', { untilMs: Date.now() + MINUTE_MS }));
    await insert(...entries);
    // The first process dies with the second entry sent: its mark never reaches the database.
    let dead = false;
    const dying = new Proxy(outbox, {
      get: (target, name) => {
        if (name !== 'settleOutbox') return Reflect.get(target, name).bind(target) as unknown;
        return async (...args: Parameters<OutboxRepository['settleOutbox']>) => {
          if (sent.length < 2) return await target.settleOutbox(...args);
          dead = true;
          throw new Error('killed');
        };
      },
    });
    const first = begin(notifier, {
      store: dying,
      permit: () => (dead ? null : { epoch: E7, leaseUntilMs: Number.POSITIVE_INFINITY }),
    });
    await expect.poll(() => dead).toBe(true);
    await first.stop();
    begin(notifier);
    await expect.poll(async () => (await outbox.outboxDepth(Date.now())).waiting).toBe(0);
    expect(sent).toEqual(['1/mail', '2/mail', '2/mail', '3/mail']);
  });
});
