import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { PostgresFacts } from '@yosugara/failover';
import { parseLsn } from '@yosugara/kernel';
import { soonest } from '@yosugara/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commandLine, processesIn } from '../os/processes.js';
import { buildChildPrograms } from '../testing/build.js';
import { eventually, stopped, Testbed, type TestNode } from '../testing/testbed.js';
import { withSession } from './sql.js';

const POSTGRES_UID =
  process.getuid!() === 0 ? Number(readFileSync('/etc/passwd', 'utf8').match(/^postgres:[^:]*:(\d+)/m)![1]) : process.getuid!();

const SEGMENT_BYTES = 16 * 1024 * 1024;

describe('one host with PostgreSQL', () => {
  let bed: Testbed;
  let a: TestNode;

  beforeAll(async () => {
    buildChildPrograms();
    bed = await Testbed.open();
    a = await bed.node('a');
  });
  afterAll(() => bed.close());

  const kind = (wanted: string) => eventually(wanted, () => (a.postgres.facts().kind === wanted ? a.postgres.facts() : null));

  const localSuperuser = () => ({
    host: join(a.config.dataDir!, 'run'),
    port: a.config.ports.postgres,
    user: 'postgres',
    database: 'postgres',
    passwordFile: join(a.config.stateDir, 'secrets/pg-superuser'),
    caFile: null,
  });

  it('says which programs it uses', () => expect(a.postgres.source()).toMatch(/^PostgreSQL \d\d/));

  it('is empty before anything was made', () => kind('empty'));

  it('initialises once, stopped, ready to start as a standby', async () => {
    await a.postgres.initialise();
    await a.postgres.initialise();
    expect(await kind('stopped')).toMatchObject({
      state: 'clean-primary',
      timeline: 1,
      systemId: expect.stringMatching(/^\d{19}$/),
    });
    expect(readdirSync(join(a.config.dataDir!, 'pgdata'))).toContain('standby.signal');
  });

  it('starts as a standby that follows nobody: nothing can be acknowledged from it', async () => {
    await a.postgres.startStandby(null);
    expect(await kind('standby')).toMatchObject({ timeline: 1, receiver: 'cut', follows: null });
    await expect(a.postgres.startPrimary([])).rejects.toMatchObject({ code: 'RUNNING' });
  });

  it('stops, and proves that no process is left', async () => {
    const { state, walEnd } = await stopped(a);
    expect(state).toBe('standby');
    expect(walEnd).toBeGreaterThan(0);
    expect(processesIn(a.config.dataDir!, POSTGRES_UID)).toEqual([]);
    expect(a.deadMan.postmasterPid()).toBeNull();
  });

  it('starts as primary over a foreign postmaster.pid, with exactly our settings, and takes the application role', async () => {
    // A process that lives, but is not ours: PostgreSQL's own check would refuse to start.
    writeFileSync(join(a.config.dataDir!, 'pgdata/postmaster.pid'), `${process.pid}\n`);
    writeFileSync(join(a.config.dataDir!, 'pgdata/postgresql.auto.conf'), "synchronous_standby_names = '*'\n");
    await a.postgres.startPrimary([]);
    expect(await kind('primary')).toMatchObject({ timeline: 1, names: [], peers: [], forks: [], syncWaiters: 0 });
    const client = await bed.client(a);
    await client.query('create table t (n int)');
    const settings = await client.query(
      "select name, setting from pg_settings where name in ('fsync','restart_after_crash','wal_log_hints')",
    );
    expect(Object.fromEntries(settings.rows.map((row) => [row.name, row.setting]))).toEqual({
      fsync: 'on',
      restart_after_crash: 'off',
      wal_log_hints: 'on',
    });
    await expect(bed.client({ ...a, peer: { ...a.peer } }, '127.0.2.9')).rejects.toThrow('ECONNREFUSED');
  });

  it('stops cleanly and at once though clients connect until the end and say nothing', async () => {
    const callers: Socket[] = [];
    const call = setInterval(() => {
      const socket = connect(a.config.ports.postgres, a.peer.address);
      socket.on('error', () => {});
      callers.push(socket);
    }, 2);
    try {
      const before = performance.now();
      expect(await stopped(a)).toMatchObject({ state: 'clean-primary' });
      // One that is waited for holds it up for authentication_timeout, 60 s.
      expect(performance.now() - before).toBeLessThan(25_000);
    } finally {
      clearInterval(call);
      for (const socket of callers) socket.destroy();
    }
    await a.postgres.startPrimary([]);
  });

  it('writes a little WAL on demand', async () => {
    const before = await a.postgres.forceWal();
    expect(await a.postgres.forceWal()).toBeGreaterThan(before);
  });

  it('never shows a password on a command line', () => {
    for (const pid of [a.deadMan.pid()!, ...processesIn(a.config.dataDir!, POSTGRES_UID)])
      expect(commandLine(pid)).not.toContain('ecr');
  });

  it('notices within 200 ms that the postmaster died, and leaves no backend of it', async () => {
    await soonest(200, async () => {
      if (a.deadMan.postmasterPid() === null) await a.postgres.startPrimary([]);
      const heard = new Promise<number>((resolve) => a.deadMan.onPostgresExit(() => resolve(performance.now())));
      const killedAt = performance.now();
      process.kill(a.deadMan.postmasterPid()!, 'SIGKILL');
      return (await heard) - killedAt;
    });
    expect(await kind('stopped')).toMatchObject({ state: 'crashed-primary' });
    expect(processesIn(a.config.dataDir!, POSTGRES_UID)).toEqual([]);
  });

  it.skipIf(process.getuid!() !== 0)(
    'says within seconds that its stopped directory cannot be looked at, and what it is once it can',
    async () => {
      // A FUSE mount that nobody serves: whoever looks at it waits.
      const script = fileURLToPath(new URL('../../../../test/lab/assets/hung-volume.pl', import.meta.url));
      const holder = spawn('perl', [script, a.config.dataDir!], { stdio: 'ignore' });
      try {
        await kind('unreadable');
        expect(await a.postgres.stop('kill', 0)).toEqual({ clean: false, walEnd: null });
      } finally {
        const ended = once(holder, 'exit');
        holder.kill('SIGKILL');
        await ended;
        execFileSync('umount', ['--lazy', a.config.dataDir!]);
      }
      expect(await kind('stopped')).toMatchObject({ state: 'crashed-primary' });
    },
  );

  it('finds the end of the WAL after a segment switch, where the next segment is missing, without waiting for it', async () => {
    await soonest(4_000, async () => {
      await a.postgres.startPrimary([]);
      const switched = await withSession(localSuperuser(), 30_000, async (session) => {
        await session.rows('checkpoint');
        const [row] = await session.rows<{ at: string }>('select pg_switch_wal()::text as at');
        return parseLsn(row!.at);
      });
      const begun = performance.now();
      const { walEnd } = await stopped(a, 'kill');
      expect(walEnd).toBe(Math.ceil(switched / SEGMENT_BYTES) * SEGMENT_BYTES);
      return performance.now() - begun;
    });
  });

  it('calls a frozen postmaster hung after three looks that it did not answer, and can stop it all the same', async () => {
    await a.postgres.startPrimary([]);
    await kind('primary');
    const told: PostgresFacts[] = [];
    process.kill(a.deadMan.postmasterPid()!, 'SIGSTOP');
    a.postgres.onFacts((facts) => told.push(facts));
    await kind('hung');
    // One that was under way may still be answered.
    const first = told.findIndex(({ kind }) => kind === 'hung');
    expect(first, 'unanswered looks tell nothing').toBeLessThanOrEqual(1);
    expect(told[first]).toMatchObject({ failures: 3, wasPrimary: true });
    expect((await a.postgres.stop('fast', 1_000)).clean).toBe(false);
    expect(processesIn(a.config.dataDir!, POSTGRES_UID)).toEqual([]);
  });

  // A server that stands still by itself for three looks is hung: of a few tries in one it does not.
  it('is not called hung while clients have taken every connection they may have: ours are reserved', { retry: 3 }, async () => {
    await a.postgres.stop('kill', 0);
    await a.postgres.startPrimary([]);
    await kind('primary');
    const told: string[] = [];
    a.postgres.onFacts((facts) => told.push(facts.kind));
    // A few at a time: a hundred that log in at once keep a small host busy for as long as a hung server is waited for.
    const refused: unknown[] = [];
    for (let turn = 0; turn < 25; turn++)
      for (const client of await Promise.allSettled(Array.from({ length: 4 }, () => bed.client(a))))
        if (client.status === 'rejected') refused.push(client.reason);
    expect(refused.length).toBeGreaterThan(0);
    expect(String(refused[0])).toMatch(/remaining connection slots are reserved|too many clients/);
    await eventually('four good looks in a row', () => told.slice(-4).join() === 'primary,primary,primary,primary');
    expect(told).not.toContain('hung');
    await a.postgres.stop('kill', 0);
  });

  it('tells how long the oldest commit has waited for a standby', async () => {
    await a.postgres.startPrimary([]);
    await kind('primary');
    const client = await bed.client(a);
    await a.postgres.setNames(['b' as never]);
    const since = performance.now();
    client.query('create table waits (n int)').catch(() => {});
    const waiting = await eventually('a waiter', () => {
      const facts = a.postgres.facts();
      return facts.kind === 'primary' && (facts.oldestSyncWaitMs ?? 0) >= 300 ? facts : null;
    });
    expect(waiting.syncWaiters).toBe(1);
    expect(waiting.oldestSyncWaitMs).toBeLessThanOrEqual(performance.now() - since);
    await a.postgres.stop('kill', 0);
  });

  it('calls a primary hung that answers with nothing but an error', async () => {
    await a.postgres.startPrimary([]);
    await kind('primary');
    // No longer the password that we know: 28P01 for ever.
    await withSession(localSuperuser(), 30_000, (session) => session.rows("alter role postgres password 'another'"));
    await kind('unknown');
    expect(await kind('hung')).toMatchObject({ failures: 10, wasPrimary: true });
    await a.postgres.stop('kill', 0);
  });
});
