import { YosugaraError } from '@yosugara/kernel';
import type { HeldJournal, OwnJournal } from './ports.js';

/**
 * The peer holds more of the journal that this process writes than this process ever wrote: memory and disk were set back together (a virtual
 * machine at an older moment), and numbers are given a second time. Nothing more may be taken or acknowledged under that id.
 */
export class JournalNumbersReusedError extends YosugaraError {
  override readonly name = 'JournalNumbersReusedError';
  readonly journalId: string;
  /** Through here the peer had it when this process last heard: the same bytes. What is behind may differ. */
  readonly sameThrough: number;
  readonly durableSeq: number;
  readonly peerHolds: number;
  constructor(
    journalId: string,
    { sameThrough, durableSeq, peerHolds }: Record<'sameThrough' | 'durableSeq' | 'peerHolds', number>,
  ) {
    super(
      'JOURNAL_NUMBERS_REUSED',
      `journal ${journalId}: written through ${durableSeq} here, and the peer holds ${peerHolds} of it: this machine was set back. ` +
        `Records ${sameThrough + 1} to ${Math.max(durableSeq, sameThrough + 1)} here may be others than the peer's of the same numbers`,
    );
    this.journalId = journalId;
    this.sameThrough = sameThrough;
    this.durableSeq = durableSeq;
    this.peerHolds = peerHolds;
  }
}

/** @param sameThrough what the peer was known to have before. @throws JournalNumbersReusedError */
export function refuseReusedNumbers(
  { journalId, durableSeq }: Pick<OwnJournal, 'journalId' | 'durableSeq'>,
  held: readonly HeldJournal[],
  sameThrough: number,
): void {
  const peerHolds = held.find((each) => each.journalId === journalId)?.durableSeq ?? 0;
  if (peerHolds > durableSeq) throw new JournalNumbersReusedError(journalId, { sameThrough, durableSeq, peerHolds });
}
