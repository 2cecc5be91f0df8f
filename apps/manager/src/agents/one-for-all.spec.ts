import 'reflect-metadata';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { until } from '../jobs/testing/job-world.js';
import { buildAgent, WholeCluster } from '../jobs/testing/whole-cluster.js';

let cluster: WholeCluster;
let pool: pg.Pool;
beforeAll(async () => {
  buildAgent();
  cluster = await WholeCluster.open(98);
  pool = new pg.Pool({ host: cluster.server.host, port: cluster.server.port, user: 'postgres', database: 'postgres' });
}, 600_000);
afterAll(async () => {
  await pool?.end();
  await cluster?.close();
});

const monitor = (change: object) => ({
  ...{ kind: 'monitor', id: 'queue' },
  body: {
    ...{
      type: 'custom-numeric',
      facility: 'routers',
      intervalS: 10,
      collect: true,
      numeric: { info: [0, 10], warning: [10, 20] },
    },
    check: { command: ['/bin/echo', 'of #[FACILITY_ID] at #[IP_ADDRESS],5'], ...change },
  },
});
const values = async () => {
  const { rows } = await pool.query<{ facility: string; item: string; value: number }>(
    "select distinct s.facility, s.item, c.value from collected c join series s on s.id = c.series where s.monitor = 'queue' order by 1",
  );
  return rows.map(({ facility, item, value }) => `${facility}: ${item} = ${value}`);
};

it('the agent of one node runs the command of a monitor for nodes that have none', async () => {
  const router = (id: string, address: string) => ({
    kind: 'node',
    id,
    body: { name: id, addresses: [address], scopes: ['routers'] },
  });
  await cluster.apply(
    { kind: 'scope', id: 'routers', body: { name: 'Routers' } },
    router('r1', '10.0.0.1'),
    router('r2', '10.0.0.2'),
  );
  await cluster.agent('tools');
  await cluster.apply(monitor({ runOn: 'tools' }));
  await until('values of both', async () => (await values()).length === 2, 100_000);
  expect(await values()).toEqual(['r1: of r1 at 10.0.0.1 = 5', 'r2: of r2 at 10.0.0.2 = 5']);
});

it.each([
  ['INTERNAL', /managers run no commands of monitors/],
  ['routers', /routers/],
  ['nobody', /nobody/],
])('it cannot be said to be run by %s', async (runOn, why) => {
  const { status, body } = await cluster.call('PUT', '/settings/monitor/other', {
    ...monitor({ runOn }),
    kind: undefined,
    id: undefined,
  });
  expect([status >= 400, JSON.stringify(body)]).toEqual([true, expect.stringMatching(why)]);
});
