import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Mutant } from '../mutant-types.js';
import { bundle, patched } from '../mutate.js';
import { type MutantResult, progress } from '../print.js';

const run = promisify(execFile);

/**
 * Each planted bug in a bundle of its own, one after the other.
 *
 * @param entry of src: runs as many seeds as its argument says, and prints what it found.
 * @param failsAnyway whether the seed breaks something without the planted bug, too: then it has found something else.
 * @throws YosugaraError MUTANT_STALE — a patch does not fit the file any more.
 */
export async function runPlanted(
  mutants: readonly Mutant[],
  entry: string,
  only: readonly string[] | null,
  failsAnyway: (seed: number) => boolean | Promise<boolean>,
): Promise<readonly MutantResult[]> {
  const wanted = mutants.filter(({ name }) => only === null || only.includes(name));
  const results: MutantResult[] = [];
  for (const mutant of wanted) {
    const begunMs = performance.now();
    const folder = await mkdtemp(join(tmpdir(), 'yosugara-mutant-'));
    try {
      await bundle(folder, await patched(mutant), entry);
      const { stdout } = await run(process.execPath, [join(folder, 'hunt.js'), String(mutant.within)]);
      const found = JSON.parse(stdout) as Pick<MutantResult, 'foundAfterSeeds' | 'ran' | 'invariant' | 'says'>;
      const { name, why, within } = mutant;
      const seed = found.foundAfterSeeds;
      const anyway = seed !== null && (await failsAnyway(seed));
      const result = { name, why, within, of: 'all', ...found, ms: Math.round(performance.now() - begunMs) };
      results.push(anyway ? { ...result, foundAfterSeeds: null, invariant: null, says: `seed ${seed} fails anyway` } : result);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
    progress(() => `${results.length}/${wanted.length} planted bugs tried`, results.length === wanted.length);
  }
  return results;
}
