import { performance } from 'node:perf_hooks';
import { World } from './world.js';

/** Seeds from 1 on until one fails, of the shapes named only. Bundled together with one planted bug and run in a process of its own. */
const [count = 400, budgetMs = 60_000] = process.argv.slice(2, 4).map(Number);
const shapes = (process.argv[4] ?? '').split(',').filter(Boolean);

interface Hunted {
  readonly foundAfterSeeds: number | null;
  readonly ran: number;
  readonly seed: number | null;
  readonly invariant: string | null;
  readonly says: string | null;
}

function hunt(): Hunted {
  let ran = 0;
  for (let seed = 1; ran < count && performance.now() < budgetMs; seed += 1) {
    const world = new World(seed, {});
    if (shapes.length > 0 && !shapes.includes(world.shape.name)) continue;
    ran += 1;
    try {
      const first = world.run(seed).violations[0];
      if (first !== undefined) return { foundAfterSeeds: ran, ran, seed, invariant: first.invariant, says: first.says };
    } catch (error) {
      return { foundAfterSeeds: ran, ran, seed, invariant: 'CRASH', says: String(error) };
    }
  }
  return { foundAfterSeeds: null, ran, seed: null, invariant: null, says: null };
}

console.log(JSON.stringify(hunt()));
