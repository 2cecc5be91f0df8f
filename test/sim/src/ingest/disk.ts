import type { RawRecord } from '@yosugara/operations';
import type { CopyOutcome, JournalFiles, JournalRange, OwnJournal, PeerJournalCopy, ReceivedRecord } from '@yosugara/runtime';
import type { Rng } from '../rng.js';
import type { VirtualTime } from './virtual-time.js';

/** What a receiver journaled, and what the oracle knows of it. */
export interface Rec extends RawRecord {
  readonly journalId: string;
  readonly node: string;
  /** True time of arrival at the host, ms. */
  readonly arrivedMs: number;
  /** Which saying it is a copy of. */
  readonly saying: number;
}
export type Taken = ReceivedRecord & Pick<Rec, 'arrivedMs' | 'saying'>;

export interface Journal {
  readonly journalId: string;
  readonly recs: Rec[];
  firstSeq: number;
  durableSeq: number;
}

const SEGMENT_RECORDS = 4;
const READ_RECORDS = 25;
const end = (journal: Journal): number => journal.firstSeq + journal.recs.length - 1;
const rangeOf = ({ journalId, firstSeq, durableSeq }: Journal): JournalRange => ({
  journalId,
  firstSeq,
  lastDurableSeq: durableSeq,
});
const failure = (code: string, says: string, range: object = {}): Error => Object.assign(new Error(says), { code, ...range });

/** Every record that ever was, so that a few bytes stand for it on the wire. */
export class Registry {
  readonly recs: Rec[] = [];
  readonly #places = new Map<Rec, number>();
  bytesOf(rec: Rec): Uint8Array {
    let place = this.#places.get(rec);
    if (place === undefined) {
      place = this.recs.push(rec) - 1;
      this.#places.set(rec, place);
    }
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(place);
    return bytes;
  }
  recOf(bytes: Uint8Array): Rec {
    return this.recs[Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).readUInt32LE()]!;
  }
}

/** One directory of journals, as the files of libs/journal behave: what is there, what is synced, what a crash leaves. */
export class Shelf implements JournalFiles {
  journals: Journal[] = [];
  /** Bits flipped: these can no longer be read here. */
  readonly damaged = new Set<Rec>();
  /** Every record that was ever durable here. */
  readonly ever = new Set<Rec>();
  readonly #everOf = new Map<string, Rec[]>();

  /** A process or a host ended: of what was not synced some of the beginning is there. What is read back is made durable. */
  crash(rng: Rng): void {
    for (const journal of this.journals) {
      const torn = end(journal) - journal.durableSeq;
      journal.recs.length -= Math.round(rng.next() * torn);
    }
  }

  recover(): void {
    for (const journal of this.journals) this.synced(journal, end(journal));
    this.journals = this.journals.filter((journal) => journal.durableSeq > 0);
  }

  synced(journal: Journal, through: number): void {
    const known = this.everOf(journal.journalId);
    for (let seq = journal.durableSeq + 1; seq <= through; seq++) {
      const rec = journal.recs[seq - journal.firstSeq]!;
      this.ever.add(rec);
      known[seq - 1] = rec;
    }
    journal.durableSeq = through;
  }
  /** By number, from 1 at place 0; a place may be empty. */
  everOf(journalId: string): Rec[] {
    let known = this.#everOf.get(journalId);
    if (known === undefined) this.#everOf.set(journalId, (known = []));
    return known;
  }

  copy(): Journal[] {
    return this.journals.map((journal) => ({ ...journal, recs: [...journal.recs] }));
  }

  get(journalId: string): Journal | undefined {
    return this.journals.find((journal) => journal.journalId === journalId);
  }

