import { performance } from 'node:perf_hooks';
import type { Failure } from './batch.js';

export interface MutantResult {
  readonly name: string;
  readonly why: string;
  /** How many seeds it took; null: not found. */
  readonly foundAfterSeeds: number | null;
  /** How many were run. */
  readonly ran: number;
  /** It must be found within so many. */
  readonly within: number;
  /** What its seeds are drawn from. */
  readonly of: string;
  readonly invariant: string | null;
  readonly says: string | null;
  readonly ms: number;
}

const LINE_EVERY_MS = 5_000;
let lastMs = Number.NEGATIVE_INFINITY;

/** A line now and then on stderr, over itself on a terminal. */
export function progress(text: () => string, last = false): void {
  const now = performance.now();
  const tty = process.stderr.isTTY;
  if (!last && now - lastMs < (tty ? 200 : LINE_EVERY_MS)) return;
  lastMs = now;
  process.stderr.write(tty ? `\r\u001b[K${text()}${last ? '\n' : ''}` : `${text()}\n`);
}

interface Result {
  readonly seeds: number;
  readonly violations: readonly Failure[];
  readonly schedulesPerSecond: number;
  readonly schedulesPerCpuSecond: number;
  readonly acknowledged: number;
  readonly sideEffects: number;
  readonly fences: number;
  readonly takeOvers: number;
  readonly calmAfterMs: number;
  readonly cells: number;
}

/** For people. */
export function table(result: Result): string {
  const lines: string[] = [];
  for (const failure of result.violations) {
    lines.push(
      ...failure.trace.map((line) => `  ${line.slice(0, 220)}`),
      `seed ${failure.seed}: ${failure.invariant} at ${failure.step} ms: ${failure.says}`,
      `  ${failure.settings}; fewest faults: ${failure.faults.join(', ') || 'none'}`,
      `  replay: npm run sim -- --seed ${failure.seed}`,
      '',
    );
  }
  if (result.seeds > 0)
    lines.push(
      `schedules            ${result.seeds} (120 virtual s each)`,
      `violations           ${result.violations.length}`,
      `schedules per second ${result.schedulesPerSecond}`,
      `a second of one core ${result.schedulesPerCpuSecond} schedules, by processor time`,
      `changes of owner     ${result.takeOvers}`,
      `acknowledged commits ${result.acknowledged}`,
      `side effects         ${result.sideEffects}`,
      `fences               ${result.fences}`,
      `calm again after     ${Math.round(result.calmAfterMs)} ms at worst`,
      `cells hit            ${result.cells}`,
    );
  return lines.join('\n');
}

export const isFound = ({ foundAfterSeeds, within }: MutantResult): boolean =>
  foundAfterSeeds !== null && foundAfterSeeds <= within;

const NEVER = Number.POSITIVE_INFINITY;
const cell = (text: string): string => text.replaceAll('|', '\\|');

/** A table in Markdown, the soonest found first: docs/simulation.md holds it as it is printed. */
export function mutantTable(mutants: readonly MutantResult[]): readonly string[] {
  const sorted = [...mutants].sort((one, two) => (one.foundAfterSeeds ?? NEVER) - (two.foundAfterSeeds ?? NEVER));
  const rows = sorted.map((mutant) => {
    const { name, why, foundAfterSeeds, within, of, invariant, ran } = mutant;
    const seeds =
      foundAfterSeeds === null ? `not in ${ran}` : isFound(mutant) ? String(foundAfterSeeds) : `${foundAfterSeeds}, late`;
    return `| ${name} | ${cell(why)} | ${invariant ?? '-'} | ${seeds} | ${within} | ${of} |`;
  });
  return [
    '| planted bug | what it breaks | caught by | seeds | within | drawn from |',
    '|---|---|---|---|---|---|',
    ...rows,
    '',
    `${mutants.filter(isFound).length} of ${mutants.length} planted bugs found within their bounds`,
  ];
}
