export declare const DEFAULT_LEDGER: string;
/** One uninterrupted stretch of seeds. */
export interface Stretch {
    readonly key: string;
    readonly commit: string;
    readonly from: number;
    /** The first seed that was not run. */
    readonly to: number;
    readonly violations: number;
    readonly seconds: number;
}
/** A hash over every production file that a schedule runs through, and over the simulator. */
export declare function sourcesKey(root?: string): string;
export declare function commitNow(): string;
export declare function readLedger(file: string): readonly Stretch[];
export declare function note(file: string, stretch: Stretch): void;
/** Where to go on: behind the highest seed that was run for these sources. */
export declare function nextSeed(stretches: readonly Stretch[], key: string): number;
export interface Total {
    readonly key: string;
    readonly commits: readonly string[];
    /** Seeds run at least once: a stretch that was run twice counts once. */
    readonly schedules: number;
    readonly violations: number;
    readonly seconds: number;
}
export declare function totalOf(stretches: readonly Stretch[], key: string): Total;
