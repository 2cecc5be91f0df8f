import type { Focus } from './shape.js';
import { runSeed } from './world.js';

/** Drops one fault after the other while the same invariant still breaks. @returns places in the plan. */
export function shrink(seed: number, invariant: string, planned: number, focus: Focus = {}): readonly number[] {
  let kept = Array.from({ length: planned }, (_, place) => place);
  for (let place = planned - 1; place >= 0; place -= 1) {
    const fewer = kept.filter((one) => one !== place);
    const outcome = runSeed(seed, { focus, only: fewer });
    if (outcome.violations.some((violation) => violation.invariant === invariant)) kept = fewer;
  }
  return kept;
}
