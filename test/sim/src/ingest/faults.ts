import { INFORMS } from './devices.js';
import type { Journal } from './disk.js';
import type { Site } from './site.js';
import type { World } from './world.js';

export interface Fault {
  readonly name: string;
  readonly begin: (world: World) => void;
}

const SOME_MS = [20, 200, 800, 2_500, 6_000];
/** So long ingest waits for a peer that cannot be asked (feed.ts). */
const ASKS_MS = 10_000;

/** Everything that goes wrong goes away by itself; `World.heal` mends the rest. */
export const FAULTS: readonly Fault[] = [
  {
    name: 'receiverKilled',
    begin: (world) => {
      const site = world.anySite();
      site.stopReceiver(false);
      world.later(() => world.upAgain(site));
    },
  },
  {
    name: 'killedUnanswered',
    begin: (world) => {
      const site = world.anySite();
      world.cut('both');
      for (let more = 3; more > 0; more--) world.senders.inform(INFORMS);
      world.senders.informVip();
      world.after(world.rng.next() * 400, () => {
        site.stopReceiver(world.rng.chance(0.5));
        world.after(world.rng.next() * 3_000, () => world.upAgain(site));
        world.later(() => world.wire.mend());
      });
    },
  },
  {
    name: 'copiesHeldBack',
    begin: (world) => {
      const { name } = world.anySite();
      world.senders.heldMs = { [name]: world.rng.pick([1_500, 3_000, 7_000, 20_000]) };
      for (let more = 5; more > 0; more--) world.senders.stamped();
      world.later(() => {
        world.senders.heldMs = {};
      });
    },
  },
  {
    name: 'managerKilled',
    begin: (world) => world.cluster.owner.stopManager(),
  },
  {
    name: 'hostOff',
    begin: (world) => {
      const site = world.anySite();
      site.powerOff();
      world.later(() => world.upAgain(site));
    },
  },
  {
    name: 'masterOff',
    begin: (world) => masterOff(world),
  },
  {
    name: 'linkDiesThenMaster',
    begin: (world) => {
      world.cut('both');
      world.after(world.rng.next() * 1_900, () => masterOff(world));
    },
  },
  {
    name: 'slowLinkThenMaster',
    begin: (world) => {
      world.wire.slowMs = 1_500;
      world.oracle.wasSlow = true;
      world.after(500 + world.rng.next() * 3_000, () => masterOff(world));
      world.later(() => {
        world.wire.slowMs = 0;
      });
    },
  },
  {
    name: 'linkCut',
    begin: (world) => {
      world.cut(world.rng.pick(['both', 'both', 'a', 'b']));
      world.later(() => world.wire.mend());
    },
  },
  {
    name: 'receiverFrozen',
    begin: (world) => world.freeze(world.anySite(), world.rng.pick([300, 1_000, 2_500, 7_000])),
  },
  {
    name: 'managerFrozen',
    begin: (world) => {
      const { manager } = world.cluster.owner;
      if (manager !== null) world.freezeProc(manager.proc, world.rng.pick([300, 1_500, 5_000]));
    },
  },
  {
    name: 'clockStep',
    begin: (world) => {
      const { clock } = world.anySite();
      const addUs = Math.round(world.rng.pick([-3.6e9, -5e6, -1.2e6, -3e5, 2e5, 8e5, 1.7e6, 6e6, 3.6e9]));
      clock.steps.push({ atMs: world.time.nowMs, addUs });
    },
  },
  {
    name: 'databaseTrouble',
    begin: (world) => {
      const trouble = world.rng.pick([0.05, 0.2, 0.5]);
      for (const site of world.sites) site.db.trouble = trouble;
      world.later(() => {
        for (const site of world.sites) site.db.trouble = 0;
      });
    },
  },
  {
    name: 'switchover',
    begin: (world) => void world.cluster.switchover(),
  },
  {
    name: 'peerFull',
    begin: (world) => {
      const site = world.anySite();
      site.isPeerFull = true;
      world.later(() => {
        site.isPeerFull = false;
      });
    },
  },
  {
    name: 'slowDisk',
    begin: (world) => {
      const site = world.anySite();
      site.slowDisk = world.rng.pick([50, 400, 1_500]);
      world.later(() => {
        site.slowDisk = 0;
      });
    },
  },
  {
    name: 'journalLost',
    begin: (world) => {
      const site = world.anySite();
      site.stopReceiver(false);
      site.own.journals = [];
      site.copies.journals = [];
      world.oracle.diskLost();
      world.later(() => world.upAgain(site));
    },
  },
  {
    name: 'journalDamaged',
    begin: (world) => {
      const site = world.anySite();
      const peer = world.sites.find((each) => each !== site)!;
      const shelf = world.rng.pick([site.own, site.copies]);
      for (const journal of shelf.journals) {
        // Behind it something was synced, or it would count as a torn tail; and the peer has it, or it is nowhere.
        const count = journal.durableSeq - journal.firstSeq;
        if (count < 1) continue;
        const from = Math.floor(world.rng.next() * count);
        for (const rec of journal.recs.slice(from, from + 1 + Math.floor(world.rng.next() * 5)))
          if (rec.seq < journal.durableSeq && (shelf === site.copies || peer.copies.ever.has(rec))) shelf.damaged.add(rec);
      }
      world.oracle.diskLost();
    },
  },
  {
    name: 'unreadDamaged',
    begin: (world) => unreadDamaged(world),
  },
  {
    name: 'diskSetBack',
    begin: (world) => {
      const site = world.anySite();
      const then: readonly [Journal[], Journal[]] = [site.own.copy(), site.copies.copy()];
      world.after(world.rng.pick(SOME_MS), () => {
        site.powerOff();
        [site.own.journals, site.copies.journals] = then;
        for (const shelf of [site.own, site.copies]) {
          shelf.crash(world.rng);
          shelf.recover();
        }
        world.oracle.diskLost();
        world.later(() => world.upAgain(site));
      });
    },
  },
  {
    name: 'soloForDays',
    begin: (world) => {
      if (!world.cluster.isCalm) return;
      const standby = world.cluster.standby;
      const off = world.rng.chance(0.5);
      if (off) standby.powerOff();
      else world.cut('both');
      world.after(4_000, () => days(world, 3, standby, off));
    },
  },
  {
    name: 'forcedPromotion',
    begin: (world) => {
      if (!world.cluster.isCalm) return;
      const { owner, standby } = world.cluster;
      standby.powerOff();
      world.after(3_500 + world.rng.next() * 3_000, () => {
        owner.powerOff();
        world.upAgain(standby);
        world.after(500, () => {
          world.oracle.wentBack(standby.db.tables.positions, false);
          world.cluster.promoteForced(standby);
          world.after(2_000, () => world.upAgain(owner));
        });
      });
    },
  },
  {
    name: 'databaseGoesBack',
    begin: (world) => {
      const { owner, standby } = world.cluster;
      const length = Math.floor(owner.db.log.length * world.rng.next());
      owner.stopManager();
      standby.db.stop();
      owner.db.stop();
      owner.db.rewind(length);
      // The other one follows by `recover`; until then it is no newer either.
      standby.db.rewind(length);
      const positions = new Map(owner.db.tables.positions);
      const wentBack = (): void => world.oracle.wentBack(positions, true);
      wentBack();
      // What was under way to the receivers was true when it was said.
      const frozenMs = Math.max(...world.sites.map((site) => (site.receiver?.proc.frozenUntilMs ?? 0) - world.time.nowMs), 0);
      world.after(frozenMs + 60, wentBack);
      world.cluster.promoteForced(owner);
    },
  },
];

