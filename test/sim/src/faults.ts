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

/** Back within the old promises and the old lease. */
function restart(world: World, rng: Rng, host: HostModel): void {
  host.crashController();
  world.agenda.after(rng.between(5, 400), () => host.startController());
}

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
      restart(world, rng, any(world, rng));
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
    why: 'ruling 3: true stop proofs of earlier lives and epochs are heard again, by voters that have forgotten them',
    inject(world, rng) {
      const { owner } = world.checks.record;
      if (owner !== null) restart(world, rng, world.host(owner));
      world.onNext(EDGES.opened!, () => {
        const now = world.checks.record.owner;
        for (const node of world.nodes) if (node !== now && rng.chance(0.6)) restart(world, rng, world.host(node));
        if (now !== null && rng.chance(0.6))
          world.agenda.after(rng.between(1_000, 4_000), () => restart(world, rng, world.host(now)));
      });
      for (let at = 0; at < 15_000; at += rng.between(300, 1_500)) world.agenda.after(at, () => world.repeatStopProofs(rng));
    },
  },
  {
    name: 'manyLives',
    why: 'ruling 3: what was true of an earlier epoch of a node must not be believed of a later one',
    inject(world, rng) {
      const next = (lives: number): void =>
        world.onNext(EDGES.opened!, () =>
          world.agenda.after(rng.between(800, 3_000), () => {
            const { owner } = world.checks.record;
            if (owner === null) return;
            const host = world.host(owner);
            if (lives === 0) {
              host.freeze('host');
              world.agenda.after(rng.between(4_000, 10_000), () => host.thaw());
              return;
            }
            if (rng.chance(0.5)) restart(world, rng, host);
            else cut(world, rng, around(world, owner), rng.between(2_500, 4_500));
            next(lives - 1);
          }),
        );
      next(1 + Math.floor(rng.next() * 2));
      const { owner } = world.checks.record;
      if (owner !== null) restart(world, rng, world.host(owner));
    },
  },
  {
    name: 'votersRestart',
    why: '2.5: the leader is cut off and all its voters restart: what they promised must hold',
    inject(world, rng) {
      const leader = world.leader();
      if (leader === null) return;
      cut(world, rng, around(world, leader), rng.between(2_000, 6_000));
      for (const node of world.nodes) if (node !== leader) restart(world, rng, world.host(node));
    },
  },
  {
    name: 'slowEchoes',
    why: '2.5: echoes are seconds on the way, and the leader is not heard any more when they come',
    inject(world, rng) {
      const leader = world.leader();
      if (leader === null) return;
      const others = world.nodes.filter((node) => node !== leader);
      for (const node of others)
        Object.assign(world.network.way(node, leader), { delayMs: rng.between(300, 2_500), double: 0.3 });
      world.agenda.after(rng.between(500, 2_500), () =>
        cut(
          world,
          rng,
          others.map((node) => [leader, node] as const),
          rng.between(2_000, 7_000),
        ),
      );
      world.agenda.after(rng.between(6_000, 9_000), () => {
        for (const node of others) Object.assign(world.network.way(node, leader), { delayMs: 0.5, double: 0 });
      });
    },
  },
  {
    name: 'cutAtRelease',
    why: 'T4, T5: the link between the nodes fails while leadership is handed over',
    inject(world, rng) {
      world.onNext(EDGES.release!, () => {
        const from = world.checks.record.owner;
        if (from !== null)
          world.agenda.after(rng.between(0, 30), () => cut(world, rng, around(world, from), rng.between(500, 5_000)));
      });
      world.operate({ kind: 'switchover', to: null }, rng.pick(world.nodes));
    },
  },
  {
    name: 'slowJoin',
    why: 'T1: the majority takes its time over a join',
    inject(world, rng) {
      world.onNextAction('pg.mark', (joiner) =>
        world.agenda.after(rng.between(0, 300), () => {
          for (const node of world.nodes) if (node !== joiner) world.host(node).diskSlowMs = rng.between(600, 3_000);
          world.agenda.after(rng.between(2_000, 6_000), () => {
            for (const node of world.nodes) world.host(node).diskSlowMs = 0;
          });
        }),
      );
      const { owner } = world.checks.record;
      if (owner !== null) restart(world, rng, world.host(owner));
    },
  },
  {
    name: 'bothServersFail',
    why: 'T5: PostgreSQL fails on both nodes, with or without a majority in reach',
    inject(world, rng) {
      const { owner } = world.checks.record;
      if (owner !== null && rng.chance(0.5))
        world.agenda.after(rng.between(0, 1_200), () => cut(world, rng, around(world, owner), rng.between(1_000, 6_000)));
      for (const node of world.dataNodes)
        world.agenda.after(rng.between(0, node === owner ? 1_600 : 900), () => world.host(node).postgres.kill());
    },
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
