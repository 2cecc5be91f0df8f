import { setTimeout as sleep } from 'node:timers/promises';
import { kernelDrops } from '@yosugara/receivers';
import { type FloodTarget, flood } from './flood.js';
import type { Trial } from './rate-search.js';
import type { RowCluster } from './row-cluster.js';
import { usageOf } from './usage.js';

/** Nothing more comes when nothing came for so long. */
const QUIET_MS = 10_000;
/** Pairing waits 200 ms for a copy, a batch 50 ms, a watermark 50 ms; beyond that a backlog grew. */
const BEHIND_MS = 600;
const BEHIND_SHARE = 0.05;
const POLL_MS = 50;

/** Where rows come to be. */
export interface RowSink {
  readonly targets: readonly FloodTarget[];
  processes(): Readonly<Record<string, readonly number[]>>;
  /** Messages that are rows, of all that were ever sent. */
  stored(): Promise<number>;
  nextBatch: number;
}

export interface RowTrial extends Trial {
  /** From the last datagram until the last row. */
  readonly behindMs: number;
  readonly dropped: number;
}

export async function tryRows(sink: RowSink, rate: number, seconds: number): Promise<RowTrial> {
  const { targets } = sink;
  const before = { stored: await sink.stored(), cpuMs: cpuByName(sink), drops: await dropsOf(targets) };
  const sent = await flood({ targets, rate, count: rate * seconds, firstBatch: sink.nextBatch });
  sink.nextBatch = sent.nextBatch;
  const sentAtMs = performance.now();
  let [stored, cameAtMs] = [(await sink.stored()) - before.stored, sentAtMs];
  while (stored < sent.sent && performance.now() - cameAtMs < QUIET_MS) {
    await sleep(POLL_MS);
    const now = (await sink.stored()) - before.stored;
    if (now > stored) cameAtMs = performance.now();
    stored = now;
  }
  const behindMs = cameAtMs - sentAtMs;
  const after = cpuByName(sink);
  const perMessage = Object.entries(after).map(
    ([name, cpuMs]) => [name, ((cpuMs - (before.cpuMs[name] ?? 0)) * 1_000) / Math.max(1, stored)] as const,
  );
  const cpuUs = perMessage.reduce((sum, [, us]) => sum + us, 0);
  const dropped = (await dropsOf(targets)) - before.drops;
  const lost = sent.sent - stored;
  return {
    ...{ rate: sent.sent / sent.seconds, sent: sent.sent, kept: stored, cpuUs, behindMs, dropped },
    holds: lost === 0 && dropped === 0 && behindMs <= BEHIND_MS + BEHIND_SHARE * sent.seconds * 1_000,
    note: `${lost} of ${sent.sent} lost (${dropped} dropped by the kernel), rows complete ${Math.round(behindMs)} ms after the last, µs of CPU a message: ${perMessage.map(([name, us]) => `${name} ${us.toFixed(1)}`).join(', ')}`,
  };
}

async function dropsOf(targets: readonly FloodTarget[]): Promise<number> {
  const drops = await Promise.all(targets.map(async ({ address, port }) => (await kernelDrops(address, port)) ?? 0));
  return drops.reduce((sum, each) => sum + each, 0);
}

function cpuByName(sink: RowSink): Record<string, number> {
  return Object.fromEntries(
    Object.entries(sink.processes()).map(([name, pids]) => [name, pids.reduce((sum, pid) => sum + cpuIfThere(pid), 0)]),
  );
}

/** A worker of PostgreSQL may have ended between two looks. */
function cpuIfThere(pid: number): number {
  try {
    return usageOf(pid).cpuMs;
  } catch {
    return 0;
  }
}

/** Every message is consumed once from each journal, so positions count copies. */
export function clusterSink(cluster: RowCluster): RowSink {
  const { targets } = cluster;
  return {
    ...{ targets, processes: () => cluster.processes(), nextBatch: 0 },
    stored: async () => Math.floor((await cluster.consumed()) / targets.length),
  };
}
