import { type JobsOutcome, runJobsSeed } from './world.js';

export interface JobsFailure {
  readonly seed: number;
  readonly invariant: string;
  readonly atMs: number;
  readonly says: string;
  /** The fewest faults that still break it. */
  readonly faults: readonly string[];
}

export interface JobsRan {
  readonly seeds: number;
  readonly violations: readonly JobsFailure[];
  /** Of processor time. */
  readonly schedulesPerCpuSecond: number;
  readonly sessions: number;
  readonly jobs: number;
  readonly executions: number;
  readonly takeOvers: number;
  readonly judged: number;
  readonly waitForPeople: number;
  readonly ticks: number;
  readonly dropped: number;
}

const SUMS = ['sessions', 'jobs', 'executions', 'takeOvers', 'judged', 'waitForPeople', 'ticks', 'dropped'] as const;

export async function runJobsSeeds(
  from: number,
  count: number,
  each: (done: number, failures: number) => void = () => undefined,
): Promise<JobsRan> {
  const begun = process.cpuUsage();
  const violations: JobsFailure[] = [];
  const sum = Object.fromEntries(SUMS.map((name) => [name, 0])) as Record<(typeof SUMS)[number], number>;
  for (let place = 0; place < count; place++) {
    const outcome = await runJobsSeed(from + place);
    for (const name of SUMS) sum[name] += outcome[name];
    const [first] = outcome.violations;
    if (first !== undefined) violations.push({ seed: outcome.seed, ...first, faults: await fewest(outcome, first.invariant) });
    each(place + 1, violations.length);
  }
  const { user, system } = process.cpuUsage(begun);
  return {
    seeds: count,
    violations,
    schedulesPerCpuSecond: Math.round((count * 10_000_000) / Math.max(1, user + system)) / 10,
    ...sum,
  };
}

/** Leaves one fault after the other out, as long as it still breaks the same. */
async function fewest({ seed, faults }: JobsOutcome, invariant: string): Promise<readonly string[]> {
  let only = faults.map((_, place) => place);
  for (const place of [...only]) {
    const fewer = only.filter((each) => each !== place);
    const { violations } = await runJobsSeed(seed, { only: fewer });
    if (violations.some((each) => each.invariant === invariant)) only = fewer;
  }
  return only.map((place) => faults[place]!);
}
