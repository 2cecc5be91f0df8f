import type { NodeId } from '@yosugara/kernel';
import { any, around, both, cut, EDGES, type FaultClass, hit, restart, someTime } from './fault-tools.js';
import type { Rng } from './rng.js';
import type { World } from './world.js';

/** What `but` proposes takes the others' disks their time. */
function slowMajority(world: World, rng: Rng, but: NodeId): void {
  for (const node of world.nodes) if (node !== but) world.host(node).disk.slowMs = rng.between(300, 3_000);
  world.later(rng.between(2_000, 6_000), () => {
    for (const node of world.nodes) world.host(node).disk.slowMs = 0;
  });
}

/** It promotes, fails, and promotes again; that it has opened is heard only then. */
function heldWord(world: World, rng: Rng, node: NodeId): void {
  const lines = around(world, node);
  world.later(rng.between(100, 400), () => {
    cut(world, rng, lines, 1_800);
    world.later(rng.between(100, 600), () => world.host(node).postgres.kill());
    world.onNextAction('pg.promote', () =>
      world.later(rng.between(0, 200), () => {
        for (const [from, to] of lines) world.network.way(from, to).cut = false;
      }),
    );
  });
}

/** T1: the node that is being joined is cut off, and the Master's PostgreSQL starts again, before the majority has said yes. */
function restartInJoin(world: World, rng: Rng, master: NodeId): void {
  const other = world.dataNodes.find((node) => node !== master);
  if (other === undefined) return;
  world.later(rng.between(0, 400), () => cut(world, rng, both(master, other), rng.between(2_000, 6_000)));
  world.later(rng.between(100, 1_500), () => world.host(master).postgres.kill());
}

