import type { NodeId } from '@yosugara/kernel';
import type { HostModel } from './host-model.js';
import type { World } from './world.js';

/** A class of faults; each schedule draws a subset (swarm testing), so that every combination comes up by itself. */
interface FaultClass {
  readonly name: string;
  readonly why: string;
  inject(world: World): void;
}

const data = (world: World): HostModel => world.host(world.rng.pick(world.dataNodes));
const any = (world: World): HostModel => world.host(world.rng.pick(world.nodes));
const someTime = (world: World): number =>
  world.rng.pick([world.rng.between(100, 2_000), world.rng.between(2_000, 6_000), world.rng.between(5_000, 12_000)]);
const cut = (world: World, pairs: readonly (readonly [NodeId, NodeId])[]): void => {
  for (const [from, to] of pairs) world.network.way(from, to).cut = true;
  world.agenda.after(someTime(world), () => {
    for (const [from, to] of pairs) world.network.way(from, to).cut = false;
  });
};

export const FAULTS: readonly FaultClass[] = [
  {
    name: 'power',
    why: 'H1, H9: a host loses power; what was not flushed is gone',
    inject(world) {
      const host = any(world);
      host.powerOff();
      world.agenda.after(someTime(world), () => host.powerOn());
    },
  },
  {
    name: 'controller',
    why: 'P1: kill -9 on a controller; the dead man stops everything',
    inject(world) {
      const host = any(world);
      host.crashController();
      world.agenda.after(world.rng.between(200, 4_000), () => host.startController());
    },
  },
  {
    name: 'freeze',
    why: 'P3, H4: a controller, or a whole host, stops thinking and wakes up later with old messages',
    inject(world) {
      const host = any(world);
      host.freeze(world.rng.chance(0.5) ? 'controller' : 'host');
      world.agenda.after(someTime(world), () => host.thaw());
    },
  },
  {
    name: 'isolate',
    why: 'N4–N6: one host alone',
    inject(world) {
      const alone = world.rng.pick(world.nodes);
      cut(
        world,
        world.nodes
          .filter((node) => node !== alone)
          .flatMap(
            (node) =>
              [
                [alone, node],
                [node, alone],
              ] as const,
          ),
      );
    },
  },
  {
    name: 'pair',
    why: 'N1–N3: one link',
    inject(world) {
      const one = world.rng.pick(world.nodes);
      const two = world.rng.pick(world.nodes.filter((node) => node !== one));
      cut(world, [
        [one, two],
        [two, one],
      ]);
    },
  },
  {
    name: 'oneWay',
    why: 'N8: one direction of one link',
    inject(world) {
      const one = world.rng.pick(world.nodes);
      const two = world.rng.pick(world.nodes.filter((node) => node !== one));
      cut(world, [[one, two]]);
    },
  },
  {
    name: 'weather',
    why: 'N9–N12: loss, delay, doubles, reorder',
    inject(world) {
      for (const from of world.nodes)
        for (const to of world.nodes)
          if (from !== to) {
            const way = world.network.way(from, to);
            const before = { ...way };
            Object.assign(way, {
              loss: world.rng.between(0, 0.4),
              double: world.rng.between(0, 0.3),
              delayMs: world.rng.between(0.5, 80),
              jitterMs: world.rng.between(1, 400),
            });
            world.agenda.after(someTime(world), () =>
              Object.assign(way, { loss: before.loss, double: before.double, delayMs: 0.5, jitterMs: 1 }),
            );
          }
    },
  },
  { name: 'postgresKill', why: 'P4, P7: PostgreSQL dies', inject: (world) => data(world).postgres.kill() },
  {
    name: 'postgresHang',
    why: 'P5: PostgreSQL hangs; its old sessions may go on',
    inject(world) {
      const server = data(world).postgres;
      server.hung = server.process !== 'down';
    },
  },
  {
    name: 'slowDisk',
    why: 'D7, D8: the consensus disk is slow',
    inject(world) {
      const host = any(world);
      host.diskSlowMs = world.rng.between(20, 1_500);
      world.agenda.after(someTime(world), () => {
        host.diskSlowMs = 0;
      });
    },
  },
  {
    name: 'allOff',
    why: 'H10: everything loses power and comes back in any order',
    inject(world) {
      for (const node of world.nodes) world.host(node).powerOff();
      for (const node of world.nodes) world.agenda.after(world.rng.between(200, 5_000), () => world.host(node).powerOn());
    },
  },
  {
    name: 'switchover',
    why: 'O1–O3: an operator asks for the other node',
    inject: (world) => world.operate({ kind: 'switchover', to: null }),
  },
  {
    name: 'afterChange',
    why: 'X: the new owner is lost within a second of its claim',
    inject(world) {
      world.onNextEpoch(() => {
        const owner = world.checks.record.owner;
        if (owner === null) return;
        const host = world.host(owner);
        world.agenda.after(world.rng.between(0, 900), () => {
          const how = world.rng.pick(['power', 'controller', 'freeze'] as const);
          if (how === 'power') {
            host.powerOff();
            world.agenda.after(someTime(world), () => host.powerOn());
          } else if (how === 'controller') {
            host.crashController();
            world.agenda.after(someTime(world), () => host.startController());
          } else {
            host.freeze(world.rng.chance(0.5) ? 'controller' : 'host');
            world.agenda.after(someTime(world), () => host.thaw());
          }
        });
      });
    },
  },
];
