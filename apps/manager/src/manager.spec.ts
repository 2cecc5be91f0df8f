import 'reflect-metadata';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { epoch, SILENT_LOG } from '@yosugara/kernel';
import { MessagesSchema, type RoleNotice } from '@yosugara/protocol';
import type { MessageToStore } from '@yosugara/runtime';
import { soonest } from '@yosugara/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { hostClock } from './clock.js';
import { aMessage } from './testing/a-message.js';
import { aStatus } from './testing/fake-controller.js';
import {
  ADMIN_PASSWORD,
  ask,
  Eras,
  FIRST_PASSWORD,
  PROBE_TOKEN,
  startTwoManagers,
  type TestNode,
  type TwoManagers,
} from './testing/harness.js';
import { openStorage } from './wiring.js';

const VIP = '127.0.77.10';
let cluster: TwoManagers;
let store: TwoManagers['store'];
let port: number;
/** The Master of most specs, and a second node on the same database, as a hot standby would show it. */
let a: TestNode;
let b: TestNode;

const soon = { timeout: 60_000, interval: 20 };
const eras = new Eras();
const { become } = eras;
const becomeActive = async (node: TestNode, change: Partial<RoleNotice> = {}) => await eras.becomeActive(node, 'a', change);
const probeWith = async (node: TestNode, key: string) =>
  await node.call('POST', '/api/writes/probe', { body: { key }, bearer: PROBE_TOKEN });

beforeAll(async () => {
  cluster = await startTwoManagers(77, { a: 1_000, b: 3 });
  ({ store, port, a, b } = cluster);
});
afterAll(async () => await cluster?.stop());
beforeEach(async () => await becomeActive(a));

