import { readFileSync, writeFileSync } from 'node:fs';
import type { Status } from '@yosugara/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PrivateCluster } from './testing/private-cluster.js';

const PATIENTLY = { timeout: 180_000, interval: 100 };

/** One story on a cluster of real processes: site 1 (`a`, `b` and the arbiter `w`) is lost, `d` in site 2 goes on, and all come home. */
describe('another site', () => {
  let cluster: PrivateCluster;
  const sees = (status: Status, name: string) => status.nodes.find((node) => node.name === name)!;
  const follows = (status: Status) =>
    sees(status, 'd').role === 'DR_ASYNC' && sees(status, 'd').postgres === 'standby, streaming';
  const rows = (node: string) => cluster.sql(node, `select count(*), coalesce(min(n), 0), coalesce(max(n), 0) from t`);
  const insert = (node: string, from: number, through: number) =>
    // Nothing that PostgreSQL could compress.
    cluster.sql(
      node,
      `insert into t select n, (select string_agg(md5(n || '.' || i), '') from generate_series(1, 60) i) from generate_series(${from}, ${through}) n`,
    );
  const EVIDENCE = 'the fire brigade reports that hall 1 is gone';
  const promote = (...more: string[]) => cluster.yosugara('dr', 'promote', 'd', '--evidence', EVIDENCE, ...more);

  beforeAll(async () => {
    cluster = await PrivateCluster.open(71, 'clean', true);
    await cluster.born('a', (node) => cluster.keep(node));
    await cluster.until('d follows', follows);
    cluster.sql('a', 'create table t (n int primary key, filler text)');
    insert('a', 1, 100);
  });
  afterAll(() => cluster.close());

  it('refuses to promote while the first site is heard, on no word, or where nothing is to be promoted', async () => {
    await expect.poll(() => rows('d'), PATIENTLY).toBe('100|1|100');
    expect(await promote()).toMatchObject({
      code: 4,
      notes: expect.stringMatching(/of the other site is heard: it is not down/),
    });
    const wordless = await cluster.yosugara('dr', 'promote', 'd', '--evidence', 'gone');
    expect(wordless).toMatchObject({ code: 4, notes: expect.stringContaining('say how you know that the other site is down') });
    const wrong = await cluster.yosugara('dr', 'promote', 'b', '--evidence', EVIDENCE);
    expect(wrong).toMatchObject({ code: 4, notes: expect.stringContaining('b is not a DR member') });
  });

  it('is promoted on an operator’s word: what had arrived lives on, what had not is counted and told', async () => {
    // The line of the replication breaks, the controllers’ does not: d knows how far ahead the Master is.
    const hba = cluster.sql('a', 'show hba_file');
    writeFileSync(hba, `host replication all all reject\n${readFileSync(hba, 'utf8')}`);
    cluster.sql('a', 'select pg_reload_conf()');
    await cluster.until('d is cut off', (status) => {
      if (sees(status, 'd').postgres !== 'standby, streaming') return true;
      // PostgreSQL reads its rules when it comes to it: a session may have come back before.
      cluster.sql('a', `select pg_terminate_backend(pid) from pg_stat_replication where application_name !~ 'b$'`);
      return false;
    });
    insert('a', 101, 200);
    // As `d` itself knows it.
    let behind = 0;
    await expect
      .poll(async () => (behind = sees(await cluster.statusOf('d'), 'd').lagBytes ?? 0), PATIENTLY)
      .toBeGreaterThan(100_000);
    await Promise.all(['a', 'b', 'w'].map((node) => cluster.powerOff(node)));
    let said = await promote('--json');
    // Nobody but d is left to answer, and it may stand still.
    while (/is heard|no controller answers/.test(said.out)) said = await promote('--json');
    expect(said).toMatchObject({ code: 0 });
    const { says } = JSON.parse(said.out) as { says: string };
    expect(says).toMatch(/WAL has arrived up to \d+\/[0-9A-F]+; estimated loss at least \d+ bytes of WAL, as of \d+ s before/);
    const status = await cluster.until('d serves', (seen) => (seen.master === 'd' ? seen : null));
    expect(status.away).toMatchObject({ node: 'd', evidence: EVIDENCE, received: expect.stringMatching(/\//) });
    expect(status.away!.lostBytes).toBeGreaterThanOrEqual(behind);
    expect(status.history[0]).toMatchObject({
      owner: 'd',
      from: 'a',
      cause: expect.stringMatching(/^promoted in another site by .*estimated loss/),
      proof: expect.stringMatching(/^P5: .*hall 1 is gone/),
    });
    expect(status.alarms).toContainEqual(expect.objectContaining({ code: 'AWAY', level: 'red' }));
    await expect.poll(() => cluster.http('d', '/status/master'), PATIENTLY).toMatchObject({ status: 200 });
    await expect
      .poll(async () => (await cluster.http('d', '/metrics')).text, PATIENTLY)
      .toMatch(/yosugara_dr_estimated_loss_bytes\{node="d"\} [1-9]/);
    expect(rows('d')).toBe('100|1|100');
    insert('d', 201, 300);
  });

  it('serves again by itself after kill -9 of all that it runs', async () => {
    await cluster.powerOff('d');
    cluster.keep('d');
    await cluster.until('d serves again', (status) => status.master === 'd');
    expect(rows('d')).toBe('200|1|300');
  });

  const halted = (status: Status, node: string) => sees(status, node).role === 'HALT' && sees(status, node).needsRecover;

  it('is followed by nobody of the first site that comes back: it stops there, and stays stopped with the line down, too', async () => {
    const served: string[] = [];
    const watch = setInterval(() => {
      for (const node of ['a', 'b'])
        cluster.http(node, '/status/master').then(
          ({ status }) => void (status === 200 && served.push(node)),
          () => undefined,
        );
    }, 100);
    try {
      for (const node of ['w', 'a', 'b']) cluster.keep(node);
      await cluster.until('both halt', (status) => halted(status, 'a') && halted(status, 'b') && status.master === 'd');
      await Promise.all(['a', 'b', 'd'].map((node) => cluster.powerOff(node)));
      for (const node of ['a', 'b']) cluster.keep(node);
      await expect
        .poll(async () => {
          const status = await cluster.statusOf('a').catch(() => null);
          return status?.leader !== null && status !== null && halted(status, 'a') && halted(status, 'b');
        }, PATIENTLY)
        .toBe(true);
      cluster.keep('d');
      await cluster.until('d serves', (status) => status.master === 'd' && sees(status, 'a').reachable);
      expect(served).toEqual([]);
    } finally {
      clearInterval(watch);
    }
  });

  it('is left by three commands: recover, switchover, recover; then it is again what it was', async () => {
    const first = await cluster.yosugara('recover', 'a', '--json');
    expect({ code: first.code, notes: first.notes }).toEqual({ code: 0, notes: expect.anything() });
    expect(JSON.parse(first.out)).toMatchObject({ node: 'a', state: 'done', method: 'rewind' });
    await cluster.switchover('a');
    await cluster.until('home', (status) => status.master === 'a' && status.away === null && follows(status));
    expect(await cluster.yosugara('recover', 'b')).toMatchObject({ code: 0 });
    const status = await cluster.until('whole', (seen) => (sees(seen, 'b').syncSet && follows(seen) ? seen : null));
    expect(status).toMatchObject({ master: 'a', ifMasterDied: { failsOver: true, to: 'b' } });
    insert('a', 301, 310);
    for (const node of ['a', 'b', 'd']) await expect.poll(() => rows(node), PATIENTLY).toBe('210|1|310');
    expect(await promote()).toMatchObject({ code: 4, notes: expect.stringContaining('is heard') });
  });
});
