import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { findSystemProgram } from '@yosugara/testkit';
import type pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { postgresAccount } from '../os/account.js';
import { findPrograms } from '../postgres/programs.js';
import { buildChildPrograms } from '../testing/build.js';
import { asSuperuser } from '../testing/pair.js';
import { eventually, Testbed, type TestNode } from '../testing/testbed.js';
import { freeze, thaw } from './index.js';

const canSnapshot =
  process.getuid?.() === 0 && ['mkfs.btrfs', 'btrfs', 'losetup'].every((name) => findSystemProgram(name) !== null);
const LONG_MS = 120_000;

/** One volume that snapshots can be taken of at once: btrfs in a file. */
class Volume {
  readonly dir = mkdtempSync(join(tmpdir(), 'yosugara-volume-'));
  readonly at = join(this.dir, 'v');

  constructor() {
    const file = join(this.dir, 'file');
    execFileSync('truncate', ['-s', '2G', file]);
    execFileSync('mkfs.btrfs', ['-q', file], { stdio: 'pipe' });
    mkdirSync(this.at);
    execFileSync('mount', ['-o', 'loop', file, this.at], { stdio: 'pipe' });
    execFileSync('chmod', ['755', this.dir, this.at]);
  }

  snapshot(name: string): string {
    execFileSync('btrfs', ['subvolume', 'snapshot', this.at, join(this.at, name)], { stdio: 'pipe' });
    return join(this.at, name);
  }

  remove(): void {
    execFileSync('umount', ['-l', this.at], { stdio: 'pipe' });
    rmSync(this.dir, { recursive: true, force: true });
  }
}

