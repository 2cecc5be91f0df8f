import { type Mutant } from './mutant-types.js';
/** The record, the gate, the front. */
export declare const IN_RECORD: readonly Mutant[];
