import { parseArgs } from 'node:util';
import { runIngestSeeds } from './ingest/batch.js';
import { runIngestSeed } from './ingest/world.js';
import { isFound, mutantTable, progress } from './print.js';

const USAGE = `node test/sim/dist/ingest-main.js [--seeds N] [--from K] [--json]   N schedules from seed K on (default 200 from 1)
... --seed S [--only 0,2] [--json]      one schedule with its trace (some of its faults only)
... --mutants [--only NAMES] [--json]   planted bugs: fails where one is not found within the seeds that it states`;

const { values: asked } = parseArgs({
  options: {
    seeds: { type: 'string', default: '200' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
    only: { type: 'string' },
    mutants: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

async function one(seed: number): Promise<number> {
  const only = asked.only === undefined ? {} : { only: asked.only.split(',').filter(Boolean).map(Number) };
  const outcome = await runIngestSeed(seed, asked.json ? only : { ...only, trace: (line) => console.log(line) });
  console.log(JSON.stringify(outcome, null, asked.json ? 0 : 2));
  return outcome.violations.length;
}

async function planted(): Promise<number> {
  // The bundler is loaded for this only.
  const { runIngestMutants } = await import('./ingest/mutants-run.js');
  const tried = await runIngestMutants(asked.only?.split(',') ?? null);
  console.log(asked.json ? JSON.stringify(tried) : mutantTable(tried).join('\n'));
  return tried.filter((each) => !isFound(each)).length;
}

async function many(count: number, from: number): Promise<number> {
  const ran = await runIngestSeeds(from, count, (done, failures) =>
    progress(() => `${done}/${count} schedules, ${failures} violations`, done === count),
  );
  const { violations, judged, ...numbers } = ran;
  if (asked.json) console.log(JSON.stringify(ran));
  else {
    for (const { seed, invariant, says, step, faults } of violations)
      console.log(`seed ${seed}: ${invariant} at ${step} ms: ${says}\n  fewest faults: ${faults.join(', ') || 'none'}`);
    console.log({ ...numbers, ...judged, violations: violations.length });
  }
  return violations.length;
}

async function main(): Promise<number> {
  if (asked.help) console.log(USAGE);
  if (asked.help) return 0;
  if (asked.seed !== undefined) return await one(Number(asked.seed));
  if (asked.mutants) return await planted();
  return await many(Number(asked.seeds), Number(asked.from));
}

process.exitCode = (await main()) === 0 ? 0 : 1;
