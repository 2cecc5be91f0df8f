import { createHash } from 'node:crypto';
import { epoch as epochOf, type Log, SILENT_LOG } from '@yosugara/kernel';
import type { MergeLimits } from '@yosugara/operations';
import { MessageFlag, type Watermark } from '@yosugara/protocol';
import {
  type AwayAnswer,
  type AwayRange,
  behindPeer,
  CopySender,
  type HeldJournal,
  holdCopy,
  IngestLoop,
  letGo,
  letGoThrough,
  lineOperations,
  type PeerChannel,
  type ReceivedRecord,
  readHere,
  recallInforms,
  TrapIntake,
  watermarkOf,
} from '@yosugara/runtime';
import type { Rng } from '../rng.js';
import { Database } from './database.js';
import { OwnJournalModel, PeerCopyModel, type Rec, type Registry, Shelf, type Taken } from './disk.js';
import { RULES } from './operations.js';
import { Proc, type VirtualTime } from './virtual-time.js';
import type { Wire } from './wire.js';

/** What the controllers say to the processes of a node; it is under way for a moment. */
export interface Notice {
  readonly owner: string | null;
  readonly epoch: number;
  readonly syncSet: readonly string[];
  readonly ingestAlone: boolean;
}
export const NO_NOTICE: Notice = { owner: null, epoch: 0, syncSet: [], ingestAlone: false };

const LEASE_MS = 3_000;
const WATERMARK_MS = 50;
const RETENTION_MS = 1_000;
const LATE_MS = 200;
export const BASE_US = 1_800_000_000_000_000;

/** The wall clock of a host: wrong by an offset, a drift and steps. */
export class WallClock {
  readonly #time: VirtualTime;
  readonly #ppm: number;
  readonly steps: { readonly atMs: number; readonly addUs: number }[] = [];
  constructor(time: VirtualTime, offsetUs: number, ppm: number) {
    this.#time = time;
    this.#ppm = ppm;
    this.steps.push({ atMs: 0, addUs: offsetUs });
  }
  us(): number {
    return Math.round(BASE_US + this.#time.nowMs * 1_000 + this.errorUs(this.#time.nowMs));
  }
  errorUs(atMs: number): number {
    let sum = atMs * 1_000 * this.#ppm * 1e-6;
    for (const step of this.steps) if (step.atMs <= atMs) sum += step.addUs;
    return sum;
  }
}

export interface Surroundings {
  readonly time: VirtualTime;
  readonly rng: Rng;
  readonly wire: Wire;
  readonly registry: Registry;
  readonly limits: MergeLimits;
  readonly log: (node: string, event: string, details?: unknown) => void;
  readonly onPong: () => void;
  /** A sender is told that its message is safe. */
  readonly onAnswer: (node: string, saying: number, alone: boolean) => void;
  /** An INFORM is journaled again by a node that has it. */
  readonly onDoubled: (node: string, saying: number) => void;
}

/** One life of a receiver. */
interface Receiver {
  readonly proc: Proc;
  readonly journal: OwnJournalModel;
  readonly copy: PeerCopyModel;
  readonly sender: CopySender;
  readonly traps: TrapIntake;
  readonly accept: (channel: PeerChannel) => void;
  readonly watermark: () => Watermark;
}
interface Manager {
  readonly proc: Proc;
  readonly loop: IngestLoop;
  readonly epoch: number;
  mayHaveReadAlone: boolean;
}

/** A data node: disks that last, and processes that come and go. The loops are the product's own. */
export class Site {
  readonly name: string;
  readonly peerName: string;
  readonly clock: WallClock;
  readonly own = new Shelf();
  readonly copies = new Shelf();
  readonly db: Database;
  isUp = true;
  notice: Notice = NO_NOTICE;
  receiver: Receiver | null = null;
  manager: Manager | null = null;
  mark: Watermark | null = null;
  isPeerFull = false;
  slowDisk = 0;
  lives = 0;
  readonly #s: Surroundings;
  #peer!: Site;

  constructor(name: string, peerName: string, clock: WallClock, surroundings: Surroundings) {
    this.name = name;
    this.peerName = peerName;
    this.clock = clock;
    this.#s = surroundings;
    this.db = new Database(name, surroundings.time, surroundings.rng);
  }
  meet(peer: Site): void {
    this.#peer = peer;
  }

  #log(): Log {
    const say = (event: string, details?: unknown): void => this.#s.log(this.name, event, details);
    return { ...SILENT_LOG, warn: say, error: say };
  }
  readonly #syncMs = (): number => 0.3 + this.#s.rng.next() * 5 + this.#s.rng.next() * this.slowDisk;

