import 'reflect-metadata';
import { hostname } from 'node:os';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildAgent, WholeCluster } from '../jobs/testing/whole-cluster.js';

let cluster: WholeCluster;
let pool: pg.Pool;

beforeAll(async () => {
  buildAgent();
  cluster = await WholeCluster.open(95);
  pool = new pg.Pool({ host: cluster.server.host, port: cluster.server.port, user: 'postgres', database: 'postgres' });
  await cluster.apply(
    { kind: 'scope', id: 'web', body: { name: 'Web' } },
    { kind: 'scope', id: 'tokyo', body: { name: 'Tokyo' } },
  );
}, 600_000);
afterAll(async () => {
  await pool?.end();
  await cluster?.close();
});

interface NodeSetting {
  readonly revision: number;
  readonly description: string;
  readonly ownerRole: string;
  readonly body: Readonly<Record<string, unknown>>;
}
const nodeOf = async (id: string) => await cluster.get<NodeSetting>(`/settings/node/${id}`);
const joins = async (id: string) =>
  (await pool.query("select actor, detail from audit where action = 'agent.join' and detail->>'agent' = $1 order by id", [id]))
    .rows;
const history = async (id: string) =>
  (await pool.query("select revision, by from setting_history where kind = 'node' and id = $1 order by revision", [id])).rows;

describe('a host that joins with a token', () => {
  it('becomes a node with what it knows of itself, in the scopes and of the owner of the token, and it is written down who did it', async () => {
    const agent = await cluster.joining('web7', { scopes: ['web', 'tokyo'], ownerRole: 'admin', by: 'ann' });
    expect(await agent.join()).toContain('its node was added to the repository');
    const node = await nodeOf('web7');
    expect(node).toMatchObject({
      ...{ revision: 1, description: 'registered by its agent', ownerRole: 'admin' },
      body: { name: 'web7', platform: 'LINUX', scopes: ['web', 'tokyo'] },
    });
    const { addresses, hostNames } = node.body as { addresses: string[]; hostNames: string[] };
    // A host without a network has only the address that it came from.
    expect(addresses.length).toBeGreaterThan(0);
    expect(hostNames.length === 0 || hostNames.includes(hostname())).toBe(true);
    expect(await history('web7')).toMatchObject([{ revision: 1, by: 'agent:web7' }]);
    expect(await joins('web7')).toMatchObject([{ actor: 'agent:web7', detail: { isNewNode: true, tokenOf: 'ann' } }]);
    const { tokens } = await cluster.get<{ tokens: object[] }>('/agents/tokens');
    expect(tokens[0]).toMatchObject({ scopes: ['web', 'tokyo'], ownerRole: 'admin', usesLeft: 0, createdBy: 'ann' });
    agent.run();
    await cluster.hasAgent('web7');
  });

  it('whose node is there already leaves it as it is, and says so', async () => {
    const body = { name: 'Database', addresses: ['10.9.9.9'], scopes: ['tokyo'] };
    await cluster.apply({ kind: 'node', id: 'db7', ownerRole: 'operator', body });
    const before = await nodeOf('db7');
    const other = await cluster.joining('db7', { scopes: ['web'], ownerRole: 'admin' });
    await expect(other.join()).rejects.toThrow(/belongs to others than the nodes of this token/);
    const agent = await cluster.joining('db7', { node: 'db7', scopes: ['web'], ownerRole: 'admin' });
    expect(await agent.join()).toContain('its node was in the repository and stays as it is');
    expect(await nodeOf('db7')).toEqual(before);
    expect(await history('db7')).toHaveLength(1);
    expect(await joins('db7')).toMatchObject([{ detail: { isNewNode: false } }]);
  });

  it('in a scope that went meanwhile is not let in, and no node is made', async () => {
    await cluster.apply({ kind: 'scope', id: 'gone', body: { name: 'Gone' } });
    const agent = await cluster.joining('web8', { scopes: ['gone'] });
    expect((await cluster.call('DELETE', '/settings/scope/gone')).status).toBe(200);
    await expect(agent.join()).rejects.toThrow(/the node web8 cannot be added to the repository/);
    expect((await cluster.call('GET', '/settings/node/web8')).status).toBe(404);
    expect(await joins('web8')).toEqual([]);
    // It was not used up by that.
    const { tokens } = await cluster.get<{ tokens: object[] }>('/agents/tokens');
    expect(tokens[0]).toMatchObject({ usesLeft: 1 });
  });
});
