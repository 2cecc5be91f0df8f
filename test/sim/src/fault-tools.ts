import type { ClusterRecord } from '@yosugara/failover';
import type { NodeId } from '@yosugara/kernel';
import type { Extra } from './extras.js';
import type { HostModel } from './host-model.js';
import type { Rng } from './rng.js';
import type { LANDED, Shape } from './shape.js';
import type { World } from './world.js';

/** A class of faults; each schedule draws a subset (swarm testing), so that every combination comes up by itself. */
export interface FaultClass {
  readonly name: string;
  readonly why: string;
  /** What the product must be able to do. */
  readonly needs?: readonly (keyof typeof LANDED)[];
  fits?(shape: Shape): boolean;
  /** Nothing else breaks in such a schedule: with a second fault the design promises nothing. */
  readonly alone?: boolean;
  /** Drawn only where a schedule has this, and from other random numbers than the rest. */
  readonly extra?: Extra;
  /** `rng` belongs to this one fault: leaving another one out changes nothing here, so that a failing plan can be shrunk. */
  inject(world: World, rng: Rng): void;
}

export const data = (world: World, rng: Rng): HostModel => world.host(rng.pick(world.dataNodes));
export const any = (world: World, rng: Rng): HostModel => world.host(rng.pick(world.nodes));
export const someTime = (rng: Rng): number =>
  rng.pick([rng.between(100, 2_000), rng.between(2_000, 6_000), rng.between(5_000, 12_000)]);

export const cut = (world: World, rng: Rng, pairs: readonly (readonly [NodeId, NodeId])[], forMs = someTime(rng)): void => {
  for (const [from, to] of pairs) world.network.way(from, to).cut = true;
  world.later(forMs, () => {
    for (const [from, to] of pairs) world.network.way(from, to).cut = false;
  });
};
export const both = (one: NodeId, two: NodeId): readonly (readonly [NodeId, NodeId])[] => [
  [one, two],
  [two, one],
];
export const around = (world: World, alone: NodeId): readonly (readonly [NodeId, NodeId])[] =>
  world.nodes.filter((node) => node !== alone).flatMap((node) => both(alone, node));

/** Back within the old promises and the old lease. */
export function restart(world: World, rng: Rng, host: HostModel): void {
  host.crashController();
  world.later(rng.between(5, 400), () => host.startController());
}

/** One blow at one host. */
export function hit(world: World, rng: Rng, host: HostModel): void {
  switch (rng.pick(['power', 'controller', 'freeze', 'isolate', 'postgres', 'hang'] as const)) {
    case 'power':
      host.powerOff();
      world.later(someTime(rng), () => host.powerOn());
      break;
    case 'controller':
      host.crashController();
      world.later(rng.between(100, 4_000), () => host.startController());
      break;
    case 'freeze':
      host.freeze(rng.chance(0.5) ? 'controller' : 'host');
      world.later(someTime(rng), () => host.thaw());
      break;
    case 'isolate':
      cut(world, rng, around(world, host.node));
      break;
    case 'postgres':
      host.postgres.kill();
      break;
    case 'hang':
      host.postgres.hung = host.postgres.process !== 'down';
      break;
  }
}

export type Change = (before: ClusterRecord, after: ClusterRecord) => boolean;
/** The edges of T1–T5: where a second fault hurts most. */
export const EDGES: Readonly<Record<string, Change>> = {
  claim: (before, after) => after.epoch > before.epoch,
  proven: (before, after) => after.phase === 'promoting' && before.phase !== 'promoting',
  opened: (before, after) => after.phase === 'serving' && before.phase !== 'serving',
  join: (before, after) => after.syncSet.length > before.syncSet.length,
  leave: (before, after) => after.syncSet.length < before.syncSet.length && after.phase === 'serving',
  release: (before, after) => after.released !== before.released,
  switchover: (before, after) => after.switchover !== null && before.switchover === null,
};
