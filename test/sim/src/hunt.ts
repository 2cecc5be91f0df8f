import { performance } from 'node:perf_hooks';
import type { Focus } from './shape.js';
import { runSeed } from './world.js';

/** What is hunted: seeds from 1 on until one fails. Bundled together with one planted bug and run in a process of its own. */
export interface Hunt {
  readonly seeds: number;
  readonly budgetMs: number;
  readonly focus: Focus;
}

export interface Hunted {
  readonly foundAfterSeeds: number | null;
  readonly ran: number;
  readonly invariant: string | null;
  readonly says: string | null;
}

function hunt({ seeds, budgetMs, focus }: Hunt): Hunted {
  let ran = 0;
  while (ran < seeds && performance.now() < budgetMs) {
    ran += 1;
    try {
      const first = runSeed(ran, { focus }).violations[0];
      if (first !== undefined) return { foundAfterSeeds: ran, ran, invariant: first.invariant, says: first.says };
    } catch (error) {
      return { foundAfterSeeds: ran, ran, invariant: 'CRASH', says: String(error) };
    }
  }
  return { foundAfterSeeds: null, ran, invariant: null, says: null };
}

console.log(JSON.stringify(hunt(JSON.parse(process.argv[2] ?? '{}') as Hunt)));
