import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { run, until } from '../host/shell.js';
import type { Timed } from './faults.js';
import type { FreshHosts } from './fresh-hosts.js';
import { type Installed, isWhole, VIP } from './installed.js';

export const HOSTS = [
  { name: 'a', address: '10.98.0.1' },
  { name: 'b', address: '10.98.0.2' },
  { name: 'w', address: '10.98.0.3' },
] as const;
/** From where clients and senders come: no Debian of its own. */
export const CLIENT = { name: 'c', address: '10.98.0.9' };
const WITHIN_MS = 180_000;

const ACCEPTED = ['memory', 'disk-fsync'].flatMap((id) => ['--accept', id]);
const PLAN = [
  ...['--json', '--cluster-id', 'fresh', '--member', `a=${HOSTS[0].address},zone=x`, '--member', `b=${HOSTS[1].address},zone=y`],
  ...['--arbiter', `w=${HOSTS[2].address},zone=z`, '--vip', VIP, '--stop-proofs', 'P1,P4', ...ACCEPTED],
];

/** Three commands. @param more words for `init`. */
export async function forms(installed: Installed, timed: Timed): Promise<void> {
  const { hosts } = installed;
  await timed('toFirstRow', async () => {
    await timed('toSynchronous', async () => {
      const begun = await timed('init', () => hosts.in('a', ['yosugara', 'init', ...PLAN]));
      const { tokens } = JSON.parse(begun) as { tokens: { member: string; token: string }[] };
      await timed('joins', async () => {
        for (const { member, token } of tokens) await hosts.says(member, ['yosugara', 'join', '-', ...ACCEPTED], token);
      });
      await installed.statusWhere('a', 'both nodes are synchronous', WITHIN_MS, isWhole);
    });
    await stored(installed, 'a', 'the first line');
  });
}

/** As `apt-get install` of the files would, with what they depend on there already. */
export async function installPackages(hosts: FreshHosts, name: string, folder: string): Promise<void> {
  for (const kind of ['yosugara_', 'yosugara-agent_']) {
    const deb = readdirSync(folder).find((file) => file.startsWith(kind) && file.endsWith('.deb'));
    if (deb === undefined) throw new Error(`${folder} has no ${kind}*.deb`);
    await hosts.copy(name, join(folder, deb), `root/${kind}.deb`);
    await hosts.in(name, ['dpkg', '-i', `/root/${kind}.deb`]);
    // Ours, and no remains of the package's.
    await hosts.in(name, ['rm', `/root/${kind}.deb`]);
  }
}

/** A line to the floating address is a row. */
export async function stored({ hosts }: Installed, name: string, text: string): Promise<void> {
  const send = () => hosts.tries('w', 'logger', '--server', VIP, '--port', '514', '--tcp', text);
  await until(`somebody takes “${text}”`, WITHIN_MS, async () => (await send()) || undefined);
  const search = `yosugara messages --since 1h --text '${text}' --json | grep -q '"id"'`;
  await until(`“${text}” is a row`, WITHIN_MS, async () => (await hosts.tries(name, 'sh', '-c', search)) || undefined, 200);
}

export async function demandTools(scenario: string): Promise<void> {
  for (const [tool, from] of [
    ['debootstrap', 'debootstrap'],
    ['systemd-nspawn', 'systemd-container'],
    ['nsenter', 'util-linux'],
  ])
    await run('sh', ['-c', 'command -v "$1"', 'sh', tool!]).catch(() => {
      throw new Error(`${scenario} needs ${tool}: apt-get install ${from}`);
    });
}
