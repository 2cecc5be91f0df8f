import { execFileSync } from 'node:child_process';
import type { NodeConfig } from '@yosugara/protocol';
import type { VipDriver } from '@yosugara/runtime';
import { createVipDriver, type VipOptions } from '../vip/driver.js';
import { eventually, type Testbed } from './testbed.js';

export const ip = (...args: string[]): string => execFileSync('ip', args, { encoding: 'utf8', stdio: 'pipe' });

/** Namespaces take root, and a container may refuse them to it: what needs them is left out there. */
export const hasCables = process.getuid!() === 0 && mayMakeHosts();

function mayMakeHosts(): boolean {
  const probe = `ysg-probe-${process.pid}`;
  try {
    ip('netns', 'add', probe);
    ip('netns', 'del', probe);
    return true;
  } catch {
    return false;
  }
}

/** The host of each node: a network namespace. */
export type Hosts = { readonly [node in 'a' | 'b']: string };
type Vip = NonNullable<NodeConfig['cluster']['vip']>;

/** Two hosts with a cable between them, 10.79.0.1 and .2, fd79::1 and ::2; gone when the bed closes. */
export async function layCable(bed: Testbed, name: string): Promise<Hosts> {
  const hosts = { a: `ysg-${name}-a${process.pid}`, b: `ysg-${name}-b${process.pid}` };
  for (const host of Object.values(hosts)) {
    ip('netns', 'add', host);
    bed.onClose(async () => {
      ip('netns', 'del', host);
    });
  }
  ip('-n', hosts.a, 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', hosts.b);
  for (const [at, host] of Object.values(hosts).entries()) {
    ip('-n', host, 'link', 'set', 'lo', 'up');
    ip('-n', host, 'link', 'set', 'eth0', 'up');
    ip('-n', host, 'addr', 'add', `10.79.0.${at + 1}/24`, 'dev', 'eth0');
    ip('-n', host, 'addr', 'add', `fd79::${at + 1}/64`, 'dev', 'eth0', 'nodad');
  }
  // Neighbour discovery is silent until the kernel is done with its own link-local addresses.
  await eventually('the cable is ready', () =>
    Object.values(hosts).every((host) => !/tentative/.test(ip('-n', host, '-6', 'addr', 'show', 'dev', 'eth0'))),
  );
  return hosts;
}

/** The driver of a node on its host. @param before what every command of it goes through, such as a shell that counts it. */
export function vipOn(
  bed: Testbed,
  hosts: Hosts,
  node: 'a' | 'b',
  change: Partial<Vip> & { readonly address: string },
  options: VipOptions & { readonly before?: readonly string[] } = {},
): VipDriver {
  const { before = [], ...rest } = options;
  const plain = bed.config(node);
  const v6 = change.address.includes(':');
  const address = `${v6 ? 'fd79::' : '10.79.0.'}${node === 'a' ? 1 : 2}`;
  const members = plain.cluster.members.map((member) => (member.id === node ? { ...member, address } : member));
  const vip = { driver: 'ip' as const, prefixLength: v6 ? 64 : 24, ...change };
  const config = { ...plain, cluster: { ...plain.cluster, members, vip } };
  return createVipDriver(config, { ...rest, commandPrefix: [...before, 'ip', 'netns', 'exec', hosts[node]] });
}

/**
 * That somebody else has the address: an answer of his which comes late, on a machine too busy to ask in time, is heard by one of a few
 * tries. Holds nothing afterwards.
 */
export async function isRefused(vip: VipDriver, leaseMs: number, before = async () => {}, tries = 5): Promise<boolean> {
  for (; tries > 0; tries--) {
    await before();
    const code = await vip
      .hold(() => leaseMs)
      .then(
        () => null,
        (error: { code: string }) => error.code,
      );
    if (code === 'VIP_DUPLICATE') return true;
    await vip.release();
  }
  return false;
}

/** Whole seconds that the address has to live on this host; undefined: it is not there. */
export function secondsLeft(host: string, address: string): number | undefined {
  const facts = JSON.parse(ip('-n', host, '-j', 'addr', 'show', 'dev', 'eth0')) as {
    addr_info: { local: string; valid_life_time: number }[];
  }[];
  return facts[0]!.addr_info.find(({ local }) => local === address)?.valid_life_time;
}
