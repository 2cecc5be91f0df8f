import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ClusterRecord } from '@yosugara/failover';
import { lastEpoch, putClusterFiles, Repository, restoreInto } from '@yosugara/host-control/backup';
import { asSuperuser, eventually, Testbed, type TestNode } from '@yosugara/host-control/testing';
import { carryOutBranch, openRaftDisk } from '@yosugara/journal';
import { freePort } from '@yosugara/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runProgram } from '../program.js';
import { NumberedWriters } from '../testing/numbered-writers.js';

const PATIENTLY = { timeout: 120_000, interval: 100 };
const LAST_EPOCH = 205;

/** One story: a Master that was written to while its backup was taken has burnt, with all that was on its host; the repository is left. */
describe.skipIf(!existsSync('/usr/bin/pgbackrest'))('after a fire (pgbackrest)', () => {
  let bed: Testbed;
  let a: TestNode;
  let load: NumberedWriters | undefined;
  let beforeMs = 0;
  const stop = new AbortController();
  const at = (host: string, ...parts: string[]) => join(bed.root, 'new', host, ...parts);
  const places = (host: string) => [
    ...[`--config-dir=${at(host, 'etc')}`, `--state-dir=${at(host, 'state')}`, `--data-dir=${at(host, 'data')}`],
    ...['--no-start'],
  ];
  const unchecked = ['memory', 'disk-space', 'disk-fsync', 'open-files', 'postgres', 'programs'].flatMap((id) => [
    '--accept',
    id,
  ]);

  async function run(...args: string[]) {
    let [out, notes] = ['', ''];
    const terminal = {
      out: (text: string) => void (out += `${text}\n`),
      note: (text: string) => void (notes += text),
      ...{ color: false, live: false, columns: 100 },
    };
    const code = await runProgram(args, { terminal, env: {}, cwd: bed.root, stop: stop.signal });
    return { code, out, notes };
  }

  beforeAll(async () => {
    bed = await Testbed.open({ backups: true });
    a = await bed.primary();
    await asSuperuser(a, `create table public.ownership (id smallint, epoch bigint)`, 'yosugara');
    await asSuperuser(a, `insert into public.ownership values (1, ${LAST_EPOCH})`, 'yosugara');
    await asSuperuser(
      a,
      'create table numbered (n int primary key); grant insert, select on numbered to yosugara_app',
      'yosugara',
    );
    const args = ['-h', a.peer.address, '-p', String(a.peer.port), '-U', 'yosugara_app', '-d', 'yosugara', '-Atq'];
    load = new NumberedWriters(4, { args, password: 'app-secret' });
    const { stateDir } = a.config;
    mkdirSync(join(stateDir, 'journal/own/a-mhx3k2p0-0011223344ff'), { recursive: true });
    writeFileSync(join(stateDir, 'journal/own/a-mhx3k2p0-0011223344ff/00000001.seg'), 'received, and not stored');
    writeFileSync(join(stateDir, 'secrets/session.key'), 'the key of sessions\n');
    writeFileSync(join(stateDir, 'secrets/sender.token'), 'what a sender knows\n');
    const repository = await Repository.open(a.config);
    await repository.prepare();
    const { label } = await repository.take('full', () => {});
    await putClusterFiles(repository, label, { configFile: null, record: null, nowMs: 1_000 });
    const written = load.acknowledged;
    await eventually('more rows', () => load!.acknowledged > written + 200, 240_000);
    beforeMs = Date.now();
    await eventually('rows after that', () => load!.acknowledged > written + 300, 240_000);
    await load.end();
    const last = (await asSuperuser(a, 'select pg_walfile_name(pg_switch_wal()) as file')).rows[0]?.file;
    await eventually('the WAL has left', async () => {
      const { rows } = await asSuperuser(a, 'select last_archived_wal as file from pg_stat_archiver');
      return (rows[0]?.file ?? '') >= last;
    });
    await a.postgres.stop('kill', 60_000);
  });
  afterAll(async () => {
    stop.abort();
    await load?.end();
    await bed?.close();
  });

  it('a moment between has each row that was acknowledged by then, under four writers, and of later ones none', async () => {
    const repository = await Repository.open(a.config);
    const target = { kind: 'time', atMs: beforeMs } as const;
    let found: number[] = [];
    let epoch = 0;
    await restoreInto(
      repository,
      join(a.config.dataDir!, 'look'),
      target,
      () => {},
      async (_, where) => {
        found = rowsAt(where);
        epoch = await lastEpoch(where);
      },
    );
    const compared = load!.compare(found, beforeMs);
    console.info(`rows by that moment, of ${load!.acknowledged} acknowledged: ${JSON.stringify(compared)}`);
    expect(compared).toMatchObject({ lost: 0, notYetWritten: 0 });
    expect(compared.underWay).toBeLessThanOrEqual(4);
    expect(compared.acknowledged).toBeGreaterThan(200);
    expect(epoch).toBe(LAST_EPOCH);
  });

  it('a new first server begins with it, with journals and secrets, and others join it', async () => {
    const repository = (a.config.backup!.repository as { path: string }).path;
    writeFileSync(join(bed.root, 'backup.yaml'), `backup:\n  repository: {type: directory, path: ${repository}}\n`);
    writeFileSync(join(bed.root, 'phrase'), 'a-passphrase-of-the-specs\n');
    writeFileSync(join(bed.root, 'wrong'), 'another-passphrase-than-that-one\n');
    const joinPort = await freePort();
    const init = (target: string, phrase = 'phrase') =>
      run(
        ...[
          'init',
          '--json',
          `--cluster-id=${a.config.cluster.id}`,
          '--self=a',
          '--stop-proofs=P1,P4',
          ...places('a'),
          ...unchecked,
        ],
        ...['--account=postgres', '--member=a=127.0.2.1,zone=a', '--member=b=127.0.2.2,zone=b', '--arbiter=w=127.0.2.3,zone=w'],
        ...['--port=syslog=5514', '--port=trap=1162', `--join-port=${joinPort}`, `--backup=${join(bed.root, 'backup.yaml')}`],
        ...[`--secret=backup-passphrase=${join(bed.root, phrase)}`, `--restore=${target}`],
      );
    const refused = await init('latest', 'wrong');
    expect([refused.code, `${refused.out}${refused.notes}`]).toEqual([1, expect.stringMatching(/passphrase/i)]);
    expect(existsSync(at('a', 'etc', 'forming.json'))).toBe(false);
    // The same host again: nothing of that attempt is in the way.
    const begun = await init('latest');
    expect({ code: begun.code, notes: begun.notes }).toEqual({ code: 0, notes: expect.anything() });
    const { tokens, restored } = JSON.parse(begun.out) as {
      tokens: { member: string; token: string }[];
      restored: { log: string };
    };
    expect(restored).toMatchObject({
      ...{ beginsGeneration: false, setAside: null, journals: ['a-mhx3k2p0-0011223344ff'] },
      secrets: expect.arrayContaining(['secrets/session.key', 'secrets/sender.token']),
    });
    const running = [run('forming', ...places('a'))];
    for (const { member, token } of tokens) {
      const join = () => run('join', token, ...places(member), '--account=nobody-here', ...unchecked);
      await expect.poll(join, PATIENTLY).toMatchObject({ code: 0 });
      running.push(run('forming', ...places(member)));
    }
    for (const done of await Promise.all(running)) expect(done).toMatchObject({ code: 0 });
    for (const name of ['session.key', 'sender.token', 'backup-passphrase', 'pg-superuser'])
      expect(readFileSync(at('b', 'state/secrets', name), 'utf8')).toBe(readFileSync(at('a', 'state/secrets', name), 'utf8'));
    expect(existsSync(at('w', 'state/secrets/sender.token'))).toBe(false);
    // What each of their controllers starts with.
    for (const host of ['a', 'b', 'w']) {
      await carryOutBranch(at(host, 'state/raft'), () => null);
      const disk = await openRaftDisk(at(host, 'state/raft'));
      const { branch, snapshot } = await disk.load().finally(() => disk.close());
      expect([host, branch]).toEqual([host, restored.log]);
      const record = snapshot?.state as ClusterRecord | undefined;
      expect(record?.epoch ?? null).toEqual(host === 'a' ? expect.toSatisfy((epoch) => epoch > LAST_EPOCH) : null);
    }
  });
});

function rowsAt(where: { readonly host: string; readonly port: number }): number[] {
  const args = ['-h', where.host, '-p', String(where.port), '-U', 'postgres', '-d', 'yosugara'];
  return execFileSync('psql', [...args, '-Atqc', 'select n from numbered order by n'], { encoding: 'utf8', timeout: 60_000 })
    .trim()
    .split('\n')
    .map(Number);
}
