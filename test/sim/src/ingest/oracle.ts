import { INFORM_COMES_AGAIN_US, MERGE_LIMITS } from '@yosugara/operations';
import type { Cluster } from './cluster.js';
import { keyOf, type Tables, type Txn } from './database.js';
import { CLOCKLESS_INFORMS, STAMPED } from './devices.js';
import type { Rec } from './disk.js';
import { eventIdOf, isMatching, linesOf } from './operations.js';
import type { Saying } from './senders.js';
import type { Site } from './site.js';
import type { VirtualTime } from './virtual-time.js';

export interface Violation {
  readonly invariant: string;
  readonly atMs: number;
  readonly says: string;
}
export interface Judged {
  /** Contents whose number of rows is known exactly. */
  exact: number;
  /** Contents for which the clocks, or a window's edge, leave more than one answer. */
  doubtful: number;
  /** Records that were on no disk any more, by faults, before they were stored. */
  gone: number;
  /** INFORMs that are several rows: asked again of a receiver that had been restarted and had let go of them. */
  informsAgain: number;
  /** The same of a device that says no time by which they could be known. */
  clockless: number;
  /** Lines that had to be an event. */
  events: number;
}

const WINDOW_US = MERGE_LIMITS.windowUs;
/** What a measured offset may be wrong by: half of the asymmetry of the way, and what is too small to be seen as a step. */
const MEASURED_WITHIN_US = 120_000;
/** The same after the way was slow, and not alike in both directions. */
const MEASURED_SLOWLY_WITHIN_US = 900_000;
/** Samples of the offset are kept so long. */
const SAMPLES_MS = 5_000;
const MAX_VIOLATIONS = 5;

/** What must be true, told from what devices sent and disks held; never from what merge decided. */
export class Oracle {
  readonly violations: Violation[] = [];
  readonly judged: Judged = { exact: 0, doubtful: 0, gone: 0, informsAgain: 0, clockless: 0, events: 0 };
  readonly #cluster: Cluster;
  readonly #time: VirtualTime;
  readonly #exempt = new Set<Rec>();
  readonly #consumedAtMs = new Map<Rec, number>();
  readonly #linkTimesMs: number[] = [];
  readonly #owed = new Map<string, { readonly journalId: string; readonly from: number; readonly through: number }>();
  #wentBack = false;

  constructor(cluster: Cluster, time: VirtualTime) {
    this.#cluster = cluster;
    this.#time = time;
    for (const site of cluster.sites) site.db.onCommit = (txn) => this.#committed(site, txn);
  }

