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
  if (coveredFromUs === Number.NEGATIVE_INFINITY) return [];
  const wanted: Wanted[] = [];
  for (const record of records) {
    if (record.comesAgain !== comesAgain) continue;
    const { content } = record;
    const at = inTimeOf(state, record, node);
    const fromUs = at - lateBy(state, record) - state.limits.windowUs;
    if (content === null || fromUs >= coveredFromUs || state.claims.has(keyOf(record))) continue;
    wanted.push({ content, fromUs, throughUs: at + state.limits.windowUs });
  }
  const only = comesAgain === undefined ? {} : ({ onlyLate: comesAgain } as const);
  return stretches(wanted).map((stretch) => ({ node, ...stretch, ...only }));
}

interface Wanted {
  readonly content: string;
  readonly fromUs: number;
  readonly throughUs: number;
}

/**
 * One question for each stretch of time: a node that was away brings lines of before and of now together, and millions of the other one's
 * rows may lie between them.
 */
function stretches(wanted: readonly Wanted[]): readonly Pick<LoneRows, 'contents' | 'fromUs' | 'throughUs'>[] {
  const joined: { contents: Set<string>; fromUs: number; throughUs: number }[] = [];
  for (const { content, fromUs, throughUs } of [...wanted].sort((a, b) => a.fromUs - b.fromUs)) {
    const last = joined.at(-1);
    if (last === undefined || fromUs > last.throughUs) joined.push({ contents: new Set([content]), fromUs, throughUs });
    else {
      last.contents.add(content);
      last.throughUs = Math.max(last.throughUs, throughUs);
    }
  }
  return joined.map(({ contents, ...stretch }) => ({ contents: [...contents], ...stretch }));
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
