/** What happens when, in virtual milliseconds; equal times in the order they were planned. A binary heap. */
export declare class Agenda {
    #private;
    now: number;
    after(delayMs: number, run: () => void): void;
    at(at: number, run: () => void): void;
    /** Runs what is due until `endMs`; `each` after every item. */
    runUntil(endMs: number, each: () => void): void;
}
