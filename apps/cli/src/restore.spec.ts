import { appendFileSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Status } from '@yosugara/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PrivateCluster } from './testing/private-cluster.js';

const PATIENTLY = { timeout: 180_000, interval: 100 };

/** One story on a cluster of real processes: a backup, a mistake that replication spread at once, and the way back to the moment before. */
describe.skipIf(!existsSync('/usr/bin/pgbackrest'))('a backup of the cluster', () => {
  let cluster: PrivateCluster;
  let before = '';
  const sees = (status: Status, name: string) => status.nodes.find((node) => node.name === name)!;
  const rows = (node: string) => cluster.sql(node, 'select count(*), coalesce(max(n), 0) from t');
  const isWhole = (status: Status) => status.master !== null && ['a', 'b'].every((node) => sees(status, node).syncSet);

  beforeAll(async () => {
    cluster = await PrivateCluster.open(73);
    for (const node of ['a', 'b']) {
      const repository = join(cluster.root, 'repository');
      appendFileSync(
        join(cluster.stateDir(node), 'yosugara.yaml'),
        `backup:\n  repository: {type: directory, path: ${repository}}\n`,
      );
      writeFileSync(join(cluster.stateDir(node), 'secrets/backup-passphrase'), 'a-passphrase-of-the-specs\n', { mode: 0o600 });
    }
    await cluster.born('a', (node) => cluster.keep(node));
    cluster.sql('a', 'create table t (n int primary key)');
    cluster.sql('a', 'insert into t select generate_series(1, 100)');
  });
  afterAll(() => cluster.close());

  it('is taken with one command, listed, and verified by really restoring it', async () => {
    expect(await cluster.yosugara('backup', 'list')).toMatchObject({ code: 0, out: expect.stringContaining('no backup yet') });
    const taken = await cluster.yosugara('backup', 'take', '--json');
    expect(taken).toMatchObject({ code: 0 });
    expect(JSON.parse(taken.out)).toMatchObject({
      taken: {
        set: { type: 'full' },
        files: { node: 'a', holds: ['secrets', 'journal/own', 'journal/peer', 'peers.json', 'yosugara.yaml'] },
        sent: [],
      },
    });
    const verified = await cluster.yosugara('backup', 'verify', '--restore');
    expect(verified).toMatchObject({ code: 0, out: expect.stringMatching(/replayed up to .* every page is sound/s) });
    expect(verified.out).toContain('all of it is as it was put there');
  });

  it('is not taken on another node than the Master’s', async () => {
    const config = join(cluster.stateDir('b'), 'yosugara.yaml');
    const elsewhere = await cluster.yosugara('backup', 'take', '--config', config);
    expect(elsewhere).toMatchObject({ code: 4, notes: expect.stringContaining('a is Master: take the backup there') });
    const timer = await cluster.yosugara('backup', 'take', '--if-master', '--config', config);
    expect(timer).toMatchObject({ code: 0, out: expect.stringContaining('a is Master') });
  });

  it('takes no place while somebody of the cluster runs, nor without a word why', async () => {
    cluster.sql('a', 'insert into t select generate_series(101, 150)');
    await sleep(50);
    before = new Date().toISOString();
    await sleep(50);
    cluster.sql('a', 'delete from t');
    cluster.sql('a', 'select pg_switch_wal()');
    await expect
      .poll(
        () => cluster.sql('a', 'select last_archived_wal >= pg_walfile_name(pg_current_wal_lsn() - 1) from pg_stat_archiver'),
        PATIENTLY,
      )
      .toBe('t');
    const restore = (...more: string[]) => cluster.yosugara('restore', '--to', before, '--replace', 'a', ...more);
    expect(await restore('--evidence', 'somebody deleted all of t')).toMatchObject({
      code: 1,
      notes: expect.stringContaining('PostgreSQL runs here'),
    });
    await cluster.powerOff('a');
    expect(await restore('--evidence', 'somebody deleted all of t')).toMatchObject({
      code: 4,
      notes: expect.stringMatching(/b.* still runs?: stop Yosugara on every member/),
    });
    await Promise.all(['b', 'w'].map((node) => cluster.powerOff(node)));
    expect(await restore()).toMatchObject({ code: 2, notes: expect.stringContaining('--evidence') });
  });

  it('is restored to the moment before: the node that leads it serves, the others hold what was given up and stay out', async () => {
    const done = await cluster.yosugara(
      'restore',
      '--to',
      before,
      '--replace',
      'a',
      '--evidence',
      'somebody deleted all of t',
      '--json',
    );
    expect({ code: done.code, notes: done.notes }).toEqual({ code: 0, notes: expect.anything() });
    expect(JSON.parse(done.out)).toMatchObject({
      beginsGeneration: true,
      setAside: expect.stringContaining('pgdata.before-restore-'),
    });
    for (const node of ['a', 'b', 'w']) cluster.keep(node);
    const status = await cluster.until('a serves', (seen) =>
      seen.master === 'a' && sees(seen, 'b').role === 'HALT' ? seen : null,
    );
    expect(rows('a')).toBe('150|150');
    expect(status.away).toMatchObject({
      node: 'a',
      evidence: expect.stringMatching(/^restored from backup .*F: somebody deleted all of t$/),
    });
    expect(status.history[0]).toMatchObject({ owner: 'a', cause: expect.stringContaining('promoted in another site') });
  });

  it('and is whole again after one recover', async () => {
    const back = await cluster.yosugara('recover', 'b', '--json');
    expect({ code: back.code, notes: back.notes }).toEqual({ code: 0, notes: expect.anything() });
    cluster.sql('a', 'insert into t values (151)');
    await cluster.until('whole', isWhole);
    await expect.poll(() => rows('b'), PATIENTLY).toBe('151|151');
    // Its home is where it was: nothing is left of another site.
    expect(await cluster.yosugara('switchover')).toMatchObject({ code: 0 });
    const home = await cluster.until('home', (seen) =>
      seen.master === 'b' && seen.away === null && isWhole(seen) ? seen : null,
    );
    expect(home).toMatchObject({ ifMasterDied: { failsOver: true, to: 'a' } });
    expect(rows('b')).toBe('151|151');
  });
});
