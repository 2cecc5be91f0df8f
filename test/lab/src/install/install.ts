import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { explain } from '@yosugara/kernel';
import type { Verdict } from '../check/types.js';
import { WORKSPACE } from '../host/assets.js';
import { monotonicMs, run, until } from '../host/shell.js';
import { freshDebian } from './debian.js';
import { controllerFrozen, hostLost, receiverFrozen, type Timed } from './faults.js';
import { FreshHosts } from './fresh-hosts.js';
import { hardeningOf } from './hardening.js';
import { Installed, isWhole, otherHost, VIP } from './installed.js';
import { beginLoad, type Gap, judgeLoad, type Loaded } from './load.js';
import { listingOf, purgeKept, purgeWhole } from './removal.js';

export const INSTALL = 'D1-install';

const HOSTS = [
  { name: 'a', address: '10.98.0.1' },
  { name: 'b', address: '10.98.0.2' },
  { name: 'w', address: '10.98.0.3' },
] as const;
/** From where clients and senders come: no Debian of its own. */
const CLIENT = { name: 'c', address: '10.98.0.9' };
const WITHIN_MS = 180_000;

export interface InstallRun {
  readonly ok: boolean;
  readonly why: string;
  /** What took how long; `toSynchronous` and `toFirstRow` from the first of the three commands. */
  readonly ms: Record<string, number>;
  /** Longest time without an acknowledged write of the worse writer, by what happened. */
  readonly gapsMs: Readonly<Record<string, number | null>>;
  readonly verdict: Verdict | null;
  /** `systemd-analyze security`: 0 is shut in whole, 10 not at all. */
  readonly exposure: Readonly<Record<string, number>>;
}
type Found = { -readonly [Key in keyof InstallRun]: InstallRun[Key] };

/**
 * Three hosts that were never used become a cluster by three commands; it survives what may happen to it; the packages go without remains.
 * @param packages a folder with both; null: they are built from what is here.
 */
export async function installOnce(say: (line: string) => void, packages: string | null): Promise<InstallRun> {
  const found: Found = { ok: false, why: '', ms: {}, gapsMs: {}, verdict: null, exposure: {} };
  const hosts = new FreshHosts();
  let load: Loaded | null = null;
  try {
    await demandTools();
    const base = await freshDebian(join(WORKSPACE, '.yosugara', 'tools'));
    if (packages === null) {
      say('building the packages');
      await run('node', [join(WORKSPACE, 'tools', 'run.mjs'), 'package'], 900_000);
    }
    await hosts.boot(base, HOSTS);
    await hosts.wire(CLIENT);
    say('three hosts are up');
    const story = { installed: new Installed(hosts), found, timed: timing(found, say) };
    await through(story, packages ?? join(WORKSPACE, 'dist-packages'), (begun) => {
      load = begun;
    });
    found.ok = true;
  } catch (error) {
    found.why = explain(error);
    say(`failed: ${found.why}`);
    await hosts.keepLogs().then(say, () => undefined);
  } finally {
    (load as Loaded | null)?.client.kill();
    await hosts.close();
  }
  return found;
}

function timing(found: Found, say: (line: string) => void): Timed {
  return async (what, task) => {
    const beganMs = monotonicMs();
    const result = await task();
    found.ms[what] = Math.round(monotonicMs() - beganMs);
    say(`${what}: ${found.ms[what]} ms`);
    return result;
  };
}

interface Story {
  readonly installed: Installed;
  readonly found: Found;
  readonly timed: Timed;
}

async function through({ installed, found, timed }: Story, packages: string, onLoad: (load: Loaded) => void): Promise<void> {
  const { hosts } = installed;
  const before = new Map(await Promise.all(['a', 'b'].map(async (name) => [name, await listingOf(hosts, name)] as const)));
  await timed('packages', () => Promise.all(HOSTS.map(({ name }) => installPackages(hosts, name, packages))));
  await forms(installed, timed);
  found.exposure = await hardeningOf(installed, 'a');

  const first = (await installed.statusWhere('a', 'a Master', WITHIN_MS, ({ master }) => master !== null)).master!;
  await installed.demandAddress(first);
  const load = await beginLoad(installed, first, hosts.namespace(CLIENT.name), hosts.dir);
  onLoad(load);
  const gaps: Gap[] = [];
  await receiverFrozen(installed, otherHost(first), timed);
  gaps.push(await controllerFrozen(installed, first, load, timed));
  gaps.push(await hostLost(installed, otherHost(first), load, timed));
  Object.assign(found, await judgeLoad(installed, load, gaps));
  if (found.verdict!.violations.length > 0) throw new Error(found.verdict!.violations.join('; '));
  const kept = await hosts.in('b', ['yosugara', 'messages', '--since', '1h', '--text', 'the first line', '--json']);
  if ((JSON.parse(kept) as { rows: unknown[] }).rows.length !== 1) throw new Error('the first line is not there once');

  for (const name of ['b', 'a']) await timed(`purge${name.toUpperCase()}`, () => purgeWhole(hosts, name, before.get(name)!));
  await timed('purgeKept', () => purgeKept(hosts, 'w'));
}

const ACCEPTED = ['memory', 'disk-fsync'].flatMap((id) => ['--accept', id]);
const PLAN = [
  ...['--json', '--cluster-id', 'fresh', '--member', `a=${HOSTS[0].address},zone=x`, '--member', `b=${HOSTS[1].address},zone=y`],
  ...['--arbiter', `w=${HOSTS[2].address},zone=z`, '--vip', VIP, '--stop-proofs', 'P1,P4', ...ACCEPTED],
];

/** Three commands. */
async function forms(installed: Installed, timed: Timed): Promise<void> {
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
async function installPackages(hosts: FreshHosts, name: string, folder: string): Promise<void> {
  for (const kind of ['yosugara_', 'yosugara-agent_']) {
    const deb = readdirSync(folder).find((file) => file.startsWith(kind) && file.endsWith('.deb'));
    if (deb === undefined) throw new Error(`${folder} has no ${kind}*.deb`);
    await hosts.copy(name, join(folder, deb), `root/${kind}.deb`);
    await hosts.in(name, ['dpkg', '-i', `/root/${kind}.deb`]);
  }
}

/** A line to the floating address is a row. */
async function stored({ hosts }: Installed, name: string, text: string): Promise<void> {
  const send = () => hosts.tries('w', 'logger', '--server', VIP, '--port', '514', '--tcp', text);
  await until(`somebody takes “${text}”`, WITHIN_MS, async () => (await send()) || undefined);
  const search = `yosugara messages --since 1h --text '${text}' --json | grep -q '"id"'`;
  await until(`“${text}” is a row`, WITHIN_MS, async () => (await hosts.tries(name, 'sh', '-c', search)) || undefined, 200);
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