  async read(journalId: string, fromSeq: number, throughSeq: number): Promise<readonly Rec[]> {
    const journal = this.get(journalId);
    const from = fromSeq - (journal?.firstSeq ?? 0);
    const found = journal === undefined || from < 0 ? [] : journal.recs.slice(from, from + READ_RECORDS);
    const readable = found.findIndex((rec) => this.damaged.has(rec));
    if (readable === 0) throw this.#corrupt(journalId, fromSeq, found);
    const wanted = (readable < 0 ? found : found.slice(0, readable)).filter((rec) => rec.seq <= throughSeq);
    if (wanted.length === 0)
      throw failure('JOURNAL_GAP', `journal ${journalId}: records ${fromSeq}..${throughSeq} are not here`, {
        missing: {
          from: fromSeq,
          through: from < 0 && journal !== undefined ? Math.min(throughSeq, journal.firstSeq - 1) : throughSeq,
        },
      });
    return wanted;
  }
  #corrupt(journalId: string, from: number, found: readonly Rec[]): Error {
    const good = found.findIndex((rec) => !this.damaged.has(rec));
    const lost = { from, through: from + (good < 0 ? found.length : good) - 1 };
    return failure('JOURNAL_CORRUPT', `journal ${journalId}: damage from ${from} on`, { lost });
  }

  /** Whole segments; all of a journal when nothing more is ever written to it. */
  drop(journalId: string, seq: number, live: string | undefined): void {
    const journal = this.get(journalId);
    if (journal === undefined) return;
    const isOver = journalId !== live && this.journals.at(-1) !== journal;
    if (isOver && journal.durableSeq <= seq) this.journals.splice(this.journals.indexOf(journal), 1);
    while (journal.recs.length > SEGMENT_RECORDS && journal.firstSeq + SEGMENT_RECORDS - 1 <= seq) {
      journal.recs.splice(0, SEGMENT_RECORDS);
      journal.firstSeq += SEGMENT_RECORDS;
    }
  }
}

/** A receiver's own journal: one life of it. */
export class OwnJournalModel implements OwnJournal {
  readonly #shelf: Shelf;
  readonly #time: VirtualTime;
  readonly #registry: Registry;
  readonly #syncMs: () => number;
  readonly #node: string;
  readonly #live: Journal;
  readonly #listeners = new Set<(durableSeq: number) => void>();
  #isSyncing = false;

