import { runPlanted } from '../planted/run.js';
import type { MutantResult } from '../print.js';
import { INGEST_MUTANTS } from './mutants.js';
import { runIngestSeed } from './world.js';

/** One after the other. @throws YosugaraError MUTANT_STALE — a patch does not fit the file any more. */
export async function runIngestMutants(only: readonly string[] | null): Promise<readonly MutantResult[]> {
  return await runPlanted(
    INGEST_MUTANTS,
    'ingest/hunt.ts',
    only,
    async (seed) => (await runIngestSeed(seed)).violations.length > 0,
  );
}
