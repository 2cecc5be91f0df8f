import { hasDiverged } from '@yosugara/failover';
import { lsn, type NodeId } from '@yosugara/kernel';
import { any, around, both, cut, data, EDGES, type FaultClass, restart, someTime } from './fault-tools.js';
import { isTwo } from './shape.js';
import type { World } from './world.js';

/**
 * It could take over as it is: what went past a fork is rewound first, from the other one, and what `strict` kept in the sync set waits
 * until it has followed the newest timeline.
 */
function isWhole(world: World, node: NodeId): boolean {
  const { postgres } = world.host(node);
  const { record } = world.checks;
  if (!postgres.exists || postgres.incomplete || hasDiverged(record, postgres.timeline, lsn(postgres.wal.length))) return false;
  const last = record.lineage.at(-1);
  const followed = last === undefined || last.owner === node || postgres.timeline >= last.timeline;
  return followed && (record.opening === null || record.opening === node);
}

/** Its consensus log counts. */
function remembers(world: World, node: NodeId): boolean {
  const { state, disk } = world.host(node);
  return (
    !world.amnesiac.has(node) || (!disk.lost && state !== null && state.consensusDamaged === null && state.accusedOf === null)
  );
}

/** Disks, clocks, volumes, the machine itself. */
export const HOST_FAULTS: readonly FaultClass[] = [
  {
    name: 'raftDiskFails',
    why: 'D3, D6: the consensus disk answers EIO, or is full: the process ends and never tries an fsync again',
    inject(world, rng) {
      const host = any(world, rng);
      host.disk.failing = rng.pick(['eio', 'full']);
      world.later(someTime(rng), () => {
        host.disk.failing = 'no';
        host.startController();
      });
    },
  },
  {
    name: 'machinePaused',
    why: 'C4, H4: the machine stands still, its monotonic clock too; when it goes on, old leases look valid',
    needs: ['clockJump'],
    inject(world, rng) {
      const host = any(world, rng);
      host.freeze('pause');
      world.later(someTime(rng), () => host.thaw());
    },
  },
  {
    name: 'masterPaused',
    why: 'C4: the Master’s machine stands still until another one serves',
    needs: ['clockJump'],
    inject(world, rng) {
      const { owner } = world.checks.record;
      if (owner === null) return;
      const host = world.host(owner);
      host.freeze('pause');
      world.later(15_000, () => host.thaw());
      world.onNext(EDGES.opened!, () => world.later(rng.between(0, 4_000), () => host.thaw()));
    },
  },
  {
    name: 'wallClock',
    why: 'C1, C3, C5: the wall clock is set, by minutes, either way',
    inject(world, rng) {
      const host = any(world, rng);
      host.clock.wallStepMs += rng.between(-3_600_000, 3_600_000);
      world.checks.extras.wallSet = true;
    },
  },
  {
    name: 'raftDiskWiped',
    why: 'D16, K6: the consensus directory is emptied while its host is off; of two nodes the other one then waits for an operator',
    needs: ['incarnations'],
    fits: (shape) => !isTwo(shape),
    inject(world, rng) {
      const host = any(world, rng);
      // A second one before the first is back as a voter leaves no majority that remembers.
      if (world.amnesiac.size > 0 && !world.amnesiac.has(host.node)) return;
      // Nor does the only whole copy come back without a word of somebody’s: the other one’s data are gone, too.
      if ([...world.checks.emptied].some((node) => node !== host.node && !isWhole(world, node))) return;
      world.amnesiac.add(host.node);
      host.powerOff();
      host.disk.wipe(rng.chance(0.7));
      world.later(rng.between(100, 5_000), () => host.powerOn());
    },
  },
  {
    name: 'machineRestored',
    why: 'H12: a machine comes back from a snapshot of some seconds ago, consensus disk and all; the others have heard it since',
    needs: ['incarnations'],
    alone: true,
    fits: (shape) => !isTwo(shape),
    inject(world, rng) {
      const host = any(world, rng);
      host.disk.keep();
      const back = (): void => {
        host.powerOff();
        host.disk.rollBack();
        world.later(rng.between(100, 3_000), () => host.powerOn());
      };
      if (rng.chance(0.5)) world.onNext(EDGES[rng.pick(Object.keys(EDGES))]!, () => world.later(rng.between(0, 1_500), back));
      else world.later(rng.between(1_000, 9_000), back);
    },
  },
  {
    name: 'dataWiped',
    why: 'D17: the data directory is gone, on a node whose data somebody else holds, too',
    inject(world, rng) {
      const { record } = world.checks;
      const whole = record.syncSet.filter((other) => isWhole(world, other) && remembers(world, other));
      if (whole.length < 2) return;
      const node = rng.pick(record.syncSet);
      const host = world.host(node);
      host.powerOff();
      host.postgres.wipe();
      world.checks.emptied.add(node);
      world.later(rng.between(100, 4_000), () => host.powerOn());
    },
  },
  {
    name: 'unfitVolume',
    why: 'D1, D2, D5, D7, D13: probes find that a volume of this host stalls, is full, or is read-only',
    needs: ['unfit'],
    inject(world, rng) {
      const host = data(world, rng);
      host.unfit = 'the data volume does not answer';
      host.tellHost();
      const stalls = rng.chance(0.5);
      if (stalls) host.postgres.hung = host.postgres.process !== 'down';
      world.later(someTime(rng), () => {
        host.unfit = null;
        if (stalls) host.postgres.hung = false;
        host.tellHost();
      });
    },
  },
  {
    name: 'vipLost',
    why: 'pattern 8, N21: the address is taken off behind the driver’s back',
    inject(world, rng) {
      const host = data(world, rng);
      if (!host.holdsVip()) return;
      host.dropVip();
      // A look that began before the address was taken again tells nothing (`VipLook`).
      world.later(rng.between(50, 500), () => {
        if (!host.holdsVip()) host.push({ kind: 'vip', held: false });
      });
    },
  },
  {
    name: 'restartAlone',
    why: 'R10: PostgreSQL of the Master crashes with commits that wait for a Standby which is away; then the Master is lost, and the Standby is back',
    inject(world, rng) {
      const { owner } = world.checks.record;
      const other = world.dataNodes.find((node) => node !== owner);
      if (owner === null || other === undefined) return;
      const [master, standby] = [world.host(owner), world.host(other)];
      const apart = rng.between(3_000, 7_000);
      if (rng.chance(0.5)) {
        standby.powerOff();
        world.later(apart, () => standby.powerOn());
      } else cut(world, rng, both(owner, other), apart);
      for (let at = rng.between(100, 1_500); at < apart; at += rng.between(400, 2_500))
        world.later(at, () => master.postgres.kill());
      if (rng.chance(0.7))
        world.later(apart - rng.between(-300, 2_500), () => {
          if (rng.chance(0.5)) master.powerOff();
          else cut(world, rng, around(world, owner));
          world.later(someTime(rng), () => master.powerOn());
        });
    },
  },
  {
    name: 'shipSlowly',
    why: 'R6: the Standby streams and lags, and then everything turns to it',
    inject(world, rng) {
      const { owner } = world.checks.record;
      const other = world.dataNodes.find((node) => node !== owner);
      if (owner === null || other === undefined) return;
      const way = world.network.way(owner, other);
      Object.assign(way, { delayMs: rng.between(200, 900) });
      world.later(rng.between(500, 2_500), () => {
        if (rng.chance(0.5)) world.operate({ kind: 'switchover', to: null }, rng.pick(world.nodes));
        else restart(world, rng, world.host(owner));
      });
      world.later(rng.between(3_000, 6_000), () => Object.assign(way, { delayMs: 0.5 }));
    },
  },
];
