import { performance } from 'node:perf_hooks';
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
  readonly failures: readonly Failure[];
  readonly events: number;
  readonly acknowledged: number;
  readonly takeOvers: number;
  readonly ms: number;
}

const TRACE_LINES = 40;

/** Every seed of one slice; what fails is shrunk at once. */
export function runBatch(seeds: readonly number[]): Tally {
  const begun = performance.now();
  const failures: Failure[] = [];
  let events = 0;
  let acknowledged = 0;
  let takeOvers = 0;
  for (const seed of seeds) {
    const outcome = runSafely(seed);
    if (typeof outcome === 'string') {
      failures.push({ seed, invariant: 'CRASH', step: 0, says: outcome, settings: '', faults: [], trace: [] });
      continue;
    }
    events += outcome.events;
    acknowledged += outcome.acknowledged;
    takeOvers += outcome.takeOvers;
    const first = outcome.violations[0];
    if (first === undefined) continue;
    const { invariant, atMs, says } = first;
    const minimal = shrink(seed, invariant, outcome.faults.length);
    const trace: string[] = [];
    const again = runSeed(seed, { only: minimal, trace: (line) => void trace.push(line) });
    const end = again.violations[0]?.atMs ?? Number.POSITIVE_INFINITY;
    failures.push({
      seed,
      invariant,
      step: Math.round(atMs),
      says,
      settings: outcome.settings,
      faults: minimal.map((place) => `${outcome.faults[place]!.name}@${Math.round(outcome.faults[place]!.atMs)}`),
      trace: trace.filter((line) => Number.parseFloat(line) <= end + 1).slice(-TRACE_LINES),
    });
  }
  return { seeds: seeds.length, failures, events, acknowledged, takeOvers, ms: performance.now() - begun };
}

/** An invariant of the cores that throws is a finding, too: it would end the process. */
function runSafely(seed: number): ReturnType<typeof runSeed> | string {
  try {
    return runSeed(seed);
  } catch (error) {
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
}
