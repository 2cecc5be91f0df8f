import { freshDebian } from './debian.js';
import { controllerFrozen, hostLost, receiverFrozen } from './faults.js';
import { forms, HOSTS, installPackages } from './forms.js';
import { hardeningOf } from './hardening.js';
import { otherHost } from './installed.js';
import type { Gap } from './load.js';
import { type Found, type FreshRun, type FreshStage, NOTHING_YET, onFreshHosts } from './on-fresh-hosts.js';
import { listingOf, purgeKept, purgeWhole } from './removal.js';

export const INSTALL = 'D1-install';

const WITHIN_MS = 180_000;

/** In `ms`, `toSynchronous` and `toFirstRow` are from the first of the three commands. */
export interface InstallRun extends FreshRun {
  /** `systemd-analyze security`: 0 is shut in whole, 10 not at all. */
  readonly exposure: Readonly<Record<string, number>>;
}

/**
 * Three hosts that were never used become a cluster by three commands; it survives what may happen to it; the packages go without remains.
 * @param packages a folder with both; null: they are built from what is here.
 */
export async function installOnce(say: (line: string) => void, packages: string | null): Promise<InstallRun> {
  const found: Found<InstallRun> = { ...NOTHING_YET, ms: {}, exposure: {} };
  const wishes = { scenario: INSTALL, say, packages, base: freshDebian };
  return await onFreshHosts(wishes, found, async (stage) => await through(stage, found));
}

async function through(stage: FreshStage, found: Found<InstallRun>): Promise<void> {
  const { installed, timed, packages } = stage;
  const { hosts } = installed;
  const before = new Map(await Promise.all(['a', 'b'].map(async (name) => [name, await listingOf(hosts, name)] as const)));
  await timed('packages', () => Promise.all(HOSTS.map(({ name }) => installPackages(hosts, name, packages))));
  await forms(installed, timed);
  found.exposure = await hardeningOf(installed, 'a');

  const first = (await installed.statusWhere('a', 'a Master', WITHIN_MS, ({ master }) => master !== null)).master!;
  await installed.demandAddress(first);
  const load = await stage.load(first);
  const gaps: Gap[] = [];
  await receiverFrozen(installed, otherHost(first), timed);
  gaps.push(await controllerFrozen(installed, first, load, timed));
  gaps.push(await hostLost(installed, otherHost(first), load, timed));
  await stage.judge(load, gaps);
  const kept = await hosts.in('b', ['yosugara', 'messages', '--since', '1h', '--text', 'the first line', '--json']);
  if ((JSON.parse(kept) as { rows: unknown[] }).rows.length !== 1) throw new Error('the first line is not there once');

  for (const name of ['b', 'a']) await timed(`purge${name.toUpperCase()}`, () => purgeWhole(hosts, name, before.get(name)!));
  await timed('purgeKept', () => purgeKept(hosts, 'w'));
}
