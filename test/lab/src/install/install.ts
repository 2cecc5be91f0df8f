import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { explain } from '@yosugara/kernel';
import type { Status } from '@yosugara/protocol';
import { monotonicMs, run, until } from '../host/shell.js';
import { FreshHosts, freshDebian } from './fresh-hosts.js';

export const INSTALL = 'D1-install';

const CLONE = join(import.meta.dirname, '..', '..', '..', '..');
const HOSTS = [
  { name: 'a', address: '10.98.0.1' },
  { name: 'b', address: '10.98.0.2' },
  { name: 'w', address: '10.98.0.3' },
] as const;
const VIP = '10.98.0.10';
const WITHIN_MS = 180_000;

export interface InstallRun {
  readonly ok: boolean;
  readonly why: string;
  /** `init`, both joins, from the first of the three commands until both nodes are synchronous, until a line sent to the floating address is stored. */
  readonly ms: Readonly<
    Record<'packages' | 'init' | 'joins' | 'toSynchronous' | 'toFirstRow' | 'takeOver' | 'purge', number | null>
  >;
}

/** Three hosts that were never used become a cluster by three commands; the Master's host is powered off; the package goes without remains. */
export async function installOnce(say: (line: string) => void): Promise<InstallRun> {
  const ms: Record<keyof InstallRun['ms'], number | null> = {
    ...{ packages: null, init: null, joins: null, toSynchronous: null, toFirstRow: null, takeOver: null, purge: null },
  };
  const hosts = new FreshHosts();
  try {
    await demandTools();
    const base = await freshDebian(join(CLONE, '.yosugara', 'tools'));
    say('building the package');
    await run('node', [join(CLONE, 'tools', 'run.mjs'), 'package', 'yosugara'], 900_000);
    await hosts.boot(base, HOSTS);
    say('three hosts are up');
    await through(hosts, ms, say);
    return { ok: true, why: '', ms };
  } catch (error) {
    return { ok: false, why: explain(error), ms };
  } finally {
    await hosts.close();
  }
}

async function through(
  hosts: FreshHosts,
  ms: Record<keyof InstallRun['ms'], number | null>,
  say: (line: string) => void,
): Promise<void> {
  const timed = async <T>(what: keyof InstallRun['ms'], task: () => Promise<T>): Promise<T> => {
    const beganMs = monotonicMs();
    const result = await task();
    ms[what] = Math.round(monotonicMs() - beganMs);
    say(`${what}: ${ms[what]} ms`);
    return result;
  };
  const deb = readdirSync(join(CLONE, 'dist-packages')).find((name) => /^yosugara_.*\.deb$/.test(name))!;
  await timed('packages', () => Promise.all(HOSTS.map(({ name }) => install(hosts, name, join(CLONE, 'dist-packages', deb)))));

  const beganMs = monotonicMs();
  const begun = await timed('init', () => hosts.in('a', ['yosugara', 'init', ...PLAN]));
  const { tokens } = JSON.parse(begun) as { tokens: { member: string; token: string }[] };
  await timed('joins', async () => {
    for (const { member, token } of tokens) await hosts.says(member, ['yosugara', 'join', '-', ...ACCEPTED], token);
  });
  await until('both nodes are synchronous', WITHIN_MS, async () =>
    (await statusOf(hosts, 'a'))?.nodes.every(({ syncSet }) => syncSet) ? true : undefined,
  );
  ms.toSynchronous = Math.round(monotonicMs() - beganMs);
  say(`toSynchronous: ${ms.toSynchronous} ms`);
  await stored(hosts, 'a', 'the first line');
  ms.toFirstRow = Math.round(monotonicMs() - beganMs);

  const master = (await statusOf(hosts, 'a'))?.master ?? '';
  const other = master === 'a' ? 'b' : 'a';
  await timed('takeOver', async () => {
    await hosts.powerOff(master);
    await until(`${other} serves`, WITHIN_MS, async () => {
      const status = await statusOf(hosts, other);
      return status?.nodes.some(({ name, role }) => name === other && status.master === other && role.startsWith('MASTER'))
        ? true
        : undefined;
    });
  });
  const kept = await hosts.in(other, ['yosugara', 'messages', '--since', '1h', '--text', 'the first line', '--json']);
  if ((JSON.parse(kept) as { rows: unknown[] }).rows.length !== 1)
    throw new Error('the line that was stored before is not there once');
  await stored(hosts, other, 'after the take-over');
  await timed('purge', () => purged(hosts, other));
}

const ACCEPTED = ['memory', 'disk-fsync'].flatMap((id) => ['--accept', id]);
const PLAN = [
  ...['--json', '--cluster-id', 'fresh', '--member', `a=${HOSTS[0].address},zone=x`, '--member', `b=${HOSTS[1].address},zone=y`],
  ...['--arbiter', `w=${HOSTS[2].address},zone=z`, '--vip', VIP, '--stop-proofs', 'P1,P4', ...ACCEPTED],
];

async function install(hosts: FreshHosts, name: string, deb: string): Promise<void> {
  await hosts.copy(name, deb, 'root/yosugara.deb');
  await hosts.in(name, ['dpkg', '-i', '/root/yosugara.deb']);
}

async function statusOf(hosts: FreshHosts, name: string): Promise<Status | null> {
  // It prints the document also when the cluster is not whole, and then ends with 3.
  const text = await hosts.in(name, ['sh', '-c', 'yosugara status --json || true'], 30_000).catch(() => '');
  try {
    const found = JSON.parse(text) as Status | { error: unknown };
    return 'nodes' in found ? found : null;
  } catch {
    return null;
  }
}

/** A line to the floating address is a row. */
async function stored(hosts: FreshHosts, name: string, text: string): Promise<void> {
  await until(
    `somebody takes “${text}”`,
    WITHIN_MS,
    async () => (await hosts.tries('w', 'logger', '--server', VIP, '--port', '514', '--tcp', text)) || undefined,
  );
  const search = `yosugara messages --since 1h --text '${text}' --json | grep -q '"id"'`;
  await until(`“${text}” is a row`, WITHIN_MS, async () => (await hosts.tries(name, 'sh', '-c', search)) || undefined, 200);
}

/** Stops what runs, and leaves neither folder nor account nor process. */
async function purged(hosts: FreshHosts, name: string): Promise<void> {
  await hosts.in(name, ['dpkg', '--purge', 'yosugara']);
  const remains =
    '! getent passwd yosugara && ! ls -d /etc/yosugara /var/lib/yosugara /usr/lib/yosugara && ! pgrep -f /usr/lib/yosugara && ! pgrep postgres';
  await hosts.in(name, ['sh', '-c', remains]);
}

async function demandTools(): Promise<void> {
  for (const [tool, from] of [
    ['debootstrap', 'debootstrap'],
    ['systemd-nspawn', 'systemd-container'],
    ['nsenter', 'util-linux'],
  ])
    await run('sh', ['-c', 'command -v "$1"', 'sh', tool!]).catch(() => {
      throw new Error(`${INSTALL} needs ${tool}: apt-get install ${from}`);
    });
}
