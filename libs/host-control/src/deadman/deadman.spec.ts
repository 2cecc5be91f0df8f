import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PROFILES } from '@yosugara/failover';
import { epoch } from '@yosugara/kernel';
import { EPOCH_OVER } from '@yosugara/protocol';
import type { StopProofMessage } from '@yosugara/runtime';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { postgresAccount } from '../os/account.js';
import { childProgram } from '../os/child-program.js';
import { killAll, members } from '../os/containment.js';
import { heldMarker } from '../os/markers.js';
import { isAlive, processesIn, processesMarked, processFact } from '../os/processes.js';
import { findPrograms } from '../postgres/programs.js';
import { buildChildPrograms } from '../testing/build.js';
import { CLOCK, eventually, Testbed, type TestNode } from '../testing/testbed.js';
import { createVipDriver } from '../vip/driver.js';
import { publicKeyOf, verifyStopProof } from './stop-proof.js';

/** Two processes, one of them in a session of its own, as a manager's job runner makes them. */
const MANAGER = ['/bin/sh', '-c', 'setsid sleep 600 & exec sleep 600'];
const { uid: UID, gid: GID, switchTo } = postgresAccount('postgres');

let bed: Testbed;
beforeAll(buildChildPrograms);
beforeEach(async () => {
  bed = await Testbed.open();
});
afterEach(() => bed.close());

const postgresOf = (name: 'a' | 'b') => processesIn(join(bed.root, name, 'data'), UID);
const managersOf = (name: 'a' | 'b') => processesMarked(heldMarker('manager', bed.config(name)));

/** The other members' ears; who does not answer within a second is told again. */
async function voters(): Promise<ReadonlyMap<string, StopProofMessage>> {
  const heard = new Map<string, StopProofMessage>();
  const { ports, cluster } = bed.config('a');
  for (const member of cluster.members.filter(({ id }) => id !== 'a')) {
    const server = createServer(async (request, answer) => {
      let body = '';
      for await (const chunk of request) body += chunk;
      if (request.method === 'POST' && request.url === '/internal/stop-proof') heard.set(member.id, JSON.parse(body));
      answer.end();
    });
    await new Promise<void>((resolve) => server.listen(ports.status, member.address, resolve));
    bed.onClose(async () => {
      server.closeAllConnections();
      server.close();
    });
  }
  return heard;
}

interface StandIn {
  readonly child: ChildProcess;
  readonly deadMan: number;
  readonly postmaster: number;
  readonly manager: number;
}

