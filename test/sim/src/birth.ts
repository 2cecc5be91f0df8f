import type { FaultClass } from './fault-tools.js';
import { BASIC } from './faults-basic.js';
import type { Planned } from './plan.js';
import { Rng } from './rng.js';
import type { Focus } from './shape.js';

const as = (basic: string, name: string, why: string): FaultClass => ({
  name,
  why,
  inject: BASIC.find((fault) => fault.name === basic)!.inject,
});

/** A first start that is cut short: whoever began to make the first database may be gone, or slow, or back before anybody noticed. */
export const AT_BIRTH: readonly FaultClass[] = [
  as('freeze', 'birthFreeze', 'R17: a starved host that goes on making its first database when it was given up'),
  as('power', 'birthPower', 'R17: power fails before the first Master has opened'),
  as('quickRestart', 'birthRestart', 'R17: a controller is started again in its first seconds'),
  as('isolate', 'birthIsolate', 'R17: the network to one host comes late or goes again'),
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
