import 'reflect-metadata';
import { createServer, type Server } from 'node:net';
import type { Events, MonitorRan, NotificationTested, SeriesList, Statuses } from '@yosugara/protocol';
import { freePort } from '@yosugara/testkit';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WholeCluster } from '../jobs/testing/whole-cluster.js';
import { type Answer, ask, PROBE_TOKEN, startNode } from '../testing/harness.js';

/* A whole manager with its database; what it looks at and what it tells are real sockets. */
const ADDRESS = '127.0.63.30';
let cluster: WholeCluster;
let pool: pg.Pool;
let service: Server;
let syslog: Server;
const lines: string[] = [];

const listening = async (server: Server): Promise<number> => {
  await new Promise<void>((resolve) => server.listen(0, ADDRESS, resolve));
  return (server.address() as { port: number }).port;
};

beforeAll(async () => {
  cluster = await WholeCluster.open(63);
  const { host, port } = cluster.server;
  pool = new pg.Pool({ host, port, user: 'postgres', database: 'postgres' });
  service = createServer((socket) => socket.end());
  syslog = createServer((socket) => socket.on('data', (chunk) => lines.push(String(chunk))));
  const [servicePort, syslogPort] = [await listening(service), await listening(syslog)];
  const hourly = { type: 'port', intervalS: 3_600, collect: true, numeric: { info: [0, 60_000], warning: [60_000, 70_000] } };
  const looks = { ...hourly, check: { service: 'tcp', port: servicePort, timeoutMs: 30_000 } };
  const severities = { critical: { severity: 2 }, warning: { severity: 4 } };
  const host30 = { kind: 'syslog', host: ADDRESS, port: syslogPort, transport: 'tcp' };
  await cluster.apply(
    { kind: 'calendar', id: 'never', body: { timeZone: 'UTC', validTo: '2001-01-01' } },
    { kind: 'scope', id: 'web', body: { name: 'Web' } },
    { kind: 'node', id: 'web1', body: { name: 'web1', addresses: [ADDRESS], scopes: ['web'] } },
    { kind: 'node', id: 'web2', body: { name: 'web2', addresses: ['127.0.63.31'], scopes: ['web'] } },
    { kind: 'node', id: 'other', body: { name: 'other', addresses: ['127.0.63.32'] } },
    { kind: 'notification', id: 'events', body: { kind: 'event', priorities: { critical: {}, unknown: {}, info: {} } } },
    { kind: 'notification', id: 'now', body: { kind: 'status' } },
    // Neither its calendar nor that it waits for the third in a row keeps a test.
    { kind: 'notification', id: 'line', body: { ...host30, priorities: severities, calendar: 'never', initialCount: 3 } },
    { kind: 'notification', id: 'gone', body: { ...host30, port: 1, priorities: severities } },
    { kind: 'notification', id: 'chain', body: { kind: 'escalation', steps: [{ afterMinutes: 5, notifications: ['line'] }] } },
    { kind: 'monitor', id: 'ports', body: { ...looks, facility: 'web', calendar: 'never', notifications: ['events'] } },
    { kind: 'monitor', id: 'off', enabled: false, body: { ...looks, facility: 'web' } },
    { kind: 'monitor', id: 'lines', body: { type: 'syslog', facility: 'web', rules: [{ pattern: '.*', priority: 'info' }] } },
    {
      ...{ kind: 'maintenance', id: 'rack' },
      body: {
        ...{ facilities: ['web2'], reason: 'disks', suppresses: 'monitoring', timeZone: 'UTC' },
        when: { kind: 'once', from: '2001-01-01', to: '2100-01-01' },
      },
    },
  );
}, 120_000);
afterAll(async () => {
  service?.close();
  syslog?.close();
  await pool?.end();
  await cluster?.close();
});

const run = async (id: string, body: object = {}): Promise<Answer> => await cluster.call('POST', `/monitors/${id}/runs`, body);
/** Monitors are known to whoever looks a moment after they are written. */
const ran = async (id: string, body: object = {}): Promise<MonitorRan> => {
  let answer = await run(id, body);
  await expect
    .poll(async () => (answer = answer.status === 503 ? await run(id, body) : answer).status, { timeout: 60_000 })
    .toBe(200);
  return answer.body;
};
const test = async (id: string, body: object = {}, headers: Record<string, string> = {}): Promise<Answer> =>
  await ask(`${cluster.url}/api/v1/notifications/${id}/tests`, 'POST', { bearer: PROBE_TOKEN, body, headers, withinMs: 60_000 });
const audited = async (action: string) =>
  (await pool.query('select target, done, epoch::int from audit where action = $1 order by id', [action])).rows;

