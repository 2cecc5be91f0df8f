import { explain, type Log } from '@yosugara/kernel';
import {
  type MergeRecord,
  type Pairing,
  pairingContent,
  type RawRecord,
  type RecordRef,
  type SourceProperties,
} from '@yosugara/operations';
import type { Watermark } from '@yosugara/protocol';
import { goneOf } from '../receive/away.js';
import { nodeOfJournal } from '../receive/watermark.js';
import { AwayAsks } from './away-asks.js';
import { contentDigest } from './digest.js';
import { type Lane, laneOf, lanesOf } from './lanes.js';
import { LateLines } from './late-lines.js';
import type { LostStretch } from './lost-records.js';
import type { AwayJournals, JournalFiles } from './ports.js';

export interface FeedOptions {
  readonly self: string;
  readonly own: JournalFiles;
  readonly peer: JournalFiles;
  /** Missing: what is not here is nowhere. */
  readonly away?: AwayJournals;
  readonly log: Log;
  readonly nowMs: () => number;
  /** The receiver is asked to mend it with the other node's copy. Missing: nobody can. */
  readonly onDamage?:
    | ((range: { readonly journalId: string; readonly from: number; readonly through: number }) => void)
    | undefined;
  /** Neither node has these, and the journal goes on behind them. */
  readonly onLost?: ((stretch: LostStretch) => void) | undefined;
  /** There may be something to read now. */
  readonly onArrived?: () => void;
  /** What is configured of single sources, by address. */
  readonly sources?: ReadonlyMap<string, SourceProperties>;
}

const READ_BYTES = 1024 * 1024;
/** How long a journal that cannot be read is left alone, so that one bad file does not stop the others. */
const RETRY_MS = 1_000;
/** So long a journal waits, in order, for a peer that cannot be asked; then it goes on, and what is missing is owed. */
export const WAIT_FOR_PEER_MS = 10_000;
/** Stretches of journals that are owed. Each is a row that stays; more of them would be damage of another kind. */
const MAX_OWED = 1_000;
/** Where nobody can be asked: so long mending is waited for. */
const MEND_MS = 30_000;

const NOT_HERE = Number.POSITIVE_INFINITY;

type JournalMark = Watermark['journals'][number];
type Side = JournalMark['side'];

/** What is read now: a journal, or a stretch of one that is owed. */
interface Reading {
  readonly id: string;
  readonly journalId: string;
  readonly side: Side;
  /** What lies before it is not here. */
  readonly firstSeq: number;
  readonly through: number;
  /** `whole`: a journal; `owed`: a stretch of one; `asked_for`: one that no disk here has, and whose end is not known. */
  readonly kind: 'whole' | 'owed' | 'asked_for';
}

interface Lacking {
  readonly from: number;
  readonly through: number;
  /** Reading it again here would find nothing else. */
  readonly isCertain: boolean;
  readonly isDamage?: boolean;
  readonly why: string;
}

/**
 * Reads the journals of both nodes behind each other, each from where the database ends, and keeps the bytes until they are stored.
 * What this node lacks (lost, damaged, or let go of before the database went back) is asked of the other one.
 */
export class JournalFeed {
  readonly #options: FeedOptions;
  readonly #asks: AwayAsks | null;
  readonly #next = new Map<string, number>();
  /** By lane, then number. */
  readonly #held = new Map<string, Map<number, RawRecord>>();
  readonly #notBefore = new Map<string, number>();
  /** By lane: where it cannot be read, and since when. */
  readonly #unreadable = new Map<string, { readonly from: number; readonly sinceMs: number }>();
  /** By journal. */
  readonly #owed = new Map<string, Lane[]>();
  /** Journals that the database knows: where this node no longer has one, the other is asked once whether it goes on. */
  readonly #toAskFor: Set<string>;
  /** Positions that no record carries: where lanes begin, and through where a gap reaches that nothing was read behind. */
  readonly #begun = new Map<string, number>();
  readonly #ended = new Map<string, number>();
  readonly #lateLines = new LateLines();
  #heldBytes = 0;

