import { type Mutant } from './mutant-types.js';
/** Terms, votes, logs, who is counted. */
export declare const IN_CONSENSUS: readonly Mutant[];
