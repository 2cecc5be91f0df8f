import { MERGE_LIMITS, type MergeLimits } from '@yosugara/operations';
import { letGoThrough } from '@yosugara/runtime';
import { Rng } from '../rng.js';
import { Cluster } from './cluster.js';
import { Registry } from './disk.js';
import { FAULTS } from './faults.js';
import { type Judged, Oracle, type Violation } from './oracle.js';
import { Senders } from './senders.js';
import { Site, WallClock } from './site.js';
import { type Proc, VirtualTime } from './virtual-time.js';
import { Wire } from './wire.js';

export interface IngestOutcome {
  readonly seed: number;
  readonly violations: readonly Violation[];
  readonly faults: readonly string[];
  readonly sayings: number;
  readonly records: number;
  readonly rows: number;
  readonly takeOvers: number;
  readonly virtualMs: number;
  readonly events: number;
  readonly judged: Judged;
  readonly said: Readonly<Record<string, number>>;
}
export interface IngestOptions {
  /** Which of the planned faults; default all. */
  readonly only?: readonly number[];
  readonly trace?: (line: string) => void;
  /** Instead of what the seed draws. */
  readonly story?: (world: World) => Promise<void>;
}

const CALM_WITHIN_MS = 90_000;
const LIMITS: readonly Partial<MergeLimits>[] = [{}, {}, { maxOpen: 2 }, { openMs: 50 }];
const SOME_MS = [50, 400, 1_500, 4_000, 9_000];

/** Two nodes, the network, the devices, and what goes wrong. */
export class World {
  readonly rng: Rng;
  readonly time = new VirtualTime();
  readonly wire: Wire;
  readonly sites: readonly [Site, Site];
  readonly cluster: Cluster;
  readonly senders: Senders;
  readonly oracle: Oracle;
  readonly said: Record<string, number> = {};
  isHealing = false;
  #stop = false;

  constructor(seed: number, trace: (line: string) => void = () => undefined) {
    this.rng = new Rng(seed);
    const { rng, time } = this;
    const line = (text: string): void => trace(`${time.nowMs.toFixed(1).padStart(10)} ${text}`);
    this.wire = new Wire(time, rng);
    const surroundings = {
      ...{ time, rng, wire: this.wire, registry: new Registry() },
      limits: { ...MERGE_LIMITS, ...rng.pick(LIMITS) },
      log: (node: string, event: string, details?: unknown) => {
        this.said[event] = (this.said[event] ?? 0) + 1;
        line(`${node} ${event} ${JSON.stringify(details)}`);
        if (event === 'copy.conflict' || event === 'copy.failed') this.oracle.fail('COPY', `${node}: ${JSON.stringify(details)}`);
      },
      onPong: () => this.oracle.measured(),
      onAnswer: (node: string, saying: number, alone: boolean) => this.oracle.answered(node, saying, alone),
      onDoubled: (node: string, saying: number) => this.oracle.journaledAgain(node, saying),
    };
    const clock = (): WallClock =>
      new WallClock(time, rng.pick([0, 0, 3_000, -700_000, 1_500_000, 3.6e9]), rng.pick([0, 0, 20, -50]));
    const site = (name: string, peer: string): Site => new Site(name, peer, clock(), surroundings);
    this.sites = [site('a', 'b'), site('b', 'a')];
    this.sites[0].meet(this.sites[1]);
    this.sites[1].meet(this.sites[0]);
    this.cluster = new Cluster(this.sites, time, rng, this.wire, line);
    this.senders = new Senders(time, rng, this.cluster);
    this.oracle = new Oracle(this.cluster, time);
    this.line = line;
  }
  readonly line: (text: string) => void;

  anySite(): Site {
    return this.rng.pick(this.sites);
  }
  after(ms: number, work: () => void): void {
    this.time.after(ms, work, null);
  }
  /** After some time that a fault lasts. */
  later(work: () => void): void {
    this.after(this.rng.pick(SOME_MS) * (0.5 + this.rng.next()), work);
  }
  cut(which: string): void {
    for (const site of this.sites) if (which === 'both' || which === site.name) this.wire.cut(site.name);
  }
  freeze(site: Site, ms: number): void {
    this.oracle.isAnyLate = true;
    if (site.receiver !== null) this.freezeProc(site.receiver.proc, ms);
  }
  freezeProc(proc: Proc, ms: number): void {
    if (proc.frozenUntilMs > this.time.nowMs) return;
    proc.frozenSinceMs = this.time.nowMs;
    proc.frozenUntilMs = this.time.nowMs + ms;
  }
  upAgain(site: Site): void {
    site.isUp = true;
    if (site.receiver === null) site.startReceiver();
  }

