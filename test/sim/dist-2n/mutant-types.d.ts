/** One change of one production file; `find` must be there exactly once. */
export interface Patch {
    readonly file: string;
    readonly find: string;
    readonly replace: string;
}
/** A planted bug (ruling 17): what somebody might really write, in the production files, never a flag in the simulator. */
export interface Mutant {
    readonly name: string;
    readonly why: string;
    readonly patches: readonly Patch[];
    /** Seeds within which it must be found, where that is not the common limit. */
    readonly limit?: number;
}
export declare const CONSENSUS = "libs/consensus/src";
export declare const FAILOVER = "libs/failover/src";
export declare const CONTROLLER = "libs/runtime/src/controller";
