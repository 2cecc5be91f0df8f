import { runSeed } from './world.js';
/** Drops one fault after the other while the same invariant still breaks. @returns places in the plan. */
export function shrink(seed, invariant, planned) {
    let kept = Array.from({ length: planned }, (_, place) => place);
    for (let place = planned - 1; place >= 0; place -= 1) {
        const fewer = kept.filter((one) => one !== place);
        const outcome = runSeed(seed, { only: fewer });
        if (outcome.violations.some((violation) => violation.invariant === invariant))
            kept = fewer;
    }
    return kept;
}
//# sourceMappingURL=shrink.js.map