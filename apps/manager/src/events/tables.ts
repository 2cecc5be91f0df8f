import type { EventRow, Events, SeriesPoint, SeriesRow, StatusRow } from '@yosugara/protocol';
import type { EventQuery } from '@yosugara/store';
import { csvLine, pagedLines } from '../http/csv.js';

const EVENT_COLUMNS = [
  ...['number', 'at', 'storedAt', 'priority', 'state', 'facility', 'scope', 'sender', 'monitor', 'plugin', 'notification'],
  ...['item', 'sub', 'application', 'message', 'why', 'before', 'folded', 'lastAt', 'owner', 'comment', 'changedAt', 'changedBy'],
] as const satisfies readonly (keyof EventRow)[];

type Search = (query: EventQuery) => Promise<{ readonly rows: readonly EventRow[]; readonly next: Events['next'] }>;

/** Events as a table, page after page. */
export async function eventLines(search: Search, query: EventQuery, most: number): Promise<AsyncIterable<string>> {
  return await pagedLines(
    EVENT_COLUMNS,
    async (after, limit) => await search({ ...query, limit, ...(after === null ? {} : { before: Number(after) }) }),
    most,
  );
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
