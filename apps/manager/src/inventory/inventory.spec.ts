import 'reflect-metadata';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type InventoryChanges,
  type InventoryCollected,
  type InventoryFound,
  type InventoryItems,
  type NodeInventory,
  NodeInventorySchema,
} from '@yosugara/protocol';
import { until } from '@yosugara/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildAgent, WholeCluster } from '../jobs/testing/whole-cluster.js';
import { ADMIN_PASSWORD, ask, FIRST_PASSWORD, type Method } from '../testing/harness.js';

const PASSWORD = 'a-password-of-somebody';
let cluster: WholeCluster;
/** dpkg's, of the host of the agent. */
let dpkg: string;
let admin = '';

const install = (...packages: readonly (readonly [string, string])[]): void => {
  const of = ([name, version]: readonly [string, string]) =>
    `Package: ${name}\nStatus: install ok installed\nMaintainer: Spec\nArchitecture: amd64\nVersion: ${version}\nDescription: of a spec\n`;
  writeFileSync(join(dpkg, 'status'), packages.map(of).join('\n'));
};

beforeAll(async () => {
  buildAgent();
  dpkg = mkdtempSync(join(tmpdir(), 'yosugara-dpkg-'));
  mkdirSync(join(dpkg, 'info'));
  mkdirSync(join(dpkg, 'updates'));
  install(['openssl', '3.0.16-1'], ['bash', '5.2-1'], ['libssl3', '3.0.16-1']);
  cluster = await WholeCluster.open(99);
  admin = await enter('admin', FIRST_PASSWORD, ADMIN_PASSWORD);
  const grants = { repository: ['read', 'execute'] };
  const reaches = [{ owner: 'web-team', modes: ['read'] }];
  const documents = [
    ...['web-team', 'db-team'].map((id) => ({ kind: 'role', id, body: { name: id, grants } })),
    { kind: 'role', id: 'looker', body: { name: 'looker', grants: { repository: ['read'] }, reaches } },
    { kind: 'node', id: 'db1', ownerRole: 'db-team', body: { name: 'db1', addresses: ['127.0.99.77'] } },
  ];
  expect(await as(admin, 'POST', '/settings/import', { documents })).toMatchObject({ status: 200 });
  process.env['DPKG_ADMINDIR'] = dpkg;
  await cluster.agent('web1', { ownerRole: 'web-team' });
}, 600_000);
afterAll(async () => {
  delete process.env['DPKG_ADMINDIR'];
  await cluster?.close();
  rmSync(dpkg, { recursive: true, force: true });
});

const as = async (cookie: string, method: Method, path: string, body?: unknown) =>
  await ask(`${cluster.url}/api/v1${path}`, method, { cookie, withinMs: 90_000, ...(body === undefined ? {} : { body }) });
async function enter(login: string, first: string, next: string): Promise<string> {
  const answer = await as('', 'POST', '/login', { login, password: first });
  const cookie = answer.headers.get('set-cookie')?.split(';')[0] ?? '';
  expect((await as(cookie, 'POST', '/password', { current: first, next })).status).toBe(200);
  return cookie;
}
async function personOf(role: string): Promise<string> {
  expect((await as(admin, 'POST', '/users', { login: `of-${role}`, roles: [role], password: `${PASSWORD}-first` })).status).toBe(
    200,
  );
  return await enter(`of-${role}`, `${PASSWORD}-first`, PASSWORD);
}
const collect = async () => (await as(admin, 'POST', '/nodes/web1/inventory/collect')).body as InventoryCollected;
const found = async (query: string) =>
  (await cluster.get<InventoryFound>(`/inventory?${query}`)).rows.map(
    ({ node, name, fields }) => `${node} ${name} ${fields['version']}`,
  );

