import { flush, type MergeEffect, type MergeFlush } from './merge-flush.js';
import { forgetRecalled, recall } from './merge-lookup.js';
import { type Entry, inTimeOf, isClaimed, keyOf, lateBy, type MergeState, sideOf } from './merge-state.js';
import type { MergeRecord } from './merge-window.js';

export type { MergeEffect } from './merge-flush.js';
export { type LoneRows, needsLookup } from './merge-lookup.js';
export { type MergeState, mergeBegin, mergeBehind, mergeHeld, mergeWindow } from './merge-state.js';
export * from './merge-window.js';

/*
 * Two ordered streams become one: node x's records and node y's, each in the order of its journals. Copies of one message match
 * one to one and in order. No clock, no I/O: the ingest loop feeds records, asks what is due, and stores the answer.
 *
 * What a crash must not forget lies in the database, written in the transaction of the rows: positions, `claims`, `throughUs` and
 * the offset (`MergeWindow`). Rows seen by one node *are* the memory of unmatched records; the lists kept here are a cache of
 * the newest of them, and `needsLookup` says when the cache cannot answer (docs/decisions/0002-late-partner.md).
 */

export type MergeInput =
  /** In order, of one node, behind everything offered before. `lone`: what the database answered to `needsLookup`. */
  | {
      readonly kind: 'records';
      readonly records: readonly MergeRecord[];
      readonly lone: readonly MergeRecord[];
      readonly nowMs: number;
    }
  | { readonly kind: 'offset'; readonly offsetUs: number }
  | MergeFlush;

export interface MergeStep {
  readonly state: MergeState;
  readonly effects: readonly MergeEffect[];
}

export function mergeStep(state: MergeState, input: MergeInput): MergeStep {
  switch (input.kind) {
    case 'offset':
      state.offsetUs = input.offsetUs;
      return { state, effects: [] };
    case 'records':
      for (const lone of input.lone) recall(state, lone);
      for (const record of input.records) offer(state, record, input.nowMs);
      // What was asked for served these records; the next ones ask again.
      for (const lone of input.lone) forgetRecalled(state, lone);
      return { state, effects: [] };
    case 'flush':
      return { state, effects: flush(state, input) };
  }
}

function offer(state: MergeState, record: MergeRecord, nowMs: number): void {
  const side = sideOf(state, record.node);
  // One literal without spreads: with one it is half of what a record costs here.
  const entry: Entry = {
    node: record.node,
    journalId: record.journalId,
    seq: record.seq,
    atUs: record.atUs,
    lateByUs: record.lateByUs,
    comesAgain: record.comesAgain,
    bytes: record.bytes,
    content: record.content,
    source: record.source,
    lane: record.lane,
    readAtMs: nowMs,
    stored: false,
    partner: null,
  };
  state.streams[side].queue.push(entry);
  state.streams[side].readUs = record.atUs;
  // Those that come again are waited for apart.
  if (record.comesAgain === undefined) state.streams[side].readFromUs = record.atUs - lateBy(state, record);
  if (record.content === null || isClaimed(state, record)) return;
  const other = side === 0 ? 1 : 0;
  const lists = state.unmatched.get(record.content);
  if (lists === undefined) {
    state.unmatched.set(record.content, side === 0 ? [[entry], []] : [[], [entry]]);
    return;
  }
  const partners = lists[other];
  const at = inTimeOf(state, record, state.streams[other].node);
  // Each came between `atUs - lateByUs` and `atUs`; these stretches are no further apart than the window. First come, first matched:
  // a socket is read in order, so neither end of a stretch lies before that of an earlier one, and this makes as many pairs as can be made.
  const { windowUs } = state.limits;
  const found = partners.findIndex(
    (candidate) =>
      candidate.atUs - lateBy(state, candidate) - at <= windowUs && at - lateBy(state, record) - candidate.atUs <= windowUs,
  );
  if (found < 0) {
    lists[side].push(entry);
    return;
  }
  const partner = partners.splice(found, 1)[0]!;
  partner.partner = entry;
  entry.partner = partner;
  if (partner.stored) state.taken.add(keyOf(partner));
  if (partners.length === 0 && lists[side].length === 0) state.unmatched.delete(record.content);
}
