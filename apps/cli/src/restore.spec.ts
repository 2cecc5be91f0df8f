import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Status } from '@yosugara/protocol';
import { freePort } from '@yosugara/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { CLONE } from './local/layout.js';
import { signal } from './local/processes.js';
import { NumberedWriters } from './testing/numbered-writers.js';
import { PrivateCluster } from './testing/private-cluster.js';

const PATIENTLY = { timeout: 180_000, interval: 100 };

/** One story on a cluster of real processes: a backup, a mistake that replication spread at once, and the way back to the moment before. */
describe.skipIf(!existsSync('/usr/bin/pgbackrest'))('a backup of the cluster', () => {
  let cluster: PrivateCluster;
  let before = '';
  const sees = (status: Status, name: string) => status.nodes.find((node) => node.name === name)!;
  const rows = (node: string) => cluster.sql(node, 'select count(*), coalesce(max(n), 0) from t');
  let old: Status | null = null;
  let load: NumberedWriters | undefined;
  let beforeMs = 0;
  const places = (node: string) => [
    ...[`--config-dir=${cluster.stateDir(node)}`, `--state-dir=${cluster.stateDir(node)}`, `--data-dir=${cluster.dataDir(node)}`],
    // How much this machine has is not what is looked at here.
    ...['memory', 'disk-space', 'disk-fsync', 'open-files', 'programs'].flatMap((id) => ['--accept', id]),
    ...['--no-start', '--account=nobody-here'],
  ];
  /** How many the receiver of `b` has in its journal; null: it does not listen yet, and what is sent to it is nobody's. */
  const journaled = (status: Status) => {
    const { receiver } = sees(status, 'b');
    return receiver === null ? null : { count: receiver.received };
  };
  /** To the receiver of `b`; it is in its journal then. */
  const send = async (text: string) => {
    const { count } = await cluster.until('b listens', journaled);
    const port = Number(/syslog: (\d+)/.exec(readFileSync(join(cluster.stateDir('b'), 'yosugara.yaml'), 'utf8'))![1]!);
    const socket = createSocket('udp4');
    await promisify(socket.send.bind(socket) as (line: string, port: number, host: string, done: () => void) => void)(
      `<13>1 2026-11-22T03:00:00Z host app - - - ${text}`,
      port,
      '127.0.73.2',
    );
    socket.close();
    await cluster.until('b has received it', (status) => (journaled(status)?.count ?? 0) > count);
  };
  const stored = async (text: string) => {
    const { out } = await cluster.yosugara('messages', '--text', text, '--json');
    return out === '' ? [] : (JSON.parse(out) as { rows: { text: string }[] }).rows.map((row) => row.text);
  };
  /** As typed in a terminal that is gone, with all that is in its process group, as soon as the answer stands there. */
  const saidAndKilled = async (...args: string[]) => {
    const child = spawn(process.execPath, [join(CLONE, 'apps/cli/bin/yosugara.mjs'), ...args], {
      ...{ cwd: cluster.root, detached: true, stdio: ['ignore', 'pipe', 'inherit'] },
      env: { PATH: process.env['PATH'] ?? '', YOSUGARA_STATE: join(cluster.root, 's') },
    });
    const gone = once(child, 'exit');
    const [said] = (await once(child.stdout!, 'data')) as [Buffer];
    signal(-child.pid!, 'SIGKILL');
    await gone;
    return JSON.parse(String(said)) as { readonly until: string };
  };
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
    cluster.sql('a', 'create table numbered (n int primary key); grant select, insert on numbered to yosugara_app');
  });
  afterAll(async () => {
    await load?.end();
    await cluster?.close();
  });

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
    // In the middle of what the writers write; a backup that is taken under them is in after-fire.spec.ts.
    load = new NumberedWriters(4, cluster.clientOf('a'));
    const written = load.acknowledged;
    await expect.poll(() => load!.acknowledged, PATIENTLY).toBeGreaterThan(written + 1_000);
    beforeMs = Date.now();
    before = new Date(beforeMs).toISOString();
    await expect.poll(() => load!.acknowledged, PATIENTLY).toBeGreaterThan(written + 1_100);
    cluster.sql('a', 'delete from t');
    const last = cluster.sql('a', 'select pg_walfile_name(pg_switch_wal())');
    await expect.poll(() => cluster.sql('a', `select last_archived_wal >= '${last}' from pg_stat_archiver`), PATIENTLY).toBe('t');
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
    await load!.end();
    const found = cluster.sql('a', 'select n from numbered order by n').split('\n').map(Number);
    const compared = load!.compare(found, beforeMs);
    console.info(`rows by ${before}, of ${load!.acknowledged} acknowledged: ${JSON.stringify(compared)}`);
    expect(compared).toEqual({ ...compared, lost: 0, notYetWritten: 0, acknowledged: expect.toSatisfy((count) => count > 300) });
    expect(compared.underWay).toBeLessThanOrEqual(4);
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
    await cluster.switchover('b');
    const home = await cluster.until('home', (seen) =>
      seen.master === 'b' && seen.away === null && isWhole(seen) ? seen : null,
    );
    expect(home).toMatchObject({ ifMasterDied: { failsOver: true, to: 'a' } });
    expect(rows('b')).toBe('151|151');
  });

  it('waits with all writes that are held for a snapshot of volumes, though who asked for it is killed with all its terminal; at the deadline they go on by themselves', async () => {
    const beganMs = performance.now();
    // Long enough for who stands still for some seconds before the next line.
    const { until } = await saidAndKilled('freeze', '--for', '20s', '--json');
    expect(() => cluster.sql('b', "set lock_timeout = '100ms'; insert into t values (152)")).toThrow(/lock timeout/);
    cluster.sql('b', 'insert into t values (152); delete from t where n = 152');
    expect(performance.now() - beganMs).toBeGreaterThan(19_000);
    expect(Date.now()).toBeGreaterThan(Date.parse(until) - 1_000);
    expect(await cluster.yosugara('thaw')).toMatchObject({ code: 4, notes: expect.stringContaining('no writes are held') });
  });

  it('is taken while all writes are held for a snapshot of volumes: nobody takes over for it, and what is received waits in the journals', async () => {
    await send('stored before');
    await expect.poll(() => stored('stored before'), PATIENTLY).toHaveLength(1);
    const { epoch } = await cluster.status();
    const frozen = await saidAndKilled('freeze', '--for', '240s', '--json');
    expect(frozen).toMatchObject({ master: 'b', inSync: ['a', 'b'], tables: expect.any(Number) });
    expect(await cluster.yosugara('freeze')).toMatchObject({ code: 4, notes: expect.stringContaining('held already') });
    expect(() => cluster.sql('b', "set lock_timeout = '1s'; insert into t values (152)")).toThrow(/lock timeout/);
    for (const text of ['only in the journals 1', 'only in the journals 2']) await send(text);
    const taken = await cluster.yosugara('backup', 'take', '--json');
    expect({ code: taken.code, notes: taken.notes }).toEqual({ code: 0, notes: expect.anything() });
    expect(await cluster.status()).toMatchObject({ master: 'b', epoch });
    expect(await cluster.yosugara('thaw')).toMatchObject({ code: 0, out: expect.stringContaining('writes of b were held for') });
    expect(await cluster.yosugara('thaw')).toMatchObject({ code: 4, notes: expect.stringContaining('no writes are held') });
  });

  it('is all that is left after a fire: a new first server begins with it, and others join it', async () => {
    old = await cluster.status();
    const kept = readFileSync(join(cluster.stateDir('a'), 'yosugara.yaml'), 'utf8');
    const ports = Object.entries((parse(kept) as { ports: Record<string, number> }).ports);
    await cluster.burn();
    writeFileSync(
      join(cluster.root, 'backup.yaml'),
      `repository: {type: directory, path: ${join(cluster.root, 'repository')}}\n`,
    );
    writeFileSync(join(cluster.root, 'passphrase'), 'a-passphrase-of-the-specs\n');
    const init = (target: string, phrase = 'passphrase') =>
      cluster.yosugara(
        ...['init', '--json', '--cluster-id=spec-73', '--self=a', '--stop-proofs=P1,P4', '--plain-console', ...places('a')],
        ...['--member=a=127.0.73.1,zone=a', '--member=b=127.0.73.2,zone=b', '--arbiter=w=127.0.73.3,zone=w', '--minutes=60'],
        ...ports.map(([name, port]) => `--port=${name}=${port}`),
        ...[`--join-port=${joinPort}`, `--backup=${join(cluster.root, 'backup.yaml')}`, `--restore=${target}`],
        `--secret=backup-passphrase=${join(cluster.root, phrase)}`,
      );
    const joinPort = await freePort();
    expect(await init('2020-01-01T00:00:00Z')).toMatchObject({
      code: 1,
      out: expect.stringContaining('no backup ended before'),
    });
    // The same host again: nothing of the first attempt is in the way.
    const begun = await init('latest');
    expect({ code: begun.code, notes: begun.notes }).toEqual({ code: 0, notes: expect.anything() });
    const { tokens, restored } = JSON.parse(begun.out) as { tokens: { member: string; token: string }[]; restored: object };
    expect(restored).toMatchObject({
      ...{ beginsGeneration: false, setAside: null, secrets: expect.arrayContaining(['secrets/session.key']) },
      journals: expect.arrayContaining([expect.stringMatching(/^b-/)]),
    });
    const forming = (node: string) => cluster.yosugara('forming', ...places(node).slice(0, 3), '--no-start');
    const running = [forming('a')];
    for (const { member, token } of tokens) {
      await expect.poll(() => cluster.yosugara('join', token, ...places(member)), PATIENTLY).toMatchObject({ code: 0 });
      running.push(forming(member));
    }
    expect(await Promise.all(running)).toEqual(running.map(() => expect.objectContaining({ code: 0 })));
    for (const name of ['session.key', 'backup-passphrase'])
      expect(readFileSync(join(cluster.stateDir('b'), 'secrets', name), 'utf8')).toBe(
        readFileSync(join(cluster.stateDir('a'), 'secrets', name), 'utf8'),
      );
  });

  it('all of them begin at once, in epochs above all that the data has seen, with each row and each message once', async () => {
    for (const node of ['b', 'w', 'a']) cluster.keep(node);
    const status = await cluster.until('two in sync', (seen) => (seen.master === 'a' && isWhole(seen) ? seen : null));
    expect(status.epoch).toBeGreaterThan(old!.epoch);
    expect(status.arbiter).toMatchObject({ voting: true });
    expect(status.history[0]).toMatchObject({ owner: 'a', cause: expect.stringMatching(/^restored from backup /) });
    expect(rows('a')).toBe('151|151');
    await expect
      .poll(async () => (await stored('only in the journals')).toSorted(), PATIENTLY)
      .toEqual(['only in the journals 1', 'only in the journals 2']);
    await send('after the fire');
    await expect.poll(() => stored('after the fire'), PATIENTLY).toHaveLength(1);
    await expect.poll(() => stored('stored before'), PATIENTLY).toHaveLength(1);
    await cluster.switchover('b');
    await cluster.until('the other one serves', (seen) => seen.master === 'b' && isWhole(seen));
    await expect.poll(() => rows('b'), PATIENTLY).toBe('151|151');
  });
});
