import 'reflect-metadata';
import { createSocket } from 'node:dgram';
import type { EventDetail, EventRow, Events, SeriesList, SeriesValues, Statuses } from '@yosugara/protocol';
import { startTestPostgres, type TestPostgres } from '@yosugara/testkit';
import pg from 'pg';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { twoReceivers } from '../../receiver/src/testing/two-receivers.js';
import { type HotStandby, startHotStandby } from './testing/hot-standby.js';
import { managerOf, type NodeManager } from './testing/manager-of.js';
import { readEvents } from './testing/read-tail.js';

/*
 * Two receivers, PostgreSQL with its hot standby, and the manager of either node: a line that a monitor looks for becomes one event, one
 * status and one entry of the outbox, also the lines that come around a take-over.
 */
const soon = { timeout: 60_000, interval: 100 };
const setting = await twoReceivers({ third: 84 });
let primary: TestPostgres;
let standby: HotStandby;
beforeAll(async () => {
  primary = await startTestPostgres();
  standby = await startHotStandby(primary);
});
afterAll(async () => {
  await standby?.stop();
  await primary?.stop();
});

const DEVICE = '127.0.84.30';
const settings: readonly (readonly [kind: string, id: string, body: object])[] = [
  ['scope', 'tokyo', { name: 'Tokyo' }],
  ['node', 'disk1', { name: 'Disk one', addresses: [DEVICE], scopes: ['tokyo'] }],
  ['notification', 'events', { kind: 'event', priorities: { critical: {} } }],
  ['notification', 'now', { kind: 'status', priorities: { critical: {} }, renotify: { when: 'always' } }],
  // To where nobody listens: the entry stays where it is.
  ['notification', 'hook', { kind: 'syslog', host: '127.0.84.99', transport: 'tcp', priorities: { critical: { severity: 2 } } }],
  [
    'monitor',
    'disks',
    {
      ...{ type: 'syslog', check: {}, facility: 'tokyo', application: 'disks', notifications: ['events', 'now', 'hook'] },
      rules: [{ pattern: 'disk (\\d+) failed', mode: 'regex', priority: 'critical', message: 'Disk gone: #[LOG_LINE]' }],
    },
  ],
  [
    'monitor',
    'count',
    {
      ...{ type: 'log-count', facility: 'tokyo', intervalS: 10, collect: true },
      ...{ check: { of: 'disks', words: ['failed'] }, numeric: { info: [0, 100], warning: [100, 200] } },
    },
  ],
];

async function apply(node: NodeManager): Promise<void> {
  const documents = settings.map(([kind, id, body]) => ({ kind, id, body }));
  const { status, body } = await node.call('POST', '/api/v1/settings/import', { body: { documents }, withinMs: 60_000 });
  expect([status, body]).toEqual([200, expect.anything()]);
}

