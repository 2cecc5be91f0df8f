import type { Judged } from './oracle.js';
import { runIngestSeed } from './world.js';

export interface IngestFailure {
  readonly seed: number;
  readonly invariant: string;
  /** Virtual ms since the start of the schedule. */
  readonly step: number;
  readonly says: string;
  /** The fewest faults that still break it. */
  readonly faults: readonly string[];
}
export interface IngestRan {
  readonly seeds: number;
  readonly violations: readonly IngestFailure[];
  readonly schedulesPerSecond: number;
  /** Of processor time. */
  readonly schedulesPerCpuSecond: number;
  readonly messages: number;
  readonly records: number;
  readonly rows: number;
  readonly takeOvers: number;
  readonly events: number;
  readonly judged: Judged;
}

const per = (count: number, ms: number): number => Math.round((count * 10_000) / Math.max(1, ms)) / 10;

/** Schedules one after the other in this thread: they use its globals. */
export async function runIngestSeeds(
  from: number,
  count: number,
  each: (done: number, failures: number) => void = () => undefined,
): Promise<IngestRan> {
  const now = performance.now.bind(performance);
  const begunMs = now();
  const begunCpu = process.cpuUsage();
  const violations: IngestFailure[] = [];
  const sum = { messages: 0, records: 0, rows: 0, takeOvers: 0, events: 0 };
  const judged = { exact: 0, doubtful: 0, gone: 0, informsAgain: 0, clockless: 0, events: 0 };
  for (let place = 0; place < count; place++) {
    const seed = from + place;
    const outcome = await runIngestSeed(seed);
    for (const name of ['records', 'rows', 'takeOvers', 'events'] as const) sum[name] += outcome[name];
    sum.messages += outcome.sayings;
    for (const name of ['exact', 'doubtful', 'gone', 'informsAgain', 'clockless', 'events'] as const)
      judged[name] += outcome.judged[name];
    const first = outcome.violations[0];
    if (first !== undefined) {
      const { invariant, says, atMs } = first;
      violations.push({ seed, invariant, step: atMs, says, faults: await fewest(seed, invariant, outcome.faults) });
    }
    each(place + 1, violations.length);
  }
  const { user, system } = process.cpuUsage(begunCpu);
  return {
    ...{ seeds: count, violations, schedulesPerSecond: per(count, now() - begunMs) },
    schedulesPerCpuSecond: per(count, (user + system) / 1_000),
    ...{ ...sum, judged },
  };
}

/** Leaves one fault after the other out, as long as it still breaks the same. */
async function fewest(seed: number, invariant: string, faults: readonly string[]): Promise<readonly string[]> {
  let only = faults.map((_, place) => place);
  for (const place of [...only]) {
    const fewer = only.filter((each) => each !== place);
    const { violations } = await runIngestSeed(seed, { only: fewer });
    if (violations.some((each) => each.invariant === invariant)) only = fewer;
  }
  return only.map((place) => faults[place]!);
}
