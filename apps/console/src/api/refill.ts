import type { MessageRow, Messages } from '@yosugara/protocol';

/**
 * How far before the newest known row a refill begins. A row may be stored later than a younger one: the new Master
 * merges what the old one had received and not yet stored. Ids tell the known from the new.
 */
export const REFILL_OVERLAP_MS = 60_000;
const PAGE_ROWS = 1_000;
/** Bound of one refill: 20 000 rows, ten times what the live list holds. */
const MAX_PAGES = 20;

/** The first read goes back as far as the rate chart does, but not beyond so many pages. */
const FIRST_PAGES = 3;
export const FIRST_READ_MS = 300_000;

export type FetchPage = (query: string) => Promise<Messages>;

export function refillQuery(filter: string, since: string | null, after: string | null): string {
  const query = new URLSearchParams(filter);
  query.set('limit', String(PAGE_ROWS));
  if (since !== null) query.set('since', since);
  if (after !== null) query.set('after', after);
  return query.toString();
}

/** Where to begin: RFC 3339, UTC; null = nothing is known yet, the newest page is enough. */
export function refillSince(newest: MessageRow | undefined): string | null {
  const at = newest === undefined ? Number.NaN : Date.parse(newest.receivedAt);
  return Number.isNaN(at) ? null : new Date(at - REFILL_OVERLAP_MS).toISOString();
}

export interface RefillRange {
  /** RFC 3339, UTC; null = nothing is known yet: the newest pages, newest first, are read. */
  readonly since: string | null;
  /** Only for the first read: enough when a page reaches back to here, ms since 1970. */
  readonly enoughMs: number;
}

const reaches = (rows: readonly MessageRow[], ms: number): boolean => rows.some((row) => Date.parse(row.receivedAt) < ms);

/**
 * Hands every row since `since` to `take`, page by page, in whatever order the server pages.
 * @returns `stopped` when `isCurrent` said that another connection made this refill pointless; `partial` when older rows
 *   exist that the first read left out.
 */
export async function refill(
  fetchPage: FetchPage,
  filter: string,
  range: RefillRange,
  take: (rows: readonly MessageRow[]) => void,
  isCurrent: () => boolean,
): Promise<'whole' | 'partial' | 'stopped'> {
  let after: string | null = null;
  for (let page = 0; page < (range.since === null ? FIRST_PAGES : MAX_PAGES); page += 1) {
    const answer: Messages = await fetchPage(refillQuery(filter, range.since, after));
    if (!isCurrent()) return 'stopped';
    take(answer.rows);
    after = answer.next;
    if (after === null || (range.since === null && reaches(answer.rows, range.enoughMs))) return 'whole';
  }
  return 'partial';
}