it('a line sent to both receivers is one event, one status and one entry of the outbox, and so are those around a take-over', async () => {
  const configs = setting.configs();
  const receivers = { a: await setting.start(configs.a), b: await setting.start(configs.b) };
  await vi.waitFor(() => expect([receivers.a.report().peerLink, receivers.b.report().peerLink]).toEqual(['up', 'up']), soon);
  const socket = createSocket('udp4');
  setting.closers.push(() => socket.close());
  await new Promise<void>((resolve) => socket.bind(0, DEVICE, resolve));
  const say = async (text: string) => {
    const to = async (node: 'a' | 'b') =>
      await new Promise<void>((resolve, reject) =>
        socket.send(`<11>${text}`, setting.ports.syslog, setting.address[node], (error) =>
          error === null ? resolve() : reject(error),
        ),
      );
    // At once: of who stands still for seconds between the two, these are two messages.
    await Promise.all([to('a'), to('b')]);
  };
  const a = await managerOf(configs.a, setting.address.a, primary, () => null);
  setting.closers.push(a.stop);
  const b = await managerOf(configs.b, setting.address.b, standby, () => null);
  setting.closers.push(b.stop);
  a.controller.say({ mode: 'active', epoch: 1, master: 'a' });
  await vi.waitFor(() => expect(a.controller.lastReport()?.ready).toBe(true), soon);
  await apply(a);

  const live = await readEvents(`${a.url}/api/v1/events/stream`, null);
  setting.closers.push(live.close);
  await say('disk 1 failed');
  await say('disk 1 is well');
  const eventsOf = async (node: NodeManager, query = ''): Promise<readonly EventRow[]> =>
    (await node.get<Events>(`/api/v1/events?facility=tokyo${query}`)).rows;
  await vi.waitFor(async () => expect(await eventsOf(a)).toHaveLength(1), soon);
  const [first] = await eventsOf(a);
  expect(first).toMatchObject({
    ...{
      facility: 'disk1',
      scope: 'Tokyo>Disk one',
      monitor: 'disks',
      plugin: 'syslog',
      priority: 'critical',
      state: 'unconfirmed',
    },
    message: 'Disk gone: disk 1 failed',
    why: 'first',
  });
  await vi.waitFor(() => expect(live.rows().map(({ number }) => number)).toEqual([first!.number]), soon);
  expect((await a.get<Statuses>('/api/v1/statuses')).rows).toMatchObject([{ monitor: 'disks', priority: 'critical' }]);
  const outbox = async (server: { host: string; port: number }) => {
    const client = new pg.Client({ host: server.host, port: server.port, user: 'postgres', database: 'postgres' });
    await client.connect();
    const { rows } = await client.query('select id from outbox order by 1');
    await client.end();
    return rows.map(({ id }) => id);
  };
  expect(await outbox(primary)).toEqual([first!.id.replace(/events$/, 'hook')]);

  const change = { numbers: [first!.number], state: 'confirmed', comment: 'changed', owner: 'eva', by: 'eva' };
  expect((await a.call('POST', '/api/v1/events/changes', { body: change })).body).toEqual({
    changed: [first!.number],
    unknown: [],
  });
  await vi.waitFor(
    () => expect(live.rows().at(-1)).toMatchObject({ number: first!.number, state: 'confirmed', owner: 'eva' }),
    soon,
  );
  expect(await eventsOf(a, '&state=unconfirmed')).toEqual([]);
  // On the standby's node, a moment later; it may not change anything.
  await vi.waitFor(async () => expect((await eventsOf(b))[0]).toMatchObject({ state: 'confirmed' }), soon);
  expect((await b.call('POST', '/api/v1/events/changes', { body: change })).status).toBe(503);
  const detail = await b.get<EventDetail>(`/api/v1/events/${first!.number}`);
  expect(detail.history.map(({ by, action }) => [by, action])).toEqual([
    ['eva', 'state'],
    ['eva', 'owner'],
    ['eva', 'comment'],
  ]);

  // Lines while nobody serves, and after: the memory of the notification goes on where it was.
  await a.stop();
  await say('disk 2 failed');
  await primary.stop();
  await say('disk 3 failed');
  await standby.promote();
  b.controller.say({ mode: 'active', epoch: 2, master: 'b' });
  await say('disk 4 failed');
  await vi.waitFor(
    async () => expect((await b.get<{ rows: unknown[] }>('/api/messages?text=failed')).rows).toHaveLength(4),
    soon,
  );
  await vi.waitFor(
    async () => expect((await b.get<Statuses>('/api/v1/statuses')).rows[0]?.message).toBe('Disk gone: disk 4 failed'),
    soon,
  );
  // The same priority was told already: no event more, and none twice.
  expect((await eventsOf(b)).map(({ number }) => number)).toEqual([first!.number]);
  expect(await outbox(standby)).toHaveLength(1);

  // Each of the four is in the value of one look, of this Master or of the one before.
  const counted = async () => {
    const { series } = await b.get<SeriesList>('/api/v1/series?monitor=count');
    if (series.length === 0) return null;
    const values = await b.get<SeriesValues>(`/api/v1/series/${series[0]!.id}/values?from=1h&step=1s`);
    const points = values.series[0]!.points;
    return { looks: points.length, lines: points.reduce((sum, { mean, count }) => sum + (mean ?? 0) * count, 0) };
  };
  await vi.waitFor(async () => expect((await counted())?.lines).toBe(4), soon);
  const { looks } = (await counted())!;
  await vi.waitFor(async () => expect((await counted())!.looks).toBeGreaterThan(looks), soon);
  expect((await counted())!.lines).toBe(4);
});