  fail(invariant: string, says: string): void {
    if (this.violations.length < MAX_VIOLATIONS) this.violations.push({ invariant, says, atMs: Math.round(this.#time.nowMs) });
  }

  /** Whether the offset between the nodes is being measured now, on both. */
  measured(): void {
    if (!this.#cluster.sites.every((site) => site.isMeasuring)) return;
    const { nowMs } = this.#time;
    if (nowMs - (this.#linkTimesMs.at(-1) ?? Number.NEGATIVE_INFINITY) > 500) this.#linkTimesMs.push(nowMs);
  }

  /** I1 at the moment of the answer: on this disk and on the peer's, but where the record permits to answer alone. */
  answered(node: string, saying: number, alone: boolean): void {
    const site = this.#cluster.site(node);
    const peer = this.#cluster.sites.find((each) => each !== site)!;
    for (const rec of site.own.ever) if (rec.saying === saying && (alone || peer.copies.ever.has(rec))) return;
    this.fail('I1', `${node} answered saying ${saying}, which is not on ${alone ? 'its disk' : 'both disks'}`);
  }

  /** Of a disk that reads, and by a clock that runs: what was journaled before a restart is known after it. */
  journaledAgain(node: string, saying: number): void {
    const site = this.#cluster.site(node);
    if (site.clock.steps.length > 1 || site.own.damaged.size > 0 || this.hasLeapt) return;
    this.fail('AGAIN', `${node} journals the INFORM of saying ${saying} once more, though it has it`);
  }
  /** Days went by at once. */
  hasLeapt = false;

  #everAt(site: Site, rec: Rec): boolean {
    return site.own.ever.has(rec) || site.copies.ever.has(rec);
  }

  #committed(site: Site, txn: Txn): void {
    const { batch, keyHits } = txn;
    if (keyHits > 0) this.fail('I4', `${keyHits} rows of batch ${batch.version} were there already`);
    for (const { journalId, seq } of batch.positions)
      for (const rec of this.#recsOf(journalId, site.db.tables.positions.get(journalId) ?? 0, seq))
        this.#consumedAtMs.set(rec, this.#time.nowMs);
    if (!(site.manager?.mayHaveReadAlone ?? true)) this.#nowhereAhead(txn, site.db.tables);
    const last = new Map(site.db.tables.lastRow);
    for (const { journalId } of batch.positions) this.#seeOwed(journalId);
    for (const row of batch.rows) {
      if (this.isAnyLate) break;
      // What says itself that it is late gives way to its copy, wherever that lies in its journal.
      if (row.source === STAMPED) continue;
      if (this.#isOwed(row)) continue;
      if (row.seq <= (last.get(row.journalId) ?? 0))
        this.fail('I6', `${keyOf(row)} was stored behind ${last.get(row.journalId)}`);
      last.set(row.journalId, row.seq);
    }
  }

  /** Decision 0026: what could not be asked for is stepped over and stored later, behind younger ones. */
  #seeOwed(position: string): void {
    const [, journalId, from, through] = /^(.+)@(\d+)-(\d+)$/.exec(position) ?? [];
    if (journalId !== undefined) this.#owed.set(position, { journalId, from: Number(from), through: Number(through) });
  }
  #isOwed({ journalId, seq }: { readonly journalId: string; readonly seq: number }): boolean {
    for (const owed of this.#owed.values())
      if (owed.journalId === journalId && owed.from <= seq && seq <= owed.through) return true;
    return false;
  }

  /** A receiver stood still: of two copies the better one is stored, before those that came earlier. */
  isAnyLate = false;
  /** The connection between the receivers was slow for a while. */
  wasSlow = false;

  /** Nothing is consumed that is not on both nodes' disks, nobody having permitted it. */
  #nowhereAhead({ batch }: Txn, before: Tables): void {
    const [one, two] = this.#cluster.sites;
    for (const { journalId, seq } of batch.positions)
      for (const rec of this.#recsOf(journalId, before.positions.get(journalId) ?? 0, seq))
        if (!this.#exempt.has(rec) && (!this.#everAt(one, rec) || !this.#everAt(two, rec)))
          this.fail('I1', `${journalId} is consumed through ${seq}, and ${rec.seq} is not on both disks`);
  }
  /** Records behind `after` through `through`. */
  *#recsOf(journalId: string, after: number, through: number): Iterable<Rec> {
    const site = this.#cluster.sites.find((each) => journalId.startsWith(`${each.name}-`))!;
    const recs = site.own.everOf(journalId);
    for (let seq = after + 1; seq <= through; seq++) {
      const rec = recs[seq - 1];
      if (rec !== undefined) yield rec;
    }
  }

  #isAt(site: Site, rec: Rec): boolean {
    return [site.own, site.copies].some((shelf) => {
      const journal = shelf.get(rec.journalId);
      return journal !== undefined && rec.seq >= journal.firstSeq && rec.seq <= journal.durableSeq && !shelf.damaged.has(rec);
    });
  }
  #onAnyDisk(rec: Rec): boolean {
    return this.#cluster.sites.some((site) => this.#isAt(site, rec));
  }

  /** A disk was lost or set back: what is on none any more is not demanded. */
  diskLost(): void {
    for (const site of this.#cluster.sites) for (const rec of site.own.ever) if (!this.#onAnyDisk(rec)) this.#exempt.add(rec);
  }

  /** The database that serves went back. @param byRule journals had let go of what both databases held. */
  wentBack(positions: ReadonlyMap<string, number>, byRule: boolean): void {
    this.#wentBack = true;
    for (const site of this.#cluster.sites)
      for (const rec of site.own.ever)
        if (byRule && rec.seq > (positions.get(rec.journalId) ?? 0) && !this.#onAnyDisk(rec)) this.#exempt.add(rec);
  }

  /** At the end: everything that was durable is in the table, once. */
  judge(tables: Tables, sayings: readonly Saying[]): void {
    const groups = new Map<string, Rec[]>();
    const known = new Map<string, Rec>();
    for (const site of this.#cluster.sites)
      for (const rec of site.own.ever) {
        known.set(keyOf(rec), rec);
        const key = sayings[rec.saying]!.key ?? `vip ${keyOf(rec)}`;
        const group = groups.get(key);
        if (group === undefined) groups.set(key, [rec]);
        else group.push(rec);
      }
    const rows = new Map<string, { count: number; readonly seen: Record<string, number> }>();
    const groupOf = (ref: { journalId: string; seq: number }): string | null => {
      const rec = known.get(keyOf(ref));
      return rec === undefined ? null : (sayings[rec.saying]!.key ?? `vip ${keyOf(rec)}`);
    };
    for (const row of tables.rows.values()) {
      const key = groupOf(row);
      if (key === null) {
        this.fail('I3', `row ${keyOf(row)} is of a record that no disk ever held`);
        continue;
      }
      const found = rows.get(key) ?? { count: 0, seen: {} };
      rows.set(key, found);
      found.count += 1;
      const also = tables.seenAlso.get(keyOf(row));
      for (const node of [...row.seenBy, ...(also === undefined ? [] : [also.node])])
        found.seen[node] = (found.seen[node] ?? 0) + 1;
    }
    for (const rec of known.values()) this.#noteLateness(rec, sayings[rec.saying]!);
    for (const [key, recs] of groups) this.#judgeGroup(key, recs, rows.get(key) ?? { count: 0, seen: {} });
    for (const saying of sayings) if (saying.isAcknowledged) this.#judgeAcknowledged(saying, groups, rows);
    this.#judgeEvents(tables);
  }

  /** Each line that a monitor looks for is one event, and counted once in its memory: no other ones, and none without its row. */
  #judgeEvents({ rows, events, monitors }: Tables): void {
    const wanted = [...rows.values()].filter(isMatching).map(eventIdOf);
    for (const id of wanted) if (events.get(id) !== 1) this.fail('E1', `${id} is ${events.get(id) ?? 0} events`);
    if (events.size !== wanted.length) this.fail('E2', `${events.size} events of ${wanted.length} lines`);
    const counted = [...monitors.values()].reduce((sum, { state }) => sum + linesOf(state), 0);
    if (counted !== wanted.length) this.fail('E3', `the monitor counted ${counted} of ${wanted.length} lines`);
    this.judged.events += wanted.length;
  }

  #judgeAcknowledged(saying: Saying, groups: ReadonlyMap<string, Rec[]>, rows: ReadonlyMap<string, unknown>): void {
    const key = saying.key!;
    const recs = groups.get(key) ?? [];
    if (rows.has(key) || (recs.length > 0 && recs.every((rec) => this.#exempt.has(rec)))) return;
    this.fail('I1', `${key} was acknowledged and is not in the table`);
  }

  #judgeGroup(key: string, recs: readonly Rec[], found: { readonly count: number; readonly seen: Record<string, number> }): void {
    const must = recs.filter((rec) => !this.#exempt.has(rec));
    this.judged.gone += recs.length - must.length;
    for (const { name } of this.#cluster.sites) {
      const [low, high] = [must, recs].map((each) => each.filter((rec) => rec.node === name).length) as [number, number];
      const seen = found.seen[name] ?? 0;
      if (seen < low)
        this.fail('I2', `${key}: ${low} records of ${name} were durable, the table knows of ${seen}: ${list(must)}`);
      if (seen > high) this.fail('I4', `${key}: ${name} had ${high} records, the table says ${seen}: ${list(recs)}`);
    }
    if (must.length < recs.length || key.startsWith('vip ')) return;
    const [low, high] = this.#rowsOf(recs);
    if (key.startsWith('inform') && low > 1)
      this.judged[key.includes(` ${CLOCKLESS_INFORMS} `) ? 'clockless' : 'informsAgain'] += 1;
    if (low === high) this.judged.exact += 1;
    else this.judged.doubtful += 1;
    if (found.count < low) this.fail('I2', `${key}: ${found.count} rows where ${low} to ${high} messages came: ${list(recs)}`);
    if (found.count > high) this.fail('I3', `${key}: ${found.count} rows where ${low} to ${high} messages came: ${list(recs)}`);
  }

  /** By what a message says itself, at the least and at the most: decisions 0021 and 0027. */
  readonly #lateness = new Map<Rec, readonly [number, number]>();
  #noteLateness(rec: Rec, { key, saidUs }: Saying): void {
    if (key?.startsWith('inform') && !key.includes(` ${CLOCKLESS_INFORMS} `))
      this.#lateness.set(rec, [INFORM_COMES_AGAIN_US, INFORM_COMES_AGAIN_US]);
    if (saidUs === undefined) return;
    const us = rec.receivedAtUs - saidUs;
    if (us < 1_000_000 || us > MERGE_LIMITS.maxLateUs) return;
    // A minute later the node takes what it always sees for the sender's clock.
    const isSure = !this.hasLeapt && this.#cluster.site(rec.node).clock.steps.length === 1;
    this.#lateness.set(rec, [isSure ? us : 0, us]);
  }

  /** How many messages these records are, by the stated rule, whatever the offsets were that may have been used. */
  #rowsOf(recs: readonly Rec[]): readonly [number, number] {
    const [a, b] = this.#cluster.sites.map(({ name }) => recs.filter((rec) => rec.node === name)) as [Rec[], Rec[]];
    if (a.length === 0 || b.length === 0) return [recs.length, recs.length];
    const { middleUs, spreadUs } = this.#offsets(recs);
    const both = a.length + b.length;
    const most = pairs(a, b, middleUs, WINDOW_US + spreadUs, (rec) => this.#lateness.get(rec)?.[1] ?? 0);
    const least = pairs(a, b, middleUs, WINDOW_US - spreadUs, (rec) => this.#lateness.get(rec)?.[0] ?? 0);
    const isSimple = spreadUs < 2 * MEASURED_WITHIN_US || (a.length === 1 && b.length === 1);
    // It finds its partner taken by an equal one, whose own is gone by: how many, the order in which they were read decides (seed 910590).
    const behind = recs.filter((rec) => this.#isBehindYounger(rec, recs)).length;
    return isSimple ? [both - most, both - least + behind] : [Math.max(a.length, b.length), both];
  }
  /** Of a journal that could not be read when a younger one of its node was: the peer had to be asked for it. */
  #isBehindYounger(rec: Rec, recs: readonly Rec[]): boolean {
    const isYounger = ({ node, journalId, arrivedMs }: Rec): boolean =>
      node === rec.node && journalId !== rec.journalId && arrivedMs > rec.arrivedMs;
    return recs.some((other) => isYounger(other) && this.#consumedMs(other) < this.#consumedMs(rec));
  }

  #offsets(recs: readonly Rec[]): { readonly middleUs: number; readonly spreadUs: number } {
    const [one, two] = this.#cluster.sites;
    const firstMs = Math.min(...recs.map((rec) => rec.arrivedMs));
    const lastMs = this.#wentBack ? this.#time.nowMs : Math.max(...recs.map((rec) => this.#consumedMs(rec)));
    const measuredMs = this.#linkTimesMs.findLast((each) => each <= firstMs);
    const fromMs = (measuredMs ?? 0) - SAMPLES_MS;
    const moments = [fromMs, lastMs];
    // Over a leap clocks drift, too, and for a moment what was measured before it is all that is known.
    for (const leap of this.#time.leaps) if (leap.toMs > fromMs && leap.toMs <= lastMs) moments.push(leap.fromMs);
    for (const { clock } of [one, two])
      for (const { atMs } of clock.steps) if (atMs > fromMs && atMs <= lastMs) moments.push(atMs - 0.001, atMs);
    const offsets = moments.map((atMs) => two.clock.errorUs(atMs) - one.clock.errorUs(atMs));
    // Before anything was measured the offset counts as none.
    if (measuredMs === undefined) offsets.push(0);
    const [low, high] = [Math.min(...offsets), Math.max(...offsets)];
    return {
      middleUs: (low + high) / 2,
      spreadUs: (high - low) / 2 + (this.wasSlow ? MEASURED_SLOWLY_WITHIN_US : MEASURED_WITHIN_US),
    };
  }

  #consumedMs(rec: Rec): number {
    return this.#consumedAtMs.get(rec) ?? this.#time.nowMs;
  }
}

function list(recs: readonly Rec[]): string {
  return recs
    .map((rec) => `${keyOf(rec)} ${Math.round(rec.arrivedMs)}${rec.lateByUs ? ` late ${rec.lateByUs / 1_000}` : ''}`)
    .join(', ');
}

/** Two rows of equal records, each in its order: as many pairs as can be made of stretches no further apart than the window. */
function pairs(a: readonly Rec[], b: readonly Rec[], offsetUs: number, windowUs: number, lateUsOf: (rec: Rec) => number): number {
  const stretches = (recs: readonly Rec[], less: number): readonly (readonly [number, number])[] =>
    recs.map((rec) => {
      const { receivedAtUs, lateByUs = 0 } = rec;
      // Decision 0016: nothing is taken to be later than 15 minutes.
      const lateUs = Math.min(Math.max(lateByUs, lateUsOf(rec)), MERGE_LIMITS.maxLateUs);
      return [receivedAtUs - lateUs - less, receivedAtUs - less] as const;
    });
  const left = stretches(a, 0);
  const right = stretches(b, offsetUs);
  let found = 0;
  for (let i = 0, j = 0; i < left.length && j < right.length; )
    if (left[i]![1] + windowUs < right[j]![0]) i++;
    else if (right[j]![1] + windowUs < left[i]![0]) j++;
    else [i, j, found] = [i + 1, j + 1, found + 1];
  return found;
}
