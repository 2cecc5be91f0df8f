import { setTimeout as delay } from 'node:timers/promises';
import { FIRST_LEVEL, SPEAKS, type Status } from '@yosugara/protocol';
import type { MemberName } from '../cluster/layout.js';
import { isHealthy } from '../cluster/roles.js';
import { monotonicMs, until } from '../host/shell.js';
import { demand } from './means.js';
import { type Scenario, type Stage, scenario } from './types.js';

const STEP_DEADLINE_MS = 120_000;
/** Between two steps, so that each step's gap is its own. */
const BREATH_MS = 3_000;

/** One step, and the longest time in it without an acknowledged write. */
async function step(stage: Stage, name: string, work: () => Promise<unknown>): Promise<void> {
  const { told, say } = stage;
  const fromMs = monotonicMs();
  await work();
  await stage.cluster.statusWhere('w', `a healthy cluster after: ${name}`, STEP_DEADLINE_MS, isHealthy);
  const toMs = monotonicMs();
  told.windows.push({ name, fromMs, toMs });
  say(`${name}: ${Math.round(toMs - fromMs)} ms`);
  await delay(BREATH_MS);
}

/** As a package does it: the programs are replaced, then what runs is started again. */
async function replaceOn({ cluster }: Stage, member: MemberName, to: 'previous' | 'current'): Promise<void> {
  const host = cluster.hosts[member];
  cluster.installOn(member, to);
  const names = cluster.services(member).map((service) => service.name);
  for (const name of names.toReversed()) {
    const before = host.pidOf(name);
    if (before !== undefined) host.kill('TERM', before);
    await until(`${name} of ${member} in the other version`, STEP_DEADLINE_MS, () => {
      const now = host.pidOf(name);
      return now !== undefined && now !== before ? true : undefined;
    });
  }
  // It stands in the old place until it is heard again: what it was says nothing of what it is.
  await cluster.statusWhere(member, `${member} to be asked again`, STEP_DEADLINE_MS, () => true);
}

const switchTo = async ({ cluster }: Stage, to: MemberName): Promise<void> => {
  await cluster.yosugara(to, ['switchover', '--to', to]);
  await cluster.statusWhere('w', `${to} as Master`, STEP_DEADLINE_MS, (status) => status.master === to);
};

/** A version of before there were levels says nothing of them. */
const levelOf = ({ upgrade }: Status): number => upgrade?.level ?? FIRST_LEVEL;
const versionsOf = ({ upgrade }: Status): readonly (string | null)[] => upgrade?.members.map(({ version }) => version) ?? [null];

/** Standby, arbiter, switchover, the old Master: nobody has finished yet. */
async function forward(stage: Stage): Promise<void> {
  const { target, other } = stage;
  await step(stage, 'the Standby is upgraded', () => replaceOn(stage, other, 'current'));
  await step(stage, 'the arbiter is upgraded', () => replaceOn(stage, 'w', 'current'));
  await step(stage, 'switchover to the new version', () => switchTo(stage, other));
  await step(stage, 'the old Master is upgraded', () => replaceOn(stage, target, 'current'));
}

/** The way back from there: the newer version has been Master, and its steps of the schema stay. */
async function back(stage: Stage): Promise<void> {
  const { target, other } = stage;
  await step(stage, 'the Standby is put back', () => replaceOn(stage, target, 'previous'));
  await step(stage, 'switchover to the older version', () => switchTo(stage, target));
  await step(stage, 'the new version’s Master is put back', () => replaceOn(stage, other, 'previous'));
  await step(stage, 'the arbiter is put back', () => replaceOn(stage, 'w', 'previous'));
}

const FINISH = 'the upgrade is finished';

async function upgraded(stage: Stage): Promise<void> {
  const { cluster, target, other, variant, say } = stage;
  const first = await cluster.status('w');
  const began = levelOf(first);
  say(`it begins with ${cluster.previousSays}: ${versionsOf(first)[0] ?? 'a version that does not say which'}, level ${began}`);
  await forward(stage);
  const before = await cluster.status(other);
  const told = JSON.stringify(before.upgrade);
  const [now, ...others] = new Set(versionsOf(before));
  demand(others.length === 0 && now !== null && !versionsOf(first).includes(now!), `not the newer version everywhere: ${told}`);
  // Where both speak the same there is nothing to finish.
  const raises = SPEAKS.through > began;
  demand(levelOf(before) === began && before.upgrade?.state === (raises ? 'ready' : 'none'), `before the last step: ${told}`);
  if (variant === 'put back') return back(stage);
  if (!raises) return;
  await step(stage, FINISH, () => cluster.yosugara(target, ['upgrade', 'finish']));
  const after = await cluster.statusWhere(
    'w',
    'the new level everywhere',
    STEP_DEADLINE_MS,
    (status) => levelOf(status) === SPEAKS.through,
  );
  demand(after.upgrade?.state === 'none', `after the last step: ${JSON.stringify(after.upgrade)}`);
}

/** The older version does not come back behind the last step: it must stop there, and keep nobody from working. */
async function olderIsRefused(stage: Stage): Promise<void> {
  const { cluster, target, other, told, say } = stage;
  if (!told.windows.some(({ name }) => name === FINISH)) return;
  cluster.installOn(target, 'previous');
  const host = cluster.hosts[target];
  const before = host.pidOf('controller');
  if (before !== undefined) host.kill('TERM', before);
  const left = (status: Status) => status.upgrade?.next.includes(`does not speak level ${SPEAKS.through}`) === true;
  const seen = await cluster.statusWhere(other, `${target} left behind`, STEP_DEADLINE_MS, left);
  say(`the older version on ${target}: ${seen.upgrade?.next}`);
  demand(seen.master === other, `${other} is Master no more`);
  await replaceOn(stage, target, 'current');
}

/** From the previous version to this one, under load. */
export const UPGRADES: readonly Scenario[] = [
  scenario({
    name: 'U1-rolling-upgrade',
    pattern:
      'node by node from the previous version to this one: Standby, arbiter, switchover, old Master, finish; or all the way back before the last step',
    why: 'both versions work side by side; clients wait for one switchover; nothing is lost or doubled; before the last step the older one can be put back',
    on: 'master',
    variants: ['put back', 'finish'],
    expect: (variant) => (variant === 'put back' ? 'untouched' : 'other-serves'),
    comeback: 'by-itself',
    needs: { previous: true, autoRejoin: 'clean' },
    fault: upgraded,
    look: olderIsRefused,
  }),
];
