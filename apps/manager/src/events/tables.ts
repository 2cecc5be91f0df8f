import type { EventRow, Events, SeriesPoint, SeriesRow, StatusRow } from '@yosugara/protocol';
import type { EventQuery } from '@yosugara/store';
import { csvLine } from '../http/csv.js';

const EVENT_COLUMNS = [
  ...['number', 'at', 'storedAt', 'priority', 'state', 'facility', 'scope', 'sender', 'monitor', 'plugin', 'notification'],
  ...['item', 'sub', 'application', 'message', 'why', 'before', 'folded', 'lastAt', 'owner', 'comment', 'changedAt', 'changedBy'],
] as const satisfies readonly (keyof EventRow)[];

const PAGE = 1_000;

type Search = (query: EventQuery) => Promise<{ readonly rows: readonly EventRow[]; readonly next: Events['next'] }>;

/** Events as a table, page after page. The first page is there when this resolves: what is wrong with the question is said before. */
export async function eventLines(search: Search, query: EventQuery, most: number): Promise<AsyncIterable<string>> {
  const first = await search({ ...query, limit: Math.min(PAGE, most) });
  return (async function* () {
    yield csvLine(EVENT_COLUMNS);
    let left = most;
    for (let page = first; ; ) {
      yield page.rows.map((row) => csvLine(EVENT_COLUMNS.map((column) => row[column]))).join('');
      left -= page.rows.length;
      if (page.next === null || left <= 0) return;
      page = await search({ ...query, before: Number(page.next), limit: Math.min(PAGE, left) });
    }
  })();
}

const STATUS_COLUMNS = [
  ...[
    'at',
    'since',
    'priority',
    'facility',
    'scope',
    'sender',
    'monitor',
    'plugin',
    'notification',
    'item',
    'sub',
    'application',
  ],
  ...['message', 'expiresAt', 'expiresTo'],
] as const satisfies readonly (keyof StatusRow)[];

export function* statusLines(rows: readonly StatusRow[]): Generator<string, void> {
  yield csvLine(STATUS_COLUMNS);
  for (const row of rows) yield csvLine(STATUS_COLUMNS.map((column) => row[column]));
}

/** Points of several series as one table. */
export function* valueLines(
  series: readonly SeriesRow[],
  points: ReadonlyMap<number, readonly SeriesPoint[]>,
): Generator<string, void> {
  yield csvLine(['series', 'monitor', 'facility', 'item', 'at', 'mean', 'least', 'most', 'count', 'missing']);
  for (const { id, monitor, facility, item } of series)
    for (const { at, mean, least, most, count, missing } of points.get(id) ?? [])
      yield csvLine([id, monitor, facility, item, at, mean, least, most, count, missing]);
}
