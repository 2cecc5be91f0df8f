import { epoch, SILENT_LOG } from '@yosugara/kernel';
import { type NotificationSetting, type NotifyMemory, notify, notifyKeyOf, type Result, resultId } from '@yosugara/operations';
import { NotificationBodySchema, type Priority } from '@yosugara/protocol';
import { OutboxLoop, outboxEntryOf } from '@yosugara/runtime';
import { startTestPostgres, type TestPostgres } from '@yosugara/testkit';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { changeEvents, insertEvents } from './events-repository.js';
import { insertOutbox, OutboxRepository, openStore, type Store } from './index.js';
import { numberOf } from './priorities.js';
import { rowKey } from './row-key.js';

const E7 = epoch(7);
const T0 = 1_763_000_000_000;
const MINUTE_MS = 60_000;
let server: TestPostgres;
let store: Store;
let pool: pg.Pool;
beforeAll(async () => {
  server = await startTestPostgres();
  store = openStore({ host: server.host, port: server.port, database: 'postgres', user: 'postgres' });
  await store.migrate();
  pool = new pg.Pool({ connectionString: server.connectionString });
  pool.on('error', () => undefined);
});
beforeEach(async () => {
  await pool.query('truncate outbox; update ownership set epoch = 7; delete from event; delete from notify_memory');
});
const loops: OutboxLoop[] = [];
afterEach(async () => {
  for (const loop of loops.splice(0)) await loop.stop();
});
afterAll(async () => {
  await pool?.end();
  await store?.close();
  await server?.stop();
});

/** Somebody is called at once, somebody else after a quarter of an hour, and after half an hour the boss. */
const STEPS = [
  { afterMinutes: 0, notifications: ['ann'] },
  { afterMinutes: 15, notifications: ['bob'] },
  { afterMinutes: 30, notifications: ['boss'] },
];

/** What the operators of one host go through. */
class Estate {
  readonly calls: string[] = [];
  readonly #plugin: string;
  readonly #chain: NotificationSetting;
  readonly #memories = new Map<string, NotifyMemory>();
  readonly #outbox = new OutboxRepository(pool);
  readonly #loop: OutboxLoop;
  #nowMs = T0;
  #seen = 0;

