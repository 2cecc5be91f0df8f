import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import type { Failure } from './batch.js';
import { runAll } from './pool.js';
import { type MutantResult, progress, table } from './print.js';
import { runSeed } from './world.js';

const USAGE = `npm run sim -- [--seeds N] [--from K] [--mutants] [--json]   N schedules from seed K on (default 1000 from 1)
npm run sim -- --seed S [--only 0,2] [--json]                replay one with its trace (some of its faults only)
npm run sim -- --mutants [--only NAME]                       planted bugs only, unless --seeds is given`;

const { values: asked } = parseArgs({
  options: {
    seeds: { type: 'string' },
    seed: { type: 'string' },
    from: { type: 'string', default: '1' },
    only: { type: 'string' },
    mutants: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

/** @returns true: nothing is wrong. */
function replay(seed: number): boolean {
  const only = asked.only === undefined ? {} : { only: asked.only.split(',').filter(Boolean).map(Number) };
  const outcome = runSeed(seed, asked.json ? only : { ...only, trace: (line) => console.log(line) });
  console.log(JSON.stringify(outcome, null, asked.json ? 0 : 2));
  return outcome.violations.length === 0;
}

async function schedules(count: number, from: number) {
  const begun = performance.now();
  const failures: Failure[] = [];
  let done = 0;
  let events = 0;
  let acknowledged = 0;
  let takeOvers = 0;
  const rate = (): number => Math.round((done * 10_000) / Math.max(1, performance.now() - begun)) / 10;
  await runAll(from, count, (tally) => {
    done += tally.seeds;
    events += tally.events;
    acknowledged += tally.acknowledged;
    takeOvers += tally.takeOvers;
    failures.push(...tally.failures);
    for (const { seed, invariant, faults } of tally.failures)
      process.stderr.write(`seed ${seed} breaks ${invariant}: ${faults.join(', ')}\n`);
    progress(() => `${done}/${count} schedules, ${failures.length} violations, ${rate()}/s`, done === count);
  });
  failures.sort((one, two) => one.seed - two.seed);
  return { seeds: done, violations: failures, schedulesPerSecond: rate(), events, acknowledged, takeOvers };
}

/** The bundler is loaded for this only. */
async function planted(): Promise<readonly MutantResult[]> {
  const { runMutants } = await import('./mutate.js');
  return await runMutants(asked.only ?? null);
}

async function main(): Promise<number> {
  if (asked.help) {
    console.log(USAGE);
    return 0;
  }
  if (asked.seed !== undefined) return replay(Number(asked.seed)) ? 0 : 1;
  const count = Number(asked.seeds ?? (asked.mutants ? 0 : 1_000));
  const from = Number(asked.from);
  if (!Number.isInteger(count) || count < 0 || !Number.isInteger(from)) {
    console.error(USAGE);
    return 2;
  }
  const ran = await schedules(count, from);
  const mutants = asked.mutants ? await planted() : [];
  const result = { ...ran, mutants };
  console.log(asked.json ? JSON.stringify(result) : table(result));
  return ran.violations.length === 0 && mutants.every((mutant) => mutant.foundAfterSeeds !== null) ? 0 : 1;
}

process.exitCode = await main();
