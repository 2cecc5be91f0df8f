import { performance } from 'node:perf_hooks';
import { runSeed } from './world.js';

/** Seeds from the first one on until one fails. Bundled together with one planted bug and run in a process of its own. */
const [count = 400, budgetMs = 60_000] = process.argv.slice(2).map(Number);

function hunt(): { foundAfterSeeds: number | null; invariant: string | null; says: string | null } {
  for (let seed = 1; seed <= count && performance.now() < budgetMs; seed += 1) {
    try {
      const first = runSeed(seed).violations[0];
      if (first !== undefined) return { foundAfterSeeds: seed, invariant: first.invariant, says: first.says };
    } catch (error) {
      return { foundAfterSeeds: seed, invariant: 'CRASH', says: String(error) };
    }
  }
  return { foundAfterSeeds: null, invariant: null, says: null };
}

console.log(JSON.stringify(hunt()));
