import { createHash } from 'node:crypto';
import { epoch } from '@yosugara/kernel';
import { EMPTY_WINDOW } from '@yosugara/operations';
import {
  CommitUnknownError,
  type IngestBatch,
  type MessageToStore,
  StaleEpochError,
  StaleProgressError,
} from '@yosugara/runtime';
import { startTestPostgres, type TestPostgres } from '@yosugara/testkit';
import { sql } from 'kysely';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { messageRowOf, openStore, type Store, type StoreOptions } from './index.js';

let server: TestPostgres;
const stores: Store[] = [];
const open = (change: Partial<StoreOptions> = {}): Store => {
  const store = openStore({ host: server.host, port: server.port, database: 'postgres', user: 'postgres', ...change });
  stores.push(store);
  return store;
};
let store: Store;
beforeAll(async () => {
  server = await startTestPostgres();
  store = open();
  await store.migrate();
});
afterEach(async () => {
  await sql`truncate message, message_seen_also, ingest_position, ingest_late, app_user, session, recovery_code, api_token`.execute(
    store.db,
  );
  await sql`update ownership set epoch = 0`.execute(store.db);
  await sql`update ingest_window set version = 0, claims = '[]', through_us = '{}', offset_us = 0`.execute(store.db);
});
afterAll(async () => {
  for (const each of stores) await each.close();
  await server?.stop();
});

const NOON_US = Date.parse('2026-11-21T12:00:00Z') * 1_000;
const content = (text: string) => createHash('sha256').update(text).digest().subarray(0, 16).toString('base64');
const row = (seq: number, change: Partial<MessageToStore> = {}): MessageToStore => ({
  ...{
    journalId: 'a-1-1',
    seq,
    node: 'a',
    receivedAtUs: NOON_US + seq,
    kind: 'syslog',
    source: '10.0.0.1',
    flags: 0,
    raw: Buffer.from(`<13>${seq}`),
  },
  ...{
    facility: 1,
    severity: 5,
    host: 'h',
    app: 'app',
    procId: null,
    msgId: null,
    sentAtUs: null,
    structured: null,
    varbinds: null,
    text: `text ${seq}`,
    reason: null,
  },
  ...{ content: content(String(seq)), seenBy: ['a'] },
  ...change,
});
const batch = (change: Partial<IngestBatch> = {}): IngestBatch => ({
  epoch: epoch(1),
  version: 0,
  rows: [],
  seenAlso: [],
  positions: [],
  window: EMPTY_WINDOW,
  ...change,
});

describe('the schema', () => {
  it('is brought up to date once and then left alone', async () => expect(await store.migrate()).toEqual([]));
});

