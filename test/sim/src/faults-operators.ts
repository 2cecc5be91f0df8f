import type { NodeId } from '@yosugara/kernel';
import { hasLeft } from '@yosugara/runtime';
import { both, cut, data, EDGES, type FaultClass, hit, someTime } from './fault-tools.js';
import type { Rng } from './rng.js';
import { isTwo } from './shape.js';
import type { World } from './world.js';

const WHY = 'an operator’s';

/** Its source is lost while nobody looks: the controller that ordered the copy stands still, and hears of its end with the first it sees. */
function unseen(world: World, rng: Rng, node: NodeId): void {
  const { owner } = world.checks.record;
  if (owner === null || owner === node) return;
  world.host(node).freeze('controller');
  world.host(owner).powerOff();
  world.later(rng.between(1_800, 4_000), () => world.host(node).thaw());
  world.later(someTime(rng), () => world.host(owner).powerOn());
}

/** People at bad moments. */
export const OPERATORS: readonly FaultClass[] = [
  {
    name: 'recoverAnytime',
    why: 'O6: `recover` of any node, also of the Master, also twice, also in the middle of something',
    inject(world, rng) {
      const times = 1 + Math.floor(rng.next() * 4);
      for (let i = 0; i < times; i += 1)
        world.later(rng.between(0, 6_000), () =>
          world.operate({ kind: 'recover', node: rng.chance(0.5) ? null : rng.pick(world.dataNodes) }, rng.pick(world.nodes)),
        );
    },
  },
  {
    name: 'recoverInterrupted',
    why: 'S14: a node that is being brought back is hit, again and again, and so is the Master it copies from',
    inject(world, rng) {
      const again = (left: number): void =>
        world.onNextAction(rng.pick(['pg.rewind', 'pg.baseBackup']), (node) => {
          if (rng.chance(0.25)) unseen(world, rng, node);
          world.later(rng.between(0, 2_500), () => {
            const { owner } = world.checks.record;
            hit(world, rng, world.host(rng.chance(0.7) || owner === null ? node : owner));
            if (left > 0) again(left - 1);
          });
        });
      again(Math.floor(rng.next() * 3));
      const { owner } = world.checks.record;
      if (owner !== null) {
        const host = world.host(owner);
        host.powerOff();
        world.later(someTime(rng), () => host.powerOn());
      }
    },
  },
  {
    name: 'switchoverTwice',
    why: 'O3: back and forth, with a fault in between or without',
    inject(world, rng) {
      const go = (): void => world.operate({ kind: 'switchover', to: null }, rng.pick(world.nodes));
      go();
      world.onNext(EDGES.opened!, () => {
        world.later(rng.between(0, 3_000), go);
        if (rng.chance(0.5)) world.later(rng.between(0, 3_000), () => hit(world, rng, data(world, rng)));
      });
    },
  },
  {
    name: 'switchoverOldWord',
    why: 'O1: an answer to a switchover of an epoch that is over',
    inject(world, rng) {
      for (let at = 0; at < 5_000; at += rng.between(200, 1_500))
        world.later(at, () =>
          world.operate({ kind: 'switchover', to: rng.pick([null, ...world.dataNodes]) }, rng.pick(world.nodes)),
        );
      if (rng.chance(0.6)) world.later(rng.between(0, 3_000), () => hit(world, rng, data(world, rng)));
    },
  },
  {
    name: 'promoteForced',
    why: 'O17, T8: the Master is off for good and its Standby lacks something: an operator accepts the loss, and the Master returns',
    inject(world, rng) {
      const { owner } = world.checks.record;
      const other = world.dataNodes.find((node) => node !== owner);
      if (owner === null || other === undefined) return;
      const old = world.host(owner);
      old.powerOff();
      const asks = (): void => {
        // They look first: a host that is on is not called off.
        if (!old.powered) world.operate({ kind: 'promote', node: other, oldMasterIsOff: true }, other);
      };
      for (let at = rng.between(1_000, 5_000); at < 14_000; at += rng.between(1_000, 4_000)) world.later(at, asks);
      world.later(rng.between(15_000, 20_000), () => old.powerOn());
    },
  },
  {
    name: 'promoteWrongly',
    why: 'F16: somebody calls a Master off that is not: the record says who said so; S1 is out of scope from then on',
    inject(world, rng) {
      if (!rng.chance(0.15)) return;
      const { owner } = world.checks.record;
      const other = world.dataNodes.find((node) => node !== owner);
      if (owner === null || other === undefined) return;
      // Without an arbiter a Master is told so, too, of its Standby.
      const told = isTwo(world.shape) && rng.chance(0.3) ? owner : other;
      if (told === owner) cut(world, rng, both(owner, other));
      else {
        world.host(owner).freeze('controller');
        world.later(someTime(rng), () => world.host(owner).thaw());
      }
      for (let at = 1_000; at < 8_000; at += rng.between(500, 2_000))
        world.later(at, () => world.operate({ kind: 'promote', node: told, oldMasterIsOff: true }, told));
    },
  },
  {
    name: 'cancelWaiting',
    why: 'R9: sessions that wait for a synchronous standby are cancelled: the rows are visible here, and perhaps only here',
    inject(world, rng) {
      const times = 1 + Math.floor(rng.next() * 5);
      for (let i = 0; i < times; i += 1)
        world.later(rng.between(0, 6_000), () => {
          for (const node of world.dataNodes) world.clients.cancelAt(node);
        });
    },
  },
  {
    name: 'pause',
    why: 'O5, T10: the cluster is told to do nothing by itself, then something happens, then it may again',
    needs: ['governance'],
    inject(world, rng) {
      const at = rng.pick(world.nodes);
      const untilWallMs = world.host(at).clock.wallMs() + rng.between(2_000, 9_000);
      world.operate({ kind: 'pause', untilWallMs, why: WHY }, at);
      if (rng.chance(0.7)) world.later(rng.between(0, 5_000), () => hit(world, rng, data(world, rng)));
      if (rng.chance(0.3))
        world.later(rng.between(1_000, 6_000), () => world.operate({ kind: 'pause', untilWallMs: null, why: WHY }, at));
    },
  },
  {
    name: 'maintenance',
    why: 'O4: somebody works on a node; then a fault comes',
    needs: ['governance'],
    inject(world, rng) {
      const node = rng.pick(world.dataNodes);
      const at = rng.pick(world.nodes);
      world.operate(
        { kind: 'maintenance', node, untilWallMs: world.host(at).clock.wallMs() + rng.between(2_000, 9_000), why: WHY },
        at,
      );
      if (rng.chance(0.7)) world.later(rng.between(0, 5_000), () => hit(world, rng, data(world, rng)));
      if (rng.chance(0.3))
        world.later(rng.between(1_000, 6_000), () =>
          world.operate({ kind: 'maintenance', node, untilWallMs: null, why: WHY }, at),
        );
    },
  },
  {
    name: 'shutDown',
    why: 'P2, patterns 2 and 13: SIGTERM, ten seconds, then the power; perhaps it boots again',
    needs: ['governance'],
    inject(world, rng) {
      const host = data(world, rng);
      host.push({ kind: 'leave' });
      const hardMs = world.agenda.now + (rng.chance(0.3) ? rng.between(100, 3_000) : 8_000);
      const life = host.life;
      // As the driver does: it ends as soon as the others do without it. What began to leave leaves, and is switched on again.
      const wait = (): void => {
        if (host.life !== life) return;
        if (world.agenda.now < hardMs && (host.state?.leaving !== true || !hasLeft(host.state)))
          return void world.agenda.after(20, wait);
        host.powerOff();
        world.agenda.after(someTime(rng), () => host.powerOn());
      };
      wait();
      if (rng.chance(0.4)) world.later(rng.between(0, 4_000), () => hit(world, rng, data(world, rng)));
    },
  },
];
