import { runJobsSeed } from './world.js';

/** Bundled together with one planted bug and run in a process of its own: seeds from 1 on until one fails. */
async function hunt(seeds: number): Promise<object> {
  for (let seed = 1; seed <= seeds; seed++) {
    const first = (await runJobsSeed(seed)).violations[0];
    if (first !== undefined) return { foundAfterSeeds: seed, ran: seed, invariant: first.invariant, says: first.says };
  }
  return { foundAfterSeeds: null, ran: seeds, invariant: null, says: null };
}

console.log(JSON.stringify(await hunt(Number(process.argv[2]))));
