import 'reflect-metadata';
import { epoch } from '@yosugara/kernel';
import type { Overview } from '@yosugara/protocol';
import { EMPTY_BATCH } from '@yosugara/runtime';
import { OperationsRepository, Partitions } from '@yosugara/store';
import { freePort, startTestPostgres, type TestPostgres } from '@yosugara/testkit';
import pg from 'pg';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { eventLike, statusLike } from '../../../../libs/store/src/testing/told.js';
import { Eras, PROBE_TOKEN, startNode, type TestNode } from '../testing/harness.js';

let server: TestPostgres;
let node: TestNode;
let pool: pg.Pool;
const eras = new Eras();
const soon = { timeout: 60_000, interval: 50 };

beforeAll(async () => {
  server = await startTestPostgres();
  const { host, port } = server;
  pool = new pg.Pool({ host, port, user: 'postgres', database: 'postgres' });
  node = await startNode({
    node: 'a',
    address: '127.0.92.1',
    vip: '127.0.92.9',
    port: await freePort(),
    postgres: { host, port },
  });
  await eras.becomeActive(node, 'a');
  const documents = [
    { kind: 'scope', id: 'tokyo', body: { name: 'Tokyo' } },
    { kind: 'scope', id: 'web', body: { name: 'Web', parent: 'tokyo' } },
    { kind: 'scope', id: 'osaka', body: { name: 'Osaka' } },
    { kind: 'node', id: 'web1', body: { name: 'Web one', addresses: ['192.0.2.1'], scopes: ['web'] } },
    { kind: 'node', id: 'off', enabled: false, body: { name: 'Off', addresses: ['192.0.2.2'], scopes: ['web'] } },
    { kind: 'monitor', id: 'ping', body: { type: 'ping', facility: 'tokyo', intervalS: 3600, check: {} } },
  ];
  const { status, body } = await node.call('POST', '/api/v1/settings/import', { bearer: PROBE_TOKEN, body: { documents } });
  expect([status, body]).toEqual([200, expect.anything()]);
  const operations = new OperationsRepository(pool, new Partitions(pool, 'collected'));
  const told = {
    events: [
      eventLike({ atMs: Date.now() }),
      eventLike({ atMs: Date.now() + 1, facility: 'UNREGISTERED', priority: 'warning' as const }),
    ],
    statuses: [statusLike({ monitor: 'ping', message: 'no answer' }), statusLike({ monitor: 'ping', facility: 'off' })],
  };
  await operations.storeOperations({ ...EMPTY_BATCH, ...told }, epoch(eras.now), 0);
});
afterAll(async () => {
  await node?.stop();
  await pool?.end();
  await server?.stop();
});

const overview = async (): Promise<Overview> => {
  const { status, body } = await node.call('GET', '/api/v1/overview', { bearer: PROBE_TOKEN });
  expect(status).toBe(200);
  return body as Overview;
};
const none = { critical: 0, unknown: 0, warning: 0, info: 0 };

it('what happened at a node counts for each scope above it, and for no other', async () => {
  await vi.waitFor(async () => {
    const { open, scopes } = await overview();
    expect(open).toEqual({ ...none, critical: 1, warning: 1 });
    const of = (id: string) => scopes?.find((scope) => scope.id === id);
    for (const id of ['web', 'tokyo', 'REGISTERED'])
      expect(of(id), id).toMatchObject({ nodes: 1, open: { ...none, critical: 1 }, now: { ...none, critical: 1 } });
    expect(of('osaka')).toMatchObject({ nodes: 0, open: none, now: none });
    expect(of('UNREGISTERED')).toMatchObject({ open: { ...none, warning: 1 } });
    expect(of('WINDOWS'), 'a built-in one with nothing in it').toBeUndefined();
  }, soon);
});
it('a node that is not reached is named, unless it is out of force', async () => {
  const { silent } = await overview();
  expect(silent).toMatchObject({
    rows: [{ facility: 'web1', name: 'Web one', monitor: 'ping', message: 'no answer' }],
    more: false,
  });
});
it('the manager’s own state is in it', async () => expect((await overview()).self).toMatchObject({ worst: expect.any(String) }));
it('nobody sees it without a login', async () => expect((await node.call('GET', '/api/v1/overview')).status).toBe(401));
