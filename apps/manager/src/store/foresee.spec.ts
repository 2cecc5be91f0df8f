import { SILENT_LOG } from '@yosugara/kernel';
import { Connections } from '@yosugara/store';
import { startTestPostgres } from '@yosugara/testkit';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startHotStandby } from '../testing/hot-standby.js';

const closers: (() => Promise<unknown>)[] = [];
let master: Awaited<ReturnType<typeof startTestPostgres>>;
let standby: Awaited<ReturnType<typeof startHotStandby>>;
const connect = (port: number) => {
  const place = { node: 'a', host: '127.0.0.1', port, user: 'postgres', database: 'postgres', password: 'x', clusterCa: null };
  const connections = new Connections(place, SILENT_LOG);
  closers.push(() => connections.close());
  return connections;
};

beforeAll(async () => {
  master = await startTestPostgres();
  closers.push(() => master.stop());
  standby = await startHotStandby(master);
  closers.push(() => standby.stop());
});
afterAll(async () => {
  for (const close of closers.reverse()) await close();
});

it('a Standby has a session for each kind of work and knows the schema before it takes over, and keeps both through the promotion', async () => {
  const here = connect(standby.port);
  await expect(here.foresee()).rejects.toThrow();
  const there = connect(master.port);
  await there.migrate();
  await expect.poll(() => here.foresee().catch(() => false), { timeout: 60_000 }).toBe(true);
  const admin = new pg.Client({ host: standby.host, port: standby.port, user: 'postgres', database: 'postgres' });
  await admin.connect();
  closers.push(() => admin.end());
  const sessions = async () =>
    (await admin.query("select pid from pg_stat_activity where application_name = 'yosugara_manager' order by pid")).rows;
  const before = await sessions();
  // Readers, ingest, jobs, writers.
  expect(before).toHaveLength(4);
  await standby.promote();
  await here.write(
    7,
    async () => undefined,
    () => undefined,
  );
  expect(await sessions()).toEqual(before);
});
