import { type Timings } from '@yosugara/failover';
import type { World } from './world.js';
/**
 * L1: from the last fault to a serving Master. Every voter has just booted and waits its promise out, then comes what `status`
 * promises for a lost Master, and whatever was broken has to be noticed and mended first.
 */
export declare const l1BudgetMs: (t: Timings) => number;
/** L1, L2: exactly one serving Master, `size` nodes in the sync set, and commits go through. */
export declare function expectServing(world: World, when: string, size: 1 | 2): void;
/** L3: in a quiet period at most one change of owner, and no fence loop. */
export declare class Quiet {
    #private;
    constructor(world: World);
    check(): void;
}
