import { addCells, Coverage } from './coverage.js';
import type { Focus } from './shape.js';
import { shrink } from './shrink.js';
import { runSeed } from './world.js';

export interface Failure {
  readonly seed: number;
  readonly invariant: string;
  /** Virtual milliseconds since the start of the schedule. */
  readonly step: number;
  readonly says: string;
  readonly settings: string;
  /** The fewest faults that still break the same invariant. */
  readonly faults: readonly string[];
  readonly trace: readonly string[];
}

export interface Tally {
  readonly seeds: number;
  /** Of this slice, for a ledger that can be gone on with. */
  readonly from: number;
  readonly failures: readonly Failure[];
  readonly events: number;
  readonly acknowledged: number;
  readonly sideEffects: number;
  readonly fences: number;
  readonly takeOvers: number;
  /** The longest from the last fault to a Master with both nodes in the sync set. */
  readonly calmAfterMs: number;
  readonly cells: readonly (readonly [string, number])[];
  /** Of the thread that ran them: what other programs do on this machine does not count. */
  readonly cpuMs: number;
}

const TRACE_LINES = 40;

/** Every seed of one slice; what fails is shrunk at once. */
export function runBatch(seeds: readonly number[], focus: Focus = {}): Tally {
  const begun = process.threadCpuUsage();
  const coverage = new Coverage();
  const failures: Failure[] = [];
  const sum = { events: 0, acknowledged: 0, sideEffects: 0, fences: 0, takeOvers: 0, calmAfterMs: 0 };
  for (const seed of seeds) {
    const outcome = runSafely(seed, coverage, focus);
    if (typeof outcome === 'string') {
      failures.push({ seed, invariant: 'CRASH', step: 0, says: outcome, settings: '', faults: [], trace: [] });
      continue;
    }
    sum.events += outcome.events;
    sum.acknowledged += outcome.acknowledged;
    sum.sideEffects += outcome.sideEffects;
    sum.fences += outcome.fences;
    sum.takeOvers += outcome.takeOvers;
    sum.calmAfterMs = Math.max(sum.calmAfterMs, outcome.calmAfterMs ?? 0);
    if (outcome.violations.length > 0) failures.push(explained(seed, outcome, focus));
  }
  const cells = new Map<string, number>();
  addCells(cells, coverage.cells());
  const { user, system } = process.threadCpuUsage(begun);
  return { seeds: seeds.length, from: seeds[0] ?? 0, failures, ...sum, cells: [...cells], cpuMs: (user + system) / 1_000 };
}

function explained(seed: number, outcome: ReturnType<typeof runSeed>, focus: Focus): Failure {
  const { invariant, atMs, says } = outcome.violations[0]!;
  const minimal = shrink(seed, invariant, outcome.faults.length, focus);
  const trace: string[] = [];
  const again = runSeed(seed, { focus, only: minimal, trace: (line) => void trace.push(line) });
  const end = again.violations[0]?.atMs ?? Number.POSITIVE_INFINITY;
  return {
    seed,
    invariant,
    step: Math.round(atMs),
    says,
    settings: outcome.settings,
    faults: minimal.map((place) => `${outcome.faults[place]!.name}@${Math.round(outcome.faults[place]!.atMs)}`),
    trace: trace.filter((line) => Number.parseFloat(line) <= end + 1).slice(-TRACE_LINES),
  };
}

/** An invariant of the cores that throws is a finding, too: it would end the process. */
function runSafely(seed: number, coverage: Coverage, focus: Focus): ReturnType<typeof runSeed> | string {
  try {
    return runSeed(seed, { coverage, focus });
  } catch (error) {
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
}
