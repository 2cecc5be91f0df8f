import { execFileSync, spawnSync } from 'node:child_process';
import {
  chownSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Lsn } from '@yosugara/kernel';
import type { CopyDone } from '@yosugara/runtime';
import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { asSuperuser, openPair, streams } from '../testing/pair.js';
import { B, eventually, stopped, type Testbed, type TestNode } from '../testing/testbed.js';

/** Every cause for which a node comes back, on real servers: what is seen of it, and what brings it back (failover.md 8; faults.md D, P11, R). */
describe('a node that comes back', () => {
  let bed: Testbed;
  let a: TestNode;
  let b: TestNode;
  let client: pg.Client;
  const quiet = () => {};
  const inB = (name: string) => join(b.config.dataDir!, 'pgdata', name);
  const uid = Number(execFileSync('id', ['-u', 'postgres'], { encoding: 'utf8' }));

  beforeAll(async () => {
    ({ bed, a, b, client } = await openPair());
  });
  afterAll(() => bed.close());

  const copyAnew = async (): Promise<CopyDone> => {
    const done = await b.postgres.baseBackup(a.peer, quiet);
    await b.postgres.startStandby(a.peer);
    await streams(a, b);
    return done;
  };
  const incomplete = (damage: RegExp) =>
    eventually('told as damaged', () => {
      const facts = b.postgres.facts();
      return facts.kind === 'stopped' && facts.state === 'incomplete' && damage.test(facts.damage ?? '') ? facts : null;
    });
  /** A server that has just stopped holds its slot until its walsender has noticed. */
  const dropSlot = () =>
    eventually('the slot is gone', async () => {
      const drop = "select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name = 'yosugara_b'";
      return await asSuperuser(a, drop).catch(() => null);
    });
  let row = 0;
  const write = async () => {
    row += 1;
    await client.query('insert into t values ($1)', [row]);
  };
  const rowsOf = async (node: TestNode) => {
    const session = await bed.client(node);
    const { rows } = await session.query('select count(*)::int as n from t');
    await session.end();
    return rows[0].n as number;
  };
  const level = () => eventually('the same rows', async () => (await rowsOf(b)) === row);

  /** The owner's data: nothing that a recover of `b` does may change it (S14). */
  const ownersFiles = () =>
    ['PG_VERSION', 'postgresql.conf', 'pg_hba.conf', 'yosugara.conf'].map((name) =>
      readFileSync(join(a.config.dataDir!, 'pgdata', name), 'utf8'),
    );

  beforeEach(async () => {
    // Each cause starts from a Standby that follows.
    if (b.postgres.facts().kind === 'standby') return;
    await b.postgres.stop('kill', 0);
    await copyAnew();
  });

  it('wiped: it is empty, and a base backup with bytes and total brings it back', async () => {
    await write();
    await b.postgres.stop('kill', 0);
    rmSync(join(b.config.dataDir!, 'pgdata'), { recursive: true });
    await eventually('empty', () => b.postgres.facts().kind === 'empty');
    const seen: { stage: string | undefined; bytes: number; total: number | null }[] = [];
    const before = ownersFiles();
    const done = await b.postgres.baseBackup(a.peer, (_detail, _fraction, more = {}) =>
      seen.push({ stage: more.stage, bytes: more.bytes ?? -1, total: more.totalBytes ?? null }),
    );
    expect(done).toMatchObject({ discarded: null, setAside: null });
    expect(seen[0]).toMatchObject({ stage: 'prepare' });
    expect(seen.at(-1)!.bytes).toBeGreaterThan(10_000_000);
    expect(seen.at(-1)!.total).toBeGreaterThanOrEqual(seen.at(-1)!.bytes * 0.9);
    await b.postgres.startStandby(a.peer);
    await streams(a, b);
    await level();
    expect(ownersFiles()).toEqual(before);
  });

  it('pg_control damaged (D18): told so, and rebuilt; the old directory is set aside', async () => {
    await b.postgres.stop('fast', 30_000);
    const file = openSync(inB('global/pg_control'), 'r+');
    writeSync(file, Buffer.from('damage'), 0, 6, 100);
    closeSync(file);
    await incomplete(/^pg_control is damaged/);
    expect((await copyAnew()).setAside).toBe(join(b.config.dataDir!, 'pgdata.old'));
    truncateSync(inB('global/pg_control'), 8192);
  });

  it('a WAL segment missing (D19): fetched from the Master as long as it has it', async () => {
    await b.postgres.stop('kill', 0);
    for (const name of readdirSync(inB('pg_wal'))) if (/^[0-9A-F]{24}$/.test(name)) rmSync(inB(`pg_wal/${name}`));
    await write();
    await b.postgres.startStandby(a.peer);
    await streams(a, b);
    await level();
  });

  it('files missing that it cannot start without: PostgreSQL says so, and from then on it is a fact', async () => {
    await b.postgres.stop('kill', 0);
    rmSync(inB('pg_replslot'), { recursive: true });
    await expect(b.postgres.startStandby(a.peer)).rejects.toMatchObject({ code: 'START_FAILED' });
    await incomplete(/missing/);
    await expect(b.postgres.startStandby(a.peer)).rejects.toMatchObject({ code: 'NO_DATA' });
    await copyAnew();
  });

  it('a page with a flipped bit (D12): found while it waits, once, and never at the cost of the recover itself', async () => {
    await client.query('create table if not exists big as select n, repeat($1, 500) as filler from generate_series(1, 500) n', [
      'x',
    ]);
    const { rows } = await client.query("select pg_relation_filepath('big') as path");
    // A standby writes its pages out when it has replayed a checkpoint.
    await asSuperuser(a, 'checkpoint');
    const { rows: lsn } = await client.query('select pg_current_wal_flush_lsn()::text as at');
    await eventually('replayed', async () => {
      const session = await bed.client(b);
      const { rows: done } = await session.query('select pg_last_wal_replay_lsn() >= $1::pg_lsn as done', [lsn[0].at]);
      await session.end();
      return done[0].done as boolean;
    });
    await b.postgres.stop('fast', 30_000);
    const file = openSync(inB(rows[0].path as string), 'r+');
    writeSync(file, Buffer.from([0xff]), 0, 1, 8192 + 5000);
    closeSync(file);
    expect(await b.postgres.survey(false)).toMatchObject({ damage: null });
    const { damage } = await b.postgres.survey(true);
    expect(damage).toMatch(/^1 pages here have a wrong checksum, the first in pgdata\/base\//);
    // Known from then on, without reading again.
    expect((await b.postgres.survey(false)).damage).toBe(damage);
    await copyAnew();
  });

  it('slot dropped or lost (R4): made anew by the Master, and it follows', async () => {
    await b.postgres.stop('fast', 30_000);
    expect((await dropSlot()).rowCount).toBe(1);
    await write();
    await a.postgres.ensureSlot(B);
    await b.postgres.startStandby(a.peer);
    await streams(a, b);
    await level();
  });

  it('its slot and the WAL it needs are gone: the Master says from where on it still has any', async () => {
    const behind = await stopped(b);
    await dropSlot();
    await asSuperuser(a, "alter system set wal_keep_size = '0'");
    writeFileSync(
      join(a.config.dataDir!, 'pgdata/yosugara.conf'),
      `${readFileSync(join(a.config.dataDir!, 'pgdata/yosugara.conf'), 'utf8')}wal_keep_size = '0'\nmin_wal_size = '32MB'\n`,
    );
    await asSuperuser(a, 'select pg_reload_conf()');
    await eventually('the Master has let go of it', async () => {
      await write();
      await asSuperuser(a, 'select pg_switch_wal()');
      await asSuperuser(a, 'checkpoint');
      const { oldestWal } = await a.postgres.survey(false);
      return oldestWal !== null && oldestWal > behind.walEnd;
    });
    await a.postgres.ensureSlot(B);
    await b.postgres.startStandby(a.peer);
    await eventually("told in PostgreSQL's own words", async () =>
      /no longer has the WAL/.test((await b.postgres.survey(false)).damage ?? ''),
    );
    await b.postgres.stop('fast', 30_000);
    expect((await b.postgres.survey(false)).damage).toMatch(/already been removed/);
    await copyAnew();
    expect((await b.postgres.survey(false)).damage).toBeNull();
    await level();
  });

  it('an old copy of its data directory put back: follows from there as long as the Master has the WAL', async () => {
    await b.postgres.stop('fast', 30_000);
    const old = join(b.config.dataDir!, 'snapshot');
    execFileSync('cp', ['-a', inB('.'), old]);
    await b.postgres.startStandby(a.peer);
    await streams(a, b);
    await write();
    await level();
    await b.postgres.stop('kill', 0);
    rmSync(inB(''), { recursive: true });
    renameSync(old, join(b.config.dataDir!, 'pgdata'));
    await dropSlot();
    await a.postgres.ensureSlot(B);
    await b.postgres.startStandby(a.peer);
    await streams(a, b);
    await level();
  });

  it('a changed address: what the data directory says of the Master is written anew from the configuration', async () => {
    await b.postgres.stop('fast', 30_000);
    for (const name of ['yosugara.conf', 'postgresql.auto.conf'])
      writeFileSync(inB(name), "primary_conninfo = 'host=192.0.2.99 port=1'\nport = 2\n");
    await b.postgres.startStandby(a.peer);
    await streams(a, b);
    expect(readFileSync(inB('yosugara.conf'), 'utf8')).not.toContain('192.0.2.99');
    expect(readFileSync(inB('postgresql.auto.conf'), 'utf8')).not.toContain('192.0.2.99');
  });

  it('another database system is not replaced, whoever asks, but for just the one that an operator gives up', async () => {
    await b.postgres.stop('fast', 30_000);
    renameSync(inB(''), join(b.config.dataDir!, 'mine'));
    execFileSync('/usr/lib/postgresql/15/bin/initdb', ['-D', inB(''), '--no-sync'], { uid, cwd: '/', stdio: 'pipe' });
    await expect(b.postgres.baseBackup(a.peer, quiet)).rejects.toMatchObject({
      code: 'BASE_BACKUP_FAILED',
      message: expect.stringContaining('another database system'),
    });
    expect(existsSync(inB('PG_VERSION'))).toBe(true);
    const there = await eventually('it is looked at', () => {
      const facts = b.postgres.facts();
      return facts.kind === 'stopped' && facts.state === 'clean-primary' ? facts.systemId : null;
    });
    await expect(b.postgres.baseBackup(a.peer, quiet, `${there}0`)).rejects.toMatchObject({ code: 'BASE_BACKUP_FAILED' });
    await b.postgres.baseBackup(a.peer, quiet, there);
    rmSync(join(b.config.dataDir!, 'mine'), { recursive: true });
    await b.postgres.startStandby(a.peer);
    await streams(a, b);
  });

  it('zombie or stale lock files (P11): judged by /proc, and removed with a reason', async () => {
    await b.postgres.stop('kill', 0);
    const stale = [
      process.pid,
      inB(''),
      Math.floor(Date.now() / 1000) - 10_000,
      b.config.ports.postgres,
      '/tmp',
      '*',
      '1 999999999',
    ];
    writeFileSync(inB('postmaster.pid'), `${stale.join('\n')}\n`);
    chownSync(inB('postmaster.pid'), uid, uid);
    await b.postgres.startStandby(a.peer);
    await streams(a, b);
  });

  it('an interrupted rewind: only a base backup helps; an interrupted base backup: nothing has changed', async () => {
    await b.postgres.stop('fast', 30_000);
    mkdirSync(join(b.config.dataDir!, 'pgdata.new'));
    writeFileSync(join(b.config.dataDir!, 'pgdata.new/half'), 'x');
    await b.postgres.startStandby(a.peer);
    await streams(a, b);
    await b.postgres.stop('fast', 30_000);
    writeFileSync(join(b.config.dataDir!, 'unfinished'), 'rewind\n');
    await incomplete(/rewind was interrupted/);
    await copyAnew();
    expect(existsSync(join(b.config.dataDir!, 'pgdata.new'))).toBe(false);
  });

  it('crash recovery without fsync was interrupted: harmless while the host stayed up, damage when it did not', async () => {
    await b.postgres.stop('kill', 0);
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    writeFileSync(join(b.config.dataDir!, 'unfinished'), `recovering ${boot}\n`);
    await b.postgres.startStandby(a.peer);
    await streams(a, b);
    expect(existsSync(join(b.config.dataDir!, 'unfinished'))).toBe(false);
    await b.postgres.stop('kill', 0);
    writeFileSync(join(b.config.dataDir!, 'unfinished'), 'recovering another-life-of-the-kernel\n');
    await incomplete(/host went down/);
    await copyAnew();
  });

  it('too little room: refused before anything is touched, with what is needed', async () => {
    await b.postgres.stop('fast', 30_000);
    // More than any volume has.
    const huge = 1024 ** 5;
    const { mustFit } = await import('../postgres/base-backup.js');
    const { hostContext } = await import('../postgres/context.js');
    const { CLOCK } = await import('../testing/testbed.js');
    const { SILENT_LOG } = await import('@yosugara/kernel');
    const host = hostContext({ config: b.config, deadMan: b.deadMan, log: SILENT_LOG, clock: CLOCK });
    const theirs = {
      systemId: '',
      timeline: 1,
      history: '',
      major: 15,
      node: 'a',
      databaseBytes: huge,
      wal: [],
      tablespaces: [],
    };
    await expect(mustFit(host, a.peer, theirs)).rejects.toMatchObject({
      code: 'DISK_TOO_SMALL',
      message: expect.stringMatching(/ MB free, .* needs /),
    });
    expect(existsSync(inB('PG_VERSION'))).toBe(true);
    await b.postgres.startStandby(a.peer);
    await streams(a, b);
  });

  it('a tablespace on another volume (R24): gets a folder of its own beside; without its volume it is refused', async () => {
    const volume = join(bed.root, 'volume');
    mkdirSync(join(volume, 'space'), { recursive: true });
    chownSync(join(volume, 'space'), uid, uid);
    await b.postgres.stop('kill', 0);
    await asSuperuser(a, `create tablespace far location '${join(volume, 'space')}'`);
    await asSuperuser(a, 'create table far_away (n int) tablespace far', 'yosugara');
    await asSuperuser(a, 'insert into far_away values (7)', 'yosugara');
    await copyAnew();
    expect(readdirSync(volume).filter((name) => /^space\.yosugara-b-\d+$/.test(name))).toHaveLength(1);
    const { rows } = await asSuperuser(b, 'select n from far_away', 'yosugara');
    expect(rows).toEqual([{ n: 7 }]);
    await b.postgres.stop('kill', 0);
    renameSync(volume, `${volume}.unmounted`);
    await expect(b.postgres.baseBackup(a.peer, quiet)).rejects.toMatchObject({ code: 'TABLESPACE_MISSING' });
    renameSync(`${volume}.unmounted`, volume);
    await copyAnew();
    await asSuperuser(a, 'drop table far_away', 'yosugara');
    await eventually(
      'dropped there, too',
      async () => (await asSuperuser(b, "select 1 from pg_class where relname = 'far_away'", 'yosugara')).rows.length === 0,
    );
    await asSuperuser(a, 'drop tablespace far');
  });

  it('a copy whose programs do not come to their turn for longer than a standby may be silent goes on', async () => {
    await b.postgres.stop('kill', 0);
    const recover = b.config.recover as { rateLimitMbps: number };
    const before = recover.rateLimitMbps;
    // So that it is still under way.
    recover.rateLimitMbps = 8;
    const tell = (signal: string) => spawnSync('pkill', [`-${signal}`, '-f', `pg_basebackup -D ${b.config.dataDir}/`]).status;
    const stood: (number | null)[] = [];
    try {
      await b.postgres.baseBackup(a.peer, (_, fraction) => {
        if (fraction === null || stood.length > 0) return;
        stood.push(tell('STOP'));
        setTimeout(() => stood.push(tell('CONT')), 5_000);
      });
    } finally {
      recover.rateLimitMbps = before;
    }
    expect(stood).toEqual([0, 0]);
    await b.postgres.startStandby(a.peer);
    await streams(a, b);
  });

  it('keeps as many old directories as are configured, the newest first, and tells what goes', async () => {
    const said: (readonly string[])[] = [];
    for (let turn = 0; turn < 2; turn++) {
      await b.postgres.stop('kill', 0);
      said.push((await copyAnew()).look);
    }
    expect(said[1]).toEqual([
      expect.stringMatching(/^pgdata\.old\.1 \(\d+ MB\) goes: recover\.keepOld \(1\) keeps no more of what was set aside$/),
    ]);
    // All that it had the Master has, too: it may make room.
    expect(readFileSync(join(b.config.dataDir!, 'pgdata.old', 'yosugara.set-aside'), 'utf8')).toBe('{"more":false}');
    await eventually(
      'pruned',
      () =>
        readdirSync(b.config.dataDir!)
          .filter((name) => name.startsWith('pgdata.old'))
          .join() === 'pgdata.old',
    );
    expect(statSync(join(b.config.dataDir!, 'pgdata.old')).isDirectory()).toBe(true);
  });

  it('diverged, with segments that wait for the archive: those before the fork are archived, none behind it', async () => {
    await b.postgres.stop('kill', 0);
    await copyAnew();
    await asSuperuser(a, 'checkpoint');
    const { forkLsn } = await b.postgres.promote({ above: 1 });
    // `a` goes on alone: what it writes now has diverged.
    await write();
    const archive = join(bed.root, 'archive');
    mkdirSync(archive);
    chownSync(archive, uid, uid);
    await a.postgres.stop('kill', 0);
    const status = join(a.config.dataDir!, 'pgdata/pg_wal/archive_status');
    const segment = (at: number) =>
      `00000001${'00000000'}${Math.floor(at / 2 ** 24)
        .toString(16)
        .toUpperCase()
        .padStart(8, '0')}`;
    const [before, behind] = [segment(forkLsn - 2 ** 24), segment(forkLsn)];
    for (const name of [before, behind]) {
      writeFileSync(join(status, `${name}.ready`), '');
      chownSync(join(status, `${name}.ready`), uid, uid);
    }
    const main = join(a.config.dataDir!, 'pgdata/postgresql.conf');
    writeFileSync(main, `archive_mode = on\narchive_command = 'cp %p ${archive}/%f'\n${readFileSync(main, 'utf8')}`);
    await b.postgres.ensureSlot(a.peer.node);
    const done = await a.postgres.rewind(b.peer, quiet);
    expect(readdirSync(archive)).toEqual(existsSync(join(archive, before)) ? [before] : []);
    expect(done.archived).toBe(readdirSync(archive).length);
    expect(done.discarded?.from).toBe(forkLsn as Lsn);
    expect(readdirSync(archive)).not.toContain(behind);
  });
});
