import { performance } from 'node:perf_hooks';
import type { Failure } from './batch.js';

export interface MutantResult {
  readonly name: string;
  /** How many seeds it took; null: not found. */
  readonly foundAfterSeeds: number | null;
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
  readonly acknowledged: number;
  readonly takeOvers: number;
  readonly mutants: readonly MutantResult[];
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
      `schedules            ${result.seeds}`,
      `violations           ${result.violations.length}`,
      `schedules per second ${result.schedulesPerSecond}`,
      `take-overs           ${result.takeOvers}`,
      `acknowledged commits ${result.acknowledged}`,
    );
  if (result.mutants.length > 0) {
    const width = Math.max(...result.mutants.map((mutant) => mutant.name.length));
    lines.push('', `${'planted bug'.padEnd(width)}  seeds  broken`);
    for (const { name, foundAfterSeeds, invariant } of result.mutants)
      lines.push(`${name.padEnd(width)}  ${String(foundAfterSeeds ?? '-').padStart(5)}  ${invariant ?? 'NOT FOUND'}`);
  }
  return lines.join('\n');
}
