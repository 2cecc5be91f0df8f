import type { NodeId } from '@yosugara/kernel';
import { around, cut, data, EDGES, type FaultClass, hit, restart, someTime } from './fault-tools.js';
import { OTHER_SITE } from './faults-dr.js';
import { replacedWithinMs } from './faults-power.js';
import type { HookMood } from './host-model.js';
import type { Rng } from './rng.js';
import type { World } from './world.js';

/** Killed, started, hanging again. */
const MANAGER_STARTS_MS = 9_500;
/** A fast stop and a claim, on slow ground. */
const MOVES_MS = 10_000;

const switchover = (world: World, rng: Rng): void => world.operate({ kind: 'switchover', to: null }, rng.pick(world.nodes));

/** Somebody has to take over. */
function loseMaster(world: World, rng: Rng): void {
  const { owner } = world.checks.record;
  if (owner === null) return;
  const host = world.host(owner);
  switch (rng.pick(['power', 'cut', 'controller', 'postgres', 'freeze'] as const)) {
    case 'power':
      host.powerOff();
      world.later(someTime(rng), () => host.powerOn());
      break;
    case 'cut':
      cut(world, rng, around(world, owner));
      break;
    case 'controller':
      host.crashController();
      world.later(rng.between(1_000, 6_000), () => host.startController());
      break;
    case 'freeze':
      host.freeze('host');
      world.later(someTime(rng), () => host.thaw());
      break;
    case 'postgres':
      host.postgres.kill();
      break;
  }
}

function hooksAre(world: World, rng: Rng, mood: HookMood, forMs: number): void {
  const whose = rng.chance(0.6) ? world.dataNodes : [rng.pick(world.dataNodes)];
  for (const node of whose) world.host(node).hook = mood;
  world.later(forMs, () => {
    for (const node of whose) world.host(node).hook = 'passes';
  });
}

const mood = (rng: Rng): HookMood => rng.pick(['vetoes', 'vetoes', 'hangs']);

