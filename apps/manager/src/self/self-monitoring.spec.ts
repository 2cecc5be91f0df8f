import 'reflect-metadata';
import { createSocket, type Socket } from 'node:dgram';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EventRow, type Events, NodeConfigSchema, STATE_LAYOUT } from '@yosugara/protocol';
import { freePort, startTestPostgres, type TestPostgres } from '@yosugara/testkit';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { aStatus } from '../testing/fake-controller.js';
import { managerOf, type NodeManager } from '../testing/manager-of.js';

/*
 * The manager of a node, its database, and a syslog server of the outside: what the manager tells of itself is a line in its file and a line of
 * syslog whether or not the database is there, and one event each as soon as it is.
 */
const soon = { timeout: 90_000, interval: 100 };
const dir = mkdtempSync(join(tmpdir(), 'yosugara-self-'));
const closers: (() => Promise<void>)[] = [];
let postgres: TestPostgres;
let syslogd: Socket;
const lines: string[] = [];
let [syslogPort, consolePort] = [0, 0];

beforeAll(async () => {
  postgres = await startTestPostgres();
  syslogd = createSocket('udp4');
  syslogd.on('message', (datagram) => void lines.push(datagram.toString()));
  await new Promise<void>((resolve) => syslogd.bind(0, '127.0.85.9', resolve));
  syslogPort = syslogd.address().port;
  consolePort = await freePort();
});
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});
afterAll(async () => {
  syslogd?.close();
  await postgres?.stop();
  rmSync(dir, { recursive: true, force: true });
});

const ADDRESS = { a: '127.0.85.1', b: '127.0.85.2' };
const configOf = (node: 'a' | 'b', limits: object) =>
  NodeConfigSchema.parse({
    cluster: {
      id: 'spec',
      members: (['a', 'b'] as const).map((id) => ({ id, kind: 'data', address: ADDRESS[id], peerId: `peer-${id}` })),
    },
    ...{ node, stateDir: join(dir, node), dataDir: dir },
    selfMonitoring: { everySeconds: 1, limits, syslog: [{ host: '127.0.85.9', port: syslogPort, from: 'info' }] },
  });
/** So little is used of the heap by nobody. */
const HEAP = { heap: { warning: 0.000_1, afterSeconds: 0 } };
const QUICK = { ...HEAP, database: { warning: 0.5, afterSeconds: 0 }, alarm: { warning: 1, critical: 2, afterSeconds: 0 } };

async function start(node: 'a' | 'b', limits: object, server: { host: string; port: number } = postgres): Promise<NodeManager> {
  const manager = await managerOf(configOf(node, limits), ADDRESS[node], server, () => null, consolePort);
  closers.push(manager.stop);
  manager.controller.status = aStatus(1);
  return manager;
}

interface Line {
  readonly id: string;
  readonly what: string;
  readonly priority: string;
  readonly message: string;
}
const written = (node: 'a' | 'b', name: string = STATE_LAYOUT.internalFile): readonly Line[] =>
  readFileSync(join(dir, node, name), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line);
const told = (node: 'a' | 'b', what: string, priority: string) =>
  written(node).filter((line) => line.what === what && line.priority === priority);
/** What was told of it last: a database that only stood still for a moment was told of, too, and that it came back. */
const last = (node: 'a' | 'b', what: string) => written(node).findLast((line) => line.what === what);
/** At least once: a line whose sending was not over in time is sent again with its id, and only that tells it from another one. */
const sent = (id: string) => lines.filter((line) => line.includes(`id="${id.replace(/(["\\\]])/g, '\\$1')}/INTERNAL"`));
const isSent = (id: string) => sent(id).length > 0;
const events = async (manager: NodeManager): Promise<readonly EventRow[]> =>
  (await manager.get<Events>('/api/v1/events?facility=INTERNAL&limit=1000')).rows;
const idsOf = (rows: readonly { readonly id: string }[]) => rows.map(({ id }) => id.replace(/\/INTERNAL$/, '')).sort();

