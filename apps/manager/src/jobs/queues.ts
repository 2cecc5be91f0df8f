import type { CompiledUnit } from '@yosugara/operations';
import type { JobQueueBody, JobQueues, NodeBody, QueuedJob } from '@yosugara/protocol';
import type { PlacedRun } from '@yosugara/runtime';
import { isoOrNull, queueOf } from './views.js';

export interface QueueParts {
  readonly queues: ReadonlyMap<string, { readonly body: JobQueueBody }>;
  readonly node: (facility: string) => NodeBody | undefined;
  readonly unit: (unit: string, revision: number) => Promise<CompiledUnit | null>;
}

type Line = JobQueues['queues'][number];

/** Who has which place, and who waits, worked out of what is stored: the same on both nodes. */
export async function queuesView(placed: readonly PlacedRun[], isMore: boolean, parts: QueueParts): Promise<JobQueues> {
  const queues = new Map<string, Line>(
    [...parts.queues].map(([queue, { body }]) => [queue, { queue, ...body, running: [], waiting: [] }]),
  );
  const nodes = new Map<string, QueuedJob[]>();
  for (const { session, unit, revision, run } of placed) {
    const queue = queueOf(await parts.unit(unit, revision), run.job);
    const about = { session, unit, job: run.job };
    const isWaiting = run.state === 'queued' && run.nodes.every(({ state }) => state !== 'queued');
    if (queue !== null && run.queuedAtMs !== null) {
      const line = queues.get(queue) ?? { queue, concurrency: null, capacity: null, running: [], waiting: [] };
      queues.set(queue, line);
      const entry = { ...about, facility: null, since: isoOrNull(run.queuedAtMs), state: run.state };
      (isWaiting ? line.waiting : line.running).push(entry);
    }
    for (const { facility, state, queuedAtMs } of run.nodes)
      if (state === 'queued') listIn(nodes, facility).push({ ...about, facility, since: isoOrNull(queuedAtMs), state });
  }
  return {
    queues: [...queues.values()].sort((one, other) => (one.queue < other.queue ? -1 : 1)),
    nodes: [...nodes].map(([facility, waiting]) => ({
      ...{ facility, multiplicity: parts.node(facility)?.job?.multiplicity ?? null, waiting },
    })),
    more: isMore,
  };
}

function listIn(nodes: Map<string, QueuedJob[]>, facility: string): QueuedJob[] {
  const known = nodes.get(facility) ?? [];
  nodes.set(facility, known);
  return known;
}
