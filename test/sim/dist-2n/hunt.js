import { performance } from 'node:perf_hooks';
import { runSeed } from './world.js';
/** Seeds from the first one on until one fails. Bundled together with one planted bug and run in a process of its own. */
const [count = 400, budgetMs = 60_000, from = 1] = process.argv.slice(2).map(Number);
function hunt() {
    for (let seed = from; seed < from + count && performance.now() < budgetMs; seed += 1) {
        const foundAfterSeeds = seed - from + 1;
        try {
            const first = runSeed(seed).violations[0];
            if (first !== undefined)
                return { foundAfterSeeds, invariant: first.invariant, says: first.says, seed };
        }
        catch (error) {
            return { foundAfterSeeds, invariant: 'CRASH', says: String(error), seed };
        }
    }
    return { foundAfterSeeds: null, invariant: null, says: null, seed: null };
}
console.log(JSON.stringify(hunt()));
//# sourceMappingURL=hunt.js.map