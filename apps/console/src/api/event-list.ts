import type { EventRow } from '@yosugara/protocol';

/** Newest first, no number twice. */
export type EventList = readonly EventRow[];

/** Where it stands, or -1. */
export function indexOfEvent(list: EventList, number: number): number {
  let from = 0;
  let to = list.length - 1;
  while (from <= to) {
    const middle = (from + to) >> 1;
    const found = list[middle]!.number;
    if (found === number) return middle;
    if (found > number) from = middle + 1;
    else to = middle - 1;
  }
  return -1;
}

/** What changed later is the later word; an answer that was on its way meanwhile is none. */
const isNewer = (row: EventRow, known: EventRow): boolean =>
  (row.changedAt ?? '') > (known.changedAt ?? '') || (row.changedAt === known.changedAt && row.folded >= known.folded);

/**
 * Takes rows over, from a page or from the stream. What is shown stays, as it is now, whether it still belongs there or not: an
 * event that somebody confirmed does not vanish under the hand of who reads it.
 * @param floor smallest number that was read: below it pages will bring the rows, in order; 0 = all are read.
 */
export function mergeEvents(
  list: EventList,
  incoming: readonly EventRow[],
  belongs: (row: EventRow) => boolean,
  floor: number,
): EventList {
  if (incoming.length === 0) return list;
  const byNumber = new Map<number, EventRow>();
  for (const row of incoming) {
    const known = byNumber.get(row.number);
    if (known === undefined || isNewer(row, known)) byNumber.set(row.number, row);
  }
  let isChanged = false;
  const kept = list.map((known) => {
    const row = byNumber.get(known.number);
    if (row === undefined) return known;
    byNumber.delete(known.number);
    if (!isNewer(row, known) || isSameRow(row, known)) return known;
    isChanged = true;
    return row;
  });
  const fresh = [...byNumber.values()]
    .filter((row) => row.number >= floor && belongs(row))
    .sort((one, two) => two.number - one.number);
  if (fresh.length === 0) return isChanged ? kept : list;
  return inOrder(kept, fresh);
}

function inOrder(one: EventList, two: EventList): EventList {
  const all: EventRow[] = [];
  let at = 0;
  for (const row of two) {
    while (at < one.length && one[at]!.number > row.number) all.push(one[at++]!);
    all.push(row);
  }
  while (at < one.length) all.push(one[at++]!);
  return all;
}

const isSameRow = (one: EventRow, two: EventRow): boolean =>
  one.state === two.state &&
  one.owner === two.owner &&
  one.comment === two.comment &&
  one.changedAt === two.changedAt &&
  one.folded === two.folded &&
  one.lastAt === two.lastAt;

/** From where to where, both among them, whichever comes first. */
export function rangeOf(list: EventList, from: number, to: number): readonly number[] {
  const [one, two] = [indexOfEvent(list, from), indexOfEvent(list, to)];
  if (one < 0 || two < 0) return [to];
  return list.slice(Math.min(one, two), Math.max(one, two) + 1).map(({ number }) => number);
}

/** As many as one request may name. */
export function inParts<Each>(all: readonly Each[], most: number): readonly (readonly Each[])[] {
  return Array.from({ length: Math.ceil(all.length / most) }, (_, at) => all.slice(at * most, (at + 1) * most));
}