  constructor(change: object = {}, plugin = 'ping') {
    this.#plugin = plugin;
    const body = { kind: 'escalation', renotify: { when: 'always' }, steps: STEPS, ...change };
    this.#chain = { id: 'chain', description: '', enabled: true, body: NotificationBodySchema.parse(body) };
    this.#loop = new OutboxLoop({
      ...{ store: this.#outbox, log: SILENT_LOG, pollMs: 10, onGivenUp: async () => undefined },
      clock: { monotonicMs: () => performance.now(), wallMs: () => this.#nowMs },
      permit: () => ({ epoch: E7, leaseUntilMs: Number.POSITIVE_INFINITY }),
      notifier: {
        send: async ({ told }) => {
          this.calls.push(`${told.notification} of ${told.result.message}`);
          return { kind: 'accepted' };
        },
        deadlineMsOf: () => 5_000,
      },
      escalations: {
        setting: () => this.#chain,
        target: () => 'command',
        entryOf: (told, nowMs) => ({ told, payload: { kind: 'command' }, dueAtMs: nowMs, untilMs: nowMs + 60 * MINUTE_MS }),
      },
    });
    loops.push(this.#loop);
    this.#loop.start();
  }

  /** What the monitor sees, some minutes after the beginning. Each time there is an event of it. @returns its number. */
  async sees(priority: Priority, afterMinutes: number): Promise<number> {
    this.#nowMs = T0 + afterMinutes * MINUTE_MS;
    const number = ++this.#seen;
    const result: Result = {
      ...{
        id: resultId('m', 'web1', '', '', String(number)),
        trigger: 'monitor',
        plugin: this.#plugin,
        monitor: 'm',
        facility: 'web1',
      },
      ...{ sender: null, item: '', sub: '', priority, application: '', message: String(number), original: '', atMs: this.#nowMs },
      notifications: ['screen', 'chain'],
    };
    const key = JSON.stringify(notifyKeyOf(this.#chain, result));
    const { memory, told } = notify(this.#chain, result, this.#memories.get(key) ?? null, {
      ...{ nowMs: this.#nowMs, calendarOpen: () => true },
    });
    if (memory !== null) this.#memories.set(key, memory);
    const context = { told, node: null, path: '', monitor: null } as unknown as Parameters<typeof outboxEntryOf>[1];
    const settings = { mailTemplate: () => null, restAccess: () => null };
    const entry = told === null ? null : outboxEntryOf(this.#chain, context, settings, this.#nowMs);
    const client = await pool.connect();
    try {
      await client.query('begin');
      if (memory !== null) await this.#remember(client, memory);
      await insertOutbox(client, entry === null ? [] : [entry]);
      const event = {
        id: `${result.id}/screen`,
        notification: 'screen',
        kind: 'event',
        result,
        why: 'first',
        before: null,
      } as const;
      await insertEvents(client, [{ told: event, state: 'unconfirmed', scope: '' }]);
      await client.query('commit');
    } finally {
      client.release();
    }
    await this.#isQuiet();
    return number;
  }

  async passes(toMinutes: number): Promise<void> {
    this.#nowMs = T0 + toMinutes * MINUTE_MS;
    await this.#isQuiet();
  }

  async confirms(number: number): Promise<void> {
    const { rows } = await pool.query<{ number: string }>('select number from event where message = $1', [String(number)]);
    await store.db.transaction().execute(async (db) => {
      await changeEvents(db, { numbers: [Number(rows[0]?.number)], state: 'confirmed', by: 'ann' });
    });
  }

  /** How many go on. */
  async open(): Promise<number> {
    return (await this.#outbox.outboxDepth(this.#nowMs)).escalations;
  }

  async #remember(client: pg.PoolClient, memory: NotifyMemory): Promise<void> {
    const { notification, monitor, facility, item, sub, priority, count, toldPriority, toldAtMs } = memory;
    await client.query(
      `insert into notify_memory (key, notification, monitor, facility, item, sub, priority, count, told_priority, told_at)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, to_timestamp($10 / 1000.0)) on conflict (key) do update
       set priority = excluded.priority, told_priority = excluded.told_priority, told_at = excluded.told_at`,
      [
        ...[
          rowKey(notification, monitor, facility, item, sub),
          notification,
          monitor,
          facility,
          item,
          sub,
          numberOf(priority),
          count,
        ],
        ...[toldPriority === null ? null : numberOf(toldPriority), toldAtMs],
      ],
    );
  }

  /** Nothing is due any more. */
  async #isQuiet(): Promise<void> {
    this.#loop.poke();
    const due = 'select count(*)::int as due from outbox where state = 0 and due_at <= to_timestamp($1 / 1000.0)';
    await expect
      .poll(async () => (await pool.query<{ due: number }>(due, [this.#nowMs])).rows[0]?.due, { interval: 5, timeout: 60_000 })
      .toBe(0);
  }
}

describe('an escalation, for those who are called', () => {
  it('is one, however often the monitor sees the same trouble and whatever is said of telling again', async () => {
    const estate = new Estate();
    for (const minute of [0, 1, 2, 14, 15, 16, 30, 45]) await estate.sees('critical', minute);
    expect(estate.calls).toEqual(['ann of 1', 'bob of 1', 'boss of 1']);
  });
  it('ends when somebody confirms any event of the trouble, and does not begin again while it lasts', async () => {
    const estate = new Estate();
    await estate.sees('critical', 0);
    const second = await estate.sees('critical', 1);
    await estate.confirms(second);
    for (const minute of [15, 16, 30, 120]) await estate.sees('critical', minute);
    expect([estate.calls, await estate.open()]).toEqual([['ann of 1'], 0]);
  });
  it('is not ended by an event that was confirmed before the trouble began', async () => {
    const estate = new Estate();
    await estate.confirms(await estate.sees('info', 0));
    await estate.sees('critical', 1);
    await estate.passes(16);
    expect(estate.calls).toEqual(['ann of 2', 'bob of 2']);
  });
  it('begins anew when the trouble was over, and the one before is over, too', async () => {
    const estate = new Estate();
    await estate.sees('critical', 0);
    await estate.sees('info', 5);
    await estate.sees('critical', 10);
    expect(await estate.open()).toBe(1);
    await estate.passes(15);
    await estate.passes(25);
    expect(estate.calls).toEqual(['ann of 1', 'ann of 3', 'bob of 3']);
  });
  it('ends with a trouble that comes back while nobody may be called for it', async () => {
    const estate = new Estate({ initialCount: 2 });
    await estate.sees('critical', 0);
    await estate.sees('critical', 1);
    await estate.sees('info', 5);
    await estate.sees('critical', 10);
    await estate.passes(20);
    expect([estate.calls, await estate.open()]).toEqual([['ann of 2'], 0]);
  });
  it('is one at a time where a trouble gets worse: it begins anew', async () => {
    const estate = new Estate({ priorities: { critical: {}, unknown: {}, warning: {} } });
    await estate.sees('warning', 0);
    await estate.sees('critical', 10);
    await estate.passes(25);
    expect(estate.calls).toEqual(['ann of 1', 'ann of 2', 'bob of 2']);
  });
  it('that does not end by itself goes on, and no second one begins beside it', async () => {
    const estate = new Estate({ endsOnChange: false });
    await estate.sees('critical', 0);
    await estate.sees('info', 5);
    await estate.sees('critical', 10);
    await estate.passes(30);
    expect(estate.calls).toEqual(['ann of 1', 'bob of 1', 'boss of 1']);
  });
  it('of lines is one while it goes on; the next line after it was confirmed is another trouble', async () => {
    const estate = new Estate({}, 'syslog');
    await estate.sees('critical', 0);
    const second = await estate.sees('critical', 1);
    await estate.passes(15);
    await estate.confirms(second);
    await estate.passes(30);
    await estate.sees('critical', 40);
    expect(estate.calls).toEqual(['ann of 1', 'bob of 1', 'ann of 3']);
  });
});
