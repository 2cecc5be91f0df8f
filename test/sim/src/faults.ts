import type { ClusterRecord } from '@yosugara/failover';
import type { NodeId } from '@yosugara/kernel';
import type { HostModel } from './host-model.js';
import type { Rng } from './rng.js';
import type { World } from './world.js';

/** A class of faults; each schedule draws a subset (swarm testing), so that every combination comes up by itself. */
export interface FaultClass {
  readonly name: string;
  readonly why: string;
  /** `rng` belongs to this one fault: leaving another one out changes nothing here, so that a failing plan can be shrunk. */
  inject(world: World, rng: Rng): void;
}

const data = (world: World, rng: Rng): HostModel => world.host(rng.pick(world.dataNodes));
const any = (world: World, rng: Rng): HostModel => world.host(rng.pick(world.nodes));
const someTime = (rng: Rng): number => rng.pick([rng.between(100, 2_000), rng.between(2_000, 6_000), rng.between(5_000, 12_000)]);

const cut = (world: World, rng: Rng, pairs: readonly (readonly [NodeId, NodeId])[], forMs = someTime(rng)): void => {
  for (const [from, to] of pairs) world.network.way(from, to).cut = true;
  world.agenda.after(forMs, () => {
    for (const [from, to] of pairs) world.network.way(from, to).cut = false;
  });
};
const both = (one: NodeId, two: NodeId): readonly (readonly [NodeId, NodeId])[] => [
  [one, two],
  [two, one],
];
const around = (world: World, alone: NodeId): readonly (readonly [NodeId, NodeId])[] =>
  world.nodes.filter((node) => node !== alone).flatMap((node) => both(alone, node));

