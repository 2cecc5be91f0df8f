import { SILENT_LOG } from '@yosugara/kernel';
import { CommitUnknownError, StaleEpochError } from '@yosugara/runtime';
import { startTestPostgres, type TestPostgres } from '@yosugara/testkit';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Connections, DatabaseUnavailableError } from './connections.js';
import { WriteProbeRepository } from './write-probe.js';

const soon = { timeout: 60_000, interval: 20 };
const always = () => undefined;
let server: TestPostgres;
let admin: pg.Client;
let connections: Connections;

const connect = (port: number) =>
  new Connections(
    { node: 'a', host: '127.0.0.1', port, user: 'postgres', database: 'postgres', password: 'x', clusterCa: null },
    SILENT_LOG,
  );
const write = async (key: string, epoch = 1, guard: () => void = always) =>
  await connections.write(epoch, async (db) => await new WriteProbeRepository(db).insert(key, epoch), guard);
const keys = async (prefix: string) => await connections.read(async (db) => await new WriteProbeRepository(db).keys(prefix));
const inCommit = async () =>
  (await admin.query<{ pid: number }>("select pid from pg_stat_activity where wait_event = 'SyncRep'")).rows.map(
    (row) => row.pid,
  );
const demandStandby = async (name: string) => {
  await admin.query(`alter system set synchronous_standby_names = '${name}'`);
  await admin.query('select pg_reload_conf()');
  await expect
    .poll(async () => (await admin.query('show synchronous_standby_names')).rows[0], soon)
    .toEqual({
      synchronous_standby_names: name,
    });
};

beforeAll(async () => {
  server = await startTestPostgres();
  admin = new pg.Client({ connectionString: server.connectionString });
  await admin.connect();
  connections = connect(server.port);
  await connections.migrate();
});
afterAll(async () => {
  await connections?.close();
  await admin?.end();
  await server?.stop();
});

describe('a write of the manager', () => {
  it('is there when it was acknowledged, and a key is taken once', async () => {
    expect([await write('one/1'), await write('one/1')]).toEqual([true, false]);
    expect(await keys('one/')).toEqual(['one/1']);
  });
  it('is rolled back when the lease ended before COMMIT', async () => {
    const gone = new Error('the lease is over');
    await expect(
      write('two/1', 1, () => {
        throw gone;
      }),
    ).rejects.toMatchObject({ cause: gone });
    expect(await keys('two/')).toEqual([]);
  });
  it('of an epoch that is over is refused', async () => {
    await write('three/7', 7);
    await expect(write('three/6', 6)).rejects.toBeInstanceOf(StaleEpochError);
    expect(await keys('three/')).toEqual(['three/7']);
  });
  it('that waits for a lost Standby is neither acknowledged nor seen, and reading goes on', async () => {
    await demandStandby('yosugara_nobody');
    // The checkpointer makes the setting effective, in its own time: the first write after that waits.
    const tried: string[] = [];
    const waiting = (async () => {
      for (;;) await write(tried[tried.push(`four/${tried.length}`) - 1] ?? '', 8);
    })().catch((error: unknown) => error);
    await expect.poll(inCommit, soon).toHaveLength(1);
    expect(await keys('four/')).toHaveLength(tried.length - 1);
    // PostgreSQL then says success with a warning: committed here, and perhaps nowhere else.
    await admin.query('select pg_cancel_backend($1)', [(await inCommit())[0]]);
    expect(await waiting).toBeInstanceOf(CommitUnknownError);
    await demandStandby('');
    expect(await write('five/1', 8)).toBe(true);
  });
});

describe('a database that is not there', () => {
  it('is said to be down, and reading says so at once', async () => {
    const nobody = connect(1);
    expect(await nobody.probe()).toBe('down');
    await expect(nobody.read(async () => 1)).rejects.toBeInstanceOf(DatabaseUnavailableError);
    await nobody.close();
  });
  it('is found again when its connections were cut', async () => {
    expect(await connections.probe()).toBe('primary');
    await admin.query("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'yosugara_manager'");
    await expect.poll(async () => await connections.probe(), soon).toBe('primary');
    await expect.poll(async () => await keys('one/').catch(() => null), soon).toEqual(['one/1']);
  });
});