describe('storing a batch', () => {
  it('keeps every field of a row as it was', async () => {
    const full = row(1, {
      ...{
        source: '2001:db8::ffff:1',
        sentAtUs: NOON_US - 5,
        structured: { 'x@1': { k: ['1', '2'] } },
        text: 'æ \\x80 " \n',
        flags: 257,
        raw: Buffer.from([0, 255, 13]),
      },
      ...{ procId: '7', msgId: 'ID', reason: 'not_utf8', seenBy: ['a', 'b'], facility: null },
    });
    await store.messages.storeBatch(
      batch({
        rows: [
          full,
          row(2, {
            source: '::ffff:10.1.2.3',
            kind: 'trap',
            severity: null,
            varbinds: [{ oid: '1.3', type: 'Null', value: '' }],
            content: null,
          }),
        ],
      }),
    );
    const rows = await store.db.selectFrom('message').selectAll().orderBy('seq').execute();
    expect(rows[0]).toMatchObject({
      node: 'a',
      source: '2001:db8::ffff:1',
      structured: full.structured,
      text: full.text,
      raw: full.raw,
      flags: 257,
      ...{ seen_by: null, seen_with: 'b', raw_form: null, late_us: null },
      facility: null,
      content: Buffer.from(full.content!, 'base64'),
    });
    expect(rows[0]?.sent_at?.getTime()).toBe(Math.floor((NOON_US - 5) / 1_000));
    expect(rows[1]).toMatchObject({
      kind: 'trap',
      severity: null,
      varbinds: [{ oid: '1.3', type: 'Null', value: '' }],
      content: null,
    });
    const { rows: found } = await store.messages.search({});
    // Of its flags, that its end is missing concerns whoever reads it.
    expect(found.map(({ cut }) => cut)).toEqual([undefined, true]);
    expect([messageRowOf(full).cut, messageRowOf(row(2)).cut]).toEqual([true, undefined]);
    expect(found[0]).toMatchObject({ receivedAt: '2026-11-21T12:00:00.000002Z', id: `${NOON_US + 2}.a-1-1.2` });
  });
  it('moves rows, positions and window together', async () => {
    const window = { offsetUs: -12, claims: [{ journalId: 'b-1-1', seq: 9 }], throughUs: { a: NOON_US } };
    await store.messages.storeBatch(batch({ rows: [row(1)], positions: [{ journalId: 'a-1-1', seq: 1 }], window }));
    expect(await store.messages.loadProgress()).toEqual({ version: 1, positions: new Map([['a-1-1', 1]]), window });
  });
  it('is refused under an epoch that is over, and raises a lower one', async () => {
    await store.messages.storeBatch(batch({ epoch: epoch(7), rows: [row(1)] }));
    await expect(store.messages.storeBatch(batch({ epoch: epoch(6), version: 1, rows: [row(2)] }))).rejects.toBeInstanceOf(
      StaleEpochError,
    );
    await store.claim(9);
    await expect(store.messages.storeBatch(batch({ epoch: epoch(8), version: 1, rows: [row(2)] }))).rejects.toMatchObject({
      code: 'STALE_EPOCH',
      ours: 8,
      stored: 9,
    });
    expect((await store.messages.search({})).rows.length).toBe(1);
  });
  it('is refused when another batch came between', async () => {
    await store.messages.storeBatch(batch({ rows: [row(1)] }));
    await expect(store.messages.storeBatch(batch({ rows: [row(2)] }))).rejects.toBeInstanceOf(StaleProgressError);
    expect((await store.messages.search({})).rows.length).toBe(1);
  });
  it('that hits a key is done again without the rows that are there, and says so', async () => {
    await store.messages.storeBatch(batch({ rows: [row(1), row(2)] }));
    expect(
      await store.messages.storeBatch(batch({ version: 1, rows: [row(2), row(3)], positions: [{ journalId: 'a-1-1', seq: 3 }] })),
    ).toEqual({ keyHits: 1 });
    expect((await store.messages.search({})).rows.map((each) => each.text)).toEqual(['text 3', 'text 2', 'text 1']);
    expect((await store.messages.loadProgress()).positions).toEqual(new Map([['a-1-1', 3]]));
  });
  it('makes the day it needs, whatever day that is', async () => {
    const days = [0, Date.parse('2031-02-28T23:59:59.999Z') * 1_000, NOON_US];
    await store.messages.storeBatch(batch({ rows: days.map((receivedAtUs, index) => row(index + 1, { receivedAtUs })) }));
    expect((await store.messages.search({})).rows.map((each) => each.receivedAt.slice(0, 10))).toEqual([
      '2031-02-28',
      '2026-11-21',
      '1970-01-01',
    ]);
    expect(await store.partitions.dropBefore(NOON_US)).toEqual(['1970-01-01']);
    await store.partitions.createAhead(2, NOON_US / 1_000);
  });
  it('whose commit waits for a lost standby is of unknown outcome, whether nobody answers or the wait is cancelled', async () => {
    const admin = new pg.Client({ connectionString: server.connectionString });
    await admin.connect();
    try {
      await store.partitions.ensure(Math.floor(NOON_US / 86_400_000_000));
      await admin.query("alter system set synchronous_standby_names = 'nobody'");
      await admin.query('select pg_reload_conf()');
      const waiting = open({ storeDeadlineMs: 4_000 }).messages.storeBatch(batch({ rows: [row(1)] }));
      const outcome = expect(waiting).rejects.toMatchObject({
        name: 'CommitUnknownError',
        message: expect.stringContaining('canceling wait for synchronous replication'),
      });
      for (let cancelled = 0; cancelled === 0; )
        cancelled =
          (await admin.query("select pg_cancel_backend(pid) from pg_stat_activity where wait_event = 'SyncRep'")).rowCount ?? 0;
      await outcome;
      expect(await store.messages.loadProgress()).toMatchObject({ version: 1 });
      await expect(
        open({ storeDeadlineMs: 0 }).messages.storeBatch(batch({ version: 1, rows: [row(2)] })),
      ).rejects.toBeInstanceOf(CommitUnknownError);
    } finally {
      await admin.query('alter system reset synchronous_standby_names');
      await admin.query('select pg_reload_conf()');
      await admin.end();
    }
  });
  it('does not wait for a server that hangs in COMMIT longer than its deadline', async () => {
    const hanging = open({ storeDeadlineMs: 100, max: 1, applicationName: 'hanging' });
    await sql`select 1`.execute(hanging.db);
    const { rows } = await sql<{ pid: number }>`select pid from pg_stat_activity where application_name = 'hanging'`.execute(
      store.db,
    );
    const pid = rows[0]!.pid;
    process.kill(pid, 'SIGSTOP');
    try {
      await expect(hanging.messages.storeBatch(batch({ rows: [] }))).rejects.toMatchObject({ code: 'DEADLINE' });
    } finally {
      process.kill(pid, 'SIGCONT');
    }
  });
});