describe.skipIf(!canSnapshot)('writes that are held for a snapshot (btrfs-progs, root)', () => {
  let volume: Volume;
  let bed: Testbed;
  let a: TestNode;
  let client: pg.Client;
  /** Numbers whose commit was acknowledged, in order. */
  const acknowledged: number[] = [];
  let goesOn = true;
  let load: Promise<void>;
  const before = process.env['TMPDIR'];

  beforeAll(async () => {
    buildChildPrograms();
    volume = new Volume();
    process.env['TMPDIR'] = volume.at;
    bed = await Testbed.open();
    a = await bed.primary();
    client = await bed.client(a);
    await client.query('create table t (n int primary key)');
    load = (async () => {
      for (let n = 1; goesOn; n++) {
        await client.query('insert into t values ($1)', [n]);
        acknowledged.push(n);
      }
    })().catch(() => {});
  });
  afterAll(async () => {
    goesOn = false;
    await load;
    if (before === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = before;
    await bed?.close();
    volume?.remove();
  });

  afterEach(async () => {
    await thaw(a.config, 'a').catch(() => {});
  });

  const writesGoOn = async () => {
    const seen = acknowledged.length;
    await eventually('writes go on', () => acknowledged.length > seen + 1);
  };

  /** What a PostgreSQL finds that is started on a copy of the volume, as after a crash. */
  async function rowsOf(copy: string): Promise<readonly number[]> {
    const pgdata = join(copy, relative(volume.at, join(a.config.dataDir!, 'pgdata')));
    const sockets = mkdtempSync('/tmp/yosugara-snap-');
    const account = postgresAccount(a.config.postgres.user);
    execFileSync('chown', [account.name, sockets]);
    rmSync(join(pgdata, 'postmaster.pid'), { force: true });
    const options = { listen_addresses: '', unix_socket_directories: sockets, port: '5432', archive_mode: 'off' };
    const args = ['-D', pgdata, ...Object.entries(options).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
    const { uid, gid } = account;
    const child = spawn(findPrograms(a.config).path('postgres'), args, { cwd: '/', uid, gid, stdio: 'ignore' });
    const { default: driver } = await import('pg');
    const ask = async () => {
      const session = new driver.Client({
        ...{ host: sockets, port: 5432, user: 'yosugara_app', database: 'yosugara', password: 'app-secret' },
      });
      session.on('error', () => {});
      try {
        await session.connect();
        return (await session.query('select n from t order by n')).rows.map(({ n }) => n as number);
      } catch {
        return null;
      } finally {
        await session.end().catch(() => {});
      }
    };
    try {
      return await eventually('the copy has recovered', ask);
    } finally {
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGINT');
      await gone;
      rmSync(sockets, { recursive: true, force: true });
    }
  }

  it('wait, reads do not, and the copy has what was acknowledged before, row by row, and nothing else', async () => {
    await eventually('a load', () => acknowledged.length > 200);
    const frozen = await freeze(a.config, 'a', LONG_MS);
    expect(frozen).toMatchObject({ lsn: expect.stringMatching(/^[0-9A-F]+\/[0-9A-F]+$/), tables: 1 });
    const { rows } = await asSuperuser(a, 'select count(*)::int as n from t', 'yosugara');
    // The last of them may have been committed a moment before its acknowledgement came.
    await eventually('all of it is acknowledged', () => acknowledged.length >= rows[0]?.n);
    const held = [...acknowledged];
    expect(rows).toEqual([{ n: held.length }]);
    const copy = volume.snapshot('whole');
    expect(acknowledged).toEqual(held);
    const { heldMs } = await thaw(a.config, 'a');
    expect(heldMs).toBeGreaterThan(0);
    await writesGoOn();
    expect(await rowsOf(copy)).toEqual(held);
  });

  it('are held once at a time', async () => {
    await freeze(a.config, 'a', LONG_MS);
    await expect(freeze(a.config, 'a', LONG_MS)).rejects.toMatchObject({ code: 'FROZEN_ALREADY' });
    await thaw(a.config, 'a');
    await expect(thaw(a.config, 'a')).rejects.toMatchObject({ code: 'NOT_FROZEN' });
  });

  it('are held from the other node, too, and what the Master’s host holds is ended there only', async () => {
    const b = bed.config('b');
    await freeze(b, 'a', LONG_MS);
    await thaw(b, 'a');
    await freeze(a.config, 'a', LONG_MS);
    await expect(thaw(b, 'a')).rejects.toMatchObject({ code: 'FROZEN_ELSEWHERE' });
    await thaw(a.config, 'a');
    await writesGoOn();
  });

  it('go on by themselves at the deadline, and who thaws then is told', async () => {
    const beganMs = performance.now();
    await freeze(a.config, 'a', 8_000);
    const seen = acknowledged.length;
    await eventually('writes go on', () => acknowledged.length > seen);
    // By PostgreSQL's own clock, from when its session was told.
    expect(performance.now() - beganMs).toBeGreaterThan(6_000);
    await expect(thaw(a.config, 'a')).rejects.toMatchObject({ code: 'NOT_FROZEN' });
  });

  it('go on at the deadline though who holds them stands still', async () => {
    const { pid } = await freeze(a.config, 'a', 8_000);
    process.kill(pid, 'SIGSTOP');
    try {
      await writesGoOn();
    } finally {
      process.kill(pid, 'SIGKILL');
    }
  });

  it('go on at once when who holds them is killed, and who thaws then is told', async () => {
    const { pid } = await freeze(a.config, 'a', LONG_MS);
    process.kill(pid, 'SIGKILL');
    await writesGoOn();
    await expect(thaw(a.config, 'a')).rejects.toMatchObject({ code: 'NOT_FROZEN' });
  });

  it('are not held where a transaction writes for longer than that, and whoever else writes is not held up for it', async () => {
    const other = await bed.client(a);
    await other.query('begin');
    await other.query('insert into t values (-1)');
    try {
      await expect(freeze(a.config, 'a', 2_500)).rejects.toMatchObject({ code: 'FREEZE_BUSY' });
    } finally {
      await other.query('rollback');
    }
    await writesGoOn();
  });

  it('end with PostgreSQL, and nothing of it is left when it is back', async () => {
    const { pid } = await freeze(a.config, 'a', LONG_MS);
    await a.postgres.stop('kill', 60_000);
    await eventually('who held them has ended', () => !existsSync(`/proc/${pid}`));
    await a.postgres.startPrimary([]);
    await expect(thaw(a.config, 'a')).rejects.toMatchObject({ code: 'NOT_FROZEN' });
    const again = await bed.client(a);
    await again.query('insert into t values (-2)');
  });
});
