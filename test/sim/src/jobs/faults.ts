import type { Rng } from '../rng.js';
import type { Site } from './site.js';
import { randomUnit } from './units.js';

export const FAULTS_MS = 240_000;

export interface Fault {
  readonly atMs: number;
  readonly name: string;
  readonly happen: (site: Site) => void;
}

const FAULTS: Readonly<Record<string, (site: Site, rng: Rng) => void>> = {
  'master-crash': (site, rng) => {
    const { master } = site;
    if (master === null) return;
    master.crash();
    const other = site.managers.find((each) => each !== master)!;
    site.world.after(rng.between(1_000, 15_000), () => {
      master.boot();
      if (!other.isUp) site.takeOver(master);
    });
    if (other.isUp) site.takeOver(other);
  },
  'master-freeze': (site, rng) => {
    const { master } = site;
    if (master === null) return;
    master.freeze(rng.between(500, 20_000), rng.chance(0.5));
    const other = site.managers.find((each) => each !== master)!;
    if (other.isUp && rng.chance(0.8)) site.takeOver(other);
  },
  switchover: (site, rng) => {
    const { master } = site;
    const other = site.managers.find((each) => each !== master)!;
    if (master === null || !other.isUp) return;
    // It gives up its lease, and then the other one is told.
    const { epoch } = site.database;
    master.demote();
    site.world.after(rng.between(0, 500), () => site.database.epoch === epoch && site.takeOver(other));
  },
  /** Nobody serves for minutes: what was due then is late. */
  'all-down': (site, rng) => {
    for (const manager of site.managers) manager.crash();
    const [first, second] = rng.chance(0.5) ? site.managers : [...site.managers].reverse();
    const forMs = rng.between(30_000, 200_000);
    site.world.after(forMs, () => {
      first!.boot();
      if (!second!.isMaster) site.takeOver(first!);
    });
    site.world.after(forMs + rng.between(0, 10_000), () => second!.boot());
  },
  'agent-crash': (site, rng) => {
    const host = rng.pick(site.hosts);
    host.crash();
    site.world.after(rng.between(100, 10_000), () => host.restart());
  },
  'host-down': (site, rng) => {
    const host = rng.pick(site.hosts);
    host.powerOff();
    site.world.after(rng.between(1_000, 30_000), () => host.restart());
  },
  'disk-lost': (site, rng) => {
    const host = rng.pick(site.hosts);
    host.wipe();
    site.world.after(rng.between(1_000, 30_000), () => host.restart());
  },
  /** Between a claim and its launch: the moments that matter are short. */
  'at-a-start': (site, rng) => {
    const edge = rng.pick([
      'master-crash',
      'master-freeze',
      'switchover',
      'agent-crash',
      'disk-lost',
      'agent-cut',
      'commit-unknown',
    ]);
    site.onStartCheck = () => site.world.after(rng.between(0, 60), () => FAULTS[edge]!(site, rng));
  },
  'answer-lost': (site) => {
    site.losesAnAnswer = true;
  },
  'agent-cut': (site, rng) => site.cutOff(rng.pick(site.hosts), rng.between(100, 30_000)),
  /** The answer to a commit or two does not come: they may be done, undone, or done later. */
  'commit-unknown': (site, rng) => {
    const store = site.master?.store;
    for (let count = 1 + Math.floor(rng.next() * 3); count > 0; count--) store?.trouble.push(rng.pick(['lost', 'done', 'late']));
  },
  'slow-commits': (site, rng) => {
    const store = site.master?.store;
    if (store == null) return;
    store.slowMs = rng.between(100, 3_000);
    site.world.after(rng.between(2_000, 30_000), () => {
      store.slowMs = 30;
    });
  },
  /** Steps of the engine take so long that others have their turn in between. */
  'slow-steps': (site, rng) => {
    for (const manager of site.managers) manager.slowStepMs = rng.between(5, 40);
    site.world.after(rng.between(5_000, 60_000), () => {
      for (const manager of site.managers) manager.slowStepMs = 0;
    });
  },
  doubles: (site, rng) => {
    site.doubles = 0.3;
    site.world.after(rng.between(5_000, 60_000), () => {
      site.doubles = 0;
    });
  },
  late: (site, rng) => {
    site.late = 0.3;
    site.world.after(rng.between(5_000, 60_000), () => {
      site.late = 0;
    });
  },
  'wrong-clock': (site, rng) => {
    rng.pick(site.managers).skewMs = rng.between(-3_000, 3_000);
  },
  edit: (site, rng) => {
    const id = rng.pick(site.units);
    const others = site.units.slice(0, site.units.indexOf(id));
    site.settings.putUnit(id, randomUnit(rng, id, others), site.settings.newest(id).revision + 1);
  },
  people: (site) => site.people.operate(),
};

/** Some kinds of faults for a seed, often, rather than all kinds, seldom: swarm testing (Groce et al., ISSTA 2012). */
export function drawFaults(rng: Rng): readonly Fault[] {
  const kinds = Object.keys(FAULTS).filter(() => rng.chance(0.35));
  const count = kinds.length === 0 ? 0 : Math.floor(rng.between(0, 14));
  const faults = Array.from({ length: count }, () => {
    const name = rng.pick(kinds);
    return { name, atMs: rng.between(0, FAULTS_MS), happen: (site: Site) => FAULTS[name]!(site, site.world.rng) };
  });
  return faults.sort((one, other) => one.atMs - other.atMs);
}

/** At the end everybody is up, somebody is Master, and nothing begins anew. */
export function settle(site: Site): void {
  site.doubles = 0;
  site.late = 0;
  for (const manager of site.managers) {
    manager.boot();
    manager.slowStepMs = 0;
    manager.skewMs = 0;
  }
  for (const host of site.hosts) host.restart();
  if (site.master === null) site.takeOver(site.managers[0]!);
}