describe('a manager that comes up', () => {
  it('is told the first login once, has no default one, and does nothing for it before it has another password', async () => {
    const entered = await a.call('POST', '/api/login', { body: { login: 'admin', password: FIRST_PASSWORD } });
    const cookie = entered.headers.get('set-cookie')?.split(';')[0] ?? '';
    expect((await a.call('GET', '/api/me', { cookie })).body).toMatchObject({
      ...{ login: 'admin', role: 'admin', roles: ['admin'], mustChange: true, node: 'a', epoch: eras.now, mode: 'active' },
    });
    for (const [method, path] of [
      ['GET', '/api/cluster'],
      ['PUT', '/api/v1/settings/node/x'],
      ['GET', '/api/v1/users'],
    ] as const)
      expect(await a.call(method, path, { cookie, body: {} }), path).toMatchObject({
        status: 403,
        body: { code: 'PASSWORD_CHANGE_NEEDED' },
      });
    expect((await a.call('POST', '/api/logout', { cookie })).status).toBe(200);
    const changed = await a.login();
    expect((await a.call('GET', '/api/me', { cookie: changed })).body).toMatchObject({ mustChange: false });
    expect((await a.call('GET', '/api/cluster', { cookie: changed })).status).toBe(200);
    expect((await a.call('POST', '/api/login', { body: { login: 'admin', password: 'admin' } })).status).toBe(401);
  });
  it('answers /health without login', async () =>
    expect((await a.call('GET', '/health')).body).toEqual({
      ...{ node: 'a', mode: 'active', epoch: eras.now, ready: true },
      others: [],
    }));
  it('serves the console with its policy, and its page for any address a router knows', async () => {
    const page = await a.call('GET', '/cluster');
    expect(page).toMatchObject({ status: 200, body: '<html>console</html>' });
    expect(page.headers.get('cache-control')).toBe('no-cache');
    expect(page.headers.get('content-security-policy')).toContain("script-src 'self'");
    const script = await a.call('GET', '/assets/main-abc.js');
    expect(script.headers.get('cache-control')).toContain('immutable');
    // As the build compressed it, to whoever takes that.
    expect([script.body, script.headers.get('content-encoding')]).toEqual(['export {}', 'gzip']);
    const plain = await a.call('GET', '/assets/main-abc.js', { headers: { 'accept-encoding': 'identity' } });
    expect([plain.body, plain.headers.get('content-encoding')]).toEqual(['export {}', null]);
    for (const path of ['/assets/gone.js', '/%2e%2e%2fcontrol.sock', '/api/nothing'])
      expect((await a.call('GET', path)).status, path).toBe(404);
  });
  it('writes down every route in its OpenAPI document, and the reference has the same', async () => {
    const { body } = await a.call('GET', '/api/openapi.json', { withinMs: 90_000 });
    const routes = Object.entries<object>(body.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const page = readFileSync(join(import.meta.dirname, '../../../docs/api.md'), 'utf8');
    expect(routes.sort()).toEqual([...page.matchAll(/^\| `([A-Z]+ \/[^`]+)`/gm)].map(([, route]) => route).sort());
  });
});

describe('login', () => {
  it('gives a cookie that scripts and other sites cannot use', async () => {
    const answer = await a.call('POST', '/api/login', { body: { login: 'ADMIN', password: ADMIN_PASSWORD } });
    expect(answer.headers.get('set-cookie')).toMatch(/^yosugara_session=[\w-]{43}\.[\w-]{43};.*HttpOnly; SameSite=Strict$/);
  });
  it.each([
    ['admin', 'wrong-password'],
    ['nobody', ADMIN_PASSWORD],
  ])('refuses %s with %s in the same words', async (login, password) =>
    expect(await a.call('POST', '/api/login', { body: { login, password } })).toMatchObject({
      status: 401,
      body: { code: 'LOGIN_REFUSED', message: 'login or password is wrong' },
    }),
  );
  it('is valid on the other node, which only reads', async () => {
    const cookie = await a.login();
    expect((await b.call('GET', '/api/me', { cookie })).body).toMatchObject({ login: 'admin', node: 'b', mode: 'passive' });
  });
  it('is over after logout, on both nodes', async () => {
    const cookie = await a.login();
    expect((await a.call('POST', '/api/logout', { cookie })).status).toBe(200);
    for (const node of [a, b])
      expect((await node.call('GET', '/api/me', { cookie })).body).toMatchObject({ code: 'NOT_LOGGED_IN' });
  });
  it('is nothing without the key of the cluster', async () => {
    const cookie = await a.login();
    const forged = `${cookie.slice(0, -43)}${'A'.repeat(43)}`;
    expect((await a.call('GET', '/api/me', { cookie: forged })).status).toBe(401);
  });
  it('may be tried only so often', async () => {
    become(b, 'b');
    await expect.poll(() => b.controller.lastReport(), soon).toMatchObject({ mode: 'active', ready: true });
    const attempt = async () => (await b.call('POST', '/api/login', { body: { login: 'admin', password: 'wrong' } })).status;
    expect([await attempt(), await attempt(), await attempt(), await attempt()]).toEqual([401, 401, 401, 429]);
    // The database now belongs to the younger owner: the older one can do nothing more.
    expect(await probeWith(a, 'stale')).toMatchObject({ status: 503, body: { code: 'STALE_EPOCH' } });
    become(b, 'b', { mode: 'passive' });
  });
  it('changes its password, ends the other sessions and is written into the audit', async () => {
    const [mine, other] = [await a.login(), await a.login()];
    const change = { current: ADMIN_PASSWORD, next: 'another-password' };
    const refused = await a.call('POST', '/api/password', { cookie: mine, body: { ...change, current: 'wrong' } });
    expect(refused).toMatchObject({ status: 403, body: { code: 'PASSWORD_WRONG', place: 'current' } });
    expect((await a.call('POST', '/api/password', { cookie: mine, body: change })).status).toBe(200);
    expect((await a.call('GET', '/api/me', { cookie: mine })).body).toMatchObject({ mustChange: false });
    expect((await a.call('GET', '/api/me', { cookie: other })).status).toBe(401);
    const back = await a.login('another-password');
    await a.call('POST', '/api/password', { cookie: back, body: { current: 'another-password', next: ADMIN_PASSWORD } });
    const actions = (await store.audit.latest(10)).map((entry) => entry.action);
    expect(actions.slice(0, 3)).toEqual(['password', 'login', 'password']);
  });
});

describe('a request', () => {
  it('that changes something needs the header of our own page', async () =>
    expect(await a.call('POST', '/api/logout', { headers: { 'x-yosugara': '' } })).toMatchObject({
      status: 403,
      body: { code: 'CSRF_HEADER_MISSING', place: 'x-yosugara' },
    }));
  it.each([
    ['/api/messages?severity=bad', 'severity'],
    ['/api/messages?since=yesterday', 'since'],
    ['/api/messages?source=here', 'source'],
    ['/api/messages?after=x', 'after'],
    ['/api/messages?limit=0', 'limit'],
    ['/api/messages?colour=red', 'colour'],
    ['/api/stream?kind=mail', 'kind'],
  ])('that is wrong names the place: %s', async (path, place) =>
    expect(await a.call('GET', path, { cookie: await a.login() })).toMatchObject({
      status: 400,
      body: { code: 'INVALID_INPUT', place },
    }),
  );
  it('without login is refused', async () => {
    for (const path of ['/api/me', '/api/cluster', '/api/messages', '/api/stream', '/api/writes/probe'])
      expect((await a.call('GET', path)).status, path).toBe(401);
  });
});

describe('the cluster', () => {
  it('is shown as the controller sees it', async () =>
    expect((await a.call('GET', '/api/cluster', { cookie: await a.login() })).body).toMatchObject({
      clusterId: 'spec',
      master: 'a',
    }));
  it('takes commands of an operator, not of a viewer, and audits them', async () => {
    const cookie = await a.login();
    await a.call('POST', '/api/cluster/recover', { cookie, body: { dryRun: true } });
    expect((await a.call('POST', '/api/cluster/switchover', { cookie, body: { to: 'b' } })).body).toEqual({
      ok: true,
      message: 'under way',
    });
    expect(a.controller.commands).toMatchObject([
      { method: 'recover', dryRun: true },
      { method: 'switchover', to: 'b' },
    ]);
    expect((await store.audit.latest(1))[0]).toMatchObject({ action: 'cluster.switchover', actor: 'admin', detail: { to: 'b' } });
    await store.db
      .updateTable('app_user')
      .set({ roles: ['viewer'] })
      .execute();
    const viewer = await a.login();
    const refused = await a.call('POST', '/api/cluster/switchover', { cookie: viewer });
    await store.db
      .updateTable('app_user')
      .set({ roles: ['admin'] })
      .execute();
    expect(refused).toMatchObject({ status: 403, body: { code: 'FORBIDDEN' } });
  });
});

describe('messages', () => {
  let version = 0;
  const store1 = async (...rows: Partial<MessageToStore>[]) => {
    const nowUs = Date.now() * 1_000;
    const whole = rows.map((row, index) => aMessage(nowUs + index, ++seq, row));
    const window = { offsetUs: 0, claims: [], throughUs: {} };
    await store.messages.storeBatch({
      epoch: epoch(eras.now),
      version: version++,
      rows: whole,
      seenAlso: [],
      positions: [],
      window,
    });
  };
  let seq = 0;
  beforeAll(async () => {
    await store1(
      { text: 'disk is 100% full', severity: 2, host: 'db1', source: '10.0.0.1' },
      { text: 'login of Bob', severity: 6, host: 'web1', source: '10.0.0.2' },
      { text: 'linkDown', severity: null, kind: 'trap', host: null, source: '10.1.0.3' },
    );
  });
  it.each([
    ['text=IS+100%25', ['disk is 100% full']],
    ['severity=crit', ['disk is 100% full']],
    ['severity=debug', ['login of Bob', 'disk is 100% full']],
    ['host=web1', ['login of Bob']],
    ['source=10.1.0.3', ['linkDown']],
    ['source=10.0.0.0/16', ['login of Bob', 'disk is 100% full']],
    ['kind=trap', ['linkDown']],
    ['since=10m', ['linkDown', 'login of Bob', 'disk is 100% full']],
    ['until=10m', []],
    ['since=2999-01-01T00:00:00Z', []],
  ])('are found by %s, newest first', async (query, texts) => {
    const { body } = await a.call('GET', `/api/messages?${query}`, { bearer: PROBE_TOKEN });
    expect(MessagesSchema.parse(body).rows.map((row) => row.text)).toEqual(texts);
  });
  it('come in pages', async () => {
    const first = await a.call('GET', '/api/messages?limit=2', { bearer: PROBE_TOKEN });
    const second = await a.call('GET', `/api/messages?limit=2&after=${first.body.next}`, { bearer: PROBE_TOKEN });
    expect([first.body.rows.length, second.body.rows.map((row: { text: string }) => row.text), second.body.next]).toEqual([
      ...[2, ['disk is 100% full'], null],
    ]);
  });
  it.each(['a', 'b'])('come alive on node %s as they are stored, those of the filter only', async (name) => {
    const node = name === 'a' ? a : b;
    const events = await openStream(node, await a.login(), `text=live+${name}`);
    await expect.poll(() => events.of('hello').length, soon).toBe(1);
    await expect.poll(() => events.of('cluster')[0], soon).toMatchObject({ clusterId: 'spec' });
    await store1({ text: 'nothing of interest' }, { text: `LIVE ${name} 1` });
    await store1({ text: `live ${name} 2` });
    const texts = () =>
      events.of('messages').flatMap((event) => (event as { rows: { text: string }[] }).rows.map((row) => row.text));
    await expect.poll(texts, soon).toEqual([`LIVE ${name} 1`, `live ${name} 2`]);
    await events.close();
  });
  it('come alive on a Standby though they bear an older time, and those of before are no news', async () => {
    await store1({ text: 'late 1', receivedAtUs: (Date.now() - 20_000) * 1_000 });
    const events = await openStream(b, await a.login(), 'text=late');
    await expect.poll(() => events.of('cluster').length, soon).toBe(1);
    const rows = () => events.of('messages').flatMap((event) => (event as { rows: { text: string }[] }).rows);
    await store1({ text: 'late 2' });
    await expect.poll(() => rows().map((row) => row.text), soon).toEqual(['late 2']);
    await store1({ text: 'late 3', receivedAtUs: (Date.now() - 30_000) * 1_000 });
    await expect.poll(() => rows().map((row) => row.text), soon).toEqual(['late 2', 'late 3']);
    await events.close();
  });
  it('come alive on the Master as ingest commits them, whatever time they bear; what is too much is counted', async () => {
    const events = await openStream(a, await a.login(), 'text=hours');
    await expect.poll(() => events.of('cluster').length, soon).toBe(1);
    const ancientUs = (Date.now() - 7_200_000) * 1_000;
    const batch = Array.from({ length: 1_200 }, (_, at) =>
      aMessage(ancientUs + at, 90_000 + at, { text: `hours ${at}`, severity: 3 }),
    );
    a.ingest.onStored(batch);
    a.ingest.onStored(batch.slice(-3));
    await expect.poll(() => events.of('messages').length, soon).toBeGreaterThan(0);
    const [first] = events.of('messages') as { rows: { text: string; severity: string }[]; dropped: number }[];
    expect(first?.rows.at(-1)).toMatchObject({ text: 'hours 1199', severity: 'err', seenBy: ['a'] });
    expect([first?.rows.length, first?.dropped]).toEqual([500, 700]);
    await events.close();
  });
  it('are followed by the status when it changes, and by hello when the role does', async () => {
    const events = await openStream(a, await a.login(), '');
    await expect.poll(() => events.of('cluster').length, soon).toBe(1);
    a.controller.status = aStatus(99);
    await expect.poll(() => events.of('cluster')[1], soon).toMatchObject({ epoch: 99 });
    become(a, 'a', { mode: 'passive' });
    await expect.poll(() => events.of('hello').at(-1), soon).toEqual({ node: 'a', epoch: eras.now, mode: 'passive' });
    await events.close();
  });
});

describe('the days of the messages', () => {
  const days = async () => await store.partitions.days();
  it('are made ahead and dropped after 90 days by the active node', async () => {
    const today = Math.floor(Date.now() / 86_400_000);
    const nameOf = (day: number) => new Date(day * 86_400_000).toISOString().slice(0, 10);
    for (const age of [200, 92, 88]) await store.partitions.ensure(today - age);
    await store.db.deleteFrom('clean_up_look' as never).execute();
    become(a, 'a', { mode: 'passive' });
    await becomeActive(a);
    await expect.poll(days, soon).toEqual([today - 88, today, today + 1, today + 2].map(nameOf));
  });
  it('are left alone by an owner whose epoch or lease is over', async () => {
    const storage = openStorage(
      { ...cluster.postgres, user: 'postgres', database: 'postgres', password: 'x', clusterCa: null },
      'a',
      SILENT_LOG,
    );
    try {
      const before = await days();
      const all = { kind: 'messages', beforeMs: Date.now() + 999 * 86_400_000 } as const;
      const onPart = async () => undefined;
      await expect(storage.store.retention.cleanUp(all, eras.now - 1, () => undefined, onPart)).rejects.toMatchObject({
        code: 'STALE_EPOCH',
      });
      let asked = 0;
      const leaseEnds = () => {
        if (++asked > 1) throw new Error('the lease is over');
      };
      await expect(storage.store.retention.cleanUp(all, eras.now, leaseEnds, onPart)).rejects.toThrow('the lease is over');
      expect(await days()).toEqual(before);
    } finally {
      await storage.store.close();
    }
  });
});

describe('writes', () => {
  it('are acknowledged with the epoch when they are committed, and can be read back', async () => {
    expect(await probeWith(a, 'w/1')).toMatchObject({ status: 201, body: { key: 'w/1', epoch: eras.now } });
    expect((await probeWith(a, 'w/1')).body).toMatchObject({ code: 'ALREADY_THERE' });
    const { body } = await a.call('GET', '/api/writes/probe?prefix=w/', { bearer: PROBE_TOKEN });
    expect(body).toEqual({ count: 1, keys: ['w/1'] });
    expect((await a.call('POST', '/api/writes/probe', { body: { key: 'w/2' }, bearer: 'guess' })).status).toBe(401);
  });
  it('are refused on a passive node, which still reads', async () => {
    expect(await probeWith(b, 'passive')).toMatchObject({ status: 503, body: { code: 'NOT_ACTIVE' } });
    expect((await b.call('POST', '/api/login', { body: { login: 'admin', password: ADMIN_PASSWORD } })).status).toBe(503);
    expect((await b.call('GET', '/api/messages', { cookie: await a.login() })).status).toBe(200);
  });
  it('are refused to users while gated, when the database is being prepared', async () => {
    become(a, 'a', { mode: 'gated' });
    await expect.poll(() => a.controller.lastReport(), soon).toMatchObject({ mode: 'gated', ready: true });
    expect(a.ingest.running).toBe(0);
    expect(await probeWith(a, 'gated')).toMatchObject({ status: 503, body: { code: 'NOT_ACTIVE' } });
  });
  it('and ingest end with the lease, without a word of the controller', async () => {
    a.controller.say({ leaseUntilMs: hostClock.monotonicMs() + 150 });
    expect(a.ingest.running).toBe(1);
    await expect
      .poll(() => probeWith(a, `lease/${Math.random()}`), soon)
      .toMatchObject({ status: 503, body: { code: 'NOT_ACTIVE' } });
    await expect.poll(() => a.ingest.running, soon).toBe(0);
    await expect.poll(() => a.controller.lastReport(), soon).toMatchObject({ mode: 'passive', ready: true });
  });
  it('end when the controller is gone, and come back with it', async () => {
    await becomeActive(a, { vip: true });
    await a.controller.close();
    await expect.poll(() => probeWith(a, `gone/${Math.random()}`), soon).toMatchObject({ status: 503 });
    await expect.poll(() => a.ingest.running, soon).toBe(0);
    await expect(ask(`http://${VIP}:${port}/health`, 'GET')).rejects.toThrow();
    await a.controller.listen();
    await becomeActive(a);
    expect((await probeWith(a, 'back')).status).toBe(201);
  });
  it('switch from passive to active quickly', async () => {
    await soonest(1_000, async () => {
      become(a, 'a', { mode: 'passive' });
      await expect.poll(() => a.controller.lastReport()?.mode, soon).toBe('passive');
      const fromMs = performance.now();
      become(a, 'a');
      await expect.poll(async () => (await probeWith(a, `quick/${Math.random()}`)).status, soon).toBe(201);
      return performance.now() - fromMs;
    });
  });
});

describe('the VIP', () => {
  it('is listened on while it is held, and let go at once with its connections', async () => {
    await becomeActive(a, { vip: true });
    await expect.poll(() => a.controller.lastReport()?.vipBound, soon).toBe(true);
    expect((await ask(`http://${VIP}:${port}/health`, 'GET')).body.node).toBe('a');
    const events = await openStream(a, await a.login(), '', `http://${VIP}:${port}`);
    a.controller.say({ vip: false });
    await expect.poll(() => events.isEnded(), soon).toBe(true);
    await expect(ask(`http://${VIP}:${port}/health`, 'GET')).rejects.toThrow();
    await expect.poll(() => a.controller.lastReport()?.vipBound, soon).toBe(false);
  });
  it('is waited for while the old holder still has it', async () => {
    await becomeActive(a, { vip: true });
    await expect.poll(() => a.controller.lastReport()?.vipBound, soon).toBe(true);
    become(b, 'b', { vip: true });
    await expect.poll(() => b.controller.lastReport(), soon).toMatchObject({ ready: true, vipBound: false });
    become(a, 'a', { mode: 'passive' });
    await expect.poll(() => b.controller.lastReport()?.vipBound, soon).toBe(true);
    expect((await ask(`http://${VIP}:${port}/health`, 'GET')).body.node).toBe('b');
    become(b, 'b', { mode: 'passive' });
  });
});

interface Events {
  of(event: string): unknown[];
  isEnded(): boolean;
  close(): Promise<void>;
}

async function openStream(node: TestNode, cookie: string, query: string, url = node.url): Promise<Events> {
  const stop = new AbortController();
  const response = await fetch(`${url}/api/stream?${query}`, { headers: { cookie }, signal: stop.signal });
  expect(response.headers.get('content-type')).toContain('text/event-stream');
  const seen: { event: string; data: unknown }[] = [];
  let ended = false;
  const reading = (async () => {
    let text = '';
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      const blocks = (text + chunk).split('\n\n');
      text = blocks.pop() ?? '';
      for (const block of blocks) {
        const [, event, data] = /^event: (\w+)\ndata: (.*)$/.exec(block) ?? [];
        if (event !== undefined) seen.push({ event, data: JSON.parse(data ?? 'null') });
      }
    }
  })()
    .catch(() => undefined)
    .finally(() => {
      ended = true;
    });
  return {
    of: (event) => seen.filter((each) => each.event === event).map((each) => each.data),
    isEnded: () => ended,
    close: async () => {
      stop.abort();
      await reading;
    },
  };
}
