import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asSuperuser, openPair, streams } from '../testing/pair.js';
import { eventually, stopped, type Testbed, type TestNode } from '../testing/testbed.js';
import { checkClusterFiles, fetchClusterFiles, putClusterFiles, readClusterFiles } from './cluster-files.js';
import { backupConfigFile, backupProgram } from './place.js';
import { placeJournals, placeSecrets } from './placing.js';
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
  const restored = async (name: string, to: Parameters<typeof restoreInto>[2], acceptGap = false) => {
    let numbers: readonly number[] = [];
    const folder = join(bed.root, name);
    const look = async () => {
      // The database of the application, by its own connection: the session given is PostgreSQL's own.
      const { rows } = await ask(join(folder, 'socket'));
      numbers = rows.map(({ n }) => n as number);
    };
    const told = await restoreInto(repository, folder, to, QUIET, look, acceptGap);
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
    await expect(fetchClusterFiles(repository, changed, join(bed.root, 'files'))).rejects.toMatchObject({
      code: 'BACKUP_DAMAGED',
    });
    expect(existsSync(join(bed.root, 'files'))).toBe(false);
  });

  it('give journals back to where they were, those of the other node’s copy too, and secrets that a new cluster cannot know', async () => {
    const at = (...names: string[]) => join(a.config.stateDir, ...names);
    const write = (name: string, text: string) => {
      mkdirSync(dirname(at(name)), { recursive: true });
      writeFileSync(at(name), text);
    };
    write('journal/own/a-mhx3k2p0-0011223344ff/00000001.seg', 'of a');
    write('journal/peer/b-mhx3k2p0-0011223344ee/00000001.seg', 'of b');
    write('secrets/keys', 'a key\n');
    for (const name of ['ca.key', 'ca-next.pem', 'revoked.json']) write(`secrets/${name}`, 'of the old authority\n');
    const put = await putClusterFiles(repository, label, { configFile: null, record: null, nowMs: 1_000 });
    for (const name of ['journal', 'secrets/keys']) rmSync(at(name), { recursive: true });
    const folder = at('unpacked');
    await fetchClusterFiles(repository, put, folder);
    // Nor does a backup make members, nor shut any out of a cluster with the same names.
    expect(existsSync(join(folder, 'secrets/ca.key')) || existsSync(join(folder, 'secrets/ca-next.pem'))).toBe(false);
    for (const name of ['ca.key', 'ca-next.pem', 'revoked.json']) rmSync(at('secrets', name));
    expect(await placeJournals(a.config, put, folder)).toEqual(['a-mhx3k2p0-0011223344ff', 'b-mhx3k2p0-0011223344ee']);
    expect(readFileSync(at('journal/own/a-mhx3k2p0-0011223344ff/00000001.seg'), 'utf8')).toBe('of a');
    expect(readFileSync(at('journal/peer/b-mhx3k2p0-0011223344ee/00000001.seg'), 'utf8')).toBe('of b');
    writeFileSync(at('secrets/pg-superuser'), 'of the new cluster\n');
    expect(await placeSecrets(a.config, folder)).toEqual(['secrets/keys']);
    expect(readFileSync(at('secrets/pg-superuser'), 'utf8')).toBe('of the new cluster\n');
    writeFileSync(at('secrets/pg-superuser'), readFileSync(join(folder, 'secrets/pg-superuser')));
    // On the other node they change sides.
    await fetchClusterFiles(repository, put, `${folder}-again`);
    expect(await placeJournals(b.config, put, `${folder}-again`)).toHaveLength(2);
    expect(existsSync(join(b.config.stateDir, 'journal/own/b-mhx3k2p0-0011223344ee'))).toBe(true);
    expect(existsSync(join(b.config.stateDir, 'journal/peer/a-mhx3k2p0-0011223344ff'))).toBe(true);
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
    // The gap at which a restore ends: refused, unless what there is up to there is wanted.
    await expect(restored('refused', { kind: 'latest' })).rejects.toMatchObject({ code: 'BACKUP_GAP' });
    expect(existsSync(join(bed.root, 'refused'))).toBe(false);
    expect((await restored('gap', { kind: 'latest' }, true)).numbers.length).toBeLessThan(acknowledged.length - 20);
    expect((await sendUnsent(heir)).length).toBeGreaterThan(0);
    expect(await sendUnsent(heir)).toEqual([]);
    repository = heir;
    expect((await restored('after', { kind: 'latest' })).numbers).toEqual(acknowledged.map(({ n }) => n));
  });

  describe('that are damaged are told, and not restored:', () => {
    // What cannot be read is read anew at once, and again 15 s later: damage is the same each time.
    beforeAll(() => appendFileSync(backupConfigFile(repository.paths), 'job-retry-interval=1\n'));
    const filesBelow = (folder: string) =>
      readdirSync(folder, { recursive: true, encoding: 'utf8' })
        .map((name) => join(folder, name))
        .filter((name) => statSync(name).isFile());
    const place = (...names: string[]) => join(bed.root, 'repository', ...names);
    /** With it as it was again afterwards. */
    const withDamage = async (file: string, damage: (whole: Buffer) => Buffer | null, look: () => Promise<void>) => {
      const whole = readFileSync(file);
      const damaged = damage(whole);
      if (damaged === null) rmSync(file);
      else writeFileSync(file, damaged);
      await look().finally(() => {
        writeFileSync(file, whole);
        chmodSync(file, 0o644);
      });
    };
    const refused = async (name: string, to: Parameters<typeof restoreInto>[2], code: string) => {
      await expect(restored(name, to)).rejects.toMatchObject({ code });
      expect(existsSync(join(bed.root, name))).toBe(false);
    };
    const flipped = (whole: Buffer) => {
      const other = Buffer.from(whole);
      other[whole.length >> 1]! ^= 0xff;
      return other;
    };
    const cut = (whole: Buffer) => whole.subarray(0, whole.length >> 1);

    it('one byte of a file of the database', async () => {
      const [largest] = filesBelow(place('backup'))
        .filter((name) => name.includes(`${label}/`) && !name.includes('manifest'))
        .sort((one, other) => statSync(other).size - statSync(one).size);
      await withDamage(largest!, flipped, async () => {
        expect(await repository.verify(QUIET)).not.toEqual([]);
        await refused('byte', { kind: 'backup', label }, 'BACKUP_DAMAGED');
      });
    });

    it('the list of what a backup consists of, cut off', async () => {
      const manifests = filesBelow(place('backup')).filter(
        (name) => /manifest(?:\.copy)?$/.test(name) && name.includes(`${label}/`),
      );
      const [one, other] = [manifests[0]!, manifests.at(-1)!];
      await withDamage(one, cut, () =>
        withDamage(other, cut, () => refused('manifest', { kind: 'backup', label }, 'BACKUP_DAMAGED')),
      );
    });

    it('a segment of WAL that is missing on the way', async () => {
      const { walStop } = (await repository.sets()).at(-1)!;
      const segments = filesBelow(place('archive'))
        .filter((name) => /\/[0-9A-F]{24}-[^/]*$/.test(name))
        .sort();
      const after = segments.find((name) => basename(name).slice(0, 24) > walStop!)!;
      await withDamage(
        after,
        () => null,
        () => refused('wal', { kind: 'latest' }, 'BACKUP_GAP'),
      );
    });

    it('our own files beside it: another archive, and a list that is cut off', async () => {
      const put = await putClusterFiles(repository, label, { configFile: null, record: null, nowMs: 1_000 });
      await withDamage(place('yosugara', label, 'files.tar.gz'), flipped, () =>
        expect(checkClusterFiles(repository, put)).rejects.toMatchObject({ code: 'BACKUP_DAMAGED' }),
      );
      await withDamage(place('yosugara', label, 'manifest.json'), cut, () =>
        expect(readClusterFiles(repository, label)).rejects.toMatchObject({ code: 'BACKUP_DAMAGED' }),
      );
    });

    it('and one whose passphrase is another', async () => {
      const file = join(repository.config.stateDir, 'secrets/backup-passphrase');
      await withDamage(
        file,
        () => Buffer.from('not-the-passphrase-of-then\n'),
        async () => {
          const other = await Repository.open(repository.config);
          await expect(other.sets()).rejects.toMatchObject({ code: 'BACKUP_PASSPHRASE' });
        },
      );
      await Repository.open(repository.config);
      await expect(repository.sets()).resolves.not.toEqual([]);
    });
  });
});
