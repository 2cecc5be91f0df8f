import { dropIfEmpty, inTimeOf, keyOf, lateBy, listOf, type MergeState, type Open, type Stream, sideOf } from './merge-state.js';
import type { MergeRecord } from './merge-window.js';

/** Rows of `node` that nobody else saw, with these contents, journaled from `fromUs` on, and come at the earliest through `throughUs`. */
export interface LoneRows {
  readonly node: string;
  readonly contents: readonly string[];
  readonly fromUs: number;
  readonly throughUs: number;
  /** All of these rows are late by something: the database has an index of such. */
  readonly onlyLate?: true;
}

/** What must be asked of the database before these records of one node are offered; nothing: memory answers. */
export function needsLookup(state: MergeState, records: readonly MergeRecord[]): readonly LoneRows[] {
  const first = records[0];
  if (first === undefined) return [];
  const other = state.streams[1 - sideOf(state, first.node)]!;
  const again = records.some(({ comesAgain }) => comesAgain);
  const lone = lookup(state, records, other, other.open, undefined);
  return again ? [...lone, ...lookup(state, records, other, other.openAgain, true)] : lone;
}

function lookup(
  state: MergeState,
  records: readonly MergeRecord[],
  { node }: Stream,
  { coveredFromUs }: Open,
  comesAgain: true | undefined,
): readonly LoneRows[] {
  const contents = new Set<string>();
  let fromUs = Number.POSITIVE_INFINITY;
  let throughUs = Number.NEGATIVE_INFINITY;
  for (const record of records) {
    if (record.comesAgain !== comesAgain) continue;
    const at = inTimeOf(state, record, node);
    const earliest = at - lateBy(state, record) - state.limits.windowUs;
    if (record.content === null || earliest >= coveredFromUs || state.claims.has(keyOf(record))) continue;
    contents.add(record.content);
    fromUs = Math.min(fromUs, earliest);
    throughUs = Math.max(throughUs, at + state.limits.windowUs);
  }
  if (contents.size === 0 || coveredFromUs === Number.NEGATIVE_INFINITY) return [];
  return [{ node, contents: [...contents], fromUs, throughUs, ...(comesAgain === undefined ? {} : { onlyLate: comesAgain }) }];
}

/** A row stored long ago comes back from the database, in front of the newer ones of its kind. */
export function recall(state: MergeState, lone: MergeRecord): void {
  if (lone.content === null || state.taken.has(keyOf(lone))) return;
  const list = listOf(state, lone.content, sideOf(state, lone.node));
  if (list.some((entry) => entry.seq === lone.seq && entry.journalId === lone.journalId)) return;
  const at = list.findIndex(
    (entry) => entry.atUs > lone.atUs || (entry.atUs === lone.atUs && entry.journalId >= lone.journalId && entry.seq > lone.seq),
  );
  list.splice(at < 0 ? list.length : at, 0, { ...lone, readAtMs: Number.NEGATIVE_INFINITY, stored: true, partner: null });
}

export function forgetRecalled(state: MergeState, lone: MergeRecord): void {
  const lists = lone.content === null ? undefined : state.unmatched.get(lone.content);
  const list = lists?.[sideOf(state, lone.node)];
  const at =
    list?.findIndex(
      (entry) => entry.readAtMs === Number.NEGATIVE_INFINITY && entry.seq === lone.seq && entry.journalId === lone.journalId,
    ) ?? -1;
  if (at >= 0) list?.splice(at, 1);
  dropIfEmpty(state, lone.content);
}
