import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { LEDGER_STEP, Ledger, ledgerTable } from './ledger.js';
import { type RunResult, runOne, runTarget } from './run.js';
import type { Target } from './target.js';
import { TARGETS } from './targets.js';

const USAGE = `npm run fuzz -- [--parser NAMES] [--inputs N] [--seed S] [--json]   N inputs for each parser (default 100000, all parsers, seed 1)
npm run fuzz -- --parser NAME --seed S --index I                    one input, alone, printed
npm run fuzz -- --list                                              the parsers
  --ledger FILE   what ran is appended to it, ${LEDGER_STEP} inputs a line; stopped and started again it goes on where the file ends
  --table         what the ledger tells, as a table of Markdown
  --limit-ms M (50, and 2 µs for each byte)  --max-growth-mb G (16)`;

const { values: asked } = parseArgs({
  options: {
    parser: { type: 'string' },
    inputs: { type: 'string', default: '100000' },
    seed: { type: 'string', default: '1' },
    index: { type: 'string' },
    'limit-ms': { type: 'string', default: '50' },
    'max-growth-mb': { type: 'string', default: '16' },
    ledger: { type: 'string' },
    table: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

function chosen() {
  const names = asked.parser?.split(',') ?? TARGETS.map((target) => target.name);
  return names.map((name) => {
    const target = TARGETS.find((one) => one.name === name);
    if (target === undefined) throw new Error(`no parser ${name}: there are ${TARGETS.map((one) => one.name).join(', ')}`);
    return target;
  });
}

function whole(name: 'inputs' | 'seed' | 'limit-ms' | 'max-growth-mb' | 'index', text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`--${name} ${text} is no whole number`);
  return value;
}

function print(result: RunResult): void {
  const { found, ...rest } = result;
  const shown = found.map((one) => ({ ...one, input: Buffer.from(one.input.subarray(0, 4_096)).toString('base64') }));
  if (asked.json) {
    console.log(JSON.stringify({ ...rest, found: shown }));
    return;
  }
  const { target, inputs, inputsPerSecond, slowestMs, growthBytes } = result;
  const grew = (growthBytes / 1_048_576).toFixed(1);
  console.log(
    `${target}: ${inputs} inputs, ${inputsPerSecond}/s, slowest ${slowestMs.toFixed(1)} ms, heap ${grew} MB, found ${found.length}`,
  );
  for (const one of shown) console.log(`  --seed ${result.seed} --index ${one.index}: ${one.why}\n  ${one.input}`);
}

function main(): number {
  if (asked.help) console.log(USAGE);
  else if (asked.list) console.log(TARGETS.map((target) => target.name).join('\n'));
  else if (asked.table) console.log(ledgerTable(new Ledger(asked.ledger ?? '').lines));
  else return fuzz();
  return 0;
}

function fuzz(): number {
  const seed = whole('seed', asked.seed);
  const limitMs = whole('limit-ms', asked['limit-ms']);
  if (asked.index !== undefined) {
    const { input, why, tookMs } = runOne(chosen()[0]!, { seed, limitMs }, whole('index', asked.index));
    console.log(
      JSON.stringify(
        { text: Buffer.from(input).toString('latin1'), base64: Buffer.from(input).toString('base64'), tookMs, why },
        null,
        2,
      ),
    );
    return why === null ? 0 : 1;
  }
  // The heap is measured after a collection, or it would say how lazy the collector is.
  setFlagsFromString('--expose-gc');
  (globalThis as { gc?: unknown }).gc = runInNewContext('gc');
  const inputs = whole('inputs', asked.inputs);
  const maxGrowthBytes = whole('max-growth-mb', asked['max-growth-mb']) * 1_048_576;
  const options = { seed, limitMs, inputs, maxGrowthBytes };
  const ledger = asked.ledger === undefined ? null : new Ledger(asked.ledger);
  const failed = chosen().filter((target) => !(ledger === null ? once(target, options) : inSteps(target, options, ledger)));
  console.log(`${chosen().length - failed.length} passed, ${failed.length} failed`);
  return failed.length === 0 ? 0 : 1;
}

function once(target: Target, options: Parameters<typeof runTarget>[1]): boolean {
  const progress = asked.json ? {} : { onProgress: (done: number) => process.stderr.write(`${target.name}: ${done}\r`) };
  const result = runTarget(target, { ...options, ...progress });
  print(result);
  return result.found.length === 0;
}

/** @returns whether nothing was found, now and before. */
function inSteps(target: Target, options: Parameters<typeof runTarget>[1], ledger: Ledger): boolean {
  const { seed } = options;
  for (let first = ledger.next(target.name, seed); first < options.inputs; first = ledger.next(target.name, seed)) {
    const inputs = Math.min(LEDGER_STEP, options.inputs - first);
    const result = runTarget(target, { ...options, first, inputs });
    ledger.add(result);
    print(result);
    // Found too much to go on.
    if (result.inputs < inputs) return false;
  }
  const found = ledger.found(target.name, seed);
  console.log(`${target.name}: ${ledger.next(target.name, seed)} inputs of seed ${seed}, found ${found}`);
  return found === 0;
}

process.exitCode = main();
