import { runProgram } from '../program.js';
import { runJobsSeeds } from './batch.js';
import { runJobsSeed } from './world.js';

process.exitCode = await runProgram({
  file: 'jobs/main.js',
  usualSeeds: 500,
  one: runJobsSeed,
  many: runJobsSeeds,
  numbers: ({ violations: _, ...numbers }) => numbers,
  atMs: ({ atMs }) => atMs,
  planted: async (only) => await (await import('./mutants-run.js')).runJobsMutants(only),
});
