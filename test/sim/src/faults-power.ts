import { watchdogWaitMs, worstFailoverMs } from '@yosugara/failover';
import { around, both, type Change, cut, data, EDGES, type FaultClass, hit, someTime } from './fault-tools.js';
import { isTwo } from './shape.js';
import type { World } from './world.js';

const worked: Change = (before, after) => after.maintenance.length > before.maintenance.length;

/** A last word is waited for, the order takes its time, and its answer is written down. */
const FENCE_MS = 6_000;
const MOODS = ['timeout', 'error', 'liar', 'late', 'credentials', 'flaps'] as const;

/** A lost host and nothing else: what `status` promises, and what a fence or a watchdog takes. null: nobody would take over. */
export function replacedWithinMs(world: World): number | null {
  const { settings, watchdog } = world.shape;
  const { stopProofs, timings } = settings;
  // A watchdog that could not be opened proves nothing, and `status` says beforehand that nobody would take over (seed 1990).
  const hardware = world.checks.record.armed?.kind === 'hardware';
  if (!stopProofs.includes('P2') && !stopProofs.includes('P4') && !hardware) return null;
  const fencedMs = settings.fenceable.length > 0 ? FENCE_MS + (isTwo(world.shape) ? settings.fenceDelayMs : 0) : 0;
  return worstFailoverMs(timings) + fencedMs + (watchdog ? watchdogWaitMs(timings, timings.watchdogMs) : 0);
}