  constructor(shelf: Shelf, node: string, journalId: string, time: VirtualTime, registry: Registry, syncMs: () => number) {
    shelf.recover();
    this.#live = { journalId, recs: [], firstSeq: 1, durableSeq: 0 };
    shelf.journals.push(this.#live);
    this.#shelf = shelf;
    this.#node = node;
    this.#time = time;
    this.#registry = registry;
    this.#syncMs = syncMs;
  }

  get journalId(): string {
    return this.#live.journalId;
  }
  get durableSeq(): number {
    return this.#live.durableSeq;
  }
  get lastSeq(): number {
    return end(this.#live);
  }

  append(taken: Taken): boolean {
    const seq = end(this.#live) + 1;
    this.#live.recs.push({ ...taken, seq, journalId: this.journalId, node: this.#node });
    this.#sync();
    return true;
  }

  #sync(): void {
    if (this.#isSyncing || end(this.#live) === this.#live.durableSeq) return;
    this.#isSyncing = true;
    const through = end(this.#live);
    this.#time.after(this.#syncMs(), () => {
      this.#isSyncing = false;
      this.#shelf.synced(this.#live, through);
      for (const listener of this.#listeners) listener(through);
      this.#sync();
    });
  }

  journals(): readonly JournalRange[] {
    return this.#shelf.journals.map(rangeOf);
  }
  async readEncoded(journalId: string, fromSeq: number): Promise<readonly Uint8Array[]> {
    const through = this.#shelf.get(journalId)?.durableSeq ?? 0;
    return (await this.#shelf.read(journalId, fromSeq, through)).map((rec) => this.#registry.bytesOf(rec));
  }
  onDurable(listener: (durableSeq: number) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
  /** Not mended, so that ingest has to ask for it. */
  mend = async () => 0;
  async dropThrough(journalId: string, seq: number): Promise<void> {
    this.#shelf.drop(journalId, seq, this.journalId);
  }
}

/** The copy of the peer's journals: one life of its holder. */
export class PeerCopyModel implements PeerJournalCopy {
  readonly #shelf: Shelf;
  readonly #time: VirtualTime;
  readonly #registry: Registry;
  readonly #syncMs: () => number;
  readonly #isFull: () => boolean;
  #open: string | undefined;
  #work: Promise<unknown> = Promise.resolve();

  constructor(shelf: Shelf, time: VirtualTime, registry: Registry, syncMs: () => number, isFull: () => boolean) {
    shelf.recover();
    this.#shelf = shelf;
    this.#time = time;
    this.#registry = registry;
    this.#syncMs = syncMs;
    this.#isFull = isFull;
  }

  journals(): readonly JournalRange[] {
    return this.#shelf.journals.map(rangeOf);
  }
  held(): readonly { readonly journalId: string; readonly durableSeq: number }[] {
    return this.#shelf.journals.map(({ journalId, durableSeq }) => ({ journalId, durableSeq }));
  }
  append(journalId: string, records: readonly Uint8Array[]): Promise<CopyOutcome> {
    return this.#serial(() => this.#append(journalId, records));
  }
  begin(journalId: string, firstSeq: number): Promise<{ readonly from: number; readonly through: number } | null> {
    return this.#serial(async () => {
      const held = this.#shelf.get(journalId);
      this.#open = journalId;
      if (held === undefined) {
        this.#shelf.journals.push({ journalId, recs: [], firstSeq, durableSeq: firstSeq - 1 });
        return null;
      }
      if (firstSeq <= held.durableSeq + 1) return null;
      const lost = { from: held.durableSeq + 1, through: firstSeq - 1 };
      held.recs.length = 0;
      held.firstSeq = firstSeq;
      held.durableSeq = firstSeq - 1;
      return lost;
    });
  }
  async readEncoded(journalId: string, fromSeq: number): Promise<readonly Uint8Array[]> {
    const through = this.#shelf.get(journalId)?.durableSeq ?? 0;
    return (await this.#shelf.read(journalId, fromSeq, through)).map((rec) => this.#registry.bytesOf(rec));
  }
  /** Not mended, so that ingest has to ask for it. */
  mend = async () => 0;
  dropThrough(journalId: string, seq: number): Promise<void> {
    return this.#serial(async () => this.#shelf.drop(journalId, seq, this.#open));
  }

  async #append(journalId: string, records: readonly Uint8Array[]): Promise<CopyOutcome> {
    const offered = records.map((bytes) => this.#registry.recOf(bytes));
    const known = this.#shelf.get(journalId);
    const expectedSeq = (known?.durableSeq ?? 0) + 1;
    const first = offered[0];
    if (first !== undefined && first.seq > expectedSeq) return { kind: 'gap', expectedSeq };
    for (const rec of offered) {
      const mine = known?.recs[rec.seq - known.firstSeq];
      if (mine !== undefined && mine !== rec) throw failure('JOURNAL_CONFLICT', `${journalId} ${rec.seq} is other bytes`);
    }
    const fresh = offered.filter(({ seq }) => seq >= expectedSeq);
    if (fresh.length === 0) return { kind: 'stored', durableSeq: expectedSeq - 1 };
    if (this.#isFull()) return { kind: 'full', durableSeq: expectedSeq - 1 };
    const journal = known ?? { journalId, recs: [], firstSeq: 1, durableSeq: 0 };
    if (known === undefined) this.#shelf.journals.push(journal);
    this.#open = journalId;
    journal.recs.push(...fresh);
    await this.#time.wait(this.#syncMs());
    this.#shelf.synced(journal, end(journal));
    return { kind: 'stored', durableSeq: journal.durableSeq };
  }

  #serial<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#work.then(work);
    this.#work = result.catch(() => undefined);
    return result;
  }
}