async function standIn(role: 'primary' | 'standby', leaseMs: number, under: readonly string[] = []): Promise<StandIn> {
  const file = join(bed.root, 'config.json');
  writeFileSync(file, JSON.stringify(bed.config('a')));
  const argv = [childProgram('testing/stand-in-main.js'), file, role, '7', String(leaseMs), JSON.stringify(MANAGER)];
  const [program, ...args] = [...under, process.execPath, ...argv];
  const child = spawn(program!, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  child.stdout!.on('data', (chunk) => {
    said += chunk;
  });
  let pids: Omit<StandIn, 'child'> | null = null;
  bed.onClose(async () => {
    child.kill('SIGKILL');
    await eventually('the dead man has ended', () => pids === null || !isAlive(pids.deadMan));
  });
  pids = JSON.parse(await eventually('the stand-in is ready', () => (said.includes('\n') ? said : null)));
  return { child, ...pids! };
}

const nobodyLeft = () => eventually('nobody is left', () => postgresOf('a').length === 0 && managersOf('a').length === 0);

function expectProofs(heard: ReadonlyMap<string, StopProofMessage>, bootId: string): void {
  for (const message of heard.values()) {
    expect(message).toMatchObject({ node: 'a', epoch: 7, bootId });
    const clusterId = bed.config('a').cluster.id;
    expect(verifyStopProof(clusterId, message, publicKeyOf(bed.seed))).toBe(true);
    expect(verifyStopProof(clusterId, { ...message, epoch: epoch(8) }, publicKeyOf(bed.seed))).toBe(false);
  }
}

describe('the dead man', () => {
  it('stops PostgreSQL and the manager at once when the controller is killed, and tells every voter with its signature', async () => {
    const heard = await voters();
    const { child } = await standIn('primary', 60_000);
    await eventually('the manager has begun its second process', () => managersOf('a').length === 2);
    child.kill('SIGKILL');
    await nobodyLeft();
    await eventually('both voters heard', () => heard.size === 2);
    expectProofs(heard, 'boot-stand-in');
  });

  it.skipIf(!switchTo)(
    'finds PostgreSQL also where the kernel hides from root what another account runs, as in a container',
    async () => {
      // The dead man looks as they may; this spec sees all.
      const hides = ['setpriv', '--bounding-set=-sys_ptrace', '--inh-caps=-sys_ptrace'];
      const { child, deadMan, postmaster } = await standIn('primary', 5_000, ['env', 'STAND_IN_WITHOUT_GROUPS=1', ...hides]);
      const [program, ...args] = [...hides, 'readlink', `/proc/${postmaster}/cwd`];
      expect(spawnSync(program!, args, { encoding: 'utf8' })).toMatchObject({ status: 1, stdout: '' });
      // Frozen, not killed: PostgreSQL dies with its dead man by itself, and that one must live.
      child.kill('SIGSTOP');
      await nobodyLeft();
      expect(isAlive(deadMan)).toBe(true);
    },
  );

  it('stops a standby too when the controller is killed: nothing runs without one', async () => {
    const { child, postmaster, deadMan } = await standIn('standby', 0);
    await sleep(200); // no lease was ever given, and it runs
    expect(isAlive(postmaster)).toBe(true);
    child.kill('SIGKILL');
    await nobodyLeft();
    await eventually('the dead man has ended', () => !isAlive(deadMan));
  });

  // A controller that stands still by itself for that long has lost it before, and a dead man that does is late: of a few tries one keeps it.
  it('stops everything at the end of the lease when the controller is frozen, in the middle of commits', {
    retry: 3,
  }, async () => {
    const heard = await voters();
    const { child, deadMan } = await standIn('primary', 1_500);
    const client = await bed.client({ peer: { address: '127.0.2.1', port: bed.config('a').ports.postgres } } as TestNode);
    await client.query('create table t (n int)');
    // By PostgreSQL's own look at the clock: this process may hear of it late.
    const insert = 'insert into t values (1) returning extract(epoch from clock_timestamp())::float8 * 1000 as "atMs"';
    let [acknowledged, lastAtMs, cut] = [0, 0, false];
    const writer = (async () => {
      try {
        for (;;) {
          lastAtMs = (await client.query(insert)).rows[0].atMs;
          acknowledged++;
        }
      } catch {
        cut = true;
      }
    })();
    await eventually('commits flow', () => acknowledged > 20);
    child.kill('SIGSTOP');
    const frozenAtMs = Date.now();
    await nobodyLeft();
    await writer;
    expect(cut).toBe(true);
    expect(lastAtMs - frozenAtMs).toBeLessThan(1_500 + PROFILES.lan.killBudgetMs);
    await eventually('both voters heard', () => heard.size === 2);
    expectProofs(heard, 'boot-stand-in');
    expect(isAlive(deadMan)).toBe(true); // it waits for its controller
  });

  it('is through with an epoch once it struck: only a newer one may serve again', async () => {
    const node = await bed.primary();
    const struck = new Promise((resolve) => node.deadMan.onStruck(resolve));
    node.deadMan.lease(CLOCK.monotonicMs() + 100, epoch(7));
    expect(await struck).toBe(7);
    expect(postgresOf('a')).toEqual([]);
    node.deadMan.lease(CLOCK.monotonicMs() + 60_000, epoch(7));
    await expect(node.postgres.startPrimary([])).rejects.toMatchObject({ code: 'LEASE_ENDED' });
    await node.postgres.startStandby(null);
    await expect(node.postgres.promote()).rejects.toMatchObject({ code: 'LEASE_ENDED' });
    node.deadMan.lease(CLOCK.monotonicMs() + 60_000, epoch(8));
    await node.postgres.promote();
    await eventually('primary', () => node.postgres.facts().kind === 'primary');
    node.deadMan.lease(0, epoch(8));
  });

  it('lets nothing serve while it ends, though its controller lives and renews the lease', async () => {
    // Voters that take the proof and never answer: the longest wait there is.
    const { ports, cluster } = bed.config('a');
    let heard = 0;
    for (const member of cluster.members.filter(({ id }) => id !== 'a')) {
      const server = createServer(() => void heard++);
      await new Promise<void>((resolve) => server.listen(ports.status, member.address, resolve));
      bed.onClose(async () => {
        server.closeAllConnections();
        server.close();
      });
    }
    const node = await bed.primary();
    const gone = new Promise((resolve) => node.deadMan.onExit(resolve));
    node.deadMan.lease(CLOCK.monotonicMs() + 60_000, epoch(7));
    const toldMs = CLOCK.monotonicMs();
    process.kill(node.deadMan.pid()!, 'SIGTERM');
    // A controller that does not hand over: for 8 s it is waited for, then nobody is left.
    await eventually('the proof is out', () => heard > 0);
    expect(CLOCK.monotonicMs() - toldMs).toBeGreaterThan(7_900);
    // Long before the lease, which it goes on being given, would be over.
    expect(CLOCK.monotonicMs() - toldMs).toBeLessThan(30_000);
    expect(postgresOf('a')).toEqual([]);
    for (const later of [7, 8]) {
      node.deadMan.lease(CLOCK.monotonicMs() + 60_000, epoch(later));
      await expect(node.postgres.startPrimary([])).rejects.toMatchObject({
        code: expect.stringMatching(/^(LEASE_ENDED|DEAD_MAN_LOST)$/),
      });
      expect(postgresOf('a')).toEqual([]);
    }
    await gone;
    expect(postgresOf('a')).toEqual([]);
  });

  it('takes the VIP’s ports from a controller that cannot let go of them', async () => {
    const node = await bed.node('a');
    const config = bed.config('a', 'bind');
    const vip = createVipDriver(config);
    bed.onClose(() => vip.release());
    await vip.hold(() => 60_000);
    const [forwarder] = await eventually('a forwarder', () => {
      const found = processesMarked(heldMarker('vip', config));
      return found.length > 0 ? found : null;
    });
    const struck = new Promise((resolve) => node.deadMan.onStruck(resolve));
    node.deadMan.lease(CLOCK.monotonicMs() + 50, epoch(4));
    await struck;
    expect(isAlive(forwarder!)).toBe(false);
  });

  it('proves by the scan of /proc where there are no control groups', async () => {
    const node = await bed.primary({ useGroups: false });
    expect(node.deadMan.report()).toMatchObject({ containment: 'scan' });
    const struck = new Promise((resolve) => node.deadMan.onStruck(resolve));
    node.deadMan.lease(CLOCK.monotonicMs() + 50, epoch(3));
    await struck;
    expect(postgresOf('a')).toEqual([]);
  });

  it('kills what an earlier life has left before it says ready', async () => {
    const { child, deadMan } = await standIn('primary', 60_000);
    process.kill(deadMan, 'SIGSTOP');
    await eventually('it stands still', () => processFact(deadMan)?.state === 'T');
    child.kill('SIGKILL');
    process.kill(deadMan, 'SIGKILL');
    await eventually('both are gone', () => child.signalCode !== null && !isAlive(deadMan));
    expect(managersOf('a').length).toBeGreaterThan(0);
    const node = await bed.node('a');
    expect(node.deadMan.report().leftoversKilled).toBeGreaterThan(0);
    expect([...postgresOf('a'), ...managersOf('a')]).toEqual([]);
    expect(node.deadMan.arming()).toBe('soft');
    if (!existsSync('/dev/watchdog')) expect(node.deadMan.report().watchdog).toBe('absent');
  });

  it('restarts a manager that died, and leaves none of its processes when it is not wanted', async () => {
    const { deadMan } = await bed.node('a', { manager: MANAGER });
    deadMan.wantManager(true);
    const first = await eventually('a manager', () => deadMan.managerPid());
    process.kill(first, 'SIGKILL');
    const second = await eventually('another manager', () => (deadMan.managerPid() !== first ? deadMan.managerPid() : null));
    expect(isAlive(second)).toBe(true);
    deadMan.wantManager(false);
    await eventually('no manager', () => managersOf('a').length === 0 && deadMan.managerPid() === null);
  });

  it('starts the manager anew after the end of a lease, which then knows that this epoch is over: a Standby’s is warm', async () => {
    const node = await bed.node('a', { manager: MANAGER });
    node.deadMan.wantManager(true);
    const first = await eventually('a manager', () => node.deadMan.managerPid());
    const struck = new Promise((resolve) => node.deadMan.onStruck(resolve));
    node.deadMan.lease(CLOCK.monotonicMs() + 100, epoch(7));
    await struck;
    expect(isAlive(first)).toBe(false);
    const second = await eventually('another manager', () =>
      node.deadMan.managerPid() !== first ? node.deadMan.managerPid() : null,
    );
    // execve(2) closes what tells the parent that it has begun before the new program's environment is in its place.
    const given = await eventually('its environment', () => readFileSync(`/proc/${second}/environ`, 'utf8'));
    expect(given.split('\0')).toContain(`${EPOCH_OVER}=7`);
  });

  it('kills a manager that does not answer, with all its processes, and starts it again', async () => {
    const { deadMan } = await bed.node('a', { manager: MANAGER });
    deadMan.wantManager(true);
    const first = await eventually('two processes', () => managersOf('a').length === 2 && deadMan.managerPid());
    const before = managersOf('a');
    process.kill(first as number, 'SIGSTOP');
    deadMan.restartManager('it said nothing for 3 s');
    await eventually('another manager', () => deadMan.managerPid() !== null && deadMan.managerPid() !== first);
    expect(before.filter(isAlive)).toEqual([]);
  });

  it('leaves nobody when it dies itself: its controller kills PostgreSQL with its backends, the manager and the VIP’s holder', async () => {
    const node = await bed.node('a', { manager: MANAGER });
    await node.postgres.initialise();
    await node.postgres.startPrimary([]);
    node.deadMan.wantManager(true);
    const config = bed.config('a', 'bind');
    const vip = createVipDriver(config);
    bed.onClose(() => vip.release());
    await vip.hold(() => 60_000);
    await eventually('all run', () => managersOf('a').length === 2 && processesMarked(heldMarker('vip', config)).length === 1);
    const client = await bed.client(node);
    await client.query('create table t (n int)');
    client.query('do $$ begin loop insert into t values (1); commit; end loop; end $$').catch(() => {});
    const told = new Promise((resolve) => node.deadMan.onExit(resolve));
    process.kill(node.deadMan.pid()!, 'SIGKILL');
    await told;
    expect(await node.deadMan.killEverything(30_000)).toBe(true);
    expect([...postgresOf('a'), ...managersOf('a'), ...processesMarked(heldMarker('vip', config))]).toEqual([]);
  });

  it('tells its controller when it dies itself, and PostgreSQL can still be stopped with proof', async () => {
    const node = await bed.primary();
    const told = new Promise((resolve) => node.deadMan.onExit(resolve));
    process.kill(node.deadMan.pid()!, 'SIGKILL');
    await told;
    expect(node.deadMan.arming()).toBe('none');
    await node.postgres.stop('kill', 10_000);
    expect(postgresOf('a')).toEqual([]);
  });
});

describe('a signal to the process group', () => {
  it('is no proof: a backend goes on committing after it; our kill leaves none', async () => {
    const node = await bed.primary();
    await node.postgres.setNames([]);
    await node.postgres.stop('fast', 30_000);
    await node.postgres.close();
    const { dataDir } = node.config;
    const program = findPrograms(node.config).path('postgres');
    const account = switchTo ? { uid: UID, gid: GID } : {};
    const postmaster = spawn(program, ['-D', `${dataDir}/pgdata`], {
      cwd: `${dataDir}/pgdata`,
      detached: true,
      stdio: 'ignore',
      ...account,
    });
    const client = await eventually('a session', () => bed.client(node).catch(() => null));
    await client.query('create table t (n int)');
    client.query('do $$ begin loop insert into t values (1); commit; end loop; end $$').catch(() => {});
    await eventually(
      'the backend works',
      () => members({ group: null, scan: { folder: dataDir!, uid: UID }, marker: null }).length > 5,
    );
    // One that has not begun yet would notice that its postmaster is gone.
    const other = await bed.client(node);
    await eventually('it commits', async () => (await other.query('select 1 from t limit 1')).rowCount === 1);
    process.kill(-postmaster.pid!, 'SIGKILL');
    await sleep(300);
    expect(postgresOf('a').length, 'survivors of the group kill').toBeGreaterThan(0);
    await killAll({ group: null, scan: { folder: dataDir!, uid: UID }, marker: null }, 30_000);
    expect(postgresOf('a')).toEqual([]);
  });
});
