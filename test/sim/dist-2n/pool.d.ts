import type { Tally } from './batch.js';
/** All seeds over all cores, a slice at a time; `each` hears every slice as it ends. */
export declare function runAll(from: number, count: number, workers: number, each: (tally: Tally) => void): Promise<void>;