describe('a monitor that is run now', () => {
  it('looks at all of its nodes at once, whatever its calendar says, and what is seen is stored and told', async () => {
    const { monitor, looks } = await ran('ports');
    expect(monitor).toBe('ports');
    expect(looks).toEqual([
      {
        ...{ facility: 'web1', state: 'seen', seen: [{ item: '', value: expect.stringMatching(/^\d/), why: null }] },
        results: [expect.objectContaining({ priority: 'info', item: '' })],
      },
      { facility: 'web2', state: 'maintenance', seen: [], results: [] },
    ]);
    const { rows } = await cluster.get<Events>('/events?monitor=ports');
    expect(rows).toMatchObject([{ facility: 'web1', priority: 'info', message: looks[0]!.results[0]!.message }]);
    expect((await cluster.get<SeriesList>('/series?facility=web1')).series).toMatchObject([{ monitor: 'ports' }]);
    expect(await audited('monitor.run')).toEqual([{ target: 'monitor/ports', done: true, epoch: expect.any(Number) }]);
  });
  it('tells what is new at once, as it would by itself', async () => {
    service.close();
    const { looks } = await ran('ports', { facilities: ['web1'] });
    expect(looks).toMatchObject([{ seen: [{ value: null, why: expect.any(String) }], results: [{ priority: 'unknown' }] }]);
    expect((await cluster.get<Events>('/events?monitor=ports')).rows).toMatchObject([
      { priority: 'unknown' },
      { priority: 'info' },
    ]);
  });
  it.each([
    ['lines', {}, 409, 'it judges what comes'],
    ['off', {}, 409, 'is disabled'],
    ['ports', { facilities: ['other'] }, 409, 'no enabled node of web'],
    ['nothing', {}, 404, 'there is no monitor nothing'],
  ])('is refused where there is nothing to look at: %s %j', async (id, body, status, says) => {
    const answer = await run(id, body);
    expect([answer.status, answer.body.message]).toEqual([status, expect.stringContaining(says)]);
  });
});

describe('a test of a notification', () => {
  it('leaves by the outbox, says what it is, and is told what became of it', async () => {
    const { status, body } = await test('line', { facility: 'web1' });
    expect([status, body]).toEqual([
      200,
      { id: expect.stringMatching(/^TEST\/line\//), kind: 'syslog', priority: 'critical', outcome: 'sent', note: null },
    ]);
    await expect.poll(() => lines.join('')).toContain('This is a test of the notification line');
    expect((await pool.query('select state from outbox where id = $1', [body.id])).rows).toHaveLength(1);
    expect(await audited('notification.test')).toMatchObject([{ target: 'notification/line', done: true }]);
  });
  it('is told once under one Idempotency-Key, and answered the same', async () => {
    const before = lines.length;
    const headers = { 'idempotency-key': 'from-a-spec' };
    const wish = { priority: 'warning', message: 'Disk 7 is full, or would be' };
    const [first, again] = [await test('line', wish, headers), await test('line', wish, headers)];
    expect(first.body).toMatchObject({ priority: 'warning', outcome: 'sent' });
    expect(again.body).toEqual(first.body);
    const told = () => lines.slice(before).join('').split('Disk 7 is full, or would be').length - 1;
    await expect.poll(told).toBe(1);
  });
  it('of an event is an event, of a status a status', async () => {
    expect((await test('events')).body).toMatchObject({ kind: 'event', outcome: 'stored' });
    expect((await test('now', { priority: 'warning' })).body).toMatchObject({ kind: 'status', outcome: 'stored' });
    const [event] = (await cluster.get<Events>('/events?monitor=TEST')).rows;
    expect(event).toMatchObject({ priority: 'critical', why: 'tested', plugin: 'test' });
    const { rows } = await cluster.get<Statuses>('/statuses');
    expect(rows.filter(({ monitor }) => monitor === 'TEST')).toMatchObject([{ priority: 'warning' }]);
  });
  it('that nobody takes says why, and goes on by itself', async () => {
    const { body } = await test('gone');
    expect(body).toMatchObject({
      outcome: 'again',
      note: expect.stringContaining('connection refused'),
    } satisfies Partial<NotificationTested>);
  });
  it.each([
    ['chain', {}, 409, 'test the notifications of its steps'],
    ['line', { priority: 'info' }, 409, 'tells nobody of info'],
    ['line', { facility: 'nobody' }, 404, 'there is no node nobody'],
    ['nothing', {}, 404, 'there is no notification nothing'],
  ])('is refused where there is nothing to tell: %s %j', async (id, body, status, says) => {
    const answer = await test(id, body);
    expect([answer.status, answer.body.message]).toEqual([status, expect.stringContaining(says)]);
  });
});

it('a Standby does neither', async () => {
  const { host, port } = cluster.server;
  const standby = await startNode({
    node: 'b',
    address: '127.0.63.2',
    vip: null,
    port: await freePort(),
    postgres: { host, port },
  });
  try {
    for (const path of ['monitors/ports/runs', 'notifications/line/tests']) {
      const { status, body } = await standby.call('POST', `/api/v1/${path}`, { bearer: PROBE_TOKEN, body: {} });
      expect([path, status, body.code]).toEqual([path, 503, 'NOT_ACTIVE']);
    }
  } finally {
    await standby.stop();
  }
});
