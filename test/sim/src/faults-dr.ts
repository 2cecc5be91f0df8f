import type { NodeId } from '@yosugara/kernel';
import { around, both, cut, type FaultClass, hit, restart } from './fault-tools.js';
import type { Rng } from './rng.js';
import type { Shape } from './shape.js';
import type { World } from './world.js';

const EVIDENCE = 'the fire brigade reports that hall 1 is gone';

/** Three voters at home; with `strict` nobody comes home yet (docs/dr.md). */
const fits = (shape: Shape): boolean => shape.members.length > 2 && shape.settings.policy === 'available';

const siteOf = (world: World): readonly NodeId[] => world.nodes.filter((node) => !world.shape.drNodes.includes(node));
const lineOf = (world: World, there: NodeId): readonly (readonly [NodeId, NodeId])[] =>
  siteOf(world).flatMap((node) => both(node, there));

/** The copy is there and follows. */
const follows = (world: World, there: NodeId): boolean =>
  world.host(there).postgres.process === 'standby' && world.host(there).state?.record.systemId != null;

function ask(world: World, there: NodeId): void {
  if (world.checks.record.away != null) return;
  world.operate({ kind: 'drPromote', node: there, evidence: EVIDENCE, by: 'an operator' }, there);
}

/** @returns what brings it back. */
function lose(world: World, rng: Rng, there: NodeId, how: 'gone' | 'frozen' | 'cut'): (spreadMs: number) => void {
  const site = siteOf(world);
  if (how === 'cut') {
    for (const [from, to] of lineOf(world, there)) world.network.way(from, to).cut = true;
    return () => {
      for (const [from, to] of lineOf(world, there)) world.network.way(from, to).cut = false;
    };
  }
  for (const node of site)
    world.later(rng.between(0, 800), () => (how === 'gone' ? world.host(node).powerOff() : world.host(node).freeze('host')));
  return (spreadMs) => {
    for (const node of site)
      world.later(rng.between(0, spreadMs), () => (how === 'gone' ? world.host(node).powerOn() : world.host(node).thaw()));
  };
}

/** What the first site has heard it remembers, with the line down again, too. */
function deafAgain(world: World, rng: Rng, there: NodeId): void {
  cut(world, rng, lineOf(world, there), rng.between(8_000, 14_000));
  for (const node of siteOf(world))
    if (rng.chance(0.8)) world.later(rng.between(0, 1_000), () => restart(world, rng, world.host(node)));
}

/** T9: a copy in another site, its promotion by hand at good and bad moments, and the way home. */
export const OTHER_SITE: readonly FaultClass[] = [
  {
    name: 'copyElsewhere',
    why: 'a copy in another site follows through whatever happens here, and is cut off, hit, and wrongly asked to promote meanwhile',
    extra: 'dr',
    fits,
    inject(world, rng) {
      const there = world.shape.drNodes[0]!;
      if (rng.chance(0.5)) cut(world, rng, around(world, there));
      if (rng.chance(0.4)) world.later(rng.between(0, 6_000), () => hit(world, rng, world.host(there)));
      // Somebody who sees the Master serve, and its line to the other site, tries what it does.
      for (let at = 0; at < 10_000; at += rng.between(1_000, 4_000))
        world.later(at, () => {
          const { owner } = world.checks.record;
          if (owner === null || !world.host(owner).serves() || !world.network.both(owner, there)) return;
          if (world.checks.dr!.hears(there)) ask(world, there);
        });
    },
  },
  {
    name: 'siteLost',
    why: 'T9: the first site is gone, stands still, or is cut off; somebody says so, the copy is promoted, and later the first site is back',
    extra: 'dr',
    alone: true,
    fits,
    inject(world, rng) {
      const there = world.shape.drNodes[0]!;
      if (!follows(world, there)) return;
      const how = rng.pick(['gone', 'gone', 'gone', 'frozen', 'cut'] as const);
      world.coverage.count(`site ${how}`);
      const back = lose(world, rng, there, how);
      for (let at = rng.between(200, 3_000); at < 13_000; at += rng.between(700, 2_500)) world.later(at, () => ask(world, there));
      // While it begins its own log, or claims.
      if (rng.chance(0.4)) {
        const again = (left: number): void =>
          world.later(rng.between(0, 8_000), () => {
            if (rng.chance(0.5)) restart(world, rng, world.host(there));
            else hit(world, rng, world.host(there));
            if (left > 0) again(left - 1);
          });
        again(Math.floor(rng.next() * 2));
      }
      const backMs = rng.between(6_000, 18_000);
      // Started with the line down it has never heard of the promotion, and only the operator keeps it from serving (docs/dr.md).
      if (how === 'gone' && rng.chance(0.2)) cut(world, rng, lineOf(world, there), backMs + rng.between(5_000, 9_000));
      world.later(backMs, () => back(4_000));
      if (rng.chance(0.4)) world.later(backMs + rng.between(4_000, 9_000), () => deafAgain(world, rng, there));
    },
  },
];
