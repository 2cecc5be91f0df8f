import type { Failure } from './batch.js';
export interface MutantResult {
    readonly name: string;
    readonly why: string;
    /** How many seeds it took; null: not found. */
    readonly foundAfterSeeds: number | null;
    /** It must be found within so many. */
    readonly limit: number;
    readonly invariant: string | null;
    readonly says: string | null;
    readonly ms: number;
}
/** A line now and then on stderr, over itself on a terminal. */
export declare function progress(text: () => string, last?: boolean): void;
interface Result {
    readonly seeds: number;
    readonly violations: readonly Failure[];
    readonly schedulesPerSecond: number;
    readonly acknowledged: number;
    readonly sideEffects: number;
    readonly fences: number;
    readonly takeOvers: number;
    readonly calmAfterMs: number;
    readonly cells: number;
    readonly mutants: readonly MutantResult[];
}
/** For people. */
export declare function table(result: Result): string;
export {};
