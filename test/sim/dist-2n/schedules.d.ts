import type { Failure } from './batch.js';
export interface Ran {
    readonly seeds: number;
    readonly violations: readonly Failure[];
    readonly schedulesPerSecond: number;
    readonly events: number;
    readonly acknowledged: number;
    readonly sideEffects: number;
    readonly fences: number;
    readonly takeOvers: number;
    readonly calmAfterMs: number;
    readonly cells: ReadonlyMap<string, number>;
}
/** `count` schedules from seed `from` on, over the workers; a ledger is written now and then, so that a kill loses seconds. */
export declare function schedules(count: number, from: number, workers: number, ledger: string | null): Promise<Ran>;