describe('what a host consists of', () => {
  it('is known soon after its agent came, without anybody’s word', async () => {
    let seen: NodeInventory | undefined;
    const look = async () => {
      seen = NodeInventorySchema.parse(await cluster.get('/nodes/web1/inventory'));
      return seen.collectedAt !== null;
    };
    await until(look, 60_000);
    expect(seen).toMatchObject({ canCollect: true, why: null, troubles: [], cut: [] });
    expect(seen?.counts).toContainEqual({ kind: 'package', count: 3 });
    expect(seen?.counts.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['cpu', 'filesystem', 'host', 'memory', 'os']));
    expect(Date.parse(seen!.nextAt!)).toBeGreaterThan(Date.now());
    const { rows } = await cluster.get<InventoryItems>('/nodes/web1/inventory/items?kind=package');
    expect(rows.map(({ name, fields, to }) => [name, fields['version'], to])).toEqual([
      ['bash', '5.2-1', null],
      ['libssl3', '3.0.16-1', null],
      ['openssl', '3.0.16-1', null],
    ]);
  });

  it('is looked at again when somebody asks; what changed is told, and what was stays to be seen', async () => {
    const before = new Date().toISOString();
    install(['openssl', '3.0.17-1'], ['zsh', '5.9-4'], ['libssl3', '3.0.16-1']);
    expect(await collect()).toMatchObject({
      added: expect.any(Number),
      removed: expect.any(Number),
      changed: expect.any(Number),
    });
    const all = await cluster.get<InventoryChanges>(`/nodes/web1/inventory/changes?from=${before}`);
    expect(
      all.rows
        .filter(({ kind }) => kind === 'package')
        .map(({ name, change, before, after }) => [name, change, before?.['version'], after?.['version']]),
    ).toEqual([
      ['bash', 'removed', '5.2-1', undefined],
      ['openssl', 'changed', '3.0.16-1', '3.0.17-1'],
      ['zsh', 'added', undefined, '5.9-4'],
    ]);
    const { rows } = await cluster.get<InventoryItems>(`/nodes/web1/inventory/items?kind=package&at=${before}`);
    expect(rows.map(({ name }) => name)).toEqual(['bash', 'libssl3', 'openssl']);
    // Other specs' programs come and go; packages do not.
    await collect();
    const later = await cluster.get<InventoryChanges>(`/nodes/web1/inventory/changes?from=${all.rows[0]!.at}`);
    expect(later.rows.filter(({ kind }) => kind === 'package')).toEqual([]);
  });

  it('is told page after page', async () => {
    const names: string[] = [];
    for (let after = ''; ; ) {
      const page = await cluster.get<InventoryItems>(`/nodes/web1/inventory/items?kind=package&limit=1${after}`);
      names.push(...page.rows.map(({ name }) => name));
      if (page.next === null) break;
      after = `&after=${encodeURIComponent(page.next)}`;
    }
    expect(names).toEqual(['libssl3', 'openssl', 'zsh']);
    const bad = await cluster.call('GET', '/nodes/web1/inventory/items?after=nonsense');
    expect(bad).toMatchObject({ status: 400, body: { code: 'INVALID_INPUT' } });
  });

  it('finds nodes', async () => {
    expect(await found('name=openssl')).toEqual(['web1 openssl 3.0.17-1']);
    expect(await found('name=openssl&field=version&operator=lt&value=3.0.17')).toEqual([]);
    expect(await found('name=openssl&field=version&operator=lt&value=3.0.18')).toEqual(['web1 openssl 3.0.17-1']);
    expect(await found('contains=SSL')).toEqual(['web1 libssl3 3.0.16-1', 'web1 openssl 3.0.17-1']);
    expect(await found('contains=SSL&limit=1')).toEqual(['web1 libssl3 3.0.16-1']);
    expect(await found('kind=memory&field=total&operator=gt&value=1000000')).toEqual(['web1 memory undefined']);
    for (const query of [
      'field=version',
      'field=colour&value=x',
      'kind=memory&field=total&value=much',
      'name=a%00b',
      'at=yesterday',
    ])
      expect((await cluster.call('GET', `/inventory?${query}`)).status).toBe(400);
  });
});

describe('who may', () => {
  it('sees and asks what is of one’s own roles, and nothing of others', async () => {
    const [web, db] = [await personOf('web-team'), await personOf('db-team')];
    expect((await as(web, 'GET', '/nodes/web1/inventory')).status).toBe(200);
    expect((await as(web, 'POST', '/nodes/web1/inventory/collect')).status).toBe(200);
    for (const path of ['', '/items', '/changes']) expect((await as(db, 'GET', `/nodes/web1/inventory${path}`)).status).toBe(404);
    expect((await as(db, 'POST', '/nodes/web1/inventory/collect')).status).toBe(404);
    expect((await as(db, 'GET', '/inventory?name=openssl')).body).toEqual({ rows: [], next: null });
    expect((await as(web, 'GET', '/inventory?name=openssl')).body.rows).toHaveLength(1);
  });
  it('only read asks no agent', async () => {
    const looker = await personOf('looker');
    expect((await as(looker, 'GET', '/nodes/web1/inventory')).status).toBe(200);
    expect((await as(looker, 'POST', '/nodes/web1/inventory/collect')).status).toBe(403);
  });
  it('hears that there is no agent', async () => {
    expect(await as(admin, 'POST', '/nodes/db1/inventory/collect')).toMatchObject({ status: 409, body: { code: 'AGENT_AWAY' } });
    expect((await as(admin, 'GET', '/nodes/db1/inventory')).body).toMatchObject({
      collectedAt: null,
      canCollect: false,
      nextAt: null,
      counts: [],
    });
    expect((await as(admin, 'GET', '/nodes/nobody/inventory')).status).toBe(404);
  });
  it('is written down', async () => {
    const { body } = await as(admin, 'GET', '/audit?what=inventory.collect');
    expect(body.rows.length).toBeGreaterThan(0);
  });
});
