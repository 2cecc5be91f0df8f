import type { Rng } from '../rng.js';
import { NO_NOTICE, type Notice, type Site } from './site.js';
import type { VirtualTime } from './virtual-time.js';
import type { Wire } from './wire.js';

const TICK_MS = 100;
const LOST_MS = 3_000;
const STALL_MS = 2_000;

/** What the controllers of both nodes and the arbiter decide together, as far as ingest can tell: who owns, who is waited for, who may go alone. */
export class Cluster {
  record: Notice = NO_NOTICE;
  readonly sites: readonly [Site, Site];
  readonly #time: VirtualTime;
  readonly #rng: Rng;
  readonly #wire: Wire;
  readonly #say: (text: string) => void;
  #ownerGoneMs: number | null = null;
  #standbyGoneMs: number | null = null;
  #linkDownMs: number | null = null;
  takeOvers = 0;

  constructor(sites: readonly [Site, Site], time: VirtualTime, rng: Rng, wire: Wire, say: (text: string) => void) {
    this.sites = sites;
    this.#time = time;
    this.#rng = rng;
    this.#wire = wire;
    this.#say = say;
  }

  site(name: string): Site {
    return this.sites[0].name === name ? this.sites[0] : this.sites[1];
  }
  get owner(): Site {
    return this.site(this.record.owner!);
  }
  get standby(): Site {
    return this.owner === this.sites[0] ? this.sites[1] : this.sites[0];
  }
  get isCalm(): boolean {
    return this.record.syncSet.length === 2 && !this.record.ingestAlone && this.owner.manager !== null;
  }

  begin(): void {
    const first = this.#rng.pick(this.sites);
    for (const site of this.sites) {
      site.db.start(site === first);
      site.db.onAppend = () => this.#time.after(0.1 + this.#rng.next() * 4, () => this.replicate(), null);
      site.startReceiver();
      site.retain();
    }
    this.#decide({ owner: first.name, epoch: 1, syncSet: [first.name], ingestAlone: false });
    this.#tick();
  }

  #decide(change: Partial<Notice>): void {
    this.record = { ...this.record, ...change };
    const { record } = this;
    this.#say(`record ${JSON.stringify(record)}`);
    // Notices of one node keep their order: each holds the newest.
    for (const site of this.sites) this.#time.after(5 + this.#rng.next() * 200, () => site.obey(this.record), null);
    const { db } = this.owner;
    // The record first, then the names: a commit that waited is let go when it is known that nobody is waited for.
    this.#time.after(
      this.#rng.next() * 50,
      () => {
        db.isSync = this.record.syncSet.length === 2 && this.record.owner === db.node;
        db.wake();
      },
      null,
    );
    if (record.syncSet.length === 2) db.isSync = true;
  }

  /** The standby streams what its primary has, when it can and is on the same branch. */
  replicate(): void {
    if (this.record.owner === null) return;
    const { owner, standby } = this;
    if (owner.db.proc === null || standby.db.proc === null || standby.db.isPrimary || !owner.db.isPrimary) return;
    if (!this.#wire.isWhole || !owner.isUp || !standby.isUp) return;
    const at = standby.db.log.length - 1;
    if (at >= 0 && owner.db.log[at] !== standby.db.log[at]) return;
    standby.db.receive(owner.db.log);
    const has = standby.db.log.length;
    const { db } = owner;
    this.#time.after(0.2 + this.#rng.next(), () => db.isPrimary && db.acknowledge(has), db.proc);
  }

  #tick(): void {
    this.replicate();
    this.#watchOwner();
    this.#watchStandby();
    this.#watchLink();
    for (const site of this.sites)
      if (site.isUp && site.receiver !== null) site.obey(site.notice.owner === null ? this.record : site.notice);
    this.#time.after(TICK_MS, () => this.#tick(), null);
  }

  #watchOwner(): void {
    const { owner, standby } = this;
    if (owner.isUp && owner.db.proc !== null) {
      this.#ownerGoneMs = null;
      return;
    }
    this.#ownerGoneMs ??= this.#time.nowMs;
    if (this.#time.nowMs - this.#ownerGoneMs < LOST_MS) return;
    if (standby.isUp && standby.db.proc !== null && this.record.syncSet.includes(standby.name)) this.takeOver();
    else if (owner.isUp) this.#promote(owner);
  }

  /** The other one serves; the old owner is off before. */
  takeOver(): void {
    const { owner, standby } = this;
    this.takeOvers += 1;
    owner.stopManager();
    owner.db.stop();
    this.#promote(standby);
  }

  #promote(site: Site): void {
    this.#ownerGoneMs = null;
    site.db.stop();
    site.db.start(true);
    site.db.standbyHas = 0;
    site.db.isSync = false;
    this.#decide({ owner: site.name, epoch: this.record.epoch + 1, syncSet: [site.name], ingestAlone: false });
  }

  /** Nobody else may: an operator takes the database that is here, whatever it lacks. */
  promoteForced(site: Site): void {
    const other = this.sites.find((each) => each !== site)!;
    other.stopManager();
    other.db.stop();
    this.takeOvers += 1;
    this.#promote(site);
  }

  /** Planned: the old one ends first, and the new one has everything. @returns whether it was possible. */
  switchover(): boolean {
    const { owner, standby } = this;
    if (!this.isCalm || !standby.isUp || standby.db.proc === null || !this.#wire.isWhole) return false;
    owner.stopManager();
    owner.db.stop();
    standby.db.receive(owner.db.log);
    this.takeOver();
    return true;
  }

  #watchStandby(): void {
    const { owner, standby } = this;
    const { db } = owner;
    if (!db.isPrimary) return;
    const streams = standby.isUp && standby.db.proc !== null && this.#wire.isWhole;
    if (this.record.syncSet.length === 2) {
      if (streams) this.#standbyGoneMs = null;
      else this.#standbyGoneMs ??= this.#time.nowMs;
      if (this.#standbyGoneMs !== null && this.#time.nowMs - this.#standbyGoneMs > STALL_MS)
        this.#decide({ syncSet: [owner.name] });
      return;
    }
    if (standby.isUp && standby.db.proc === null && this.#wire.isWhole) this.#rejoin(standby);
    this.#standbyGoneMs = null;
    if (streams && !standby.db.isPrimary && standby.db.log.length === db.log.length && standby.db.log.at(-1) === db.log.at(-1))
      this.#decide({ syncSet: [owner.name, standby.name] });
  }

  #rejoin(standby: Site): void {
    const { db } = this.owner;
    let same = 0;
    while (same < standby.db.log.length && standby.db.log[same] === db.log[same]) same += 1;
    standby.db.rewind(same);
    standby.db.start(false);
    this.replicate();
  }

  #watchLink(): void {
    const report = this.owner.isUp ? this.owner.report() : null;
    if (report?.link !== 'down') this.#linkDownMs = null;
    else this.#linkDownMs ??= this.#time.nowMs;
    const alone = this.#linkDownMs !== null && this.#time.nowMs - this.#linkDownMs >= STALL_MS;
    if (alone && !this.record.ingestAlone) this.#decide({ ingestAlone: true });
    if (report?.link === 'up' && report.behind === 0 && this.record.ingestAlone) this.#decide({ ingestAlone: false });
  }
}
