import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { YosugaraError } from '@yosugara/kernel';
import { build, type Plugin } from 'vite';
import type { Hunt, Hunted } from './hunt.js';
import { focusText } from './mutant-types.js';
import { MUTANTS, type Mutant } from './mutants.js';
import { type MutantResult, progress } from './print.js';
import { runSeed } from './world.js';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
/** For measuring anew how many seeds a planted bug takes. */
export interface Measure {
  /** Instead of what it states. */
  readonly seeds?: number;
  /** A hunt ends after this. */
  readonly budgetMs?: number;
}
const BUDGET_MS = 600_000;
const run = promisify(execFile);

/**
 * Plants each bug in the production files, as text, and looks how many seeds it takes to be found.
 * @throws YosugaraError MUTANT_STALE — a patch does not fit the file any more: the mutant must be written anew.
 */
export async function runMutants(
  only: string | null,
  workers = availableParallelism(),
  measure: Measure = {},
  measured?: (result: MutantResult) => void,
): Promise<readonly MutantResult[]> {
  const wanted = MUTANTS.filter((mutant) => only === null || only.split(',').includes(mutant.name));
  const waiting = [...wanted];
  const results = new Map<string, MutantResult>();
  const one = async (): Promise<void> => {
    for (let mutant = waiting.shift(); mutant !== undefined; mutant = waiting.shift()) {
      results.set(mutant.name, await tryMutant(mutant, measure));
      const found = [...results.values()].filter((result) => result.foundAfterSeeds !== null).length;
      progress(() => `${results.size}/${wanted.length} planted bugs tried, ${found} found`, results.size === wanted.length);
      measured?.(results.get(mutant.name)!);
    }
  };
  await Promise.all(Array.from({ length: Math.min(workers, wanted.length) }, one));
  return wanted.map((mutant) => results.get(mutant.name)!);
}

async function tryMutant(mutant: Mutant, measure: Measure): Promise<MutantResult> {
  const begun = performance.now();
  const { name, why, within, of } = mutant;
  const budgetMs = measure.budgetMs ?? BUDGET_MS;
  const hunt: Hunt = { seeds: measure.seeds ?? within, budgetMs, focus: of ?? {} };
  const folder = await mkdtemp(join(tmpdir(), 'yosugara-mutant-'));
  try {
    await bundle(folder, await patched(mutant));
    const { stdout } = await run(process.execPath, [join(folder, 'hunt.js'), JSON.stringify(hunt)], { timeout: budgetMs * 2 });
    const found = JSON.parse(stdout) as Hunted;
    const result = { name, why, within, of: focusText(of), ...found, ms: Math.round(performance.now() - begun) };
    const seed = found.foundAfterSeeds;
    // A seed that fails without the planted bug, too, has found something else.
    if (seed !== null && runSeed(seed, { focus: hunt.focus }).violations.length > 0)
      return { ...result, foundAfterSeeds: null, invariant: null, says: `seed ${seed} fails anyway` };
    return result;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The files as the planted bug leaves them, by absolute path. */
export async function patched(mutant: Mutant): Promise<ReadonlyMap<string, string>> {
  const texts = new Map<string, string>();
  for (const { file, find, replace } of mutant.patches) {
    const path = join(ROOT, file);
    const text = texts.get(path) ?? (await readFile(path, 'utf8'));
    const parts = text.split(find);
    if (parts.length !== 2)
      throw new YosugaraError('MUTANT_STALE', `${mutant.name}: ${file} holds ${parts.length - 1} times: ${find}`);
    texts.set(path, parts.join(replace));
  }
  return texts;
}

/** @param entry of src; becomes `hunt.js` in the folder. */
export async function bundle(folder: string, texts: ReadonlyMap<string, string>, entry = 'hunt.ts'): Promise<void> {
  const planted = new Set<string>();
  const plant: Plugin = {
    name: 'plant',
    enforce: 'pre',
    load(id) {
      const text = texts.get(id);
      if (text !== undefined) planted.add(id);
      return text ?? null;
    },
  };
  const conditions = ['@yosugara/source', 'node', 'import'];
  await build({
    root: ROOT,
    configFile: false,
    logLevel: 'silent',
    plugins: [plant],
    resolve: { conditions },
    ssr: { noExternal: true, resolve: { conditions } },
    build: {
      ssr: fileURLToPath(new URL(`../src/${entry}`, import.meta.url)),
      outDir: folder,
      emptyOutDir: false,
      minify: false,
      target: 'es2023',
      rolldownOptions: { output: { entryFileNames: 'hunt.js', format: 'es' } },
    },
  });
  for (const path of texts.keys())
    if (!planted.has(path)) throw new YosugaraError('MUTANT_STALE', `${path} is not part of the simulator`);
}
