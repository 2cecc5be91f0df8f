import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Lsn } from '@yosugara/kernel';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asSuperuser, openPair, streams } from '../testing/pair.js';
import { A, stopped, type Testbed, type TestNode } from '../testing/testbed.js';

/** A busy Master lost its power: its last checkpoint lies further back than the WAL that a server keeps of its own accord. */
describe('a rewind behind a crash', () => {
  let bed: Testbed;
  let a: TestNode;
  let b: TestNode;
  let client: pg.Client;
  const quiet = () => {};
  const filler = (megabytes: number) =>
    `select pg_logical_emit_message(false, 'filler', repeat('x', 1000000)) from generate_series(1, ${megabytes})`;
  /** As under load: segments are written between where a recovery would begin and the record that says so. */
  const longCheckpoint = async () => {
    await client.query('create table pages as select n, repeat(md5(n::text), 30) from generate_series(1, 200) n');
    // Spread (`fast` false): it rests after each page that it writes.
    const backup = asSuperuser(a, "select pg_backup_start('long', false)");
    await expect
      .poll(
        async () => (await asSuperuser(a, "select 1 from pg_stat_activity where wait_event = 'CheckpointWriteDelay'")).rowCount,
        {
          timeout: 60_000,
        },
      )
      .toBe(1);
    await asSuperuser(a, filler(50));
    await backup;
    const { rows } = await asSuperuser(a, 'select checkpoint_lsn - redo_lsn as bytes from pg_control_checkpoint()');
    expect(Number(rows[0].bytes)).toBeGreaterThan(2 * 16 * 1024 * 1024);
  };
  const postmasterOf = (node: TestNode) =>
    Number(readFileSync(join(node.config.dataDir!, 'pgdata/postmaster.pid'), 'utf8').split('\n')[0]);

  beforeAll(async () => {
    ({ bed, a, b, client } = await openPair());
    await b.postgres.baseBackup(a.peer, quiet);
    await b.postgres.startStandby(a.peer);
    await streams(a, b);
  });
  afterAll(() => bed.close());

  let fork: Lsn;
  it('begins with a Master that crashes long after its last checkpoint, when the Standby serves already', async () => {
    // More than the 256 MB that it keeps of its own accord, and no checkpoint yet.
    await asSuperuser(a, "alter system set max_wal_size = '4GB'");
    await asSuperuser(a, 'select pg_reload_conf()');
    await longCheckpoint();
    await asSuperuser(a, filler(300));
    const { rows } = await client.query('insert into t values (1) returning pg_current_wal_lsn()::text as lsn');
    const behind = 'select pg_last_wal_replay_lsn() >= $1::pg_lsn as done';
    const onB = await bed.client(b);
    await expect.poll(async () => (await onB.query(behind, [rows[0].lsn])).rows[0].done, { timeout: 60_000 }).toBe(true);
    await onB.end();
    fork = (await b.postgres.promote()).forkLsn;
    await client.query('insert into t values (2)');
    // A checkpoint that the crash interrupted has written down already how far the slot had come: it holds nothing further back.
    await expect
      .poll(
        async () =>
          await asSuperuser(a, "select pg_drop_replication_slot('yosugara_b')").then(
            () => true,
            () => false,
          ),
        { timeout: 20_000 },
      )
      .toBe(true);
    const crashed = await stopped(a, 'kill');
    expect(crashed.state).toBe('crashed-primary');
    await b.postgres.ensureSlot(A);
  });

  it('changes nothing when the Master goes before pg_rewind has reached it', async () => {
    const kill = (detail: string) => {
      if (detail === 'crash recovery') process.kill(postmasterOf(b), 'SIGKILL');
    };
    await expect(a.postgres.rewind(b.peer, kill)).rejects.toMatchObject({ code: 'SOURCE_UNREACHABLE' });
    // What the next step is decided upon: a base backup would be made of whatever looks half rewound. How soon: verbs.spec.ts.
    await expect.poll(() => a.postgres.facts()).toMatchObject({ kind: 'stopped', state: 'clean-primary' });
    expect((await a.postgres.survey(false)).damage).toBeNull();
    await stopped(b, 'kill');
    await b.postgres.startStandby(null);
    await b.postgres.promote();
  });

  it('finds the last common checkpoint, however much WAL was written behind it', async () => {
    await b.postgres.ensureSlot(A);
    const { discarded } = await a.postgres.rewind(b.peer, quiet);
    expect(discarded).toMatchObject({ from: fork, timeline: 1 });
    expect(existsSync(join(a.config.dataDir!, 'wal.aside')), 'WAL that was set aside').toBe(false);
    await a.postgres.startStandby(b.peer);
    await streams(b, a);
    const onA = await bed.client(a);
    const { rows: left } = await onA.query('select n from t order by n');
    await onA.end();
    expect(left).toEqual([{ n: 1 }]);
  });
});
