import { performance } from 'node:perf_hooks';
import type { Failure } from './batch.js';
import { addCells } from './coverage.js';
import { commitNow, note, sourcesKey } from './ledger.js';
import { runAll } from './pool.js';
import { progress } from './print.js';
import type { Focus } from './shape.js';

export interface Ran {
  readonly seeds: number;
  readonly violations: readonly Failure[];
  readonly schedulesPerSecond: number;
  /** Of processor time: what one core does in a second that is all its own. */
  readonly schedulesPerCpuSecond: number;
  readonly events: number;
  readonly acknowledged: number;
  readonly sideEffects: number;
  readonly fences: number;
  readonly takeOvers: number;
  readonly calmAfterMs: number;
  readonly cells: ReadonlyMap<string, number>;
}

const NOTE_EVERY_MS = 2_000;

/** `count` schedules from seed `from` on, over the workers; a ledger is written now and then, so that a kill loses seconds. */
export async function schedules(
  count: number,
  from: number,
  workers: number,
  ledger: string | null,
  focus: Focus = {},
): Promise<Ran> {
  const begun = performance.now();
  const failures: Failure[] = [];
  const cells = new Map<string, number>();
  const sum = { done: 0, events: 0, acknowledged: 0, sideEffects: 0, fences: 0, takeOvers: 0, calmAfterMs: 0, cpuMs: 0 };
  const key = ledger === null ? '' : sourcesKey();
  const commit = ledger === null ? '' : commitNow();
  const ended = new Map<number, { seeds: number; violations: number; cpuMs: number }>();
  let reached = from;
  let notedMs = begun;
  const rate = (): number => per(sum.done, performance.now() - begun);
  /** Only what is without a gap is noted: slices end in any order. */
  const write = (): void => {
    const start = reached;
    let violations = 0;
    let cpuMs = 0;
    for (let slice = ended.get(reached); slice !== undefined; slice = ended.get(reached)) {
      ended.delete(reached);
      reached += slice.seeds;
      violations += slice.violations;
      cpuMs += slice.cpuMs;
    }
    const now = performance.now();
    if (ledger !== null && reached > start)
      note(ledger, {
        key,
        commit,
        from: start,
        to: reached,
        violations,
        seconds: tenths(now - notedMs),
        cpuSeconds: tenths(cpuMs),
      });
    notedMs = now;
  };
  await runAll(from, count, workers, focus, (tally) => {
    sum.done += tally.seeds;
    sum.events += tally.events;
    sum.acknowledged += tally.acknowledged;
    sum.sideEffects += tally.sideEffects;
    sum.fences += tally.fences;
    sum.takeOvers += tally.takeOvers;
    sum.cpuMs += tally.cpuMs;
    sum.calmAfterMs = Math.max(sum.calmAfterMs, tally.calmAfterMs);
    addCells(cells, tally.cells);
    failures.push(...tally.failures);
    ended.set(tally.from, { seeds: tally.seeds, violations: tally.failures.length, cpuMs: tally.cpuMs });
    if (performance.now() - notedMs > NOTE_EVERY_MS) write();
    for (const { seed, invariant, faults } of tally.failures)
      process.stderr.write(`seed ${seed} breaks ${invariant}: ${faults.join(', ')}\n`);
    progress(() => `${sum.done}/${count} schedules, ${failures.length} violations, ${rate()}/s`, sum.done === count);
  });
  write();
  failures.sort((one, two) => one.seed - two.seed);
  const { done, cpuMs, ...rest } = sum;
  return {
    seeds: done,
    violations: failures,
    schedulesPerSecond: rate(),
    schedulesPerCpuSecond: per(done, cpuMs),
    ...rest,
    cells,
  };
}

const tenths = (ms: number): number => Math.round(ms / 100) / 10;
const per = (count: number, ms: number): number => Math.round((count * 10_000) / Math.max(1, ms)) / 10;
