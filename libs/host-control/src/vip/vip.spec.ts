import { execFileSync } from 'node:child_process';
import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { PROFILES } from '@yosugara/failover';
import type { NodeConfig } from '@yosugara/protocol';
import type { VipDriver } from '@yosugara/runtime';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { heldMarker } from '../os/markers.js';
import { processesMarked } from '../os/processes.js';
import { buildChildPrograms } from '../testing/build.js';
import { eventually, Testbed } from '../testing/testbed.js';
import { createVipDriver } from './driver.js';

/** How often the controller renews: `VIP_RENEW_EVERY_MS` of the runtime's leasing, and a tick. */
const VIP_RENEW_MS = 550;

describe('driver bind', () => {
  let bed: Testbed;
  beforeAll(buildChildPrograms);
  afterEach(() => bed.close());

  /** Something in PostgreSQL's place: says which node it is, then echoes. */
  async function echo(config: NodeConfig): Promise<void> {
    const self = config.cluster.members.find(({ id }) => id === config.node)!;
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.write(self.id);
      socket.pipe(socket);
    });
    await new Promise<void>((resolve) => server.listen(config.ports.postgres, self.address, resolve));
    bed.onClose(async () => {
      server.close();
    });
  }
  function driver(config: NodeConfig): VipDriver {
    const made = createVipDriver(config);
    bed.onClose(() => made.release());
    return made;
  }
  async function dial(config: NodeConfig): Promise<{ socket: Socket; said: string }> {
    return await eventually('the VIP answers', 5_000, async () => {
      const socket = connect(config.ports.postgres, config.cluster.vip!.address);
      bed.onClose(async () => {
        socket.destroy();
      });
      const said = await new Promise<string | null>((resolve) => {
        socket.once('data', (chunk) => resolve(chunk.toString()));
        socket.once('error', () => resolve(null));
      });
      return said === null ? null : { socket, said };
    });
  }

  it('forwards VIP:port to this node while held; release cuts every connection', async () => {
    bed = await Testbed.open();
    const config = bed.config('a', 'bind');
    await echo(config);
    const vip = driver(config);
    expect(await vip.held()).toBe(false);
    await vip.hold(() => 3_000);
    await vip.hold(() => 3_000);
    expect(await vip.held()).toBe(true);
    const { socket, said } = await dial(config);
    expect(said).toBe('a');
    const echoed = new Promise<string>((resolve) => socket.once('data', (chunk) => resolve(chunk.toString())));
    socket.write('ping');
    expect(await echoed).toBe('ping');
    const cut = new Promise((resolve) => socket.once('close', resolve));
    await vip.release();
    await cut;
    expect(processesMarked(heldMarker('vip', config))).toEqual([]);
  });

  it('waits for the port of a former holder, and has it as soon as that one is killed', async () => {
    bed = await Testbed.open();
    const [a, b] = [bed.config('a', 'bind'), bed.config('b', 'bind')];
    await Promise.all([echo(a), echo(b)]);
    const [vipA, vipB] = [driver(a), driver(b)];
    await vipA.hold(() => 3_000);
    expect((await dial(a)).said).toBe('a');
    await vipB.hold(() => 3_000);
    expect((await dial(b)).said).toBe('a');
    await vipA.release();
    expect((await dial(b)).said).toBe('b');
  });

  it('comes back when its forwarder was killed while the VIP is held', async () => {
    bed = await Testbed.open();
    const config = bed.config('a', 'bind');
    await echo(config);
    const vip = driver(config);
    await vip.hold(() => 3_000);
    await dial(config);
    const [first] = processesMarked(heldMarker('vip', config));
    process.kill(first!, 'SIGKILL');
    expect((await dial(config)).said).toBe('a');
    expect(processesMarked(heldMarker('vip', config))).not.toContain(first);
  });
});

const namespaces =
  process.getuid!() === 0 &&
  (() => {
    try {
      const probe = `ysg-probe-${process.pid}`;
      execFileSync('ip', ['netns', 'add', probe], { stdio: 'pipe' });
      execFileSync('ip', ['netns', 'del', probe], { stdio: 'pipe' });
      return true;
    } catch {
      return false;
    }
  })();

