import type { RecordRef } from '@yosugara/operations';

/*
 * A journal is consumed from its first record to its last; its position says how far. What this node lacks and the other node,
 * which cannot be asked now, may have is stepped over and owed: it becomes a lane with a position of its own, stored under the name
 * `<journal>@<from>-<through>` in the transaction that carries the journal's position past it (docs/decisions/0026).
 */

/** A stretch of a journal that is consumed by itself. */
export interface Lane {
  readonly id: string;
  readonly journalId: string;
  readonly from: number;
  readonly through: number;
}

const LANE = /^(.+)@(\d+)-(\d+)$/;

export function laneOf(journalId: string, from: number, through: number): Lane {
  return { id: `${journalId}@${from}-${through}`, journalId, from, through };
}

export function lanesOf(positions: ReadonlyMap<string, number>): readonly Lane[] {
  return [...positions.keys()].flatMap((id) => {
    const [, journalId, from, through] = LANE.exec(id) ?? [];
    return journalId === undefined ? [] : [laneOf(journalId, Number(from), Number(through))];
  });
}

/** What is still owed of each. */
export function owedOf(positions: ReadonlyMap<string, number>): readonly (Lane & { readonly left: number })[] {
  return lanesOf(positions).flatMap((lane) => {
    const left = lane.through - Math.max(positions.get(lane.id)!, lane.from - 1);
    return left > 0 ? [{ ...lane, left }] : [];
  });
}

/** Through where journals may let go, given what both databases hold: never of what is still owed, which the other node has to keep. */
export function letGoThrough(positions: readonly RecordRef[]): readonly RecordRef[] {
  const known = new Map(positions.map(({ journalId, seq }) => [journalId, seq]));
  const lanes = lanesOf(known);
  if (lanes.length === 0) return positions;
  for (const { id, journalId, through } of lanes) {
    const seq = known.get(id)!;
    const whole = known.get(journalId);
    known.delete(id);
    if (seq < through && whole !== undefined) known.set(journalId, Math.min(whole, seq));
  }
  return [...known].map(([journalId, seq]) => ({ journalId, seq }));
}
