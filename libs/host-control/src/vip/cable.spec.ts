import { existsSync } from 'node:fs';
import { SILENT_LOG } from '@yosugara/kernel';
import type { NodeConfig } from '@yosugara/protocol';
import type { VipDriver } from '@yosugara/runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Hosts, hasCables, ip, isRefused, layCable, vipOn } from '../testing/cable.js';
import { eventually, Testbed } from '../testing/testbed.js';

describe.runIf(hasCables)('the VIP on a cable between two hosts', () => {
  let one: string;
  let two: string;
  let hosts: Hosts;
  let bed: Testbed;
  // The first announcements take 2 s, and a kernel believes an entry that is just new for one second (neigh locktime).
  const TIMES = { everyMs: 150, forMs: 20_000, lookEveryMs: 300 };

  beforeAll(async () => {
    bed = await Testbed.open();
    hosts = await layCable(bed, 'c');
    ({ a: one, b: two } = hosts);
  });
  afterAll(() => bed.close());

  function driver(node: 'a' | 'b', change: Partial<NonNullable<NodeConfig['cluster']['vip']>>): VipDriver {
    return vipOn(bed, hosts, node, { address: '10.79.0.10', ...change }, { times: TIMES, log: SILENT_LOG });
  }
  const lladdrAt = (namespace: string, address: string): string | undefined =>
    (JSON.parse(ip('-n', namespace, '-j', 'neigh', 'show', address)) as { lladdr?: string }[])[0]?.lladdr;
  const macOf = (namespace: string) =>
    (JSON.parse(ip('-n', namespace, '-j', 'link', 'show', 'eth0')) as { address: string }[])[0]!.address;

  describe('driver ip', () => {
    it('goes on announcing the address for its first minute: a host that missed the burst does not keep the old owner', async () => {
      const vip = driver('a', {});
      await vip.hold(() => 60_000);
      // A neighbour that believes in another owner, again and again.
      for (let round = 0; round < 3; round++) {
        ip('-n', two, 'neigh', 'replace', '10.79.0.10', 'lladdr', '02:00:00:00:00:99', 'dev', 'eth0', 'nud', 'stale');
        await eventually('it is told', () => lladdrAt(two, '10.79.0.10') === macOf(one));
      }
      await vip.release();
      ip('-n', two, 'neigh', 'flush', 'all');
    });

    it('says VIP_DUPLICATE when a foreign host takes the address while it is held, and holds on: the lease is ours', async () => {
      const vip = driver('a', {});
      await vip.hold(() => 60_000);
      ip('-n', two, 'addr', 'add', '10.79.0.10/24', 'dev', 'eth0');
      try {
        await eventually('it is noticed', async () =>
          vip
            .hold(() => 60_000)
            .then(
              () => null,
              (error: { code: string }) => error.code === 'VIP_DUPLICATE',
            ),
        );
        expect(await vip.held()).toBe(true);
        expect(vip.conflict?.()).toContain('answers for 10.79.0.10');
      } finally {
        ip('-n', two, 'addr', 'del', '10.79.0.10/24', 'dev', 'eth0');
      }
      await eventually('it is over', async () =>
        vip
          .hold(() => 60_000)
          .then(
            () => true,
            () => null,
          ),
      );
      expect(vip.conflict?.()).toBeNull();
      await vip.release();
    });

    it('notices it also where the address was there already when its controller began', async () => {
      await driver('a', {}).hold(() => 60_000);
      const vip = driver('a', {});
      await vip.hold(() => 60_000);
      ip('-n', two, 'addr', 'add', '10.79.0.10/24', 'dev', 'eth0');
      try {
        await eventually('it is noticed', () => vip.conflict?.() !== null);
      } finally {
        ip('-n', two, 'addr', 'del', '10.79.0.10/24', 'dev', 'eth0');
      }
      await vip.release();
    });

    it('moves an IPv6 address, usable at once', async () => {
      const [a, b] = [driver('a', { address: 'fd79::10' }), driver('b', { address: 'fd79::10' })];
      await a.hold(() => 59_500);
      expect(await a.held()).toBe(true);
      const shown = ip('-n', one, '-6', 'addr', 'show', 'dev', 'eth0');
      // Nothing waits for the kernel's own search for another owner, a second or two.
      expect(shown).toMatch(/fd79::10\/64 scope global nodad dynamic\s+\n?\s+valid_lft [345]\dsec/);
      expect(shown).not.toContain('tentative');
      expect(await isRefused(b, 59_500)).toBe(true);
      expect(await b.held()).toBe(false);
      await a.release();
      await b.hold(() => 59_500);
      expect(await b.held()).toBe(true);
      await b.release();
    });

    it.runIf(existsSync('/usr/libexec/heartbeat/send_ua'))('tells IPv6 neighbours of the new owner', async () => {
      const vip = driver('a', { address: 'fd79::11' });
      ip('-n', two, 'neigh', 'replace', 'fd79::11', 'lladdr', '02:00:00:00:00:99', 'dev', 'eth0', 'nud', 'stale');
      await vip.hold(() => 60_000);
      await eventually('it is told', () => lladdrAt(two, 'fd79::11') === macOf(one));
      await vip.release();
    });
  });

  describe.runIf(existsSync('/usr/lib/ocf/resource.d/heartbeat/IPaddr2'))('driver ocf', () => {
    const IPADDR2 = { driver: 'ocf' as const, agent: 'ocf:heartbeat:IPaddr2', address: '10.79.0.20', interface: 'eth0' };

    it('moves the address by the resource agent, and asks it whether it holds it', async () => {
      const vip = driver('a', IPADDR2);
      expect(await vip.held()).toBe(false);
      await vip.hold(() => 60_000);
      expect(await vip.held()).toBe(true);
      expect(ip('-n', one, 'addr', 'show', 'dev', 'eth0')).toContain('10.79.0.20/24');
      await vip.hold(() => 60_000);
      await vip.release();
      await vip.release();
      expect(await vip.held()).toBe(false);
      expect(ip('-n', one, 'addr', 'show', 'dev', 'eth0')).not.toContain('10.79.0.20');
    });

    it('says what the agent said when it fails', async () => {
      const vip = driver('a', { ...IPADDR2, options: { nic: 'nowhere0' } });
      await expect(vip.hold(() => 60_000)).rejects.toMatchObject({
        code: 'VIP_FAILED',
        message: expect.stringContaining('IPaddr2'),
      });
    });

    it('refuses an agent that is not there, at start', () => {
      expect(() => driver('a', { ...IPADDR2, agent: 'ocf:heartbeat:Nobody' })).toThrow('resource-agents');
      expect(() => driver('a', { ...IPADDR2, agent: 'IPaddr2' })).toThrow('is not like ocf:heartbeat:IPaddr2');
    });
  });
});
