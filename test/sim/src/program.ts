import { parseArgs } from 'node:util';
import { isFound, type MutantResult, mutantTable, progress } from './print.js';

interface Batch {
  readonly violations: readonly Violation[];
}
interface Violation {
  readonly seed: number;
  readonly invariant: string;
  readonly says: string;
  readonly faults: readonly string[];
}

/** One of the simulations beside that of the cluster, as a command line has it. */
export interface SeededProgram<Ran extends Batch> {
  /** Its script. */
  readonly file: string;
  /** Without `--seeds`. */
  readonly usualSeeds: number;
  one(
    seed: number,
    options: { readonly only?: readonly number[]; readonly trace?: (line: string) => void },
  ): Promise<{ readonly violations: readonly unknown[] }> | { readonly violations: readonly unknown[] };
  many(from: number, count: number, onEach: (done: number, failures: number) => void): Promise<Ran> | Ran;
  /** What people see of it beside the violations. */
  numbers(ran: Ran): object;
  atMs(violation: Ran['violations'][number]): number;
  /** Loads the bundler. */
  planted(only: readonly string[] | null): Promise<readonly MutantResult[]>;
}

/** @returns the exit status: 1 where something was violated, or a planted bug not found. */
export async function runProgram<Ran extends Batch>(program: SeededProgram<Ran>): Promise<number> {
  const { file, usualSeeds } = program;
  const { values: asked } = parseArgs({
    options: {
      seeds: { type: 'string', default: String(usualSeeds) },
      from: { type: 'string', default: '1' },
      seed: { type: 'string' },
      only: { type: 'string' },
      mutants: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const one = async (seed: number): Promise<number> => {
    const only = asked.only === undefined ? {} : { only: asked.only.split(',').filter(Boolean).map(Number) };
    const outcome = await program.one(seed, asked.json ? only : { ...only, trace: (line) => console.log(line) });
    console.log(JSON.stringify(outcome, null, asked.json ? 0 : 2));
    return outcome.violations.length;
  };
  const many = async (count: number, from: number): Promise<number> => {
    const ran = await program.many(from, count, (done, failures) =>
      progress(() => `${done}/${count} schedules, ${failures} violations`, done === count),
    );
    const { violations } = ran;
    if (asked.json) console.log(JSON.stringify(ran));
    else {
      for (const each of violations)
        console.log(
          `seed ${each.seed}: ${each.invariant} at ${program.atMs(each)} ms: ${each.says}\n  fewest faults: ${each.faults.join(', ') || 'none'}`,
        );
      console.log({ ...program.numbers(ran), violations: violations.length });
    }
    return violations.length;
  };
  const planted = async (): Promise<number> => {
    const tried = await program.planted(asked.only?.split(',') ?? null);
    console.log(asked.json ? JSON.stringify(tried) : mutantTable(tried).join('\n'));
    return tried.filter((each) => !isFound(each)).length;
  };
  if (asked.help) {
    console.log(usageOf(file, usualSeeds));
    return 0;
  }
  const wrong =
    asked.seed !== undefined
      ? await one(Number(asked.seed))
      : asked.mutants
        ? await planted()
        : await many(Number(asked.seeds), Number(asked.from));
  return wrong === 0 ? 0 : 1;
}

const usageOf = (file: string, seeds: number): string =>
  `node test/sim/dist/${file} [--seeds N] [--from K] [--json]   N schedules from seed K on (default ${seeds} from 1)
... --seed S [--only 0,2] [--json]      one schedule with its trace (some of its faults only)
... --mutants [--only NAMES] [--json]   planted bugs: fails where one is not found within the seeds that it states`;