  startReceiver(): void {
    const { time, registry, wire } = this.#s;
    const proc = new Proc(`${this.name} receiver`);
    this.lives += 1;
    const id = `${this.name}-${String(this.lives).padStart(8, '0')}-0000`;
    time.as(proc, () => {
      const journal = new OwnJournalModel(this.own, this.name, id, time, registry, this.#syncMs);
      const copy = new PeerCopyModel(this.copies, time, registry, this.#syncMs, () => this.isPeerFull);
      const alone = (): boolean => this.notice.owner === this.name && this.notice.ingestAlone;
      const traps = new TrapIntake({
        intake: (record: ReceivedRecord) => {
          const taken = record as Taken;
          if (this.#hasInform(taken)) this.#s.onDoubled(this.name, taken.saying);
          return journal.append(taken);
        },
        isSafe: ({ journalId, seq }) =>
          alone() ||
          sender.peerHas(journalId) >= seq ||
          !journal.journals().some((each) => each.journalId === journalId && each.firstSeq <= seq),
        lastSeq: () => journal.lastSeq,
        safeSeq: () => (alone() ? journal.durableSeq : Math.min(journal.durableSeq, sender.peerHas(journal.journalId))),
        nowMs: () => time.nowMs,
        digest: (bytes) => createHash('sha256').update(bytes).digest('base64'),
      });
      let dirty = true;
      const changed = (): void => {
        dirty = true;
        traps.answerWhatIsSafe();
      };
      const log = this.#log();
      const wallUs = (): number => this.clock.us();
      const sender = new CopySender({
        ...{ node: this.name, peer: this.peerName, journal, wallUs, log, onChange: changed, pingMs: 500 },
        dialer: wire.dialer(this.name, this.peerName, proc, () => {
          const peer = this.#peer.receiver;
          return peer === null ? null : { proc: peer.proc, take: peer.accept };
        }),
      });
      let holding: PeerChannel | null = null;
      let peerKeeps: readonly HeldJournal[] = [];
      const onKept = (journals: readonly HeldJournal[]): void => void (peerKeeps = journals);
      const accept = (channel: PeerChannel): void => {
        holding?.close('replaced by a newer connection');
        holding = channel;
        const read = (range: AwayRange): Promise<AwayAnswer<Uint8Array>> =>
          readHere(this.name, journal, copy, range, (journalId) => sender.peerHas(journalId));
        holdCopy({ channel, copy, wallUs, log, onChange: changed, read, onKept });
      };
      const watermark = (): Watermark =>
        watermarkOf(this.name, journal, copy, {
          link: sender.link,
          clockOffsetUs: sender.clockOffsetUs,
          peerHas: (journalId) => sender.peerHas(journalId),
          ...{ peerHolds: sender.peerHolds, peerKeeps, canRead: sender.canRead },
        });
      const life: Receiver = { proc, journal, copy, sender, traps, accept, watermark };
      this.receiver = life;
      const earlier = {
        journals: () => journal.journals().filter(({ journalId }) => journalId !== id),
        read: (journalId: string, fromSeq: number) => this.own.read(journalId, fromSeq, this.own.get(journalId)?.durableSeq ?? 0),
      };
      void recallInforms(traps, earlier, this.clock.us(), log);
      journal.onDurable(changed);
      sender.start();
      setInterval(() => {
        this.#s.onPong();
        if (!dirty) return;
        dirty = false;
        this.#tellManager(life);
      }, WATERMARK_MS);
      this.#tellManager(life);
    });
  }

  #tellManager(life: Receiver): void {
    const mark = life.watermark();
    const deliver = (): void => {
      if (this.receiver !== life) return;
      this.mark = mark;
      this.#poke();
    };
    this.#s.time.after(0.1 + this.#s.rng.next() * 3, deliver, this.manager?.proc ?? null);
  }

  /** @param power the kernel goes with it and cannot say that its connections are over. */
  stopReceiver(power: boolean): void {
    const life = this.receiver;
    if (life === null) return;
    life.proc.isAlive = false;
    this.#s.wire.ended(life.proc, !power);
    this.receiver = null;
    this.mark = null;
    this.own.crash(this.#s.rng);
    this.copies.crash(this.#s.rng);
    this.own.recover();
    this.copies.recover();
  }

  /** A datagram or line is at the host. */
  arrive(
    record: Omit<Taken, 'receivedAtUs' | 'monotonicMs' | 'arrivedMs'>,
    reply: ((node: string, alone: boolean) => void) | null,
  ): void {
    const life = this.receiver;
    if (life === null) return;
    const { time } = this.#s;
    const arrivedMs = time.nowMs;
    const read = (): void => {
      const waitedMs = time.nowMs - arrivedMs;
      const lateMs = waitedMs > 0 ? time.nowMs - Math.min(arrivedMs, life.proc.frozenSinceMs) : 0;
      const at = { receivedAtUs: this.clock.us(), monotonicMs: time.nowMs };
      const late = lateMs > LATE_MS ? { lateByUs: Math.ceil(lateMs * 1_000) } : {};
      const { saying, ...rest } = record;
      const taken: Taken = { ...rest, ...at, ...late, arrivedMs, saying };
      if (record.kind === 'trap') life.traps.take(taken, () => this.#answer(saying, reply));
      else life.journal.append(taken);
    };
    if (life.proc.frozenUntilMs > time.nowMs) time.after(0, read, life.proc);
    else time.as(life.proc, read);
  }

  /** Whether a record of this INFORM is on our disk, or on its way there. */
  #hasInform({ kind, saying, flags }: Taken): boolean {
    if (kind !== 'trap' || (flags & MessageFlag.inform) === 0) return false;
    return this.own.journals.some(({ recs }) => recs.some((rec) => rec.saying === saying && !this.own.damaged.has(rec)));
  }

  #answer(saying: number, reply: ((node: string, alone: boolean) => void) | null): void {
    const alone = this.notice.owner === this.name && this.notice.ingestAlone;
    this.#s.onAnswer(this.name, saying, alone);
    reply?.(this.name, alone);
  }

  /** What the controller's loop does of the processes, at every notice. */
  obey(notice: Notice): void {
    this.notice = notice;
    if (this.receiver !== null) {
      const { proc, traps } = this.receiver;
      this.#s.time.after(0, () => traps.answerWhatIsSafe(), proc);
    }
    if (this.manager !== null && notice.owner !== this.name) this.stopManager();
    if (this.manager !== null && this.manager.epoch !== notice.epoch) this.stopManager();
    if (this.manager === null && notice.owner === this.name && this.isUp && this.db.isPrimary) this.startManager();
    if (this.manager !== null) {
      this.manager.mayHaveReadAlone ||= notice.ingestAlone;
      this.#poke();
    }
  }

  /** As the manager's own work: what it does next ends with it. */
  #poke(): void {
    const { manager } = this;
    if (manager !== null) this.#s.time.after(0, () => manager.loop.poke(), manager.proc);
  }

  startManager(): void {
    const proc = new Proc(`${this.name} manager`);
    const { time, limits } = this.#s;
    time.as(proc, () => {
      const { epoch } = this.notice;
      const store = this.db.storeFor(proc);
      const clock = { monotonicMs: () => time.nowMs, wallMs: () => this.clock.us() / 1_000 };
      const loop = new IngestLoop({
        ...{ self: this.name, peer: this.peerName, own: this.own, peerCopy: this.copies, store, limits, clock },
        operations: lineOperations({ store, ready: async () => undefined, rules: () => RULES, clock }),
        away: { read: (range) => this.#readAway(range, proc) },
        log: this.#log(),
        ...{ batchMs: 50, maxBatch: 40 },
        watermark: () => this.mark,
        permit: () =>
          this.notice.owner !== this.name || this.notice.epoch !== epoch
            ? null
            : {
                epoch: epochOf(epoch),
                leaseUntilMs: time.nowMs + LEASE_MS,
                ingestAlone: this.notice.ingestAlone,
                bothDatabases: this.notice.syncSet.length === 2,
              },
        onIngested: (positions) => this.tellIngested(positions),
      });
      this.manager = { proc, loop, epoch, mayHaveReadAlone: this.notice.ingestAlone };
      loop.start();
    });
  }
  /** The manager asks its receiver, and that the peer's. */
  async #readAway(range: AwayRange, proc: Proc): Promise<AwayAnswer<Rec>> {
    const { time, registry } = this.#s;
    return await new Promise((resolve) => {
      const life = this.receiver;
      const tell = (answer: AwayAnswer<Rec>): void => void time.after(1, () => resolve(answer), proc);
      if (life === null) return tell({ kind: 'unasked', why: 'no receiver' });
      const ask = async (): Promise<void> => {
        const answer = await life.sender.read(range);
        tell(answer.kind === 'found' ? { kind: 'found', records: answer.records.map((bytes) => registry.recOf(bytes)) } : answer);
      };
      time.after(1, () => void ask(), life.proc);
      // The connection to the receiver ends with it.
      time.after(6_000, () => resolve({ kind: 'unasked', why: 'the receiver is gone' }), proc);
    });
  }

  stopManager(): void {
    if (this.manager !== null) this.manager.proc.isAlive = false;
    this.manager = null;
  }

  tellIngested(ingested: readonly { readonly journalId: string; readonly seq: number }[]): void {
    const life = this.receiver;
    if (life === null) return;
    const go = (): void => void letGo(life.watermark(), ingested, life.journal, life.copy);
    this.#s.time.after(1, go, life.proc);
  }

  /** On a Standby its own database says what both hold. */
  retain(): void {
    if (this.isUp && this.db.proc !== null && !this.db.isPrimary && this.notice.owner === this.peerName)
      this.tellIngested(letGoThrough([...this.db.tables.positions].map(([journalId, seq]) => ({ journalId, seq }))));
    this.#s.time.after(RETENTION_MS, () => this.retain(), null);
  }

  get isMeasuring(): boolean {
    return this.receiver !== null && this.receiver.sender.link === 'up' && this.receiver.sender.clockOffsetUs !== null;
  }

  /** For the controllers: does what we receive reach the peer's disk, and is anything behind? */
  report(): { readonly link: 'up' | 'down'; readonly behind: number } | null {
    return this.receiver === null ? null : { link: this.receiver.sender.link, behind: behindPeer(this.receiver.watermark()) };
  }

  powerOff(): void {
    this.isUp = false;
    this.notice = NO_NOTICE;
    this.stopManager();
    this.stopReceiver(true);
    this.db.stop();
  }
}
