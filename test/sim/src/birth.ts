import { any, around, cut, type FaultClass, restart, someTime } from './fault-tools.js';
import type { Planned } from './plan.js';
import { Rng } from './rng.js';
import type { Focus } from './shape.js';

/** A first start that is cut short: whoever began to make the first database may be gone, or slow, or back before anybody noticed. */
export const AT_BIRTH: readonly FaultClass[] = [
  {
    name: 'birthFreeze',
    why: 'R17: a starved host that goes on making its first database when it was given up',
    inject(world, rng) {
      const host = any(world, rng);
      host.freeze(rng.chance(0.5) ? 'controller' : 'host');
      world.later(someTime(rng), () => host.thaw());
    },
  },
  {
    name: 'birthPower',
    why: 'R17: power fails before the first Master has opened',
    inject(world, rng) {
      const host = any(world, rng);
      host.powerOff();
      world.later(someTime(rng), () => host.powerOn());
    },
  },
  {
    name: 'birthRestart',
    why: 'R17: a controller is started again in its first seconds',
    inject: (world, rng) => restart(world, rng, any(world, rng)),
  },
  {
    name: 'birthIsolate',
    why: 'R17: the network to one host comes late or goes again',
    inject: (world, rng) => cut(world, rng, around(world, rng.pick(world.nodes))),
  },
];

const SHARE = 0.05;

/**
 * From random numbers of its own and added to what was drawn before: a seed without them runs the schedule that it always ran. A part of
 * the generator that names them has them always, and one that names others never.
 */
export function planBirth(seed: number, focus: Focus): readonly Planned[] {
  const rng = new Rng((seed * 2 + 1) ^ 0x2c1b3c6d);
  const from = AT_BIRTH.filter(({ name }) => focus.faults?.includes(name) ?? true);
  if (from.length === 0 || rng.next() >= (focus.faults === undefined ? SHARE : 1)) return [];
  return Array.from({ length: 1 + Math.floor(rng.next() * 3) }, () => ({
    fault: rng.pick(from),
    atMs: rng.between(300, 5_000),
    rng: new Rng(Math.floor(rng.next() * 2 ** 31)),
  }));
}
