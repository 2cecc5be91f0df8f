import { runJobsSeed } from './world.js';

/** Bundled together with one planted bug and run in a process of its own: seeds from 1 on until one fails. */
function hunt(seeds: number): object {
  for (let seed = 1; seed <= seeds; seed++) {
    const first = runJobsSeed(seed).violations[0];
    if (first !== undefined) return { foundAfterSeeds: seed, ran: seed, invariant: first.invariant, says: first.says };
  }
  return { foundAfterSeeds: null, ran: seeds, invariant: null, says: null };
}

console.log(JSON.stringify(hunt(Number(process.argv[2]))));
