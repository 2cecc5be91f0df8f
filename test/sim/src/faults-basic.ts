import { any, around, both, cut, data, type FaultClass, restart, someTime } from './fault-tools.js';

/** One thing breaks. */
export const BASIC: readonly FaultClass[] = [
  {
    name: 'power',
    why: 'H1, H9: a host loses power; what was not flushed is gone',
    inject(world, rng) {
      const host = any(world, rng);
      host.powerOff();
      world.later(someTime(rng), () => host.powerOn());
    },
  },
  {
    name: 'controller',
    why: 'P1: kill -9 on a controller; the dead man stops everything',
    inject(world, rng) {
      const host = any(world, rng);
      host.crashController();
      world.later(rng.between(200, 4_000), () => host.startController());
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
    name: 'freeze',
    why: 'P3, H4: a controller, or a whole host, stops thinking and wakes up later with old messages',
    inject(world, rng) {
      const host = any(world, rng);
      host.freeze(rng.chance(0.5) ? 'controller' : 'host');
      world.later(someTime(rng), () => host.thaw());
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
        world.later(at, () => cut(world, rng, pairs, rng.between(100, 900)));
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
            world.later(someTime(rng), () => Object.assign(way, { loss: 0, double: 0, delayMs: 0.5, jitterMs: 1 }));
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
          world.later(someTime(rng), () => Object.assign(way, { late: 0, double: 0 }));
        }
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
      host.disk.slowMs = rng.between(20, 1_500);
      world.later(someTime(rng), () => {
        host.disk.slowMs = 0;
      });
    },
  },
  {
    name: 'allOff',
    why: 'H10: everything loses power and comes back in any order',
    inject(world, rng) {
      for (const node of world.nodes) world.host(node).powerOff();
      for (const node of world.nodes) world.later(rng.between(200, 5_000), () => world.host(node).powerOn());
    },
  },
  {
    name: 'switchover',
    why: 'O1–O3: an operator asks for the other node',
    inject: (world, rng) => world.operate({ kind: 'switchover', to: null }, rng.pick(world.nodes)),
  },
];
