/** A place in a layer: a job, or where an edge that jumps over the layer passes. */
export interface Slot {
  readonly layer: number;
  readonly id: string | null;
  readonly before: Slot[];
  readonly after: Slot[];
  order: number;
  /** Across the layers. */
  at: number;
}

const SWEEPS = 4;

/** 0 at least. Of more values than a call has room for. */
export const most = (values: readonly number[]) => values.reduce((max, value) => Math.max(max, value), 0);
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Neighbours come to lie beside each other: each goes where the middle of its neighbours is, there and back. */
export function order(columns: readonly Slot[][]): void {
  const sort = (column: Slot[], side: 'before' | 'after') => {
    const wish = new Map(
      column.map((slot) => [slot, slot[side].length === 0 ? slot.order : mean(slot[side].map((each) => each.order))]),
    );
    column.sort((one, other) => wish.get(one)! - wish.get(other)! || one.order - other.order);
    column.forEach((slot, at) => void (slot.order = at));
  };
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    for (const column of columns) sort(column, 'before');
    for (const column of columns.toReversed()) sort(column, 'after');
  }
  for (const column of columns) sort(column, 'before');
}

/** Apart by a step at least, otherwise as near to the middle of their neighbours as the order lets them. */
export function spread(columns: readonly Slot[][], step: number): void {
  for (const column of columns) column.forEach((slot, at) => void (slot.at = at * step));
  const settle = (column: readonly Slot[], side: 'before' | 'after') => {
    const wish = column.map((slot) => (slot[side].length === 0 ? slot.at : mean(slot[side].map((each) => each.at))));
    let least = Number.NEGATIVE_INFINITY;
    column.forEach((slot, at) => {
      slot.at = Math.max(wish[at]!, least);
      least = slot.at + step;
    });
    const shift = mean(column.map((slot, at) => wish[at]! - slot.at));
    for (const slot of column) slot.at += shift;
  };
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    for (const column of columns) settle(column, 'before');
    for (const column of columns.toReversed()) settle(column, 'after');
  }
  const all = columns.flat();
  const least = most(all.map(({ at }) => -at));
  for (const slot of all) slot.at += least;
}