/** One blow at one host. */
function hit(world: World, rng: Rng, host: HostModel): void {
  switch (rng.pick(['power', 'controller', 'freeze', 'isolate', 'postgres', 'hang'] as const)) {
    case 'power':
      host.powerOff();
      world.agenda.after(someTime(rng), () => host.powerOn());
      break;
    case 'controller':
      host.crashController();
      world.agenda.after(rng.between(100, 4_000), () => host.startController());
      break;
    case 'freeze':
      host.freeze(rng.chance(0.5) ? 'controller' : 'host');
      world.agenda.after(someTime(rng), () => host.thaw());
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

type Change = (before: ClusterRecord, after: ClusterRecord) => boolean;
/** The edges of T1–T5: where a second fault hurts most. */
const EDGES: Readonly<Record<string, Change>> = {
  claim: (before, after) => after.epoch > before.epoch,
  proven: (before, after) => after.phase === 'promoting' && before.phase !== 'promoting',
  opened: (before, after) => after.phase === 'serving' && before.phase !== 'serving',
  join: (before, after) => after.syncSet.length > before.syncSet.length,
  leave: (before, after) => after.syncSet.length < before.syncSet.length && after.phase === 'serving',
  release: (before, after) => after.released !== before.released,
  switchover: (before, after) => after.switchover !== null && before.switchover === null,
};

export const FAULTS: readonly FaultClass[] = [
  {
    name: 'power',
    why: 'H1, H9: a host loses power; what was not flushed is gone',
    inject(world, rng) {
      const host = any(world, rng);
      host.powerOff();
      world.agenda.after(someTime(rng), () => host.powerOn());
    },
  },
  {
    name: 'controller',
    why: 'P1: kill -9 on a controller; the dead man stops everything',
    inject(world, rng) {
      const host = any(world, rng);
      host.crashController();
      world.agenda.after(rng.between(200, 4_000), () => host.startController());
    },
  },
  {
    name: 'quickRestart',
    why: 'P1: a controller that is back within its old promise and its old lease',
    inject(world, rng) {
      const host = any(world, rng);
      host.crashController();
      world.agenda.after(rng.between(5, 300), () => host.startController());
    },
  },
  {
    name: 'afterPersist',
    why: 'H9: gone right after an fsync, before or after what was waiting for it',
    inject(world, rng) {
      const host = any(world, rng);
      host.onNextPersist(rng.chance(0.5) ? 'before' : 'after', () => {
        if (rng.chance(0.5)) host.powerOff();
        else host.crashController();
        world.agenda.after(rng.chance(0.6) ? rng.between(5, 500) : someTime(rng), () => {
          host.powerOn();
          host.startController();
        });
      });
    },
  },
  {
    name: 'freeze',
    why: 'P3, H4: a controller, or a whole host, stops thinking and wakes up later with old messages',
    inject(world, rng) {
      const host = any(world, rng);
      host.freeze(rng.chance(0.5) ? 'controller' : 'host');
      world.agenda.after(someTime(rng), () => host.thaw());
    },
  },
  {
    name: 'isolate',
    why: 'N4–N6: one host alone',
    inject: (world, rng) => cut(world, rng, around(world, rng.pick(world.nodes))),
  },
  {
    name: 'pair',
    why: 'N1–N3: one link',
    inject(world, rng) {
      const one = rng.pick(world.nodes);
      cut(world, rng, both(one, rng.pick(world.nodes.filter((node) => node !== one))));
    },
  },
  {
    name: 'oneWay',
    why: 'N8: one direction of one link',
    inject(world, rng) {
      const one = rng.pick(world.nodes);
      cut(world, rng, [[one, rng.pick(world.nodes.filter((node) => node !== one))]]);
    },
  },
  {
    name: 'flap',
    why: 'N13: a link that comes and goes',
    inject(world, rng) {
      const one = rng.pick(world.nodes);
      const pairs = rng.chance(0.5) ? around(world, one) : both(one, rng.pick(world.nodes.filter((node) => node !== one)));
      for (let at = 0; at < 6_000; at += rng.between(300, 1_800))
        world.agenda.after(at, () => cut(world, rng, pairs, rng.between(100, 900)));
    },
  },
  {
    name: 'weather',
    why: 'N9–N12: loss, delay, doubles, reorder',
    inject(world, rng) {
      for (const from of world.nodes)
        for (const to of world.nodes)
          if (from !== to) {
            const way = world.network.way(from, to);
            Object.assign(way, {
              loss: rng.between(0, 0.4),
              double: rng.between(0, 0.3),
              delayMs: rng.between(0.5, 80),
              jitterMs: rng.between(1, 400),
            });
            world.agenda.after(someTime(rng), () => Object.assign(way, { loss: 0, double: 0, delayMs: 0.5, jitterMs: 1 }));
          }
    },
  },
  {
    name: 'lateMail',
    why: 'N12: messages that come seconds late, after the world has moved on',
    inject(world, rng) {
      const from = rng.pick(world.nodes);
      for (const to of world.nodes)
        if (to !== from) {
          const way = world.network.way(from, to);
          Object.assign(way, { late: 0.5, double: 0.3 });
          world.agenda.after(someTime(rng), () => Object.assign(way, { late: 0, double: 0 }));
        }
    },
  },
  {
    name: 'oldProofs',
    why: 'ruling 3: true stop proofs of earlier lives and epochs are heard again',
    inject: (world, rng) => world.repeatStopProofs(rng),
  },
  { name: 'postgresKill', why: 'P4, P7: PostgreSQL dies', inject: (world, rng) => data(world, rng).postgres.kill() },
  {
    name: 'postgresHang',
    why: 'P5: PostgreSQL hangs; its old sessions may go on',
    inject(world, rng) {
      const server = data(world, rng).postgres;
      server.hung = server.process !== 'down';
    },
  },
  {
    name: 'slowDisk',
    why: 'D7, D8: the consensus disk is slow',
    inject(world, rng) {
      const host = any(world, rng);
      host.diskSlowMs = rng.between(20, 1_500);
      world.agenda.after(someTime(rng), () => {
        host.diskSlowMs = 0;
      });
    },
  },
  {
    name: 'allOff',
    why: 'H10: everything loses power and comes back in any order',
    inject(world, rng) {
      for (const node of world.nodes) world.host(node).powerOff();
      for (const node of world.nodes) world.agenda.after(rng.between(200, 5_000), () => world.host(node).powerOn());
    },
  },
  {
    name: 'switchover',
    why: 'O1–O3: an operator asks for the other node',
    inject: (world, rng) => world.operate({ kind: 'switchover', to: null }, rng.pick(world.nodes)),
  },
  {
    name: 'afterChange',
    why: 'X: the new owner is lost within a second of its claim',
    inject(world, rng) {
      world.onNext(EDGES.claim!, () => {
        const owner = world.checks.record.owner;
        if (owner !== null) world.agenda.after(rng.between(0, 900), () => hit(world, rng, world.host(owner)));
      });
    },
  },
  {
    name: 'atEdge',
    why: 'X: any host is hit in the middle of any transition',
    inject(world, rng) {
      const change = EDGES[rng.pick(Object.keys(EDGES))]!;
      world.onNext(change, () => {
        const times = rng.chance(0.3) ? 2 : 1;
        for (let i = 0; i < times; i += 1)
          world.agenda.after(rng.chance(0.5) ? rng.between(0, 60) : rng.between(0, 800), () => hit(world, rng, any(world, rng)));
      });
    },
  },
  {
    name: 'aloneThenLost',
    why: 'T8: the Master loses its Standby, writes alone, then is lost itself',
    inject(world, rng) {
      const { owner } = world.checks.record;
      const other = world.dataNodes.find((node) => node !== owner);
      if (owner === null || other === undefined) return;
      const master = world.host(owner);
      cut(world, rng, rng.chance(0.5) ? around(world, other) : both(owner, other), rng.between(5_000, 9_000));
      world.onNext(EDGES.leave!, () =>
        world.agenda.after(rng.between(0, 2_500), () => {
          master.powerOff();
          world.agenda.after(rng.between(2_000, 12_000), () => master.powerOn());
        }),
      );
    },
  },
];
