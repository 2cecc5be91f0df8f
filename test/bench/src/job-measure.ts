import type { Measure } from './benchmark.js';
import type { RowCluster } from './row-cluster.js';
import { usageOf } from './usage.js';

export const jobMeasure = (
  name: string,
  unit: string,
  ours: number,
  note: string,
  goal?: { readonly is: 'at least' | 'at most'; readonly value: number },
  runs: readonly number[] = [ours],
): Measure => ({
  ...{ name: `jobs/${name}`, unit, ours, peer: null, peerName: '–', ratio: null, note },
  runs: { ours: runs, peer: [] },
  ...(goal === undefined ? {} : { goal: { of: 'ours', ...goal } as const }),
});

/** Processor time so far, in ms, by what uses it. */
export function cpuNow(cluster: RowCluster, agents: readonly number[]): Readonly<Record<string, number>> {
  const all: Readonly<Record<string, readonly number[]>> = { ...cluster.processes(), agents };
  return Object.fromEntries(Object.entries(all).map(([name, pids]) => [name, pids.reduce((sum, pid) => sum + usedBy(pid), 0)]));
}

function usedBy(pid: number): number {
  try {
    const { cpuMs, childrenMs } = usageOf(pid);
    return cpuMs + childrenMs;
  } catch {
    return 0;
  }
}

/** `manager 30.1, PostgreSQL 20.0`: per cent of a core. */
export const coresBetween = (
  before: Readonly<Record<string, number>>,
  after: Readonly<Record<string, number>>,
  ms: number,
): string =>
  Object.entries(after)
    .map(([name, used]) => `${name} ${(((used - (before[name] ?? 0)) / ms) * 100).toFixed(0)}`)
    .join(', ');

export async function startSessions(cluster: RowCluster, unit: string, node?: string): Promise<string> {
  const path = `/api/v1/job-units/${unit}/sessions`;
  const wish = { request: null, job: null, trigger: null, parameters: {}, ignoresTimes: false, testCommand: null, by: 'bench' };
  const { session } = JSON.parse(await cluster.post(path, wish, node)) as { readonly session: string };
  return session;
}