describe('late partners', () => {
  const question = { node: 'a', contents: ['1', '2', '3', '4'].map(content), fromUs: NOON_US + 1, throughUs: NOON_US + 3 };
  it('are looked for among rows that one node saw, by content and time', async () => {
    await store.messages.storeBatch(batch({ rows: [row(1), row(2, { seenBy: ['a', 'b'] }), row(3), row(4), row(5)] }));
    const lone = await store.messages.findLone(question, 10);
    expect(lone).toEqual(
      [1, 3].map((seq) => ({ journalId: 'a-1-1', seq, node: 'a', atUs: NOON_US + seq, content: content(String(seq)) })),
    );
    expect(await store.messages.findLone({ ...question, node: 'b' }, 10)).toEqual([]);
  });
  it('are found though they were read late, when they may have come in that time', async () => {
    const late = (seq: number, receivedAtUs: number, lateByUs: number) =>
      row(seq, { receivedAtUs: NOON_US + receivedAtUs, lateByUs });
    await store.messages.storeBatch(batch({ rows: [late(1, 2, 9), late(2, 900, 897), late(3, 900, 896), late(4, 0, 9)] }));
    const lone = await store.messages.findLone(question, 10);
    expect(lone.map(({ seq, atUs, lateByUs }) => [seq, atUs - NOON_US, lateByUs])).toEqual([
      [1, 2, 9],
      [2, 900, 897],
    ]);
  });
  it('are looked for only among what is late, when all that may match is', async () => {
    const again = (seq: number, receivedAtUs: number) => row(seq, { receivedAtUs: NOON_US + receivedAtUs, lateByUs: 500 });
    await store.messages.storeBatch(batch({ rows: [row(1), again(2, 2), again(3, 502), again(4, 0)] }));
    const lone = await store.messages.findLone({ ...question, onlyLate: true }, 10);
    expect(lone.map(({ seq }) => seq)).toEqual([2, 3]);
  });
  it('once noted show in seenBy and are not found again', async () => {
    await store.messages.storeBatch(batch({ rows: [row(1)] }));
    const seenAlso = [{ of: { journalId: 'a-1-1', seq: 1, atUs: NOON_US + 1 }, node: 'b', copy: { journalId: 'b-1-1', seq: 4 } }];
    await store.messages.storeBatch(batch({ version: 1, seenAlso }));
    expect((await store.messages.search({})).rows[0]?.seenBy).toEqual(['a', 'b']);
    expect(await store.messages.findLone(question, 10)).toEqual([]);
  });
});

