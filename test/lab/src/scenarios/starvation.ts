import { type ChildProcess, spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { demand } from './means.js';
import { type Scenario, scenario } from './types.js';

const LOOPS_PER_CORE = 2;

async function starve(minutes: number): Promise<void> {
  const loops: ChildProcess[] = [];
  try {
    for (let number = 0; number < availableParallelism() * LOOPS_PER_CORE; number++)
      loops.push(spawn('sh', ['-c', 'while :; do :; done'], { stdio: 'ignore' }));
    await delay(minutes * 60_000);
  } finally {
    for (const loop of loops) loop.kill('SIGKILL');
  }
}

/** `starvation --minutes N`; one minute as part of `--all`. */
export const STARVATION: Scenario = scenario({
  name: 'H7-starvation',
  pattern: 'two busy loops a core',
  why: 'no take-over for want of CPU',
  on: 'master',
  expect: 'untouched',
  fault: async ({ cluster, target, notes, minutes }) => {
    notes.set('epoch', (await cluster.status(target)).epoch);
    await starve(minutes);
  },
  look: async ({ cluster, target, notes }) => {
    const { epoch } = await cluster.status(target);
    demand(epoch === notes.get('epoch'), `${epoch - (notes.get('epoch') ?? 0)} false take-overs`);
  },
});
