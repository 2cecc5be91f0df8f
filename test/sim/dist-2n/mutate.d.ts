import { type Mutant } from './mutants.js';
import { type MutantResult } from './print.js';
/**
 * Plants each bug in the production files, as text, and looks how many seeds it takes to be found.
 * @throws YosugaraError MUTANT_STALE — a patch does not fit the file any more: the mutant must be written anew.
 */
export declare function runMutants(only: string | null, workers?: number): Promise<readonly MutantResult[]>;
/** The files as the planted bug leaves them, by absolute path. */
export declare function patched(mutant: Mutant): Promise<ReadonlyMap<string, string>>;
