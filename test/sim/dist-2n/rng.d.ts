/** Chance for a schedule: seeded, 32 bits of state, the same everywhere (mulberry32 by T. Ettinger, public domain). */
export declare class Rng {
    #private;
    constructor(seed: number);
    next(): number;
    between(low: number, high: number): number;
    chance(probability: number): boolean;
    pick<T>(items: readonly T[]): T;
}
