export interface Replayed {
    readonly steps: number;
    readonly lives: number;
    /** The first step whose effects differ; null: identical. */
    readonly differs: {
        readonly line: number;
        readonly input: string;
        readonly was: string;
        readonly is: string;
    } | null;
}
/** @returns true: identical. */
export declare function replayTrace(file: string, say: (line: string) => void): boolean;
export declare function replayLines(lines: Iterable<string>): Replayed;
