import type { Watermark } from '@yosugara/protocol';
import type { HeldJournal, JournalRange, OwnJournal, PeerJournalCopy } from './ports.js';

export interface CopyState {
  readonly link: 'up' | 'down';
  readonly clockOffsetUs: number | null;
  peerHas(journalId: string): number;
  /** This node's journals that the peer holds, and through where. Missing: it is not known. */
  readonly peerHolds?: readonly HeldJournal[];
  /** The peer's own journals that it still has and that this node had. Missing: it is not known. */
  readonly peerKeeps?: readonly HeldJournal[];
  /** The peer can be asked for what is not here. */
  readonly canRead?: boolean;
}

/** Journal ids are `<node>-<time>-<random>`; a node's name has no hyphen. */
export function nodeOfJournal(journalId: string): string {
  return journalId.slice(0, journalId.indexOf('-'));
}

/** How far each journal on this node is safe. What the peer sent was on its disk before, so our copy of it is on both. */
export function watermarkOf(node: string, own: OwnJournal, copy: PeerJournalCopy, state: CopyState): Watermark {
  const line = (side: 'own' | 'peer', range: JournalRange) => ({
    journalId: range.journalId,
    side,
    node: side === 'own' ? node : nodeOfJournal(range.journalId),
    firstSeq: range.firstSeq,
    durableSeq: range.lastDurableSeq,
    bothSeq: side === 'peer' ? range.lastDurableSeq : Math.min(range.lastDurableSeq, state.peerHas(range.journalId)),
  });
  // Nothing of it is here: what the peer has was on this disk once, and can be asked for.
  const away = (side: 'own' | 'peer', there: readonly HeldJournal[] | undefined, here: readonly JournalRange[]) =>
    (there ?? [])
      .filter(({ journalId }) => !here.some((each) => each.journalId === journalId))
      .map(({ journalId, durableSeq }) => line(side, { journalId, firstSeq: durableSeq + 1, lastDurableSeq: durableSeq }));
  const ours = own.journals();
  const copies = copy.journals();
  const isLive = (journalId: string) => journalId === own.journalId;
  return {
    journals: [
      ...away('own', state.peerHolds, ours),
      // A disk here was set back: what the peer's copy has beyond it.
      ...ours.map((range) =>
        isLive(range.journalId)
          ? line('own', range)
          : line('own', { ...range, lastDurableSeq: Math.max(range.lastDurableSeq, state.peerHas(range.journalId)) }),
      ),
      ...away('peer', state.peerKeeps, copies),
      ...copies.map((range) => line('peer', range)),
    ],
    ...(state.canRead === undefined ? {} : { canRead: state.canRead }),
    peerLink: state.link,
    clockOffsetUs: state.clockOffsetUs,
  };
}

/** Own records on this disk and not yet on the peer's. */
export function behindPeer(watermark: Watermark): number {
  return watermark.journals.reduce(
    (sum, journal) =>
      sum + (journal.side === 'own' ? Math.max(0, journal.durableSeq - Math.max(journal.bothSeq, journal.firstSeq - 1)) : 0),
    0,
  );
}

/**
 * Lets go what nobody needs any more: its row is durable in both databases (`ingested`) and its copy on both disks. Never more:
 * what only one node holds is kept until the size bound, which refuses new records rather than dropping old ones.
 */
export async function letGo(
  watermark: Watermark,
  ingested: readonly { readonly journalId: string; readonly seq: number }[],
  own: OwnJournal,
  copy: PeerJournalCopy,
): Promise<void> {
  for (const { journalId, seq } of ingested) {
    const journal = watermark.journals.find((each) => each.journalId === journalId);
    const through = journal === undefined ? 0 : Math.min(seq, journal.bothSeq, journal.durableSeq);
    if (journal !== undefined && through >= journal.firstSeq)
      await (journal.side === 'own' ? own : copy).dropThrough(journalId, through);
  }
}
