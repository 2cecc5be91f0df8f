import { type Mutant } from './mutant-types.js';
/** Written with the first form of the simulator: votes, leases, proofs, T1–T5. */
export declare const FIRST: readonly Mutant[];
