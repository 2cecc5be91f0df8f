import { runPlanted } from '../planted/run.js';
import type { MutantResult } from '../print.js';
import { JOBS_MUTANTS } from './mutants.js';
import { runJobsSeed } from './world.js';

export async function runJobsMutants(only: readonly string[] | null): Promise<readonly MutantResult[]> {
  return await runPlanted(JOBS_MUTANTS, 'jobs/hunt.ts', only, async (seed) => (await runJobsSeed(seed)).violations.length > 0);
}
