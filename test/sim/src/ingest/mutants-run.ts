import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { bundle, patched } from '../mutate.js';
import { type MutantResult, progress } from '../print.js';
import { INGEST_MUTANTS } from './mutants.js';
import { runIngestSeed } from './world.js';

const run = promisify(execFile);

/** One after the other. @throws YosugaraError MUTANT_STALE — a patch does not fit the file any more. */
export async function runIngestMutants(only: readonly string[] | null): Promise<readonly MutantResult[]> {
  const wanted = INGEST_MUTANTS.filter(({ name }) => only === null || only.includes(name));
  const results: MutantResult[] = [];
  for (const mutant of wanted) {
    const begunMs = performance.now();
    const folder = await mkdtemp(join(tmpdir(), 'yosugara-mutant-'));
    try {
      await bundle(folder, await patched(mutant), 'ingest/hunt.ts');
      const { stdout } = await run(process.execPath, [join(folder, 'hunt.js'), String(mutant.within)]);
      const found = JSON.parse(stdout) as Pick<MutantResult, 'foundAfterSeeds' | 'ran' | 'invariant' | 'says'>;
      const { name, why, within } = mutant;
      const seed = found.foundAfterSeeds;
      // A seed that fails without the planted bug, too, has found something else.
      const anyway = seed !== null && (await runIngestSeed(seed)).violations.length > 0;
      const result = { name, why, within, of: 'all', ...found, ms: Math.round(performance.now() - begunMs) };
      results.push(anyway ? { ...result, foundAfterSeeds: null, invariant: null, says: `seed ${seed} fails anyway` } : result);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
    progress(() => `${results.length}/${wanted.length} planted bugs tried`, results.length === wanted.length);
  }
  return results;
}
