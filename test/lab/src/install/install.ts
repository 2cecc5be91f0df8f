import { join } from 'node:path';
import { explain } from '@yosugara/kernel';
import type { Verdict } from '../check/types.js';
import { WORKSPACE } from '../host/assets.js';
import { monotonicMs, run } from '../host/shell.js';
import { freshDebian } from './debian.js';
import { controllerFrozen, hostLost, receiverFrozen, type Timed } from './faults.js';
import { CLIENT, demandTools, forms, HOSTS, installPackages } from './forms.js';
import { FreshHosts } from './fresh-hosts.js';
import { hardeningOf } from './hardening.js';
import { Installed, otherHost } from './installed.js';
import { beginLoad, type Gap, judgeLoad, type Loaded } from './load.js';
import { listingOf, purgeKept, purgeWhole } from './removal.js';

export const INSTALL = 'D1-install';

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
    await demandTools(INSTALL);
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

export function timing(found: Pick<Found, 'ms'>, say: (line: string) => void): Timed {
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
