/** Drops one fault after the other while the same invariant still breaks. @returns places in the plan. */
export declare function shrink(seed: number, invariant: string, planned: number): readonly number[];
