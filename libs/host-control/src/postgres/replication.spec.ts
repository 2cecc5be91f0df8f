import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Lsn } from '@yosugara/kernel';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildChildPrograms } from '../testing/build.js';
import { A, B, eventually, Testbed, type TestNode } from '../testing/testbed.js';

/** One story, in order: two nodes, a take-over, the old primary's return, and the way back. TLS as on installed servers. */
describe('two hosts', () => {
  let bed: Testbed;
  let a: TestNode;
  let b: TestNode;
  let client: pg.Client;
  const quiet = () => {};

  beforeAll(async () => {
    buildChildPrograms();
    bed = await Testbed.open({ tls: true });
    [a, b] = await Promise.all([bed.primary(), bed.node('b')]);
    client = await bed.client(a);
    await client.query('create table t (n int primary key)');
  });
  afterAll(() => bed.close());

  const streaming = (from: TestNode, to: TestNode) =>
    eventually('streaming', 5_000, () => {
      const facts = from.postgres.facts();
      return facts.kind === 'primary' && facts.peers.some((peer) => peer.node === to.peer.node && peer.streaming);
    });
  const rows = async (node: TestNode) => {
    const session = await bed.client(node);
    const { rows } = await session.query('select n from t order by n');
    await session.end();
    return rows.map(({ n }) => n);
  };
  const isPending = async (promise: Promise<unknown>, ms: number) =>
    (await Promise.race([promise.then(() => false), sleep(ms).then(() => true)])) as boolean;

  it('makes a standby by base backup, with progress, and it streams through its slot', async () => {
    await a.postgres.ensureSlot(B);
    await a.postgres.ensureSlot(B);
    const fractions: number[] = [];
    const { bytes } = await b.postgres.baseBackup(a.peer, (_, fraction) => fraction !== null && fractions.push(fraction));
    expect(bytes).toBeGreaterThan(10_000_000);
    expect(fractions.at(-1)).toBeCloseTo(1, 1);
    await b.postgres.startStandby(a.peer);
    await streaming(a, b);
    expect(b.postgres.facts()).toMatchObject({ kind: 'standby', timeline: 1, follows: A });
    const { rows: slots } = await (await bed.client(a)).query('select slot_name, active from pg_replication_slots');
    expect(slots).toEqual([{ slot_name: 'yosugara_b', active: true }]);
  });

  it('demands the standby by its exact name, and says so from what is in effect', async () => {
    await a.postgres.setNames([B]);
    await eventually('sync', 3_000, () => {
      const facts = a.postgres.facts();
      return facts.kind === 'primary' && facts.names?.[0] === B && facts.peers[0]?.sync === true;
    });
    const at = await a.postgres.forceWal();
    await eventually('the peer has flushed it', 3_000, () => {
      const facts = a.postgres.facts();
      return facts.kind === 'primary' && (facts.peers[0]?.flushLsn ?? 0) >= at;
    });
    await client.query('insert into t values (1)');
  });

  it('acknowledges nothing while the standby is stopped, until the names are cleared', async () => {
    await b.postgres.stop('fast', 3_000);
    const commit = client.query('insert into t values (2)');
    expect(await isPending(commit, 500)).toBe(true);
    await eventually('a waiter is seen', 1_000, () => {
      const facts = a.postgres.facts();
      return facts.kind === 'primary' && facts.syncWaiters === 1;
    });
    await a.postgres.setNames([]);
    expect(await isPending(commit, 500)).toBe(false);
    await b.postgres.startStandby(a.peer);
    await streaming(a, b);
    await a.postgres.setNames([B]);
  });

  it('makes names wait for the checkpointer, without which a commit would not wait for the peer', async () => {
    await a.postgres.setNames([]);
    await Promise.all([a.postgres.checkpoint(), a.postgres.setNames([B])]);
    await b.postgres.stop('kill', 100);
    expect(await isPending(client.query('insert into t values (3)').catch(quiet), 300)).toBe(true);
    await b.postgres.startStandby(a.peer);
    await streaming(a, b);
    await eventually('row 3 is there', 3_000, async () => (await rows(b)).includes(3));
  });

  it('cuts the receiver: nothing can be acknowledged from here any more', async () => {
    const before = performance.now();
    await b.postgres.follow(null);
    expect(performance.now() - before).toBeLessThan(2_000);
    expect(b.postgres.facts()).toMatchObject({ receiver: 'cut', follows: null });
    expect(await isPending(client.query('insert into t values (4)').catch(quiet), 500)).toBe(true);
    expect(await rows(b)).not.toContain(4);
  });

  let fork: Lsn;
  it('promotes, and says where the new timeline left the old one', async () => {
    const promoted = await b.postgres.promote();
    fork = promoted.forkLsn;
    expect(promoted.timeline).toBe(2);
    expect(await b.postgres.promote()).toEqual(promoted);
    await eventually('primary', 2_000, () => b.postgres.facts().kind === 'primary');
    expect(b.postgres.facts()).toMatchObject({ timeline: 2, names: [], forks: [{ timeline: 2, forkLsn: fork }] });
    expect(await rows(b)).toEqual([1, 2, 3]);
  });

  it('rewinds the crashed old primary: its diverged row goes, and the report says which stretch', async () => {
    await a.postgres.stop('kill', 100);
    expect(await eventually('stopped', 2_000, () => a.postgres.facts())).toMatchObject({
      kind: 'stopped',
      state: 'crashed-primary',
    });
    const stopped = a.postgres.facts();
    await b.postgres.ensureSlot(A);
    const told: string[] = [];
    const { discardedFrom, discardedTo } = await a.postgres.rewind(b.peer, (detail) => told.push(detail));
    expect(discardedFrom).toBe(fork);
    expect(discardedTo).toBe(stopped.kind === 'stopped' ? stopped.walEnd : null);
    expect(told).toContain('crash recovery');
    await a.postgres.startStandby(b.peer);
    await streaming(b, a);
    expect(await rows(a)).toEqual([1, 2, 3]);
    expect(a.postgres.facts()).toMatchObject({ kind: 'standby', timeline: 2, follows: B });
    expect(existsSync(join(a.config.dataDir!, 'pgdata.old')), 'rewound, not copied').toBe(false);
  });

  it('goes back with a clean stop: the standby holds all of it, nothing is discarded', async () => {
    await b.postgres.setNames([A]);
    await (await bed.client(b)).query('insert into t values (5)');
    const { clean, walEnd } = await b.postgres.stop('fast', 5_000);
    expect(clean).toBe(true);
    await a.postgres.follow(null);
    expect(a.postgres.facts()).toMatchObject({ kind: 'standby', walEnd });
    expect((await a.postgres.promote()).timeline).toBe(3);
    await a.postgres.ensureSlot(B);
    await b.postgres.startStandby(a.peer);
    await streaming(a, b);
    await eventually('row 5', 2_000, async () => (await rows(b)).includes(5));
    await eventually('timeline 3', 3_000, () => {
      const facts = b.postgres.facts();
      return facts.kind === 'standby' && facts.timeline === 3;
    });
  });

  it('calls an interrupted rewind incomplete, refuses to start it, and a base backup helps; the old copy is set aside', async () => {
    await b.postgres.stop('fast', 3_000);
    writeFileSync(join(b.config.dataDir!, 'unfinished'), 'rewind\n');
    await eventually('incomplete', 2_000, () => {
      const facts = b.postgres.facts();
      return facts.kind === 'stopped' && facts.state === 'incomplete';
    });
    await expect(b.postgres.startStandby(a.peer)).rejects.toMatchObject({ code: 'NO_DATA' });
    await expect(b.postgres.rewind(a.peer, quiet)).rejects.toMatchObject({ code: 'REWIND_FAILED' });
    await b.postgres.baseBackup(a.peer, quiet);
    await b.postgres.startStandby(a.peer);
    await streaming(a, b);
    expect(existsSync(join(b.config.dataDir!, 'pgdata.old/PG_VERSION'))).toBe(true);
  });
});
