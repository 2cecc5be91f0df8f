import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Lsn, SILENT_LOG } from '@yosugara/kernel';
import { soonest } from '@yosugara/testkit';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asSuperuser, openPair, streams } from '../testing/pair.js';
import { A, B, CLOCK, eventually, stopped, type Testbed, type TestNode } from '../testing/testbed.js';
import { hostContext } from './context.js';
import { dropTakenTimelines, takeTimelines } from './timelines.js';

/** One story, in order: two nodes, a take-over, the old primary's return, and the way back. TLS as on installed servers. */
describe('two hosts', () => {
  let bed: Testbed;
  let a: TestNode;
  let b: TestNode;
  let client: pg.Client;
  const quiet = () => {};

  beforeAll(async () => {
    ({ bed, a, b, client } = await openPair({ tls: true }));
  });
  afterAll(() => bed.close());

  const rows = async (node: TestNode) => {
    const session = await bed.client(node);
    const { rows } = await session.query('select n from t order by n');
    await session.end();
    return rows.map(({ n }) => n);
  };
  const seen = (node: TestNode, wanted: object) => expect.poll(() => node.postgres.facts()).toMatchObject(wanted);
  const isPending = async (promise: Promise<unknown>, ms: number) =>
    (await Promise.race([promise.then(() => false), sleep(ms).then(() => true)])) as boolean;

  it('makes a standby by base backup, with progress, and it streams through its slot', async () => {
    // A slot that is there already is left alone.
    await a.postgres.ensureSlot(B);
    const fractions: number[] = [];
    const { bytes } = await b.postgres.baseBackup(a.peer, (_, fraction) => fraction !== null && fractions.push(fraction));
    expect(bytes).toBeGreaterThan(10_000_000);
    expect(fractions.at(-1)).toBeCloseTo(1, 1);
    await b.postgres.startStandby(a.peer);
    await streams(a, b);
    await seen(b, { kind: 'standby', timeline: 1, follows: A });
    const { rows: slots } = await (await bed.client(a)).query('select slot_name, active from pg_replication_slots');
    expect(slots).toEqual([{ slot_name: 'yosugara_b', active: true }]);
  });

  // That a verb ends with a look that began after it: verbs.spec.ts. A busy machine may need longer for one than the verb waits.
  it('tells the receiver’s new state, and never again one from before', async () => {
    const told: unknown[] = [];
    let listening = true;
    b.postgres.onFacts((facts) => listening && facts.kind === 'standby' && told.push(facts.follows));
    await b.postgres.follow(null);
    await seen(b, { receiver: 'cut', follows: null });
    await b.postgres.follow(a.peer);
    await seen(b, { follows: A });
    listening = false;
    const changes = told.filter((follows, at) => follows !== told[at - 1]);
    expect(changes.slice(changes[0] === A ? 1 : 0)).toEqual([null, A]);
    await streams(a, b);
  });

  it('tells whose commits wait for no standby, and nothing of those that do', async () => {
    await seen(a, { kind: 'primary' });
    expect(a.postgres.facts()).not.toHaveProperty('ungated');
    await asSuperuser(a, "create role hasty; alter role hasty set synchronous_commit = 'OFF'");
    await asSuperuser(a, 'alter database yosugara set synchronous_commit = local');
    await asSuperuser(a, 'alter role hasty in database yosugara set synchronous_commit = on');
    await asSuperuser(a, "alter role yosugara_app set synchronous_commit = 'remote_apply'");
    await expect
      .poll(() => a.postgres.facts())
      .toHaveProperty('ungated', expect.arrayContaining(['role hasty (OFF)', 'database yosugara (local)']));
    const { ungated } = a.postgres.facts() as { readonly ungated?: readonly string[] };
    expect(ungated).toHaveLength(2);
    await asSuperuser(a, 'alter database yosugara reset synchronous_commit; drop role hasty');
    await asSuperuser(a, 'alter role yosugara_app reset synchronous_commit');
    await expect.poll(() => a.postgres.facts()).not.toHaveProperty('ungated');
  });

  it('demands the standby by its exact name, and says so from what is in effect', async () => {
    await a.postgres.setNames([B]);
    await eventually('sync', () => {
      const facts = a.postgres.facts();
      return facts.kind === 'primary' && facts.names?.[0] === B && facts.peers[0]?.sync === true;
    });
    const at = await a.postgres.forceWal();
    await eventually('the peer has flushed it', () => {
      const facts = a.postgres.facts();
      return facts.kind === 'primary' && (facts.peers[0]?.flushLsn ?? 0) >= at;
    });
    await client.query('insert into t values (1)');
  });

  it('acknowledges nothing while the standby is stopped, until the names are cleared', async () => {
    await b.postgres.stop('fast', 30_000);
    const commit = client.query('insert into t values (2)');
    expect(await isPending(commit, 500)).toBe(true);
    await eventually('a waiter is seen', () => {
      const facts = a.postgres.facts();
      return facts.kind === 'primary' && facts.syncWaiters === 1;
    });
    await a.postgres.setNames([]);
    await commit;
    await b.postgres.startStandby(a.peer);
    await streams(a, b);
    await a.postgres.setNames([B]);
  });

  it('makes names wait for the checkpointer, without which a commit would not wait for the peer', async () => {
    await a.postgres.setNames([]);
    await Promise.all([a.postgres.checkpoint(), a.postgres.setNames([B])]);
    await b.postgres.stop('kill', 10_000);
    expect(await isPending(client.query('insert into t values (3)').catch(quiet), 300)).toBe(true);
    await b.postgres.startStandby(a.peer);
    await streams(a, b);
    await eventually('row 3 is there', async () => (await rows(b)).includes(3));
  });

  it('does not wait for the end of a checkpoint that is spread over minutes', async () => {
    await a.postgres.setNames([]);
    await client.query('create table filled as select n, repeat(md5(n::text), 20) from generate_series(1, 5000) n');
    // A backup that does not ask for a fast checkpoint: the checkpointer spreads it over 0.9 of checkpoint_timeout.
    const backup = asSuperuser(a, "select pg_backup_start('spread', false)").catch(quiet);
    await eventually('a spread checkpoint', async () => {
      const { rows: found } = await asSuperuser(
        a,
        "select 1 from pg_stat_activity where backend_type = 'checkpointer' and wait_event = 'CheckpointWriteDelay'",
      );
      return found.length === 1;
    });
    const begun = performance.now();
    await a.postgres.setNames([B]);
    expect(performance.now() - begun).toBeLessThan(60_000);
    await b.postgres.stop('kill', 10_000);
    expect(await isPending(client.query('insert into filled values (0)').catch(quiet), 300)).toBe(true);
    await b.postgres.startStandby(a.peer);
    await streams(a, b);
    await a.postgres.checkpoint();
    await backup;
  });

  it('has nothing to reload on a standby that demands nobody, so that a promotion does not wait for it', async () => {
    const loadedAt = async () => (await asSuperuser(b, 'select pg_conf_load_time()::text as at')).rows[0].at as string;
    const before = await loadedAt();
    await b.postgres.setNames([]);
    expect(await loadedAt()).toBe(before);
    await b.postgres.setNames([A]);
    expect(await loadedAt()).not.toBe(before);
    await b.postgres.setNames([]);
    const { rows: set } = await asSuperuser(b, 'show synchronous_standby_names');
    expect(set).toEqual([{ synchronous_standby_names: '' }]);
  });

  it('cuts the receiver: nothing can be acknowledged from here any more', async () => {
    await soonest(2_000, async () => {
      await b.postgres.follow(a.peer);
      await streams(a, b);
      const before = performance.now();
      await b.postgres.follow(null);
      return performance.now() - before;
    });
    await seen(b, { receiver: 'cut', follows: null });
    expect(await isPending(client.query('insert into t values (4)').catch(quiet), 500)).toBe(true);
    expect(await rows(b)).not.toContain(4);
  });

  it('starts again when it ended between taking numbers and the promotion', async () => {
    const host = hostContext({ config: b.config, deadMan: b.deadMan, log: SILENT_LOG, clock: CLOCK });
    await takeTimelines(host, 1, 4);
    expect(existsSync(join(b.config.dataDir!, 'pgdata/pg_wal/00000004.history'))).toBe(true);
    // The running server may see them any time before the promotion: it must stay on its line.
    await sleep(500);
    await seen(b, { kind: 'standby', timeline: 1 });
    await b.postgres.stop('kill', 0);
    await b.postgres.startStandby(null);
    await seen(b, { kind: 'standby', timeline: 1 });
    expect(existsSync(join(b.config.dataDir!, 'pgdata/pg_wal/00000002.history'))).toBe(false);
  });

  it('takes the thousand numbers of a forced promotion at once, whole and with nothing left over', async () => {
    const host = hostContext({ config: b.config, deadMan: b.deadMan, log: SILENT_LOG, clock: CLOCK });
    const folder = join(b.config.dataDir!, 'pgdata/pg_wal');
    const before = readdirSync(folder);
    await takeTimelines(host, 1, 1_001);
    const taken = readdirSync(folder).filter((name) => !before.includes(name));
    expect(taken).toHaveLength(1_000);
    expect(taken.every((name) => /^[0-9A-F]{8}\.history$/.test(name))).toBe(true);
    expect(readFileSync(join(folder, '000003E9.history'), 'utf8')).toMatch(/^# yosugara/);
    await dropTakenTimelines(host);
    expect(readdirSync(folder)).toEqual(before);
  });

  let fork: Lsn;
  it('promotes above every timeline that the cluster has had, and says where the new timeline left the old one', async () => {
    const promoted = await b.postgres.promote({ above: 3 });
    fork = promoted.forkLsn;
    expect(promoted.timeline).toBe(4);
    await seen(b, { kind: 'primary', timeline: 4 });
    expect(await b.postgres.promote({ above: 3 })).toEqual(promoted);
    await seen(b, { kind: 'primary', timeline: 4, names: [], forks: [{ timeline: 4, forkLsn: fork }] });
    expect(await rows(b)).toEqual([1, 2, 3]);
  });

  it('rewinds the crashed old primary, though it has a timeline of a number that is only taken here: what diverged goes, and the report says which stretch', async () => {
    await a.postgres.stop('kill', 10_000);
    await a.postgres.startStandby(null);
    expect((await a.postgres.promote()).timeline).toBe(2);
    await (await bed.client(a)).query('insert into t values (9)');
    const crashed = await stopped(a, 'kill');
    expect(crashed.state).toBe('crashed-primary');
    await b.postgres.ensureSlot(A);
    const told: string[] = [];
    const { discarded, keptWal } = await a.postgres.rewind(b.peer, (detail) => told.push(detail));
    expect(discarded).toEqual({ from: fork, to: crashed.walEnd, timeline: 2 });
    expect(readdirSync(keptWal!)).toContainEqual(expect.stringMatching(/^00000002[0-9A-F]{16}\.gz$/));
    expect(told).toContain('crash recovery');
    await a.postgres.startStandby(b.peer);
    await streams(b, a);
    expect(await rows(a)).toEqual([1, 2, 3]);
    await eventually('timeline 4', () => {
      const facts = a.postgres.facts();
      return facts.kind === 'standby' && facts.timeline === 4 && facts.follows === B;
    });
    expect(existsSync(join(a.config.dataDir!, 'pgdata.old')), 'rewound, not copied').toBe(false);
  });

  it('goes back with a clean stop: the standby holds all of it, nothing is discarded', async () => {
    await b.postgres.setNames([A]);
    await (await bed.client(b)).query('insert into t values (5)');
    const { state, walEnd } = await stopped(b);
    expect(state).toBe('clean-primary');
    await a.postgres.follow(null);
    await seen(a, { kind: 'standby', walEnd });
    expect((await a.postgres.promote({ above: 6 })).timeline).toBe(7);
    await a.postgres.ensureSlot(B);
    await b.postgres.startStandby(a.peer);
    await streams(a, b);
    await eventually('row 5', async () => (await rows(b)).includes(5));
    await eventually('timeline 7, over numbers that nobody here has', () => {
      const facts = b.postgres.facts();
      return facts.kind === 'standby' && facts.timeline === 7;
    });
  });

  it('changes nothing when the source of a rewind does not answer', async () => {
    const before = await stopped(b);
    const nobody = { ...a.peer, port: 1 };
    await expect(b.postgres.rewind(nobody, quiet)).rejects.toMatchObject({ code: 'SOURCE_UNREACHABLE' });
    expect(existsSync(join(b.config.dataDir!, 'unfinished'))).toBe(false);
    await expect.poll(() => b.postgres.facts()).toEqual(before);
    await b.postgres.startStandby(a.peer);
    await streams(a, b);
  });

  it('calls an interrupted rewind incomplete, refuses to start it, and a base backup helps; the old copy is set aside', async () => {
    await b.postgres.stop('fast', 30_000);
    writeFileSync(join(b.config.dataDir!, 'unfinished'), 'rewind\n');
    await eventually('incomplete', () => {
      const facts = b.postgres.facts();
      return facts.kind === 'stopped' && facts.state === 'incomplete';
    });
    await expect(b.postgres.startStandby(a.peer)).rejects.toMatchObject({ code: 'NO_DATA' });
    await expect(b.postgres.rewind(a.peer, quiet)).rejects.toMatchObject({ code: 'REWIND_FAILED' });
    await b.postgres.baseBackup(a.peer, quiet);
    await b.postgres.startStandby(a.peer);
    await streams(a, b);
    expect(existsSync(join(b.config.dataDir!, 'pgdata.old/PG_VERSION'))).toBe(true);
  });
});
