import { FAULTS, type FaultClass } from './faults.js';
import { Rng } from './rng.js';
import { type Focus, LANDED, type Shape } from './shape.js';

export interface Planned {
  readonly fault: FaultClass;
  readonly atMs: number;
  readonly rng: Rng;
}

const able = (fault: FaultClass, shape: Shape): boolean =>
  (fault.needs ?? []).every((need) => LANDED[need]) && (fault.fits === undefined || fault.fits(shape));

/** Swarm testing: each schedule draws a subset of the classes, so that every combination comes up by itself. */
export function drawPlan(rng: Rng, shape: Shape, startMs: number, faultMs: number, focus: Focus = {}): readonly Planned[] {
  const all = FAULTS.filter((fault) => able(fault, shape) && (focus.faults?.includes(fault.name) ?? true));
  if (all.length === 0) return [];
  const classes = all.filter(() => rng.chance(0.3));
  const single = classes.length === 0 ? rng.pick(all) : rng.pick(classes);
  if (single.alone === true)
    return [{ fault: single, atMs: startMs + rng.between(0, faultMs * 0.7), rng: new Rng(Math.floor(rng.next() * 2 ** 31)) }];
  const others = classes.filter((fault) => fault.alone !== true);
  const from = others.length === 0 ? [single] : others;
  const burst = rng.between(0, faultMs * 0.7);
  const planned: Planned[] = [];
  for (let left = 1 + Math.floor(rng.next() * 9); left > 0; left -= 1) {
    // Half of them close together: double faults hurt most in the middle of a transition.
    const afterMs = rng.chance(0.5) ? rng.between(0, faultMs * 0.85) : burst + rng.between(0, 3_000);
    planned.push({ fault: rng.pick(from), atMs: startMs + afterMs, rng: new Rng(Math.floor(rng.next() * 2 ** 31)) });
  }
  return planned;
}