/** Faults of what only some schedules have. */
export const EXTRA_FAULTS: readonly FaultClass[] = [
  ...OTHER_SITE,
  {
    name: 'hookVetoes',
    why: 'failover.md 5.7: the program before a promotion refuses, or does not end in time, for a while; then a change of Master is due',
    extra: 'hook',
    inject(world, rng) {
      hooksAre(world, rng, mood(rng), rng.between(2_000, 15_000));
      world.later(rng.between(0, 1_500), () => (rng.chance(0.4) ? switchover(world, rng) : loseMaster(world, rng)));
      if (rng.chance(0.4)) world.later(rng.between(2_000, 9_000), () => hit(world, rng, data(world, rng)));
    },
  },
  {
    name: 'hookTurns',
    why: 'the program let an earlier promotion of this controller’s life pass, and refuses the next one',
    extra: 'hook',
    inject(world, rng) {
      const again = (left: number): void =>
        world.onNext(EDGES.join!, () =>
          world.later(rng.between(0, 500), () => {
            if (left === 0) hooksAre(world, rng, mood(rng), rng.between(3_000, 8_000));
            switchover(world, rng);
            if (left > 0) again(left - 1);
          }),
        );
      again(1);
      switchover(world, rng);
    },
  },
  {
    name: 'takeOversInARow',
    why: 'N13, 2.6: every Master is lost soon after it has opened, until nobody may take over by itself any more',
    extra: 'limit',
    inject(world, rng) {
      const again = (left: number): void =>
        world.onNext(EDGES.opened!, () =>
          // Mostly there must be a Standby that could.
          world.onNext(EDGES.join!, () =>
            world.later(rng.between(0, 1_500), () => {
              loseMaster(world, rng);
              if (left > 0) again(left - 1);
            }),
          ),
        );
      again(1 + Math.floor(rng.next() * 2));
      loseMaster(world, rng);
    },
  },
  {
    name: 'limitReset',
    why: 'O17: the limit is reached and the Master is lost: an operator has the other one promoted at once',
    extra: 'limit',
    inject(world, rng) {
      for (let at = rng.between(2_000, 6_000); at < 16_000; at += rng.between(1_000, 4_000))
        world.later(at, () => {
          const { owner } = world.checks.record;
          const other = world.dataNodes.find((node) => node !== owner);
          if (other !== undefined && !world.dataNodes.some((node) => world.host(node).serves()))
            world.operate({ kind: 'promote', node: other, oldMasterIsOff: false }, other);
        });
      loseMaster(world, rng);
      world.onNext(EDGES.join!, () => world.later(rng.between(0, 1_500), () => loseMaster(world, rng)));
    },
  },
  {
    name: 'limitLapses',
    why: 'the limit is reached and the Master’s host is lost for good: the other one waits, and takes over when the oldest take-over is old enough',
    extra: 'limit',
    alone: true,
    inject(world, rng) {
      const { withinMs } = world.shape.settings.rateLimit;
      const lost = (owner: NodeId): void => {
        const byMs = replacedWithinMs(world);
        if (byMs === null) return;
        world.host(owner).powerOff();
        world.later(withinMs + byMs, () => {
          world.coverage.count('limit lapsed');
          if (!world.dataNodes.some((node) => world.host(node).serves()))
            world.checks.fail('RATE', `the limit of take-overs was over ${Math.round(byMs)} ms ago, and nobody serves`);
        });
      };
      const again = (): void => {
        const { owner } = world.checks.record;
        if (owner === null) return;
        if (world.checks.extras.reached(0)) return lost(owner);
        // Of two nodes a join is committed by one alone, and the other one gets its vote back after it.
        world.onNext(EDGES.join!, () => world.later(rng.between(3_000, 4_000), again));
        restart(world, rng, world.host(owner));
      };
      again();
    },
  },
  {
    name: 'fenceByHand',
    why: 'T11: an operator has a node switched off, the Master too, once or again, with a fault in between or without',
    extra: 'byHand',
    fits: (shape) => shape.settings.fenceable.length > 0,
    inject(world, rng) {
      const fence = (): void => {
        const { owner } = world.checks.record;
        const node = owner !== null && rng.chance(0.5) ? owner : rng.pick(world.dataNodes);
        world.operate({ kind: 'fence', node, by: 'an operator', why: 'it smells of smoke' }, rng.pick(world.nodes));
      };
      fence();
      if (rng.chance(0.5)) world.later(rng.between(200, 8_000), fence);
      if (rng.chance(0.3)) world.later(rng.between(0, 3_000), () => switchover(world, rng));
      if (rng.chance(0.5)) world.later(rng.between(0, 4_000), () => hit(world, rng, data(world, rng)));
      if (rng.chance(0.3))
        world.onNextAction('fence.off', () => world.later(rng.between(0, 2_500), () => hit(world, rng, data(world, rng))));
      if (rng.chance(0.3)) {
        const device = rng.pick(world.devices);
        device.mood = rng.pick(['timeout', 'error', 'liar', 'late', 'flaps'] as const);
        world.later(rng.between(3_000, 15_000), () => {
          device.mood = 'ok';
        });
      }
    },
  },
  {
    name: 'managerHangs',
    why: 'P9: a manager stops answering (SIGSTOP, an endless loop), the Master’s or the Standby’s; sometimes it wakes up by itself',
    extra: 'manager',
    inject(world, rng) {
      const { owner } = world.checks.record;
      const host = owner !== null && rng.chance(0.7) ? world.host(owner) : data(world, rng);
      host.manager?.hang();
      if (rng.chance(0.4)) world.later(rng.between(500, 8_000), () => host.manager?.wake());
      if (rng.chance(0.3)) world.later(rng.between(0, 8_000), () => hit(world, rng, data(world, rng)));
      if (rng.chance(0.3)) world.later(rng.between(2_000, 12_000), () => host.manager?.hang());
    },
  },
  {
    name: 'controllerHeldUp',
    why: 'C4 of the watch: a controller that stood still itself must not take what it did not hear for silence',
    extra: 'manager',
    inject(world, rng) {
      const host = data(world, rng);
      for (let at = 0; at < 12_000; at += rng.between(800, 5_000))
        world.later(at, () => {
          host.freeze('controller');
          world.later(rng.between(200, 4_000), () => host.thaw());
        });
    },
  },
  {
    name: 'managerIncurable',
    why: 'the Master’s manager hangs again after each restart, and nothing else breaks: the other node takes over',
    extra: 'manager',
    alone: true,
    inject(world) {
      const { owner, syncSet, phase } = world.checks.record;
      if (owner === null || phase !== 'serving' || syncSet.length < 2) return;
      const host = world.host(owner);
      if (host.manager === null || !host.manager.settled) return;
      host.manager.incurable = true;
      host.manager.hang();
      const byMs = 2 * world.shape.settings.timings.managerSilentMs + MANAGER_STARTS_MS + MOVES_MS;
      world.later(byMs, () => {
        world.coverage.count('manager incurable, Master moved');
        const now = world.checks.record.owner;
        if (now === owner || now === null || !world.host(now).serves())
          world.checks.fail('MGR', `the manager of ${owner} has not answered for ${byMs} ms, and nobody else is Master`);
      });
    },
  },
];
