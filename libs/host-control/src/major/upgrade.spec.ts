import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findPrograms } from '../postgres/programs.js';
import { buildChildPrograms } from '../testing/build.js';
import { asSuperuser } from '../testing/pair.js';
import { stopped, Testbed, type TestNode } from '../testing/testbed.js';
import { upgradeMajor } from './upgrade.js';

const programs = () => existsSync('/usr/lib/postgresql') && readdirSync('/usr/lib/postgresql').length > 0;

/** Where there is one major only, pg_upgrade to the same one makes as foreign a system. From one to another: `npm run lab -- D3-postgres`. */
describe.skipIf(!programs())('a database of another major version (needs Debian’s PostgreSQL)', () => {
  let bed: Testbed;
  let a: TestNode;
  let newest = 0;
  const upgrade = (more: { readonly to?: number; readonly link?: boolean } = {}) =>
    upgradeMajor(a.config, { to: newest, link: false, nowMs: Date.now(), ...more }, () => {});
  const systemId = async (): Promise<string> =>
    (await asSuperuser(a, 'select system_identifier::text as id from pg_control_system()')).rows[0].id;
  const rows = async (): Promise<string> =>
    (await asSuperuser(a, "select count(*) || ' ' || sum(n) as rows from t", 'yosugara')).rows[0].rows;

  beforeAll(async () => {
    buildChildPrograms();
    bed = await Testbed.open();
    a = await bed.primary();
    newest = findPrograms(a.config, 99).major;
    const client = await bed.client(a);
    await client.query('create table t (n int primary key)');
    await client.query('insert into t select generate_series(1, 1000)');
  });
  afterAll(() => bed.close());

  it('is not made of one that runs, nor by programs that are not here', async () => {
    await expect(upgrade()).rejects.toMatchObject({ code: 'RESTORE_FAILED', message: expect.stringContaining('runs here') });
    await stopped(a);
    await expect(upgrade({ to: 98 })).rejects.toMatchObject({
      code: 'PROGRAMS_MISSING',
      message: expect.stringContaining('postgresql-98'),
    });
  });

  it('is put back as it was when pg_upgrade says no, linked or not', async () => {
    await a.postgres.startPrimary([]);
    const before = await systemId();
    await asSuperuser(a, 'create table r (x regproc)', 'yosugara');
    await stopped(a);
    await expect(upgrade({ link: true })).rejects.toMatchObject({
      code: 'UPGRADE_FAILED',
      message: expect.stringMatching(/reg/),
    });
    expect(readdirSync(join(a.config.dataDir!)).filter((name) => name.startsWith('upgrade-'))).toEqual([]);
    await a.postgres.startPrimary([]);
    expect([await systemId(), await rows()]).toEqual([before, '1000 500500']);
    await asSuperuser(a, 'drop table r', 'yosugara');
  });

  it.each([false, true])('is another system with the same rows, roles and passwords (linked: %s)', async (link) => {
    const before = await systemId();
    await stopped(a);
    const done = await upgrade({ link });
    expect(done.systemId).not.toBe(before);
    expect(existsSync(join(done.setAside!, 'global/pg_control'))).toBe(!link);
    expect(existsSync(join(a.config.dataDir!, 'pgdata/standby.signal'))).toBe(true);
    await a.postgres.startPrimary([]);
    expect([await systemId(), await rows()]).toEqual([done.systemId, '1000 500500']);
    const { rows: told } = await asSuperuser(a, "select count(*)::int as n from pg_stats where tablename = 't'", 'yosugara');
    expect(told[0].n).toBeGreaterThan(0);
    await (await bed.client(a)).query('select 1');
  });

  it('is not made of one that crashed', async () => {
    await stopped(a, 'kill');
    await expect(upgrade()).rejects.toMatchObject({ code: 'NOT_SHUT_DOWN' });
  });
});