describe.skipIf(!namespaces)('driver ip, in two namespaces with a cable between them', () => {
  const [one, two] = [`ysg-a-${process.pid}`, `ysg-b-${process.pid}`];
  const ip = (...args: string[]) => execFileSync('ip', args, { encoding: 'utf8', stdio: 'pipe' });
  let bed: Testbed;
  let vipA: VipDriver;
  let vipB: VipDriver;

  beforeAll(async () => {
    bed = await Testbed.open();
    for (const name of [one, two]) {
      ip('netns', 'add', name);
      bed.onClose(async () => {
        ip('netns', 'del', name);
      });
    }
    ip('-n', one, 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', two);
    for (const [name, address] of [
      [one, '10.77.0.1'],
      [two, '10.77.0.2'],
    ] as const) {
      ip('-n', name, 'addr', 'add', `${address}/24`, 'dev', 'eth0');
      ip('-n', name, 'link', 'set', 'eth0', 'up');
    }
    vipA = make('a', one, '10.77.0.1');
    vipB = make('b', two, '10.77.0.2');
  });
  afterAll(() => bed.close());

  function make(node: 'a' | 'b', namespace: string, address: string, before: readonly string[] = []): VipDriver {
    const plain = bed.config(node);
    const members = plain.cluster.members.map((member) => (member.id === node ? { ...member, address } : member));
    const vip = { address: '10.77.0.10', driver: 'ip' as const, prefixLength: 24 };
    const config = { ...plain, cluster: { ...plain.cluster, members, vip } };
    return createVipDriver(config, { commandPrefix: [...before, 'ip', 'netns', 'exec', namespace] });
  }
  const validSeconds = (namespace: string): number | undefined => {
    const facts = JSON.parse(ip('-n', namespace, '-j', 'addr', 'show', 'dev', 'eth0')) as {
      addr_info: { local: string; valid_life_time: number }[];
    }[];
    return facts[0]!.addr_info.find(({ local }) => local === '10.77.0.10')?.valid_life_time;
  };

  it('sets the address beside the node’s own, for the whole seconds left of the lease', async () => {
    expect(await vipA.held()).toBe(false);
    await vipA.hold(() => 9_900);
    expect(await vipA.held()).toBe(true);
    expect(validSeconds(one)).toBeLessThanOrEqual(9);
    expect(validSeconds(one)).toBeGreaterThanOrEqual(7);
  });

  it('is quick when nobody answers: the lease of profile fast suffices for a first hold, and its renewals keep it', async () => {
    await vipA.release();
    const { leaseOwnMs, killBudgetMs, heartbeatMs } = PROFILES.fast;
    // The worst that a lease under renewal is: one heartbeat old, and one more that was under way.
    const leaseLeftMs = () => leaseOwnMs - killBudgetMs - 2 * heartbeatMs;
    const begun = performance.now();
    await vipA.hold(leaseLeftMs);
    expect(performance.now() - begun).toBeLessThan(900);
    expect(await vipA.held()).toBe(true);
    for (const until = performance.now() + 2_500; performance.now() < until; await sleep(VIP_RENEW_MS)) {
      expect(await vipA.held()).toBe(true);
      await vipA.hold(leaseLeftMs);
    }
  });

  it('says so when too little of the lease is left after the probe, and holds nothing', async () => {
    await vipA.release();
    const until = performance.now() + 1_200;
    await expect(vipA.hold(() => until - performance.now())).rejects.toMatchObject({ code: 'VIP_LEASE_TOO_SHORT' });
    expect(await vipA.held()).toBe(false);
    await vipA.hold(() => 9_900);
  });

  it('goes back when the other host is found only after the wait, on a machine too busy to ask in time', async () => {
    await vipA.release();
    ip('-n', two, 'addr', 'add', '10.77.0.10/24', 'dev', 'eth0');
    const late = make('a', one, '10.77.0.1', ['sh', '-c', '[ "$5" = arping ] && sleep 0.5; exec "$@"', 'sh']);
    try {
      await late.hold(() => 60_000);
      expect(await late.held()).toBe(true);
      await eventually('it is gone again', 3_000, async () => !(await late.held()));
    } finally {
      ip('-n', two, 'addr', 'del', '10.77.0.10/24', 'dev', 'eth0');
    }
    await vipA.hold(() => 9_900);
  });

  it('does not wait for the probe where it was told to expect the address', async () => {
    await vipA.release();
    const slow = make('a', one, '10.77.0.1', ['sh', '-c', '[ "$5" != arping ] || sleep 5; exec "$@"', 'sh']);
    const times = async (ahead: boolean) => {
      if (ahead) {
        slow.expect?.();
        await sleep(600);
      }
      const begun = performance.now();
      await slow.hold(() => 9_900);
      const tookMs = performance.now() - begun;
      expect(await slow.held()).toBe(true);
      await slow.release();
      return tookMs;
    };
    // Nobody answers within either: the difference is the wait itself.
    const [asked, expected] = [await times(false), await times(true)];
    expect(asked).toBeGreaterThanOrEqual(300);
    expect(expected).toBeLessThan(asked);
  });

  it('asks anew when somebody had the expected address, for it may have been given up since; and finds who still has it', async () => {
    ip('-n', two, 'addr', 'add', '10.77.0.10/24', 'dev', 'eth0');
    vipA.expect?.();
    await sleep(200);
    await expect(vipA.hold(() => 9_900)).rejects.toMatchObject({ code: 'VIP_DUPLICATE' });
    vipA.expect?.();
    await sleep(200);
    ip('-n', two, 'addr', 'del', '10.77.0.10/24', 'dev', 'eth0');
    await vipA.hold(() => 9_900);
    expect(await vipA.held()).toBe(true);
  });

  it('refuses an address that another host answers for', async () => {
    await expect(vipB.hold(() => 9_000)).rejects.toMatchObject({ code: 'VIP_DUPLICATE' });
    expect(await vipB.held()).toBe(false);
  });

  it('renews with the lease, and the kernel drops it when nobody does', async () => {
    await vipA.hold(() => 2_100);
    expect(validSeconds(one)).toBeLessThanOrEqual(2);
    // A frozen former holder's kernel answers for it until then, and not a moment longer.
    await expect(vipB.hold(() => 5_000)).rejects.toMatchObject({ code: 'VIP_DUPLICATE' });
    await eventually('the kernel drops it', 4_000, () => validSeconds(one) === undefined);
    await vipB.hold(() => 5_000);
    expect(validSeconds(two)).toBeDefined();
  });

  it('releases, more than once', async () => {
    await vipB.release();
    await vipB.release();
    expect(await vipB.held()).toBe(false);
  });
});
