import { explain, type Log } from '@yosugara/kernel';
import type { RawRecord } from '@yosugara/operations';
import type { JournalRange } from './ports.js';
import { INFORM_KNOWN_MS, type TrapIntake } from './trap-intake.js';

/** This node's journals of earlier starts. */
export interface EarlierJournals {
  /** Oldest first. */
  journals(): readonly JournalRange[];
  /** In order, from there on; at least one. @throws what cannot be read. */
  read(journalId: string, fromSeq: number, maxBytes: number): Promise<readonly RawRecord[]>;
}

/** Decoded at once, while datagrams wait. */
const READ_BYTES = 256 * 1024;
const STEP_RECORDS = 16_384;
/** Of raw messages. At 5 000 messages a second that is a minute; the rest is not waited for. */
const MAX_BYTES = 64 * 1024 * 1024;

/**
 * A receiver that begins learns again which INFORMs it has journaled and perhaps not answered: their senders say them again. The end of
 * its journals tells, from the youngest record back. What was let go is not there any more; it was answered seconds after it came,
 * or its sender has given up.
 */
export async function recallInforms(traps: TrapIntake, earlier: EarlierJournals, nowUs: number, log: Log): Promise<void> {
  await traps.recall(async (remember) => {
    const budget = { bytes: MAX_BYTES };
    for (const range of [...earlier.journals()].reverse())
      for (let through = range.lastDurableSeq; through >= range.firstSeq; through -= STEP_RECORDS) {
        const from = Math.max(range.firstSeq, through - STEP_RECORDS + 1);
        const oldestUs = await recallStep(earlier, { ...range, from, through }, budget, remember).catch((error: unknown) => {
          log.warn('trap.not_recalled', { journalId: range.journalId, from, through, why: explain(error) });
          return null;
        });
        if (oldestUs === null) break;
        if (nowUs - oldestUs > INFORM_KNOWN_MS * 1_000 || budget.bytes <= 0) return;
      }
  });
}

/** @returns when its first record came. */
async function recallStep(
  earlier: EarlierJournals,
  { journalId, from, through }: { readonly journalId: string; readonly from: number; readonly through: number },
  budget: { bytes: number },
  remember: (journalId: string, record: RawRecord) => void,
): Promise<number | null> {
  let oldestUs: number | null = null;
  for (let next = from; next <= through; ) {
    const records = await earlier.read(journalId, next, READ_BYTES);
    const last = records.at(-1);
    if (last === undefined) break;
    for (const record of records) {
      if (record.seq > through) break;
      oldestUs ??= record.receivedAtUs;
      budget.bytes -= record.raw.length;
      remember(journalId, record);
    }
    next = last.seq + 1;
  }
  return oldestUs;
}
