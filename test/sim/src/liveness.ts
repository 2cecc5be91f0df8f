import { type Timings, worstFailoverMs } from '@yosugara/failover';
import type { World } from './world.js';

/** A copy that fails once and is made again, a hung server that is found and killed, a switchover given up (8 s). */
const REPAIR_MS = 15_000;

/**
 * L1: from the last fault to a serving Master. Every voter has just booted and waits its promise out, then comes what `status`
 * promises for a lost Master, and whatever was broken has to be noticed and mended first.
 */
export const l1BudgetMs = (t: Timings): number => 2 * t.leaseVoteMs + worstFailoverMs(t) + REPAIR_MS;

/** L1, L2: exactly one serving Master, `size` nodes in the sync set, and commits go through. */
export function expectServing(world: World, when: string, size: 1 | 2): void {
  const { record } = world.checks;
  // A recorded double fault: the only node that held everything lost its data directory. That is for a human (T8).
  const only = record.syncSet[0];
  if (record.syncSet.length === 1 && only !== undefined && world.checks.emptied.has(only) && record.owner === only) return;
  // Or the one that may have promoted did, before it could say so: whether the other has everything, only a human may judge (seed 48876).
  if (record.opening != null && world.checks.emptied.has(record.opening) && record.owner === record.opening) return;
  const serving = world.servers.filter((node) => world.host(node).serves());
  if (serving.length !== 1)
    world.checks.fail(
      'L1',
      `${when}: ${serving.length} nodes serve; record: epoch ${record.epoch}, owner ${record.owner}, phase ${record.phase}, sync set ${record.syncSet}; ${roles(world)}`,
    );
  else if (record.syncSet.length < size)
    world.checks.fail('L2', `${when}: only ${record.syncSet} in the sync set; ${roles(world)}`);
  else if (size === 2 && world.checks.lastAcknowledgedMs < world.agenda.now - 5_000)
    world.checks.fail('L1', `${when}: nothing was acknowledged for 5 s; ${roles(world)}`);
  else if (size === 2 && world.front.backend() !== serving[0])
    world.checks.fail('L1', `${when}: ${serving[0]} serves and the balancer sends to ${world.front.backend()}; ${roles(world)}`);
}

function roles(world: World): string {
  return world.nodes
    .map((node) => {
      const host = world.host(node);
      const { decision } = host.state ?? {};
      return `${node} ${host.powered ? decision?.role : 'OFF'} (${decision?.why}; PostgreSQL ${host.postgres.process})`;
    })
    .join(', ');
}

/** L3: in a quiet period at most one change of owner, and no fence loop. */
export class Quiet {
  readonly #world: World;
  readonly #changes: number;
  readonly #fences: number;

  constructor(world: World) {
    this.#world = world;
    this.#changes = world.checks.epochChanges.length;
    this.#fences = world.checks.fences;
  }

  check(): void {
    const { checks } = this.#world;
    const changes = checks.epochChanges.length - this.#changes;
    const fences = checks.fences - this.#fences;
    if (changes > 1) checks.fail('L3', `${changes} changes of owner in a quiet period`);
    if (fences > 1) checks.fail('L3', `${fences} fences in a quiet period`);
  }
}
