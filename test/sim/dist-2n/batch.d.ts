export interface Failure {
    readonly seed: number;
    readonly invariant: string;
    /** Virtual milliseconds since the start of the schedule. */
    readonly step: number;
    readonly says: string;
    readonly settings: string;
    /** The fewest faults that still break the same invariant. */
    readonly faults: readonly string[];
    readonly trace: readonly string[];
}
export interface Tally {
    readonly seeds: number;
    /** Of this slice, for a ledger that can be gone on with. */
    readonly from: number;
    readonly failures: readonly Failure[];
    readonly events: number;
    readonly acknowledged: number;
    readonly sideEffects: number;
    readonly fences: number;
    readonly takeOvers: number;
    /** The longest from the last fault to a Master with both nodes in the sync set. */
    readonly calmAfterMs: number;
    readonly cells: readonly (readonly [string, number])[];
    readonly ms: number;
}
/** Every seed of one slice; what fails is shrunk at once. */
export declare function runBatch(seeds: readonly number[]): Tally;
