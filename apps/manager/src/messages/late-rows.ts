import type { MessageRow } from '@yosugara/protocol';
import { LATE_AFTER_MS, type LateBatch } from '@yosugara/store';
import type { ManagerStore, MessageQuery } from '../store/ports.js';

const BATCHES = 500;
const PAGE = 1_000;

/** What was stored more than a minute after it was received, in the order of storing. */
export interface LateRows {
  /** Each of them says so. */
  readonly rows: readonly MessageRow[];
  /** So many more were stored late, at most: some may not be wanted. */
  readonly leftOut: number;
  /** The batch through which this looked. */
  readonly through: number;
}

/**
 * @param filter what is wanted of them.
 * @param isKnown of a batch that was told already.
 * @param most rows; what is beyond them is left out, batch by batch.
 */
export async function lateRowsAfter(
  version: number,
  store: Pick<ManagerStore, 'late' | 'searchMessages'>,
  { filter = {}, isKnown = () => false, most }: LateWish,
): Promise<LateRows> {
  const rows: MessageRow[] = [];
  let leftOut = 0;
  let through = version;
  for (;;) {
    const batches = await store.late.after(through, BATCHES);
    for (const batch of batches) {
      if (isKnown(batch)) continue;
      if (rows.length + batch.rows > most) leftOut += batch.rows;
      else rows.push(...(await rowsOf(batch, store, filter)));
    }
    through = batches.at(-1)?.version ?? through;
    if (batches.length < BATCHES) return { rows, leftOut, through };
  }
}

export interface LateWish {
  readonly filter?: Omit<MessageQuery, 'since' | 'until' | 'after' | 'limit' | 'records'>;
  readonly isKnown?: (batch: LateBatch) => boolean;
  readonly most: number;
}

async function rowsOf(
  { journalId, fromSeq, throughSeq, fromUs, throughUs }: LateBatch,
  store: Pick<ManagerStore, 'searchMessages'>,
  filter: NonNullable<LateWish['filter']>,
): Promise<readonly MessageRow[]> {
  const rows: MessageRow[] = [];
  // A time has whole milliseconds here: the numbers tell exactly which.
  const bounds = { since: new Date(Math.floor(fromUs / 1_000)), until: new Date(Math.floor(throughUs / 1_000) + 1) };
  let after: string | undefined;
  do {
    const records = { journalId, fromSeq, throughSeq };
    const page = await store.searchMessages({ ...filter, ...bounds, records, after, limit: PAGE });
    rows.push(...page.rows);
    after = page.next ?? undefined;
  } while (after !== undefined);
  return rows.reverse().map(asLate);
}

export const asLate = (row: MessageRow): MessageRow => ({ ...row, storedLate: true });

/** Whether a row that is stored just now comes late. @param nowMs wall clock. */
export const isLate = ({ receivedAt }: MessageRow, nowMs: number): boolean => Date.parse(receivedAt) < nowMs - LATE_AFTER_MS;