/** Power devices. What maps to a wrong host (F11) is out of scope here: a configuration that a health check refuses. */
export const POWER: readonly FaultClass[] = [
  {
    name: 'device',
    why: 'F2–F5, F7, F17: a power device that does not answer, refuses, lies, is late or flaps',
    needs: ['fencing'],
    fits: (shape) => shape.settings.fenceable.length > 0,
    inject(world, rng) {
      const device = rng.pick(world.devices);
      device.mood = rng.pick(MOODS);
      world.later(rng.between(3_000, 15_000), () => {
        device.mood = 'ok';
      });
      if (rng.chance(0.7)) world.later(rng.between(0, 3_000), () => hit(world, rng, data(world, rng)));
    },
  },
  {
    name: 'deviceDiesToo',
    why: 'F6: the power controller loses its mains with its host',
    needs: ['fencing'],
    fits: (shape) => shape.settings.fenceable.length > 0,
    inject(world, rng) {
      const device = rng.pick(world.devices);
      device.diesWithHost = true;
      const host = world.host(device.target);
      host.powerOff();
      world.later(rng.between(5_000, 15_000), () => {
        host.powerOn();
        device.diesWithHost = false;
      });
    },
  },
  {
    name: 'bothShoot',
    why: 'F8: the nodes lose each other, and neither is ill',
    needs: ['fencing'],
    inject(world, rng) {
      const [one, two] = world.dataNodes;
      cut(world, rng, both(one!, two!), rng.between(3_000, 20_000));
      for (const node of world.dataNodes)
        if (!world.host(node).powered) world.later(someTime(rng), () => world.host(node).powerOn());
    },
  },
  {
    name: 'fencedReturns',
    why: 'F9, F13: whoever was switched off boots again while the link is still cut',
    needs: ['fencing'],
    fits: (shape) => shape.settings.fenceable.length > 0,
    inject(world, rng) {
      const node = rng.pick(world.dataNodes);
      cut(world, rng, around(world, node), rng.between(6_000, 20_000));
      const boots = (left: number): void =>
        void world.later(rng.between(2_000, 5_000), () => {
          for (const data of world.dataNodes) world.host(data).powerOn();
          if (left > 0) boots(left - 1);
        });
      boots(4);
    },
  },
  {
    name: 'fenceAtEdge',
    why: 'F10: something happens while the order is on its way',
    needs: ['fencing'],
    fits: (shape) => shape.settings.fenceable.length > 0,
    inject(world, rng) {
      world.onNextAction('fence.off', () => world.later(rng.between(0, 2_500), () => hit(world, rng, data(world, rng))));
      const { owner } = world.checks.record;
      if (owner !== null && rng.chance(0.7)) hit(world, rng, world.host(owner));
    },
  },
  {
    name: 'watchdogOrNot',
    why: 'P3, F15: a whole host freezes with its watchdog armed, in the middle of something or not',
    needs: ['watchdog'],
    fits: (shape) => shape.watchdog,
    inject(world, rng) {
      const freeze = (): void => {
        const host = data(world, rng);
        host.freeze(rng.chance(0.5) ? 'host' : 'controller');
        world.later(someTime(rng), () => host.thaw());
      };
      if (rng.chance(0.5)) freeze();
      else world.onNext(EDGES[rng.pick(Object.keys(EDGES))]!, freeze);
    },
  },
  {
    name: 'masterDark',
    why: 'F2–F5, P2, P3: the Master’s whole host freezes, at once or as its lease ends, and its power device is of no help',
    fits: (shape) => shape.settings.fenceable.length > 0 || shape.watchdog,
    inject(world, rng) {
      const { owner } = world.checks.record;
      if (owner === null) return;
      const host = world.host(owner);
      const device = world.device(owner);
      const freeze = (): void => {
        host.freeze('host');
        world.later(rng.between(4_000, 14_000), () => host.thaw());
      };
      if (device !== undefined && rng.chance(0.8)) {
        device.mood = rng.pick(MOODS);
        world.later(rng.between(6_000, 14_000), () => {
          device.mood = 'ok';
        });
      }
      if (rng.chance(0.2)) {
        // Frozen as soon as everybody knows that somebody works on it.
        world.onNext(worked, () => world.later(rng.between(0, 60), freeze));
        const untilWallMs = host.clock.wallMs() + 30_000;
        world.operate({ kind: 'maintenance', node: owner, untilWallMs, why: 'an operator’s' }, rng.pick(world.nodes));
        return;
      }
      if (rng.chance(0.5)) return freeze();
      cut(world, rng, around(world, owner), rng.between(5_000, 12_000));
      // A controller that hangs stops nothing: only its dead man will, as the lease ends.
      if (rng.chance(0.5)) host.freeze('controller');
      world.later(world.shape.settings.timings.leaseOwnMs * rng.between(0.6, 1.05), freeze);
    },
  },
  {
    name: 'fencedReturnsAsMaster',
    why: 'F5: a Master is fenced, returns, is Master again, and is lost again: what was proven of it then is not true now',
    needs: ['fencing'],
    fits: (shape) => shape.settings.fenceable.length > 0,
    inject(world, rng) {
      const { owner } = world.checks.record;
      if (owner === null) return;
      const host = world.host(owner);
      const lose = (): void => {
        if (rng.chance(0.7)) host.freeze('host');
        else cut(world, rng, around(world, owner), rng.between(6_000, 12_000));
        world.later(rng.between(6_000, 14_000), () => host.thaw());
      };
      world.onNextAction('fence.off', () => {
        for (let atMs = 3_000; atMs < 9_000; atMs += 1_000) world.later(atMs, () => host.powerOn());
        world.onNext(EDGES.join!, () => {
          world.operate({ kind: 'switchover', to: owner }, owner);
          world.onNext(EDGES.opened!, () => world.later(rng.between(0, 2_500), lose));
        });
      });
      lose();
    },
  },
  {
    name: 'deviceLies',
    why: 'F4: of two nodes that lose each other, the power device of one says and reads off, and the host runs on; the other device is of no help',
    needs: ['fencing', 'twoNodes'],
    fits: isTwo,
    // With three voters P2 rests on what a device reads; of two nodes the Master has ended by itself before it is shot.
    alone: true,
    inject(world, rng) {
      const { owner } = world.checks.record;
      const other = world.dataNodes.find((node) => node !== owner);
      if (owner === null || other === undefined) return;
      world.device(owner)!.mood = 'lies';
      world.checks.liedTo = true;
      // One that came round and told the truth would leave each of them alone by a word of its own: a double fault, for people.
      world.device(other)!.mood = rng.pick(['timeout', 'error', 'credentials'] as const);
      cut(world, rng, both(owner, other), rng.between(6_000, 20_000));
    },
  },
  {
    name: 'hostLost',
    why: 'pattern 1: the Master’s host is lost for good, nothing else: the other one serves within what `status` promises and a fence takes',
    alone: true,
    inject(world, rng) {
      const { owner, syncSet, phase } = world.checks.record;
      if (owner === null || phase !== 'serving' || syncSet.length < 2) return;
      const byMs = replacedWithinMs(world);
      if (byMs === null) return;
      if (rng.chance(0.6)) world.host(owner).powerOff();
      else world.host(owner).freeze('host');
      world.later(byMs, () => {
        if (!world.dataNodes.some((node) => world.host(node).serves()))
          world.checks.fail('L1', `the host of ${owner} was lost ${Math.round(byMs)} ms ago, and nobody serves`);
      });
    },
  },
];
