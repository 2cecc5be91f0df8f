import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { YosugaraError } from '@yosugara/kernel';
import { build } from 'vite';
import { MUTANTS } from './mutants.js';
import { progress } from './print.js';
import { runSeed } from './world.js';
const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
/** Where a mutant does not say otherwise. */
const MAX_SEEDS = 3_000;
const BUDGET_MS = 240_000;
const run = promisify(execFile);
/**
 * Plants each bug in the production files, as text, and looks how many seeds it takes to be found.
 * @throws YosugaraError MUTANT_STALE — a patch does not fit the file any more: the mutant must be written anew.
 */
export async function runMutants(only, workers = availableParallelism()) {
    const wanted = MUTANTS.filter((mutant) => only === null || only.split(',').includes(mutant.name));
    const waiting = [...wanted];
    const results = new Map();
    const one = async () => {
        for (let mutant = waiting.shift(); mutant !== undefined; mutant = waiting.shift()) {
            results.set(mutant.name, await tryMutant(mutant));
            const found = [...results.values()].filter((result) => result.foundAfterSeeds !== null).length;
            progress(() => `${results.size}/${wanted.length} planted bugs tried, ${found} found`, results.size === wanted.length);
        }
    };
    await Promise.all(Array.from({ length: Math.min(workers, wanted.length) }, one));
    return wanted.map((mutant) => results.get(mutant.name));
}
async function tryMutant(mutant) {
    const begun = performance.now();
    const limit = mutant.limit ?? MAX_SEEDS;
    const folder = await mkdtemp(join(tmpdir(), 'yosugara-mutant-'));
    try {
        await bundle(folder, await patched(mutant));
        const { stdout } = await run(process.execPath, [join(folder, 'hunt.js'), String(limit), String(BUDGET_MS)], {
            timeout: BUDGET_MS * 2,
        });
        const found = JSON.parse(stdout);
        const ms = Math.round(performance.now() - begun);
        const { name, why } = mutant;
        // A seed that fails without the planted bug, too, has found something else.
        if (found.foundAfterSeeds !== null && runSeed(found.foundAfterSeeds).violations.length > 0)
            return { name, why, limit, foundAfterSeeds: null, invariant: null, says: `seed ${found.foundAfterSeeds} fails anyway`, ms };
        return { name, why, limit, foundAfterSeeds: found.foundAfterSeeds, invariant: found.invariant, says: found.says, ms };
    }
    finally {
        await rm(folder, { recursive: true, force: true });
    }
}
/** The files as the planted bug leaves them, by absolute path. */
export async function patched(mutant) {
    const texts = new Map();
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
async function bundle(folder, texts) {
    const planted = new Set();
    const plant = {
        name: 'plant',
        enforce: 'pre',
        load(id) {
            const text = texts.get(id);
            if (text !== undefined)
                planted.add(id);
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
            ssr: fileURLToPath(new URL('../src/hunt.ts', import.meta.url)),
            outDir: folder,
            emptyOutDir: false,
            minify: false,
            target: 'es2023',
            rolldownOptions: { output: { entryFileNames: 'hunt.js', format: 'es' } },
        },
    });
    for (const path of texts.keys())
        if (!planted.has(path))
            throw new YosugaraError('MUTANT_STALE', `${path} is not part of the simulator`);
}
//# sourceMappingURL=mutate.js.map