import { type Mutant } from './mutant-types.js';
/** P2, P3, two nodes. */
export declare const IN_POWER: readonly Mutant[];