describe('the search', () => {
  const fill = async () =>
    await store.messages.storeBatch(
      batch({
        rows: [
          row(1, { text: 'Disk 100% full', severity: 2, source: '10.0.0.9', host: 'db1' }),
          row(2, { text: 'disk 1000 free', severity: 6 }),
          row(3, { kind: 'trap', severity: null, text: "a_b ' \\ c" }),
          row(4, { text: 'axb', source: '192.0.2.7' }),
        ],
      }),
    );
  const texts = async (query: Parameters<Store['messages']['search']>[0]) =>
    (await store.messages.search(query)).rows.map((each) => each.id.split('.').at(-1));
  it.each([
    [{}, ['4', '3', '2', '1']],
    [{ text: 'DISK' }, ['2', '1']],
    [{ text: '100%' }, ['1']],
    [{ text: 'a_b' }, ['3']],
    [{ text: "' \\ c" }, ['3']],
    [{ source: '10.0.0.9' }, ['1']],
    [{ source: '10.0.0.0/8' }, ['3', '2', '1']],
    [{ host: 'db1' }, ['1']],
    [{ severityMax: 5 }, ['4', '1']],
    [{ kind: 'trap' as const }, ['3']],
    [{ sinceUs: NOON_US + 2, untilUs: NOON_US + 4 }, ['3', '2']],
  ])('for %j finds %j, newest first', async (query, expected) => {
    await fill();
    expect(await texts(query)).toEqual(expected);
  });
  it('goes on page by page without a gap', async () => {
    await fill();
    const first = await store.messages.search({ limit: 3 });
    const second = await store.messages.search({ limit: 3, before: first.next! });
    expect([first.rows.length, second.rows.length, second.next]).toEqual([3, 1, null]);
  });
  it.each([{ source: "x'; drop table message" }, { source: '10.0.0:' }, { before: '1' }, { limit: 1_001 }, { limit: 0 }])(
    'refuses %j',
    async (query) => await expect(store.messages.search(query)).rejects.toThrow(),
  );
});

describe('people', () => {
  const person = { login: 'admin', passwordHash: 'h', roles: ['admin'], mustChange: true };
  it('have logins that differ by more than case', async () => {
    expect(await store.users.create(person)).toMatchObject({ login: 'admin', mustChange: true });
    expect(await store.users.create({ ...person, login: 'Admin' })).toBeNull();
    expect(await store.users.count()).toBe(1);
    const found = await store.users.findByLogin('ADMIN');
    await store.users.setPassword(found!.id, 'other');
    expect(await store.users.find(found!.id)).toMatchObject({ passwordHash: 'other', mustChange: false });
  });
  it('are known by a session until it expires or is closed', async () => {
    const user = await store.users.create(person);
    const [valid, old] = [Buffer.from('valid'), Buffer.from('old')];
    await store.sessions.open(valid, user!.id, new Date(Date.now() + 60_000));
    await store.sessions.open(old, user!.id, new Date(Date.now() - 1));
    expect(await store.sessions.userOf(valid)).toMatchObject({ login: 'admin' });
    expect(await store.sessions.userOf(old)).toBeNull();
    expect(await store.sessions.removeExpired()).toBe(1);
    await store.sessions.closeOthers(user!.id, Buffer.from('this one'));
    expect(await store.sessions.userOf(valid)).toBeNull();
  });
  it('leave a trace of what they did', async () => {
    await store.audit.note({ actor: 'admin', action: 'login', epoch: 3, detail: { from: '10.0.0.1' } });
    expect((await store.audit.latest(1))[0]).toMatchObject({
      actor: 'admin',
      action: 'login',
      target: null,
      detail: { from: '10.0.0.1' },
    });
  });
});
