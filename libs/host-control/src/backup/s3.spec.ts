import { chmodSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildChildPrograms } from '../testing/build.js';
import { asSuperuser } from '../testing/pair.js';
import { hasS3Store, S3Store } from '../testing/s3-store.js';
import { eventually, Testbed, type TestNode } from '../testing/testbed.js';
import { checkClusterFiles, putClusterFiles, readClusterFiles } from './cluster-files.js';
import { backupProgram } from './place.js';
import { type OnProgress, Repository } from './repository.js';
import { restoreInto } from './restored.js';

const QUIET: OnProgress = () => {};

/** As backup.spec.ts, in a store that speaks S3: one story, in order. */
describe.skipIf(backupProgram() === undefined || !hasS3Store)(
  'backups in a store that speaks S3 (OpenStack Swift), over TLS',
  () => {
    let bed: Testbed;
    let store: S3Store;
    let a: TestNode;
    let client: pg.Client;
    let repository: Repository;
    let written = 0;

    const write = async (count: number) => {
      for (let left = count; left > 0; left--) await client.query('insert into t values ($1)', [++written]);
    };
    const archiver = async () => (await asSuperuser(a, 'select * from pg_stat_archiver')).rows[0]!;
    /** The segment that must arrive for everything up to now. */
    const switched = async (): Promise<string> =>
      (await asSuperuser(a, 'select pg_walfile_name(pg_switch_wal()) as file')).rows[0].file;
    const arrived = async (file: string) =>
      await eventually('WAL is archived', async () => ((await archiver()).last_archived_wal ?? '') >= file, 120_000);

    beforeAll(async () => {
      buildChildPrograms();
      store = await S3Store.open();
      bed = await Testbed.open({ backups: store.backup });
      a = await bed.primary();
      client = await bed.client(a);
      await client.query('create table t (n int primary key)');
      repository = await Repository.open(a.config);
    });
    afterAll(async () => {
      await bed?.close();
      await store?.close();
    });

    it('are taken, with the cluster’s own files, listed and verified', async () => {
      await repository.prepare();
      await write(100);
      const set = await repository.take('full', QUIET);
      expect(await repository.sets()).toEqual([set]);
      const put = await putClusterFiles(repository, set.label, { configFile: null, record: { epoch: 7 }, nowMs: 1_000 });
      expect(await readClusterFiles(repository, set.label)).toEqual(put);
      await expect(checkClusterFiles(repository, put)).resolves.toBeUndefined();
      expect(await repository.verify(QUIET)).toEqual([]);
      // The store is some twenty Python processes: half a minute beside others’ work, two where the machine has far more to do.
    }, 300_000);

    it('are waited for while the store is away: PostgreSQL goes on, WAL stays, what asks is told so, and later all of it leaves', async () => {
      await store.stop();
      const told = repository.sets().catch((error: unknown) => error);
      await write(100);
      const file = await switched();
      const failed = await eventually(
        'sending WAL has failed',
        async () => {
          const row = await archiver();
          return Number(row.failed_count) > 0 && row.last_failed_wal !== null ? row : null;
        },
        120_000,
      );
      expect(failed.last_failed_wal <= file).toBe(true);
      expect(existsSync(join(a.config.dataDir!, 'pgdata/pg_wal', file))).toBe(true);
      await write(1);
      expect(await told).toMatchObject({ code: 'BACKUP_AWAY' });
      await store.start();
      await arrived(file);
    }, 300_000);

    it('restore all that was archived, row by row', async () => {
      await write(99);
      await arrived(await switched());
      const folder = join(bed.root, 'restored');
      chmodSync(bed.root, 0o755);
      let numbers: readonly number[] = [];
      await restoreInto(repository, folder, { kind: 'latest' }, QUIET, async () => {
        const { default: driver } = await import('pg');
        const session = new driver.Client({ host: join(folder, 'socket'), port: 5432, user: 'postgres', database: 'yosugara' });
        await session.connect();
        const { rows } = await session.query('select n from t order by n').finally(() => session.end());
        numbers = rows.map(({ n }) => n as number);
      });
      expect(numbers).toEqual(Array.from({ length: 300 }, (_, at) => at + 1));
    });
  },
);
