import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { coverageTable } from './coverage.js';
import { DEFAULT_LEDGER, ledgerTable, nextSeed, readLedger, sourcesKey, totalsOf } from './ledger.js';
import { isFound, type MutantResult, mutantTable, table } from './print.js';
import { replayTrace } from './replay.js';
import { type Ran, schedules } from './schedules.js';
import type { Focus } from './shape.js';
import { runSeed } from './world.js';

const USAGE = `npm run sim -- [--seeds N] [--from K] [--workers W] [--json]   N schedules of 120 virtual s from seed K on (default 1000 from 1)
npm run sim -- --seeds N --resume [FILE]          go on behind what the ledger FILE holds for these sources, and write it down; may be killed at any time
npm run sim -- --ledger [FILE]                    what the ledger holds, by sources and commits
npm run sim -- --coverage [--seeds N]             fails where a wanted cell (coverage-cells.txt) was never hit; --cells prints all that were
npm run sim -- --seed S [--only 0,2]              one schedule with its trace (some of its faults only)
npm run sim -- --mutants [--only NAMES]           planted bugs only: fails where one is not found within the seeds it states;
                                                  --seeds N, --budget SECONDS: measure each with so many, for so long
... --shapes three,two --policy strict --faults a,b   seeds of a part of the generator only, as the table of planted bugs names it
npm run sim -- --replay FILE                      a trace of a controller, through the cores again: its effects must be the same`;

const { values: asked, positionals } = parseArgs({
  options: {
    seeds: { type: 'string' },
    seed: { type: 'string' },
    from: { type: 'string' },
    only: { type: 'string' },
    shapes: { type: 'string' },
    policy: { type: 'string' },
    faults: { type: 'string' },
    budget: { type: 'string' },
    workers: { type: 'string', default: String(availableParallelism()) },
    mutants: { type: 'boolean', default: false },
    coverage: { type: 'boolean', default: false },
    cells: { type: 'boolean', default: false },
    resume: { type: 'boolean', default: false },
    ledger: { type: 'boolean', default: false },
    replay: { type: 'string' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
  allowPositionals: true,
  strict: true,
});

const words = (text: string): readonly string[] => text.split(',').filter(Boolean);

/** What is drawn from. */
const focus: Focus = {
  ...(asked.shapes === undefined ? {} : { shapes: words(asked.shapes) as NonNullable<Focus['shapes']> }),
  ...(asked.policy === undefined ? {} : { policy: asked.policy === 'strict' ? 'strict' : 'available' }),
  ...(asked.faults === undefined ? {} : { faults: words(asked.faults) }),
};

/** @returns true: nothing is wrong. */
function one(seed: number): boolean {
  const only = { focus, ...(asked.only === undefined ? {} : { only: words(asked.only).map(Number) }) };
  const outcome = runSeed(seed, asked.json ? only : { ...only, trace: (line) => console.log(line) });
  console.log(JSON.stringify(outcome, null, asked.json ? 0 : 2));
  return outcome.violations.length === 0;
}

/** The bundler is loaded for this only. */
async function planted(): Promise<readonly MutantResult[]> {
  const { runMutants } = await import('./mutate.js');
  const measure = {
    ...(asked.seeds === undefined ? {} : { seeds: Number(asked.seeds) }),
    ...(asked.budget === undefined ? {} : { budgetMs: Number(asked.budget) * 1_000 }),
  };
  const each = (result: MutantResult): void => {
    if (asked.json) console.log(JSON.stringify(result));
  };
  return await runMutants(asked.only ?? null, Number(asked.workers), measure, each);
}

function ledger(file: string): number {
  const totals = totalsOf(readLedger(file), sourcesKey());
  const total = totals.at(-1)!;
  console.log(asked.json ? JSON.stringify(totals) : ledgerTable(totals));
  return total.violations === 0 ? 0 : 1;
}

const wantedCells = (): readonly string[] =>
  readFileSync(new URL('../coverage-cells.txt', import.meta.url), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));

function covered(ran: Ran): number {
  if (asked.cells) for (const [cell, hits] of [...ran.cells].sort()) console.log(`${String(hits).padStart(10)} ${cell}`);
  const { text, missing } = coverageTable(ran.cells, wantedCells());
  console.log(text);
  return missing.length === 0 ? 0 : 1;
}

async function main(): Promise<number> {
  const file = positionals[0] ?? DEFAULT_LEDGER;
  if (asked.help) {
    console.log(USAGE);
    return 0;
  }
  if (asked.seed !== undefined) return one(Number(asked.seed)) ? 0 : 1;
  if (asked.replay !== undefined) return replayTrace(asked.replay, (line) => console.log(line)) ? 0 : 1;
  if (asked.ledger) return ledger(file);
  if (asked.mutants) {
    const tried = await planted();
    if (!asked.json) console.log(mutantTable(tried).join('\n'));
    return tried.every(isFound) ? 0 : 1;
  }
  const count = Number(asked.seeds ?? 1_000);
  const from = Number(asked.from ?? (asked.resume ? nextSeed(readLedger(file), sourcesKey()) : 1));
  const workers = Number(asked.workers);
  if (asked.resume && Object.keys(focus).length > 0) {
    console.error('a ledger counts seeds of the whole generator only: leave --shapes, --policy and --faults out');
    return 2;
  }
  if (!Number.isInteger(count) || count < 0 || !Number.isInteger(from) || !(workers >= 1)) {
    console.error(USAGE);
    return 2;
  }
  const ran = await schedules(count, from, workers, asked.resume ? file : null, focus);
  const { cells, ...numbers } = ran;
  const result = { ...numbers, cells: cells.size };
  console.log(asked.json ? JSON.stringify(result) : table(result));
  const missed = asked.coverage || asked.cells ? covered(ran) : 0;
  return ran.violations.length === 0 && missed === 0 ? 0 : 1;
}

process.exitCode = await main();
