import { explain } from '@yosugara/kernel';
import type { OwnJournal, PeerJournalCopy } from './ports.js';
import { nodeOfJournal } from './watermark.js';

/** Both ends inclusive. */
export interface AwayRange {
  readonly journalId: string;
  readonly fromSeq: number;
  readonly throughSeq: number;
}

/** What the other node says of a range of a journal that this node does not hold (any more). */
export type AwayAnswer<T> =
  /** From `fromSeq` on without a hole; at least one, and none beyond `throughSeq`. */
  | { readonly kind: 'found'; readonly records: readonly T[] }
  /** From `fromSeq` through here it holds nothing that could be read, and never will. */
  | { readonly kind: 'missing'; readonly throughSeq: number }
  /** It was not asked, or did not answer: it may hold it. */
  | { readonly kind: 'unasked'; readonly why: string };

/** Of one answer; a record that is longer goes alone. */
const ANSWER_BYTES = 256 * 1024;

/**
 * What this node has of a range, for its peer: its own journal, or the copy of the peer's. Only what is fsynced, and checked as every
 * local read is. Of its own journal only what the peer had: the rest comes by copying, and is on one disk until then.
 * @param peerHas what the peer has said to be on its disk.
 */
export async function readHere(
  self: string,
  own: OwnJournal,
  copy: PeerJournalCopy,
  { journalId, fromSeq, throughSeq: wanted }: AwayRange,
  peerHas: (journalId: string) => number,
): Promise<AwayAnswer<Uint8Array>> {
  const isOwn = nodeOfJournal(journalId) === self;
  const shelf = isOwn ? own : copy;
  const held = shelf.journals().find((journal) => journal.journalId === journalId);
  const throughSeq =
    isOwn && held !== undefined && held.lastDurableSeq >= fromSeq ? Math.min(wanted, peerHas(journalId)) : wanted;
  if (throughSeq < fromSeq) return { kind: 'unasked', why: 'it is not copied yet, and comes by itself' };
  if (held === undefined || held.lastDurableSeq < fromSeq) return { kind: 'missing', throughSeq };
  if (fromSeq < held.firstSeq) return { kind: 'missing', throughSeq: Math.min(throughSeq, held.firstSeq - 1) };
  try {
    const records = (await shelf.readEncoded(journalId, fromSeq, ANSWER_BYTES)).slice(0, throughSeq - fromSeq + 1);
    return records.length > 0 ? { kind: 'found', records } : { kind: 'unasked', why: 'it read nothing' };
  } catch (error) {
    const gone = goneOf(error);
    if (gone !== null && gone.from <= fromSeq && gone.through >= fromSeq)
      return { kind: 'missing', throughSeq: Math.min(throughSeq, gone.through) };
    return { kind: 'unasked', why: explain(error) };
  }
}

/** The range that a reader of journals says is not to be had here, dropped or damaged; null = the error says nothing of the kind. */
export function goneOf(error: unknown): { readonly from: number; readonly through: number } | null {
  if (!(error instanceof Error) || !('code' in error)) return null;
  const range =
    error.code === 'JOURNAL_GAP' && 'missing' in error
      ? error.missing
      : error.code === 'JOURNAL_CORRUPT' && 'lost' in error
        ? error.lost
        : null;
  const isRange = typeof range === 'object' && range !== null && 'from' in range && 'through' in range;
  return isRange ? { from: Number(range.from), through: Number(range.through) } : null;
}
