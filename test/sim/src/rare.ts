import type { NodeId } from '@yosugara/kernel';
import type { FaultClass } from './fault-tools.js';
import type { Planned } from './plan.js';
import { Rng } from './rng.js';
import { type Focus, isTwo, type Shape } from './shape.js';
import type { World } from './world.js';

/** An operator's word to `to` that `other` is off, said again and again while that is so. */
function word(world: World, rng: Rng, to: NodeId, other: NodeId, fromMs: number, toMs: number): void {
  for (let at = fromMs + rng.between(500, 3_000); at < toMs; at += rng.between(1_000, 3_000))
    world.later(at, () => {
      // They look first: a host that is on is not called off.
      if (!world.host(other).powered) world.operate({ kind: 'promote', node: to, oldMasterIsOff: true }, to);
    });
}

/** What chance alone brought about once in a hundred thousand schedules. */
export const RARE: readonly FaultClass[] = [
  {
    name: 'heldUpTwice',
    why: 'P3: a Master’s controller stands still until its lease is over, says so, and stands still again until its dead man has struck',
    inject(world, rng) {
      const { owner } = world.checks.record;
      if (owner === null) return;
      const host = world.host(owner);
      const { demoteAtMs, leaseOwnMs, killBudgetMs } = world.shape.settings.timings;
      const first = rng.between(demoteAtMs - 400, leaseOwnMs - killBudgetMs);
      const awake = rng.between(5, 250);
      host.freeze('controller');
      world.later(first, () => host.thaw());
      world.later(first + awake, () => host.freeze('controller'));
      world.later(first + awake + rng.between(400, 2_500), () => host.thaw());
    },
  },
  {
    name: 'wordsToBoth',
    why: 'O17 twice: a word to one node that the other is off, and when it is off itself a word to the other; with or without having seen the end of the first',
    fits: isTwo,
    inject(world, rng) {
      const { owner } = world.checks.record;
      const other = world.dataNodes.find((node) => node !== owner);
      if (owner === null || other === undefined) return;
      const [old, heir] = [world.host(owner), world.host(other)];
      old.powerOff();
      // Restarted it has not seen whether its data is the newest.
      if (rng.chance(0.5)) {
        heir.powerOff();
        world.later(rng.between(300, 1_500), () => heir.powerOn());
      }
      const turnMs = rng.between(12_000, 15_000);
      word(world, rng, other, owner, 2_000, turnMs);
      world.later(turnMs, () => {
        heir.powerOff();
        old.powerOn();
      });
      word(world, rng, owner, other, turnMs + 1_000, turnMs + 14_000);
      world.later(turnMs + rng.between(14_000, 18_000), () => heir.powerOn());
    },
  },
];

const SHARE = 0.03;

/** From random numbers of its own, as `planBirth`. */
export function planRare(seed: number, shape: Shape, startMs: number, focus: Focus): readonly Planned[] {
  const rng = new Rng((seed * 2 + 1) ^ 0x1b873593);
  const from = RARE.filter((fault) => (focus.faults?.includes(fault.name) ?? true) && (fault.fits?.(shape) ?? true));
  if (from.length === 0 || rng.next() >= (focus.faults === undefined ? SHARE : 1)) return [];
  const fault = rng.pick(from);
  return [{ fault, atMs: startMs + rng.between(0, 6_000), rng: new Rng(Math.floor(rng.next() * 2 ** 31)) }];
}