  heal(): void {
    this.isHealing = true;
    this.wire.mend();
    this.wire.slowMs = 0;
    for (const site of this.sites) {
      site.isPeerFull = false;
      site.slowDisk = 0;
      site.db.trouble = 0;
      this.upAgain(site);
    }
  }

  /** Everything that is on a disk here is consumed, and nothing is under way. */
  isDrained(): boolean {
    const { owner } = this.cluster;
    if (!this.cluster.isCalm) return false;
    const { positions } = owner.db.tables;
    const reports = this.sites.map((site) => site.report());
    return (
      reports.every((report) => report?.link === 'up' && report.behind === 0) &&
      // Also what only the other node holds; nothing is owed.
      this.sites.every((site) =>
        [site.own, site.copies].every((shelf) =>
          shelf.journals.every(
            ({ journalId, durableSeq, firstSeq }) => durableSeq < firstSeq || (positions.get(journalId) ?? 0) >= durableSeq,
          ),
        ),
      ) &&
      letGoThrough([...positions].map(([journalId, seq]) => ({ journalId, seq }))).every(
        ({ journalId, seq }) => seq === positions.get(journalId),
      )
    );
  }

  async wait(ms: number): Promise<void> {
    await this.time.run(this.time.nowMs + ms);
  }
  /** @returns whether it came true in time. */
  async until(holds: () => boolean, withinMs = CALM_WITHIN_MS): Promise<boolean> {
    const endMs = this.time.nowMs + withinMs;
    while (this.time.nowMs < endMs) {
      if (holds()) return true;
      await this.wait(100);
    }
    return holds();
  }

  /** Both nodes have their turn as Master; then the table is judged. */
  async end(): Promise<void> {
    this.heal();
    for (const turn of ['first', 'second']) {
      if (!(await this.until(() => this.isDrained()))) {
        this.oracle.fail('L', `not everything was consumed in ${CALM_WITHIN_MS} ms (${turn} Master)`);
        break;
      }
      if (turn === 'first') this.cluster.switchover();
    }
    this.oracle.judge(this.cluster.owner.db.tables, this.senders.sayings);
    this.#stop = true;
  }
  get isOver(): boolean {
    return this.#stop;
  }
}

/** What the seed draws: messages all the time, faults in the first part of it. */
async function drawn(world: World, seed: number, options: IngestOptions, begun: string[]): Promise<void> {
  const { rng } = world;
  const forMs = rng.between(8_000, 20_000);
  const count = rng.pick([0, 1, 2, 2, 3, 4]);
  const planned = Array.from({ length: count }, () => ({ fault: rng.pick(FAULTS), atMs: rng.between(500, forMs) }));
  const chance = new Rng(seed + 0x5eed);
  const gapMs = rng.pick([80, 200, 400]);
  const talk = (leftMs: number): void => {
    if (leftMs <= 0) return;
    world.senders.anything();
    const nextMs = chance.next() * 2 * gapMs;
    world.after(nextMs, () => talk(leftMs - nextMs));
  };
  world.after(800, () => talk(forMs + 2_000));
  for (const [place, { fault, atMs }] of planned.entries()) {
    begun.push(`${fault.name} at ${Math.round(atMs)}`);
    if (options.only !== undefined && !options.only.includes(place)) continue;
    world.after(atMs, () => {
      world.line(`fault ${fault.name}`);
      if (!world.isHealing) fault.begin(world);
    });
  }
  await world.wait(forMs);
  // Faults of the last moment last a while, too.
  await world.wait(6_000);
}

export async function runIngestSeed(seed: number, options: IngestOptions = {}): Promise<IngestOutcome> {
  const world = new World(seed, options.trace);
  const faults: string[] = [];
  world.time.install();
  try {
    world.cluster.begin();
    if (options.story === undefined) await drawn(world, seed, options, faults);
    else await options.story(world);
    await world.end();
  } finally {
    world.time.restore();
  }
  const records = world.sites.reduce((sum, site) => sum + site.own.ever.size, 0);
  return {
    ...{ seed, violations: world.oracle.violations, faults, sayings: world.senders.sayings.length, records },
    ...{
      rows: world.cluster.owner.db.tables.rows.size,
      takeOvers: world.cluster.takeOvers,
      virtualMs: Math.round(world.time.nowMs),
    },
    ...{ events: world.time.events, judged: world.oracle.judged, said: world.said },
  };
}