  constructor(options: FeedOptions, positions: ReadonlyMap<string, number>) {
    const { away, log, nowMs, onArrived = () => undefined } = options;
    this.#options = options;
    this.#asks = away === undefined ? null : new AwayAsks(away, log, nowMs, onArrived);
    for (const [id, seq] of positions) this.#next.set(id, seq + 1);
    const lanes = lanesOf(positions);
    for (const lane of lanes) this.#listOf(lane.journalId).push(lane);
    const owed = new Set(lanes.map(({ id }) => id));
    this.#toAskFor = new Set(away === undefined ? [] : [...positions.keys()].filter((id) => !owed.has(id)));
  }

  /** The next records of one side: what is owed, or the oldest journal that has any. Own records only as far as both nodes hold them, unless `alone`. */
  async read(mark: Watermark, side: Side, alone: boolean): Promise<readonly MergeRecord[]> {
    for (const reading of this.#readings(mark, side, alone)) {
      const next = this.#nextOf(reading);
      if (next > reading.through || this.#options.nowMs() < (this.#notBefore.get(reading.id) ?? 0)) continue;
      const records = await this.#readFrom(reading, next);
      if (records.length > 0) return this.#keep(reading, records);
      // What came first is matched first: younger journals of the node wait with it, for as long as it waits.
      if (reading.kind === 'whole' && this.#asks?.isAsking(reading.id) === true) return [];
    }
    return [];
  }

  recordOf({ journalId, seq }: RecordRef): RawRecord | undefined {
    const found = this.#held.get(journalId)?.get(seq);
    if (found !== undefined) return found;
    const lane = this.#owed.get(journalId)?.find(({ from, through }) => from <= seq && seq <= through);
    return lane === undefined ? undefined : this.#held.get(lane.id)?.get(seq);
  }

  /** Everything through here is in the database. @param position of a journal or a lane. */
  release({ journalId, seq }: RecordRef): void {
    const held = this.#held.get(journalId);
    for (const at of held?.keys() ?? []) {
      if (at > seq) break;
      this.#heldBytes -= held?.get(at)?.raw.length ?? 0;
      held?.delete(at);
    }
    if (held?.size === 0) this.#held.delete(journalId);
  }

  /** Of messages that are read and not yet stored. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Positions that belong into the next batch, though none of its records says them. */
  positionsToSay(): readonly RecordRef[] {
    const said = new Map(this.#begun);
    this.#begun.clear();
    for (const [id, seq] of this.#ended) {
      // What was read of it and is not stored yet must not be passed.
      if (this.#held.has(id)) continue;
      said.set(id, seq);
      this.#ended.delete(id);
    }
    return [...said].map(([journalId, seq]) => ({ journalId, seq }));
  }

  get hasPositionsToSay(): boolean {
    return this.#begun.size > 0 || [...this.#ended.keys()].some((id) => !this.#held.has(id));
  }

  /** Records that could be consumed now and were not read yet. */
  behind(mark: Watermark, alone: boolean): number {
    const journals = mark.journals.reduce(
      (sum, journal) => sum + Math.max(0, limitOf(journal, alone) - (this.#next.get(journal.journalId) ?? journal.firstSeq) + 1),
      0,
    );
    return journals + this.owed;
  }

  /** Records that were stepped over, since the other node could not be asked for them. */
  get owed(): number {
    let sum = 0;
    for (const lanes of this.#owed.values())
      for (const { id, from, through } of lanes) sum += Math.max(0, through - (this.#next.get(id) ?? from) + 1);
    return sum;
  }

  #readings(mark: Watermark, side: Side, alone: boolean): readonly Reading[] {
    const readings: Reading[] = [];
    for (const lane of [...this.#owed.values()].flat()) {
      const here = mark.journals.find(({ journalId }) => journalId === lane.journalId);
      // It may be here by now: whoever serves after a take-over has other disks than whoever stepped over it.
      const firstSeq = here === undefined || here.durableSeq < lane.through ? NOT_HERE : here.firstSeq;
      if (this.#sideOf(lane.journalId) === side) readings.push({ ...lane, side, firstSeq, kind: 'owed' });
    }
    for (const journal of mark.journals)
      if (journal.side === side) {
        const { journalId, firstSeq } = journal;
        readings.push({ id: journalId, journalId, side, firstSeq, through: limitOf(journal, alone), kind: 'whole' });
      }
    for (const journalId of this.#toAskFor)
      if (this.#sideOf(journalId) === side && !mark.journals.some((journal) => journal.journalId === journalId)) {
        const id = journalId;
        readings.push({ id, journalId, side, firstSeq: NOT_HERE, through: Number.MAX_SAFE_INTEGER, kind: 'asked_for' });
      }
    return readings;
  }

  /** Where it goes on: behind what is owed of it, which goes its own way. */
  #nextOf({ id, journalId, kind }: Reading): number {
    let next = this.#next.get(id) ?? 1;
    if (kind === 'owed') return next;
    for (
      let lane: Lane | undefined;
      (lane = this.#owed.get(journalId)?.find(({ from, through }) => from <= next && next <= through));
    )
      next = lane.through + 1;
    return next;
  }

  /** Of this disk, or of the peer's. Empty: nothing now. */
  async #readFrom(reading: Reading, from: number): Promise<readonly RawRecord[]> {
    const { journalId, firstSeq, side } = reading;
    // Both databases held these once (that is when a journal lets go), and this one does not: it was restored, or promoted with loss.
    // Or a disk was lost.
    if (from < firstSeq) {
      const through = Math.min(reading.through, firstSeq - 1);
      return this.#away(reading, { from, through, isCertain: true, why: 'this node does not hold them' });
    }
    const through = this.#untilOwed(reading, from);
    try {
      const records = await (side === 'own' ? this.#options.own : this.#options.peer).read(journalId, from, through, READ_BYTES);
      if (records.length > 0) this.#asks?.done(reading.id, journalId);
      return records;
    } catch (error) {
      const gone = goneOf(error);
      const isGone = gone !== null && gone.from <= from && gone.through >= from;
      const upTo = isGone ? Math.min(through, gone.through) : through;
      const isDamage = isGone && codeOf(error) === 'JOURNAL_CORRUPT';
      const isFirst = this.#seeUnreadable(reading.id, from, gone, error);
      // The disk is mended besides, for whoever reads it next (decision 0025).
      if (isDamage && (isFirst || this.#asks === null)) this.#options.onDamage?.({ journalId, from, through: upTo });
      if (this.#asks === null && isDamage && this.#options.onDamage !== undefined && !this.#isOverdue(reading.id)) {
        this.#notBefore.set(reading.id, this.#options.nowMs() + RETRY_MS);
        return [];
      }
      // Without a peer to ask, a gap where the receiver says that there is none is looked at again; damage does not heal.
      const isCertain = isGone && (this.#asks !== null || isDamage);
      return this.#away(reading, { from, through: upTo, isCertain, isDamage, why: explain(error) });
    }
  }

  /** Said once for each place. @returns whether it was now. */
  #seeUnreadable(id: string, from: number, lost: object | null, error: unknown): boolean {
    const seen = this.#unreadable.get(id);
    if (seen?.from === from) return false;
    this.#unreadable.set(id, { from, sinceMs: this.#options.nowMs() });
    this.#options.log.error('ingest.unreadable', { journalId: id, from, lost, why: explain(error) });
    return true;
  }

  /** Nobody has mended it for so long. */
  #isOverdue(id: string): boolean {
    return this.#options.nowMs() - (this.#unreadable.get(id)?.sinceMs ?? 0) >= MEND_MS;
  }

  /** Nothing is read twice: a stretch that is owed is read as such. */
  #untilOwed({ journalId, through, kind }: Reading, from: number): number {
    if (kind === 'owed') return through;
    const later = (this.#owed.get(journalId) ?? []).filter((lane) => lane.from > from).map((lane) => lane.from - 1);
    return Math.min(through, ...later);
  }

  #away(reading: Reading, lacking: Lacking): readonly RawRecord[] {
    const { id, journalId, kind } = reading;
    const { from, isCertain } = lacking;
    const through = Math.min(lacking.through, this.#untilOwed(reading, from));
    const range = { journalId, fromSeq: from, throughSeq: through };
    const asked = this.#asks?.ask(id, range, kind === 'asked_for' ? null : lacking.why) ?? {
      kind: 'missing' as const,
      throughSeq: through,
    };
    if (asked.kind === 'waits') return [];
    if (asked.kind === 'found') {
      if (asked.records.at(-1)!.seq === through) this.#asks?.done(id, journalId);
      return asked.records;
    }
    if (asked.kind === 'missing' && kind === 'asked_for' && asked.throughSeq === through) this.#isNowhere(reading);
    else if (asked.kind === 'missing' && isCertain) this.#stepOver(reading, { ...lacking, through: asked.throughSeq });
    else if (asked.kind === 'unasked' && isCertain && kind === 'whole' && asked.forMs >= WAIT_FOR_PEER_MS)
      this.#owe(reading, from, through, asked.why);
    else this.#notBefore.set(id, this.#options.nowMs() + RETRY_MS);
    return [];
  }

  /** It was consumed to its end and let go. */
  #isNowhere({ id, journalId }: Reading): void {
    this.#asks?.done(id, journalId);
    this.#toAskFor.delete(journalId);
  }

  /** Neither node has it. */
  #stepOver({ id, journalId }: Reading, { from, through, isDamage = false, why }: Lacking): void {
    this.#options.log.error(isDamage ? 'ingest.lost' : 'ingest.gap', { journalId, from, through, why });
    this.#options.onLost?.({ journalId, from, through, why });
    this.#asks?.done(id, journalId);
    this.#next.set(id, through + 1);
    this.#ended.set(id, through);
  }

  /** The other node may have it and cannot be asked: the rest does not wait for ever, and this is not forgotten. */
  #owe(reading: Reading, from: number, through: number, why: string): void {
    const { id, journalId } = reading;
    const lanes = this.#listOf(journalId);
    if (lanes.length >= MAX_OWED)
      return this.#stepOver(reading, { from, through, isCertain: true, why: `${MAX_OWED} stretches are owed already; ${why}` });
    const lane = laneOf(journalId, from, through);
    this.#options.log.error('ingest.owed', { journalId, from, through, why });
    this.#asks?.done(id, journalId);
    lanes.push(lane);
    this.#next.set(lane.id, from);
    this.#begun.set(lane.id, from - 1);
    this.#next.set(id, through + 1);
  }

  #keep({ id, journalId, kind }: Reading, records: readonly RawRecord[]): readonly MergeRecord[] {
    const held = this.#held.get(id) ?? new Map<number, RawRecord>();
    this.#held.set(id, held);
    this.#next.set(id, records.at(-1)!.seq + 1);
    this.#ended.delete(id);
    const node = nodeOfJournal(journalId);
    return records.map((raw) => {
      const properties = this.#options.sources?.get(raw.source.address);
      const pairing = pairingContent(raw, properties);
      const record = pairing === null ? raw : this.#late(raw, node, pairing);
      held.set(record.seq, record);
      this.#heldBytes += record.raw.length;
      return {
        ...{ node, journalId, seq: record.seq, atUs: record.receivedAtUs },
        ...(record.lateByUs === undefined ? {} : { lateByUs: record.lateByUs }),
        ...(pairing?.againForUs === undefined ? {} : { comesAgain: true }),
        content: pairing === null ? null : contentDigest(pairing),
        bytes: record.raw.length,
        source: properties?.alias ?? record.source.address,
        ...(kind === 'owed' ? { lane: id } : {}),
      };
    });
  }

  /** How late it may have come by what it says itself, when that is more than what its receiver knew. */
  #late(record: RawRecord, node: string, { againForUs }: Pairing): RawRecord {
    const lateByUs = againForUs ?? this.#lateLines.lateByUs(record, node);
    return lateByUs > (record.lateByUs ?? 0) ? { ...record, lateByUs } : record;
  }

  #sideOf(journalId: string): Side {
    return nodeOfJournal(journalId) === this.#options.self ? 'own' : 'peer';
  }

  #listOf(journalId: string): Lane[] {
    let lanes = this.#owed.get(journalId);
    if (lanes === undefined) this.#owed.set(journalId, (lanes = []));
    return lanes;
  }
}

function limitOf(journal: JournalMark, alone: boolean): number {
  return journal.side === 'peer' || alone ? journal.durableSeq : journal.bothSeq;
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : null;
}
