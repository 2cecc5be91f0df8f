import { closeSync, existsSync, openSync, readdirSync, readSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asSuperuser, openPair, streams } from '../testing/pair.js';
import { eventually, stopped, type Testbed, type TestNode } from '../testing/testbed.js';
import { checkClusterFiles, putClusterFiles, readClusterFiles } from './cluster-files.js';
import { backupProgram } from './place.js';
import { type OnProgress, Repository } from './repository.js';
import { checkPages, restoreInto } from './restored.js';
import { sendUnsent } from './unsent.js';

const QUIET: OnProgress = () => {};

/** One story, in order: a backup under load, what is in it at three points in time, a Master that dies with unsent WAL, and damage. */
describe.skipIf(backupProgram() === undefined)('backups of a pair', () => {
  let bed: Testbed;
  let a: TestNode;
  let b: TestNode;
  let client: pg.Client;
  let repository: Repository;
  let written = 0;
  let label = '';
  const acknowledged: { readonly n: number; readonly atMs: number }[] = [];

  const write = async (count: number) => {
    for (let left = count; left > 0; left--) {
      await client.query('insert into t values ($1)', [++written]);
      acknowledged.push({ n: written, atMs: Date.now() });
    }
  };
  /** The WAL up to now has arrived. */
  const archived = async (node: TestNode) => {
    const { rows } = await asSuperuser(node, 'select pg_walfile_name(pg_switch_wal()) as file');
    await eventually('WAL is archived', async () => {
      const { rows: found } = await asSuperuser(node, 'select last_archived_wal as file from pg_stat_archiver');
      return found[0].file !== null && found[0].file >= rows[0].file;
    });
  };
  const restored = async (name: string, to: Parameters<typeof restoreInto>[2]) => {
    let numbers: readonly number[] = [];
    const folder = join(bed.root, name);
    const told = await restoreInto(repository, folder, to, QUIET, async (session) => {
      // The database of the application, by its own connection: the session given is PostgreSQL's own.
      const { rows } = await ask(join(folder, 'socket'));
      numbers = rows.map(({ n }) => n as number);
      await session.rows('select 1');
    });
    return { ...told, numbers };
  };
  const ask = async (socket: string) => {
    const { default: driver } = await import('pg');
    const session = new driver.Client({ host: socket, port: 5432, user: 'postgres', database: 'yosugara' });
    await session.connect();
    return await session.query('select n from t order by n').finally(() => session.end());
  };

  beforeAll(async () => {
    ({ bed, a, b, client } = await openPair({ backups: true }));
    repository = await Repository.open(a.config);
    await b.postgres.baseBackup(a.peer, () => {});
    await b.postgres.startStandby(a.peer);
    await streams(a, b);
  });
  afterAll(() => bed.close());

  it('are taken of a Master that is written to, with progress, and listed with what they need', async () => {
    await repository.prepare();
    const shares: number[] = [];
    let goesOn = true;
    const load = (async () => {
      while (goesOn) await write(1);
    })();
    const set = await repository.take('full', (share) => share !== null && shares.push(share));
    goesOn = false;
    await load;
    label = set.label;
    expect(set).toMatchObject({ type: 'full', hasDamagedPages: false, walStart: expect.stringMatching(/^[0-9A-F]{24}$/) });
    expect(set.databaseBytes).toBeGreaterThan(10_000_000);
    expect(shares.at(-1)).toBe(1);
    expect(await repository.sets()).toEqual([set]);
    expect(acknowledged.length).toBeGreaterThan(10);
  });

  it('an incremental one builds on it', async () => {
    await write(20);
    const { label: second, repositoryBytes } = await repository.take('incr', QUIET);
    expect(second).toMatch(new RegExp(`^${label}_.*I$`));
    expect(repositoryBytes).toBeLessThan((await repository.sets())[0]!.repositoryBytes);
  });

  it('keep nothing readable, nor the passphrase on a command line', async () => {
    const files = readdirSync(join(bed.root, 'repository'), { recursive: true, encoding: 'utf8' });
    expect(files.some((name) => name.includes(label))).toBe(true);
    const { rows } = await asSuperuser(a, 'show archive_command');
    expect(rows[0].archive_command).not.toContain('a-passphrase');
  });

  it('restore what was acknowledged up to a moment, row by row, and nothing of later', async () => {
    await write(30);
    // Commits and acknowledgements of one millisecond could not be told apart.
    await sleep(20);
    const atMs = Date.now();
    await sleep(20);
    await write(30);
    await archived(a);
    const { numbers, timeline, pgdata } = await restored('to-time', { kind: 'time', atMs });
    expect(numbers).toEqual(acknowledged.filter((each) => each.atMs <= atMs).map(({ n }) => n));
    expect(timeline).toBe(2);
    await expect(checkPages(repository, pgdata)).resolves.toBeUndefined();
  });

  it('restore all that was archived', async () =>
    expect((await restored('to-latest', { kind: 'latest' })).numbers).toEqual(acknowledged.map(({ n }) => n)));

  it('restore what there was at the end of a backup', async () => {
    const { numbers } = await restored('to-backup', { kind: 'backup', label });
    expect(numbers.length).toBeGreaterThan(0);
    expect(numbers.length).toBeLessThan(acknowledged.length);
  });

  it('hold the configuration, the record and what receivers had, with a sum', async () => {
    const put = await putClusterFiles(repository, label, { configFile: null, record: { epoch: 7 }, nowMs: 1_000 });
    expect(await readClusterFiles(repository, label)).toEqual(put);
    await expect(checkClusterFiles(repository, put)).resolves.toBeUndefined();
    const changed = { ...put, sha256: '0'.repeat(64) };
    await expect(checkClusterFiles(repository, changed)).rejects.toMatchObject({ code: 'BACKUP_DAMAGED' });
  });

  it('go on after a take-over: what the dead Master had not sent is sent by the heir, and all of it is restored', async () => {
    // From now on nothing of `a` arrives.
    await asSuperuser(a, "alter system set archive_command = 'false'");
    await asSuperuser(a, 'select pg_reload_conf()');
    await write(20);
    await asSuperuser(a, 'select pg_switch_wal()');
    await write(20);
    await eventually('it arrived', async () => {
      const { rows } = await asSuperuser(a, 'select pg_current_wal_lsn() = replay_lsn as same from pg_stat_replication');
      return rows[0]?.same === true;
    });
    await stopped(a, 'kill');
    await b.postgres.promote();
    const heir = await Repository.open(b.config);
    client = await bed.client(b);
    await write(5);
    await archived(b);
    // The gap at which a restore ends otherwise.
    expect((await restored('gap', { kind: 'latest' })).numbers.length).toBeLessThan(acknowledged.length - 20);
    expect((await sendUnsent(heir)).length).toBeGreaterThan(0);
    expect(await sendUnsent(heir)).toEqual([]);
    repository = heir;
    expect((await restored('after', { kind: 'latest' })).numbers).toEqual(acknowledged.map(({ n }) => n));
  });

  it('that are damaged are told, and are not restored', async () => {
    const folder = join(bed.root, 'repository', 'backup');
    const largest = readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .map((name) => join(folder, name))
      .filter((name) => name.includes(`${label}/`) && statSync(name).isFile() && !name.includes('manifest'))
      .sort((one, other) => statSync(other).size - statSync(one).size)[0]!;
    const file = openSync(largest, 'r+');
    const byte = Buffer.alloc(1);
    const at = Math.floor(statSync(largest).size / 2);
    readSync(file, byte, 0, 1, at);
    byte[0] = byte[0]! ^ 0xff;
    writeSync(file, byte, 0, 1, at);
    closeSync(file);
    expect(await repository.verify(QUIET)).not.toEqual([]);
    await expect(restored('damaged', { kind: 'backup', label })).rejects.toMatchObject({ code: 'BACKUP_FAILED' });
    expect(existsSync(join(bed.root, 'damaged'))).toBe(false);
  });
});
