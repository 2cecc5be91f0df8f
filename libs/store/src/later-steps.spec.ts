import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { contracting, contracts, contractWithin, expand, expanding, LATER_STEPS, type LaterSteps } from './later-steps.js';
import { isMigrated, migrate } from './migrate.js';
import { catalogueOf, stumblingBlocks } from './testing/catalogue.js';
import { type OpenedStore, openTestStore } from './testing/opened.js';

let opened: OpenedStore;
beforeAll(async () => {
  opened = await openTestStore();
  await migrate(opened.store.db, '0026-command-answers');
});
afterAll(async () => await opened?.close());
afterEach(async () => {
  await opened.pool.query('drop table if exists schema_step, lab_of_steps');
});
const run = (text: string) => ({
  up: async (db: Parameters<LaterSteps[string]['up']>[0]) => void (await sql.raw(text).execute(db)),
});
const makes = expanding(2, run('create table lab_of_steps (id integer primary key, was text)'));
const adds = expanding(2, run('alter table lab_of_steps add column is_now text'));
const drops = contracting(2, run('alter table lab_of_steps drop column was'));
const NEWER: LaterSteps = { '0100-makes': makes, '0101-drops': drops, '0102-adds': adds };
const contract = async (level: number) =>
  await opened.store.db.transaction().execute(async (trx) => await contractWithin(trx, level, NEWER));
const columns = async () =>
  (
    await opened.pool.query(
      "select column_name from information_schema.columns where table_name = 'lab_of_steps' order by ordinal_position",
    )
  ).rows.map((row) => row.column_name);

describe('steps of later levels', () => {
  it('that expand are done by the first Master of the new version, once; those that contract wait', async () => {
    expect(await expand(opened.store.db, NEWER)).toEqual(['0100-makes', '0102-adds']);
    expect(await expand(opened.store.db, NEWER)).toEqual([]);
    expect(await columns()).toEqual(['id', 'was', 'is_now']);
  });
  it('that contract are done when the cluster is at their level, and not before', async () => {
    await expand(opened.store.db, NEWER);
    expect(await contract(1)).toEqual([]);
    expect(await contract(2)).toEqual(['0101-drops']);
    expect(await columns()).toEqual(['id', 'is_now']);
    expect([contracts(1, NEWER), contracts(2, NEWER)]).toEqual([false, true]);
  });
  it('of a newer version do not trouble an older one while they only expand', async () => {
    await expand(opened.store.db, NEWER);
    expect(await expand(opened.store.db, {})).toEqual([]);
    await expect(isMigrated(opened.pool as never, {})).resolves.toBe(true);
    // The version of before there were later steps looks at its own table only.
    await expect(migrate(opened.store.db, '0026-command-answers')).resolves.toEqual([]);
  });
  it('of a newer version that took something away are refused by name', async () => {
    await expand(opened.store.db, NEWER);
    await contract(2);
    await expect(expand(opened.store.db, {})).rejects.toMatchObject({ code: 'SCHEMA_TOO_NEW' });
    await expect(expand(opened.store.db, {})).rejects.toThrow(/level 2 .*0101-drops/);
    await expect(isMigrated(opened.pool as never, {})).resolves.toBe(false);
  });
  it('that fail leave nothing', async () => {
    const broken = { '0100-makes': makes, '0101-broken': expanding(2, run('create table')) };
    await expect(expand(opened.store.db, broken)).rejects.toThrow('0101-broken');
    expect(await columns()).toEqual([]);
  });
});

describe('what is declared to expand', () => {
  it.each([
    ['alter table app_user drop column login', 'app_user.login is gone'],
    ['alter table app_user rename column login to word', 'app_user.login is gone'],
    ['alter table app_user add column grade integer not null', 'app_user.grade is new, may not be empty and has no default'],
    ['alter table setting alter column version type numeric', 'setting.version was bigint and is numeric'],
    ['create unique index app_user_roles on app_user (roles)', 'app_user refuses more'],
    ['alter table app_user add check (length(login) < 9)', 'app_user refuses more'],
  ])('is found out where an older version would stumble: %s', async (change, block) => {
    const client = await opened.pool.connect();
    try {
      const before = await catalogueOf(client);
      await client.query('begin');
      await client.query(change);
      expect(stumblingBlocks(before, await catalogueOf(client)).join('; ')).toContain(block);
    } finally {
      await client.query('rollback');
      client.release();
    }
  });
  it('is all that is new: the first level is complete', async () => {
    await expand(opened.store.db, {});
    await expect(isMigrated(opened.pool as never, {})).resolves.toBe(true);
  });
  it('lets an older version work on: every step of ours', async () => {
    let before = await catalogueOf(opened.pool);
    for (const [name, step] of Object.entries(LATER_STEPS).filter(([, { kind }]) => kind === 'expand')) {
      await step.up(opened.store.db as never);
      const after = await catalogueOf(opened.pool);
      expect(stumblingBlocks(before, after), name).toEqual([]);
      before = after;
    }
  });
  it('comes after the first level, whose steps are complete', () => {
    for (const [name, step] of Object.entries(LATER_STEPS)) {
      expect(name > '0026-command-answers', name).toBe(true);
      expect(step.level, name).toBeGreaterThan(1);
    }
  });
});
