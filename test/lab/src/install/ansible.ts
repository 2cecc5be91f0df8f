import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { explain } from '@yosugara/kernel';
import { WORKSPACE } from '../host/assets.js';
import { monotonicMs, run } from '../host/shell.js';
import { freshDebian, withPython } from './debian.js';
import { FreshHosts } from './fresh-hosts.js';
import { Installed, isWhole, VIP } from './installed.js';

export const ANSIBLE = 'D2-ansible';

const HOSTS = [
  { name: 'a', address: '10.98.0.1', kind: 'data', zone: 'x' },
  { name: 'b', address: '10.98.0.2', kind: 'data', zone: 'y' },
  { name: 'w', address: '10.98.0.3', kind: 'witness', zone: 'z' },
] as const;
const WITHIN_MS = 600_000;

export interface AnsibleRun {
  readonly ok: boolean;
  readonly why: string;
  readonly ms: Record<string, number>;
  /** By host: how many tasks changed something, in the first run and in the second. */
  readonly changed: readonly Readonly<Record<string, number>>[];
}

/** The role makes a cluster of three hosts that were never used; said once more, it changes nothing. */
export async function ansibleOnce(say: (line: string) => void, packages: string | null): Promise<AnsibleRun> {
  const ms: Record<string, number> = {};
  const changed: Readonly<Record<string, number>>[] = [];
  const hosts = new FreshHosts();
  try {
    const tools = join(WORKSPACE, '.yosugara', 'tools');
    await hosts.boot(await withPython(await freshDebian(tools), tools), HOSTS);
    const inventory = describeHosts(hosts, packages ?? join(WORKSPACE, 'dist-packages'));
    for (const round of ['first', 'again']) {
      const beganMs = monotonicMs();
      changed.push(changesOf(await play(hosts, inventory)));
      ms[round] = Math.round(monotonicMs() - beganMs);
      say(`${round}: ${ms[round]} ms, changed ${JSON.stringify(changed.at(-1))}`);
    }
    await new Installed(hosts).statusWhere('b', 'both nodes are synchronous', 120_000, isWhole);
    if (Object.values(changed[1] ?? {}).some((count) => count > 0)) throw new Error('the second run changed something');
    return { ok: true, why: '', ms, changed };
  } catch (error) {
    return { ok: false, why: explain(error), ms, changed };
  } finally {
    await hosts.close();
  }
}

/** A program in ssh's place that enters the host. */
function describeHosts(hosts: FreshHosts, packages: string): string {
  const cases = HOSTS.map(({ name, address }) => `${address}) leader=${hosts.leaderOf(name)} ;;`).join('\n');
  const ssh = `#!/bin/bash
command="\${!#}"; at=$(($# - 1)); host="\${!at}"
case "$host" in
${cases}
*) exit 255 ;;
esac
exec nsenter -t "$leader" -m -u -i -n -p -r -w -- env -i HOME=/root LANG=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin sh -c "$command"
`;
  writeFileSync(join(hosts.dir, 'ssh'), ssh, { mode: 0o700 });
  const lines = HOSTS.map(
    ({ name, address, kind, zone }) => `${name} ansible_host=${address} ansible_user=root yosugara_kind=${kind} zone=${zone}`,
  );
  const inventory = join(hosts.dir, 'hosts.ini');
  writeFileSync(inventory, ['[yosugara]', ...lines, ''].join('\n'));
  const variables = {
    yosugara_package: join(packages, readdirSync(packages).find((file) => file.startsWith('yosugara_')) ?? ''),
    yosugara_vip: VIP,
    yosugara_init_options: ['--stop-proofs', 'P1,P4'],
    yosugara_accept: ['memory', 'disk-fsync'].flatMap((id) => ['--accept', id]),
  };
  // In an inventory of this form lists are texts.
  writeFileSync(variablesOf(hosts), JSON.stringify(variables));
  return inventory;
}

const variablesOf = ({ dir }: FreshHosts): string => join(dir, 'variables.json');

function play(hosts: FreshHosts, inventory: string): Promise<string> {
  const settings = [
    `ANSIBLE_SSH_EXECUTABLE=${join(hosts.dir, 'ssh')}`,
    ...['ANSIBLE_SSH_TRANSFER_METHOD=piped', 'ANSIBLE_HOST_KEY_CHECKING=False', 'ANSIBLE_NOCOLOR=1', 'LC_ALL=C.UTF-8'],
    `ANSIBLE_LOCAL_TEMP=${join(hosts.dir, 'ansible')}`,
  ];
  const playbook = join(WORKSPACE, 'packaging', 'ansible', 'site.yml');
  return run('env', [...settings, 'ansible-playbook', '-i', inventory, '-e', `@${variablesOf(hosts)}`, playbook], WITHIN_MS);
}

const changesOf = (said: string): Readonly<Record<string, number>> =>
  Object.fromEntries(
    [...said.matchAll(/^(\w+)\s+: ok=\d+\s+changed=(\d+)/gm)].map(([, host, count]) => [host!, Number(count)] as const),
  );