it('what is told while the database is away reaches file and syslog at once, and is one event each when it is back, over a restart, too', async () => {
  let a = await start('a', QUICK);
  a.controller.say({ mode: 'active', epoch: 1, master: 'a' });
  await vi.waitFor(() => expect(a.controller.lastReport()?.ready).toBe(true), soon);
  await vi.waitFor(async () => expect((await events(a)).map(({ item }) => item)).toContain('a'), soon);
  // The file has a way of its own.
  await vi.waitFor(() => expect(told('a', 'heap', 'warning')).toHaveLength(1), soon);

  await vi.waitFor(() => expect(last('a', 'database')?.priority).not.toBe('warning'), soon);
  await postgres.down();
  await vi.waitFor(() => expect(last('a', 'database')?.priority).toBe('warning'), soon);
  a.controller.status = {
    ...aStatus(1),
    alarms: [{ level: 'red', code: 'VIP_LOST', text: 'the Master a does not hold the VIP' }],
  };
  await vi.waitFor(() => expect(told('a', 'alarm', 'critical')).toHaveLength(1), soon);
  const [database, alarm] = [last('a', 'database')!, told('a', 'alarm', 'critical')[0]!];
  expect(alarm.message).toBe('a: VIP_LOST: the Master a does not hold the VIP');
  await vi.waitFor(() => expect([isSent(database.id), isSent(alarm.id)]).toEqual([true, true]), soon);
  // 3 * 8 + 2: daemon, critical.
  expect(sent(alarm.id)[0]).toMatch(/^<26>1 \S+ \S+ yosugara - internal \[yosugara@32473 .*\] a: VIP_LOST: /);
  expect((await a.call('GET', '/api/v1/events')).status).toBe(503);
  const view = (await a.call('GET', '/metrics')).body as string;
  expect(view).toMatch(/^yosugara_internal_pending ([2-9]|\d\d)/m);
  expect(view).toMatch(/^yosugara_self_level\{watch="database"\} 2$/m);

  // The process that knew of them is gone before anybody could store them.
  await a.stop();
  a = await start('a', QUICK);
  a.controller.say({ mode: 'active', epoch: 2, master: 'a' });
  await vi.waitFor(() => expect(told('a', 'heap', 'warning')).toHaveLength(2), soon);
  await postgres.up();
  await vi.waitFor(() => expect(a.controller.lastReport()?.ready).toBe(true), soon);
  await vi.waitFor(async () => expect(idsOf(await events(a))).toEqual(idsOf(written('a'))), soon);
  const rows = await events(a);
  expect(rows.filter(({ id }) => id === `${database.id}/INTERNAL`)).toHaveLength(1);
  expect(rows.find(({ id }) => id === `${alarm.id}/INTERNAL`)).toMatchObject({
    ...{ priority: 'critical', facility: 'INTERNAL', monitor: 'INTERNAL', message: alarm.message },
  });
  // Nothing of it comes again.
  await vi.waitFor(async () => expect((await a.call('GET', '/metrics')).body).toMatch(/^yosugara_internal_pending 0$/m), soon);
  await vi.waitFor(() => {
    for (const { id } of written('a')) expect(isSent(id), id).toBe(true);
  }, soon);
});

it('a Standby without a database tells of itself all the same, and the Master makes the event', async () => {
  const a = await start('a', {});
  a.controller.say({ mode: 'active', epoch: 3, master: 'a' });
  await vi.waitFor(() => expect(a.controller.lastReport()?.ready).toBe(true), soon);
  // Where nobody listens.
  const b = await start('b', HEAP, { host: '127.0.0.1', port: await freePort() });
  b.controller.say({ mode: 'passive', epoch: 3, leaseUntilMs: 0, master: 'a' });
  await vi.waitFor(() => expect(told('b', 'heap', 'warning')).toHaveLength(1), soon);
  const [heap] = told('b', 'heap', 'warning');
  await vi.waitFor(() => expect(isSent(heap!.id)).toBe(true), soon);
  await vi.waitFor(async () => expect(idsOf(await events(a))).toContain(heap!.id), soon);
  expect((await events(a)).filter(({ id }) => id === `${heap!.id}/INTERNAL`)).toMatchObject([{ item: 'b', priority: 'warning' }]);
  await vi.waitFor(async () => expect((await b.call('GET', '/metrics')).body).toMatch(/^yosugara_internal_pending 0$/m), soon);
  // One node's words are in one file only.
  expect(written('a').some(({ id }) => id === heap!.id)).toBe(false);
});

it('only who has the cluster’s key may tell the Master what to make events of', async () => {
  const a = await start('a', {});
  a.controller.say({ mode: 'active', epoch: 4, master: 'a' });
  await vi.waitFor(() => expect(a.controller.lastReport()?.ready).toBe(true), soon);
  const forged = { payload: JSON.stringify({ node: 'b', results: [] }), signature: '0'.repeat(64) };
  expect(await a.call('POST', '/api/v1/internal/results', { body: forged })).toMatchObject({ status: 403 });
});

it('GET /api/v1/self shows every value that is watched, the worst first, with its place in the manual', async () => {
  const a = await start('a', HEAP);
  a.controller.say({ mode: 'active', epoch: 5, master: 'a' });
  await vi.waitFor(async () => {
    const { watches } = await a.get<{ watches: { watch: string; level: string; runbook: string; value: number }[] }>(
      '/api/v1/self',
    );
    expect(watches[0]).toMatchObject({
      watch: 'heap',
      level: 'warning',
      runbook: 'docs/runbooks/heap.md',
      value: expect.any(Number),
      since: expect.stringMatching(/^\d{4}-.*Z$/),
      limits: { notice: null, warning: 0.000_1, critical: null },
      says: expect.stringContaining('%'),
      todo: expect.stringMatching(/./),
    });
    expect(watches.map(({ watch }) => watch)).toEqual(
      expect.arrayContaining(['disk-used', 'loop', 'slow-query', 'database', 'memory']),
    );
  }, soon);
});
