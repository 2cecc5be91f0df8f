import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type RecoverReport, RecoverReportSchema } from '@yosugara/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PrivateCluster } from './testing/private-cluster.js';

/** One story on a cluster of real processes: `a` is Master, is lost with writes that nobody else has, and comes back. */
describe('recover', () => {
  let cluster: PrivateCluster;
  const recoverFile = (node: string) =>
    RecoverReportSchema.parse(JSON.parse(readFileSync(join(cluster.stateDir(node), 'recover.json'), 'utf8')));

  beforeAll(async () => {
    cluster = await PrivateCluster.open(61);
    await cluster.born('a');
    cluster.sql('a', 'create table t (n int)');
  });
  afterAll(() => cluster.close());

  const out = (name: string) =>
    cluster.until(`${name} is out`, ({ nodes }) =>
      nodes.find((node) => node.name === name && !node.syncSet && node.needsRecover && node.reachable),
    );
  const takenOver = (by: string) => cluster.until(`${by} serves`, ({ master }) => master === by);

  it('has nothing to do while every node is in the sync set', async () => {
    expect(await cluster.yosugara('recover')).toMatchObject({ code: 0, out: expect.stringMatching(/^nothing to recover/) });
  });

  it('refuses the Master, and a name that is none, each with its own code', async () => {
    expect(await cluster.yosugara('recover', 'a')).toMatchObject({ code: 11, notes: expect.stringContaining('a is the Master') });
    expect(await cluster.yosugara('recover', 'nobody')).toMatchObject({
      code: 11,
      notes: expect.stringContaining('is not a data node'),
    });
  });

  it('says with --dry-run what it would do, and changes nothing', async () => {
    await cluster.kill('a');
    await takenOver('b');
    await cluster.until('a is silent', ({ nodes }) => nodes.some((node) => node.name === 'a' && !node.reachable));
    expect(await cluster.yosugara('recover', 'a', '--timeout', '120')).toMatchObject({
      code: 11,
      notes: expect.stringContaining('a is not heard'),
    });
    cluster.start('a');
    await out('a');
    const file = join(cluster.stateDir('a'), 'recover.json');
    // It is there where `b` made the database and `a` was copied from it, before `a` became Master.
    const left = () => [readdirSync(cluster.dataDir('a')).sort().join(), existsSync(file) ? readFileSync(file, 'utf8') : null];
    const before = left();
    const { code, out: said } = await cluster.yosugara('recover', '--dry-run');
    expect({ code, said }).toEqual({
      code: 0,
      said: expect.stringMatching(/^a would be brought back to b by rewind.*: its WAL may go past/),
    });
    expect(left()).toEqual(before);
    expect((await cluster.node('a')).recover).toBeNull();
  });

  it('rewinds the former Master; the second who asks joins the first; the report says what was done', async () => {
    const [first, second] = await Promise.all([cluster.yosugara('recover', '--json'), cluster.yosugara('recover', '--json')]);
    expect([first.code, second.code]).toEqual([0, 0]);
    const result = JSON.parse(first.out);
    expect(result).toMatchObject({
      node: 'a',
      method: 'rewind',
      state: 'done',
      report: { method: 'rewind', state: 'done', node: 'a', source: 'b' },
    });
    // By what is looked at now and then: `start` and `join` may both be over at one look.
    expect(result.report.phases.map(({ phase }: { phase: string }) => phase)).toEqual(
      expect.arrayContaining(['preflight', 'rewind', 'report']),
    );
    const other = JSON.parse(second.out);
    if (other.requestId !== null) expect(other.requestId).toBe(result.requestId);
    expect(recoverFile('a')).toMatchObject({ requestId: result.requestId, state: 'done' });
    // Kept for the console, from any member's view.
    expect((await cluster.node('a')).recoverReport).toMatchObject({ requestId: result.requestId });
  });

  /** `recover`, and kill -9 of all that `a` runs (or of its controller alone) the first time that each phase is seen. */
  const recoverKilling = async (phases: readonly string[]) => {
    const earlier = (await cluster.node('a')).recover?.requestId;
    const command = cluster.yosugara('recover', '--json');
    const killed: string[] = [];
    for (const phase of phases) {
      const seen = await cluster.until(`phase ${phase} or later`, ({ nodes }) => {
        const recover = nodes.find((node) => node.name === 'a')?.recover;
        if (recover == null || recover.requestId === earlier) return null;
        return recover.state === 'done' || ORDER.indexOf(recover.phase) >= ORDER.indexOf(phase) ? recover : null;
      });
      if (seen.state === 'done') break;
      killed.push(seen.phase);
      if (killed.length % 2 === 0) cluster.killController('a');
      else await cluster.kill('a');
      await cluster.gone('a', 'controller');
      cluster.start('a', killed.length % 2 === 0 ? ['controller'] : ['controller', 'receiver']);
    }
    const { code, out: text, notes } = await command;
    expect({ code, notes }).toMatchObject({ code: 0 });
    return { hits: killed.length, report: RecoverReportSchema.parse(JSON.parse(text).report) };
  };
  const identity = () =>
    cluster.sql('b', 'select system_identifier::text || (select sum(n) from filler) from pg_control_system()');
  const bothInSync = () => cluster.until('both in the sync set', ({ nodes }) => nodes.every((node) => node.syncSet));

  it('copies anew what was wiped, is killed in the middle of each phase, and goes on by itself: the Master’s data stays untouched', async () => {
    cluster.sql('b', 'create table filler as select n, repeat(md5(n::text), 20) as text from generate_series(1, 300000) n');
    const before = identity();
    let report!: RecoverReport;
    // What was over before we looked is begun anew.
    for (let hits = 0; hits < 2; ) {
      await cluster.kill('a');
      await cluster.until(
        'b alone',
        ({ master, nodes }) => master === 'b' && nodes.some((node) => node.name === 'a' && !node.syncSet),
      );
      rmSync(join(cluster.dataDir('a'), 'pgdata'), { recursive: true, force: true });
      cluster.start('a');
      await out('a');
      ({ hits, report } = await recoverKilling(['preflight', 'rebuild', 'start', 'join']));
    }
    expect(report).toMatchObject({ state: 'done', method: 'basebackup' });
    expect(report.resumed).toBeGreaterThanOrEqual(1);
    expect(identity()).toBe(before);
    await bothInSync();
  });

  it('rewinds what diverged though it is killed on the way: by a base backup when the rewind itself was hit', async () => {
    const before = identity();
    let report!: RecoverReport;
    // What was over before we looked is begun anew.
    for (let hits = 0; hits < 1; ) {
      await cluster.switchover('a');
      await bothInSync();
      await cluster.kill('a');
      await takenOver('b');
      cluster.start('a');
      await out('a');
      ({ hits, report } = await recoverKilling(['prepare', 'rewind', 'start']));
    }
    expect(report.state).toBe('done');
    expect(['rewind', 'basebackup']).toContain(report.method);
    expect(identity()).toBe(before);
    await bothInSync();
  });

  it('brings a node back whose consensus log was wiped with everything else: as a learner first, then it votes', async () => {
    await cluster.kill('a');
    await cluster.until(
      'b alone',
      ({ master, nodes }) => master === 'b' && nodes.some((node) => node.name === 'a' && !node.syncSet),
    );
    rmSync(join(cluster.dataDir('a'), 'pgdata'), { recursive: true });
    rmSync(join(cluster.stateDir('a'), 'raft'), { recursive: true });
    cluster.start('a');
    await out('a');
    const { code, out: text, notes } = await cluster.yosugara('recover', '--json', '--timeout', '300');
    expect({ code, notes }).toMatchObject({ code: 0 });
    expect(JSON.parse(text)).toMatchObject({ node: 'a', method: 'basebackup', state: 'done' });
    await bothInSync();
    // It counts again: without the arbiter it is the majority.
    await cluster.kill('w');
    await cluster.kill('b');
    cluster.start('b');
    await cluster.until('somebody serves', ({ master }) => master !== null);
    cluster.start('w');
    await cluster.until('all are heard', ({ nodes }) => nodes.every((node) => node.reachable));
    // Whichever of the two was back first serves; what follows begins with b.
    await expect.poll(async () => (await cluster.yosugara('recover')).code, { timeout: 180_000, interval: 500 }).toBe(0);
    await bothInSync();
    await cluster.switchover('b');
  });

  it('refuses another database system by name, and replaces it only when just that one is given up', async () => {
    await cluster.kill('a');
    await cluster.until(
      'b alone',
      ({ master, nodes }) => master === 'b' && nodes.some((node) => node.name === 'a' && !node.syncSet),
    );
    const pgdata = join(cluster.dataDir('a'), 'pgdata');
    rmSync(pgdata, { recursive: true, force: true });
    execFileSync('runuser', ['-u', 'postgres', '--', INITDB, '-D', pgdata, '--no-sync'], { cwd: '/', stdio: 'pipe' });
    cluster.start('a');
    await cluster.until('halted', ({ nodes }) => nodes.some((node) => node.name === 'a' && node.role === 'HALT'));
    const { code, out: said } = await cluster.yosugara('recover', '--json');
    expect({ code, said }).toEqual({ code: 11, said: expect.stringContaining('belongs to another database system') });
    expect(existsSync(join(pgdata, 'PG_VERSION'))).toBe(true);
    expect((await cluster.yosugara('recover', '--discard-unknown')).code).toBe(0);
    await cluster.until('back', ({ nodes }) => nodes.some((node) => node.name === 'a' && node.syncSet));
    expect(recoverFile('a')).toMatchObject({ method: 'basebackup', setAside: expect.stringContaining('pgdata.old') });
  });
});

const INITDB = '/usr/lib/postgresql/15/bin/initdb';
const ORDER = ['preflight', 'quiesce', 'consensus', 'decide', 'prepare', 'rewind', 'rebuild', 'start', 'join', 'report'];