/** In the middle of a transition, or aimed at one promise of the design: where a fault hurts most. */
export const AIMED: readonly FaultClass[] = [
  {
    name: 'afterPersist',
    why: 'H9: gone right after an fsync, before or after what was waiting for it',
    inject(world, rng) {
      const host = any(world, rng);
      host.onNextPersist(rng.chance(0.5) ? 'before' : 'after', () => {
        if (rng.chance(0.5)) host.powerOff();
        else host.crashController();
        world.later(rng.chance(0.6) ? rng.between(5, 500) : someTime(rng), () => {
          host.powerOn();
          host.startController();
        });
      });
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
        if (now !== null && rng.chance(0.6)) world.later(rng.between(1_000, 4_000), () => restart(world, rng, world.host(now)));
      });
      for (let at = 0; at < 15_000; at += rng.between(300, 1_500)) world.later(at, () => world.repeatStopProofs(rng));
    },
  },
  {
    name: 'oldProofsLate',
    why: 'ruling 3: a Master is Master again, its voters have started anew and promised anew, and then hear how its earlier life ended',
    inject(world, rng) {
      const { leaseVoteMs } = world.shape.settings.timings;
      const restartOwner = (): void => {
        const { owner } = world.checks.record;
        if (owner !== null) restart(world, rng, world.host(owner));
      };
      const voters = (): void => {
        const { owner } = world.checks.record;
        for (const node of world.nodes) if (node !== owner) restart(world, rng, world.host(node));
        world.later(leaseVoteMs * 1.2 + rng.between(500, 3_000), () => {
          // Cut off at that moment, the Master cannot hear that another one is elected: its lease alone keeps it serving.
          const now = world.checks.record.owner;
          if (now !== null && rng.chance(0.8)) cut(world, rng, around(world, now), rng.between(2_000, 6_000));
          world.repeatStopProofs(rng, 300);
        });
      };
      restartOwner();
      world.onNext(EDGES.join!, () => {
        world.later(rng.between(0, 1_000), restartOwner);
        world.onNext(EDGES.opened!, () => world.later(rng.between(0, 1_500), voters));
      });
    },
  },
  {
    name: 'manyLives',
    why: 'ruling 3: what was true of an earlier epoch of a node must not be believed of a later one',
    inject(world, rng) {
      const next = (lives: number): void =>
        world.onNext(EDGES.opened!, () =>
          world.later(rng.between(800, 3_000), () => {
            const { owner } = world.checks.record;
            if (owner === null) return;
            const host = world.host(owner);
            if (lives === 0) {
              host.freeze('host');
              world.later(rng.between(4_000, 10_000), () => host.thaw());
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
      world.later(rng.between(500, 2_500), () =>
        cut(
          world,
          rng,
          others.map((node) => [leader, node] as const),
          rng.between(2_000, 7_000),
        ),
      );
      world.later(rng.between(6_000, 9_000), () => {
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
        if (from !== null) world.later(rng.between(0, 30), () => cut(world, rng, around(world, from), rng.between(500, 5_000)));
      });
      world.operate({ kind: 'switchover', to: null }, rng.pick(world.nodes));
    },
  },
  {
    name: 'slowJoin',
    why: 'T1: the majority takes its time over a join',
    inject(world, rng) {
      world.onNextAction('pg.mark', (joiner) =>
        world.later(rng.between(0, 300), () => {
          slowMajority(world, rng, joiner);
          if (rng.chance(0.5)) restartInJoin(world, rng, joiner);
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
        world.later(rng.between(0, 1_200), () => cut(world, rng, around(world, owner), rng.between(1_000, 6_000)));
      for (const node of world.dataNodes)
        world.later(rng.between(0, node === owner ? 1_600 : 900), () => world.host(node).postgres.kill());
    },
  },
  {
    name: 'afterChange',
    why: 'X: the new owner is lost within a second of its claim',
    inject(world, rng) {
      world.onNext(EDGES.claim!, () => {
        const owner = world.checks.record.owner;
        if (owner !== null) world.later(rng.between(0, 900), () => hit(world, rng, world.host(owner)));
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
          world.later(rng.chance(0.5) ? rng.between(0, 60) : rng.between(0, 800), () => hit(world, rng, any(world, rng)));
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
      const standby = world.host(other);
      const boots = rng.chance(0.3);
      if (boots) {
        // It boots with what it knew, and finds nobody to ask.
        standby.powerOff();
        world.later(rng.between(6_000, 10_000), () => standby.powerOn());
      } else cut(world, rng, rng.chance(0.5) ? around(world, other) : both(owner, other), rng.between(5_000, 9_000));
      world.onNext(EDGES.leave!, () =>
        world.later(rng.between(0, 2_500), () => {
          master.powerOff();
          world.later(boots ? rng.between(10_000, 25_000) : rng.between(2_000, 12_000), () => master.powerOn());
        }),
      );
    },
  },
  {
    name: 'laggingVoter',
    why: 'S12: one voter is behind; the leader is lost right after the others have committed something, before they know',
    fits: (shape) => shape.members.length > 2,
    inject(world, rng) {
      const leader = world.leader();
      if (leader === null) return;
      const behind = rng.pick(world.nodes.filter((node) => node !== leader));
      const lines = rng.chance(0.7) ? around(world, behind) : both(leader, behind);
      cut(world, rng, lines, rng.between(8_000, 15_000));
      world.host(behind).disk.slowMs = rng.chance(0.5) ? rng.between(50, 900) : 0;
      if (rng.chance(0.5)) restart(world, rng, world.host(leader));
      else world.operate({ kind: 'switchover', to: null }, leader);
      const edge = rng.pick(['claim', 'claim', 'claim', ...Object.keys(EDGES)]);
      world.onNext(EDGES[edge]!, () => {
        const now = world.leader();
        for (const [from, to] of lines) world.network.way(from, to).cut = false;
        if (now !== null && rng.chance(0.3)) world.later(rng.between(0, 3), () => hit(world, rng, world.host(now)));
        // What it has just said is on the way, and does not arrive.
        else if (now !== null) cut(world, rng, around(world, now), rng.between(5_000, 12_000));
        world.later(rng.between(2_000, 9_000), () => {
          world.host(behind).disk.slowMs = 0;
        });
      });
    },
  },
  {
    name: 'electionEdge',
    why: 'X: somebody is hit in the middle of an election: as a vote is given, as a leader begins or steps down',
    inject(world, rng) {
      const edge = rng.pick(['campaign', 'voteGranted', 'leading', 'steppedDown', 'takingOver'] as const);
      const again = (left: number): void =>
        world.onNextAction(edge, (node) => {
          const host = rng.chance(0.6) ? world.host(node) : any(world, rng);
          world.later(rng.chance(0.5) ? rng.between(0, 5) : rng.between(0, 120), () => hit(world, rng, host));
          if (left > 0) again(left - 1);
        });
      again(Math.floor(rng.next() * 3));
      const leader = world.leader();
      if (leader === null) return;
      if (rng.chance(0.3)) world.operate({ kind: 'switchover', to: null }, leader);
      else if (rng.chance(0.4)) restart(world, rng, world.host(leader));
      else cut(world, rng, around(world, leader));
    },
  },
  {
    name: 'failsWhilePromoting',
    why: 'X: whoever takes over fails right after its promotion, once or twice, and may be promoted again',
    inject(world, rng) {
      const again = (left: number): void =>
        world.onNextAction('pg.promote', (node) => {
          if (rng.chance(0.3)) return heldWord(world, rng, node);
          if (rng.chance(0.4)) slowMajority(world, rng, node);
          world.later(rng.chance(0.7) ? rng.between(80, 800) : rng.between(0, 3_000), () => {
            const host = world.host(node);
            if (rng.chance(0.5)) host.postgres.kill();
            else if (rng.chance(0.4)) hit(world, rng, host);
            else {
              host.powerOff();
              world.later(rng.between(5_000, 20_000), () => host.powerOn());
            }
            if (left > 0) again(left - 1);
          });
        });
      again(Math.floor(rng.next() * 2));
      const { owner } = world.checks.record;
      if (owner === null) return;
      const host = world.host(owner);
      if (rng.chance(0.7)) host.powerOff();
      else cut(world, rng, around(world, owner), rng.between(6_000, 14_000));
      world.later(rng.between(4_000, 14_000), () => host.powerOn());
    },
  },
];
