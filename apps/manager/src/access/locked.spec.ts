import 'reflect-metadata';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { WholeCluster } from '../jobs/testing/whole-cluster.js';
import { ask } from '../testing/harness.js';

let cluster: WholeCluster;
beforeAll(async () => {
  cluster = await WholeCluster.open(62);
}, 300_000);
afterAll(async () => await cluster?.close());

it('a login that is locked is an event of ourselves: which, until when, and from where it was tried', async () => {
  const enter = async () =>
    await ask(`${cluster.url}/api/login`, 'POST', { body: { login: 'admin', password: 'wrong' }, withinMs: 60_000 });
  for (let at = 0; at < 5; at++) expect((await enter()).status).toBe(401);
  interface Row {
    readonly message: string;
    readonly priority: string;
    readonly item: string;
  }
  const found = async () => (await cluster.get<{ rows: readonly Row[] }>('/events?text=is%20locked%20until')).rows;
  await expect.poll(found, { timeout: 60_000 }).toHaveLength(1);
  const [row] = await found();
  expect(row?.priority).toBe('warning');
  expect(row?.message).toMatch(/^the login admin is locked until \d{4}-.*: 5 failed attempts in a row, the last from 127\.0\./);
});