function masterOff(world: World): void {
  const site = world.cluster.owner;
  site.powerOff();
  world.later(() => world.upAgain(site));
}

/** Hours pass in a leap, with a few messages between them. */
function days(world: World, left: number, standby: Site, off: boolean): void {
  if (left === 0 || world.isHealing) {
    world.wire.mend();
    if (off) world.upAgain(standby);
    return;
  }
  world.oracle.hasLeapt = true;
  world.time.leap(world.rng.pick([60_000, 3_600_000, 40_000_000]));
  for (let more = 4; more > 0; more--) world.senders.anything();
  world.after(1_500, () => days(world, left - 1, standby, off));
}

/** What ingest did not read yet is damaged on the disk that it reads; the other node holds it, and cannot always be asked. */
function unreadDamaged(world: World): void {
  const { owner } = world.cluster;
  // Nothing is stored meanwhile, and so nothing is read.
  owner.db.trouble = 1;
  world.after(600 + world.rng.next() * 1_400, () => {
    damageUnread(world, owner);
    const isAway = world.rng.chance(0.7);
    if (isAway) world.cut('both');
    owner.db.trouble = 0;
    if (!isAway) return;
    // Just when what cannot be had is stepped over, and when the peer is back.
    const dies = world.rng.chance(0.5);
    world.after(ASKS_MS + world.rng.next() * 4_000, () => {
      if (dies && !world.isHealing) world.cluster.owner.stopManager();
    });
    world.after(ASKS_MS + world.rng.next() * 4_000, () => world.wire.mend());
  });
}

function damageUnread(world: World, site: Site): void {
  const peer = world.sites.find((each) => each !== site)!;
  const { positions } = site.db.tables;
  for (const shelf of [site.own, site.copies])
    for (const journal of shelf.journals) {
      const elsewhere = (shelf === site.own ? peer.copies : peer.own).get(journal.journalId);
      // Behind it something was synced, or it would count as a torn tail.
      const unread = journal.recs.filter(
        ({ seq }) =>
          seq > (positions.get(journal.journalId) ?? 0) && seq < Math.min(journal.durableSeq, elsewhere?.durableSeq ?? 0),
      );
      const from = Math.floor(world.rng.next() * unread.length);
      for (const rec of unread.slice(from, from + 1 + Math.floor(world.rng.next() * 5))) shelf.damaged.add(rec);
    }
  world.oracle.diskLost();
}
