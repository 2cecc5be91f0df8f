import { explain, type Log } from '@yosugara/kernel';
import { type MergeRecord, pairingContent, type RawRecord, type RecordRef, type SourceProperties } from '@yosugara/operations';
import type { Watermark } from '@yosugara/protocol';
import { contentDigest } from './digest.js';
import type { JournalFiles } from './ports.js';

export interface FeedOptions {
  readonly own: JournalFiles;
  readonly peer: JournalFiles;
  readonly log: Log;
  readonly nowMs: () => number;
  /** The receiver is asked to mend it with the other node's copy. Missing: nobody can. */
  readonly onDamage?:
    | ((range: { readonly journalId: string; readonly from: number; readonly through: number }) => void)
    | undefined;
  /** What is configured of single sources, by address. */
  readonly sources?: ReadonlyMap<string, SourceProperties>;
}

const READ_BYTES = 1024 * 1024;
/** How long a journal that cannot be read is left alone, so that one bad file does not stop the others. */
const RETRY_MS = 1_000;
/** So long the other node's copy is waited for, which may be on its way back; then what is lost is stepped over. */
const MEND_MS = 30_000;

type JournalMark = Watermark['journals'][number];

/** Reads the journals of both nodes behind each other, each from where the database ends, and keeps the bytes until they are stored. */
export class JournalFeed {
  readonly #options: FeedOptions;
  readonly #next = new Map<string, number>();
  readonly #held = new Map<string, Map<number, RawRecord>>();
  readonly #notBefore = new Map<string, number>();
  /** When which damage was seen first. */
  readonly #damagedSince = new Map<string, number>();

  constructor(options: FeedOptions, positions: ReadonlyMap<string, number>) {
    this.#options = options;
    for (const [journalId, seq] of positions) this.#next.set(journalId, seq + 1);
  }

  /** The next records of one side: the oldest journal that has any. Own records only as far as both nodes hold them, unless `alone`. */
  async read(mark: Watermark, side: 'own' | 'peer', alone: boolean): Promise<readonly MergeRecord[]> {
    for (const journal of mark.journals) {
      if (journal.side !== side) continue;
      const through = limitOf(journal, alone);
      const next = this.#startOf(journal);
      if (next > through || this.#options.nowMs() < (this.#notBefore.get(journal.journalId) ?? 0)) continue;
      const records = await this.#readFrom(journal, next, through);
      if (records.length > 0) return records;
    }
    return [];
  }

  recordOf(ref: RecordRef): RawRecord | undefined {
    return this.#held.get(ref.journalId)?.get(ref.seq);
  }

  /** Everything through here is in the database. */
  release({ journalId, seq }: RecordRef): void {
    const held = this.#held.get(journalId);
    for (const at of held?.keys() ?? []) {
      if (at > seq) break;
      held?.delete(at);
    }
  }

  /** Records that could be consumed now and were not read yet. */
  behind(mark: Watermark, alone: boolean): number {
    return mark.journals.reduce(
      (sum, journal) => sum + Math.max(0, limitOf(journal, alone) - (this.#next.get(journal.journalId) ?? journal.firstSeq) + 1),
      0,
    );
  }

  #startOf({ journalId, firstSeq }: JournalMark): number {
    const next = this.#next.get(journalId) ?? 1;
    if (next >= firstSeq) return next;
    // Both databases held these once (that is when a journal lets go), and this one does not: it was restored, or promoted with loss.
    if (this.#next.has(journalId) || firstSeq > 1)
      this.#options.log.error('ingest.gap', { journalId, from: next, through: firstSeq - 1 });
    this.#next.set(journalId, firstSeq);
    return firstSeq;
  }

  async #readFrom(journal: JournalMark, from: number, through: number): Promise<readonly MergeRecord[]> {
    const { journalId, node, side } = journal;
    const files = side === 'own' ? this.#options.own : this.#options.peer;
    let records: readonly RawRecord[];
    try {
      records = await files.read(journalId, from, through, READ_BYTES);
    } catch (error) {
      this.#unreadable(journalId, from, error);
      return [];
    }
    const held = this.#held.get(journalId) ?? new Map<number, RawRecord>();
    this.#held.set(journalId, held);
    for (const record of records) held.set(record.seq, record);
    const last = records.at(-1);
    if (last !== undefined) this.#next.set(journalId, last.seq + 1);
    return records.map((record) => {
      const properties = this.#options.sources?.get(record.source.address);
      const content = pairingContent(record, properties);
      return {
        node,
        journalId,
        seq: record.seq,
        atUs: record.receivedAtUs,
        ...(record.lateByUs === undefined ? {} : { lateByUs: record.lateByUs }),
        content: content === null ? null : contentDigest(content),
        source: properties?.alias ?? record.source.address,
      };
    });
  }

  /** Damage with a known range is mended, or at last stepped over, loudly; anything else is tried again. */
  #unreadable(journalId: string, from: number, error: unknown): void {
    const { log, nowMs, onDamage } = this.#options;
    const lost = isDamage(error) ? error.lost : null;
    const isKnown = lost !== null && lost.from <= from && lost.through >= from;
    const place = `${journalId} ${from}`;
    const sinceMs = this.#damagedSince.get(place);
    if (sinceMs === undefined) log.error('ingest.unreadable', { journalId, from, lost, why: explain(error) });
    this.#damagedSince.set(place, sinceMs ?? nowMs());
    if (isKnown && (onDamage === undefined || nowMs() - (sinceMs ?? nowMs()) >= MEND_MS)) {
      this.#damagedSince.delete(place);
      this.#next.set(journalId, lost.through + 1);
      log.error('ingest.lost', { journalId, from, through: lost.through, why: 'damaged here, and nobody lent a copy' });
      return;
    }
    if (isKnown) onDamage?.({ journalId, from, through: lost.through });
    this.#notBefore.set(journalId, nowMs() + RETRY_MS);
  }
}

function limitOf(journal: JournalMark, alone: boolean): number {
  return journal.side === 'peer' || alone ? journal.durableSeq : journal.bothSeq;
}

function isDamage(
  error: unknown,
): error is Error & { readonly lost: { readonly from: number; readonly through: number } | null } {
  return error instanceof Error && 'code' in error && error.code === 'JOURNAL_CORRUPT' && 'lost' in error;
}
