import { runIngestSeeds } from './ingest/batch.js';
import { runIngestSeed } from './ingest/world.js';
import { runProgram } from './program.js';

process.exitCode = await runProgram({
  file: 'ingest-main.js',
  usualSeeds: 200,
  one: runIngestSeed,
  many: runIngestSeeds,
  numbers: ({ violations: _, judged, ...numbers }) => ({ ...numbers, ...judged }),
  atMs: ({ step }) => step,
  planted: async (only) => await (await import('./ingest/mutants-run.js')).runIngestMutants(only),
});
