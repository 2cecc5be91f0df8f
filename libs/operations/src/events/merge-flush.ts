import { invariant } from '@yosugara/kernel';
import {
  dropIfEmpty,
  type Entry,
  inTimeOf,
  isClaimed,
  keyOf,
  lateBy,
  type MergeState,
  type Open,
  type Stream,
  sideOf,
} from './merge-state.js';
import type { RecordRef } from './merge-window.js';
import { Tallies, type Tally } from './tally.js';

/** What is due now. `peerUp` false: nobody waits for copies. At most `max` records are consumed, and none behind `maxBytes` of them. */
export interface MergeFlush {
  readonly kind: 'flush';
  readonly nowMs: number;
  readonly peerUp: boolean;
  readonly max: number;
  /** Missing = as many bytes as the records have. */
  readonly maxBytes?: number;
}

export type MergeEffect =
  | {
      readonly kind: 'store';
      readonly record: RecordRef;
      readonly node: string;
      readonly content: string | null;
      readonly seenBy: readonly string[];
    }
  /** `copy` is a partner of the row `of`, found after that was stored. */
  | {
      readonly kind: 'seenAlso';
      readonly of: RecordRef & { readonly atUs: number };
      readonly node: string;
      readonly copy: RecordRef;
    }
  | { readonly kind: 'advance'; readonly journalId: string; readonly seq: number }
  /** What was consumed, by source: each record is counted once, in the step whose transaction moves its position. */
  | { readonly kind: 'tally'; readonly tallies: readonly Tally[] };

export function flush(state: MergeState, input: MergeFlush): MergeEffect[] {
  // Everything said by the flush before is in the database by now, or this state was thrown away.
  for (const key of state.settling) state.taken.delete(key);
  state.settling = [];
  for (const stream of state.streams) {
    evict(state, stream, stream.open, input.nowMs, state.limits.openMs);
    evict(state, stream, stream.openAgain, input.nowMs, state.limits.openAgainMs);
  }
  const effects: MergeEffect[] = [];
  const tallies = new Tallies();
  const positions = new Map<string, number>();
  const taken = [0, 0];
  const [left, right] = state.streams;
  let bytes = 0;
  for (let consumed = 0; consumed < input.max && bytes < (input.maxBytes ?? Number.POSITIVE_INFINITY); consumed++) {
    const a = ready(state, left.queue[taken[0]!], input);
    const b = ready(state, right.queue[taken[1]!], input);
    if (a === null && b === null) break;
    const side = b === null || (a !== null && a.atUs <= inTimeOf(state, b, left.node)) ? 0 : 1;
    taken[side]!++;
    const entry = side === 0 ? a : b;
    invariant(entry !== null, 'the chosen stream has a record ready');
    consume(state, entry, effects, tallies);
    bytes += entry.bytes ?? 0;
    positions.set(entry.lane ?? entry.journalId, entry.seq);
  }
  left.queue = left.queue.slice(taken[0]);
  right.queue = right.queue.slice(taken[1]);
  for (const [journalId, seq] of positions) effects.push({ kind: 'advance', journalId, seq });
  const counts = tallies.list();
  if (counts.length > 0) effects.push({ kind: 'tally', tallies: counts });
  return effects;
}

/** Records leave in the order of their journal, so one that waits makes those behind it wait, for the same short time. */
function ready(state: MergeState, entry: Entry | undefined, input: MergeFlush): Entry | null {
  if (entry === undefined) return null;
  const waits = entry.partner === null && entry.content !== null && input.peerUp && !isClaimed(state, entry);
  return waits && input.nowMs - entry.readAtMs < state.limits.pairingDelayMs ? null : entry;
}

function consume(state: MergeState, entry: Entry, effects: MergeEffect[], tallies: Tallies): void {
  const stream = state.streams[sideOf(state, entry.node)];
  stream.throughUs = Math.max(stream.throughUs, entry.atUs);
  const { partner } = entry;
  const wasClaimed = state.claims.size > 0 && state.claims.delete(keyOf(entry));
  tallies.received(entry, wasClaimed || partner !== null ? 'matched' : entry.content === null ? 'unpaired' : 'alone');
  if (wasClaimed) return;
  const record = { journalId: entry.journalId, seq: entry.seq };
  if (partner?.stored === true) {
    const of = { journalId: partner.journalId, seq: partner.seq, atUs: partner.atUs };
    effects.push({ kind: 'seenAlso', of, node: entry.node, copy: record });
    state.settling.push(keyOf(partner));
    // Equal contents are of one source, so what was read back from the database without its name has this one's.
    tallies.matchedLate({ ...partner, ...(entry.source === undefined ? {} : { source: entry.source }) });
    return;
  }
  if (partner === null) {
    entry.stored = true;
    effects.push({ kind: 'store', record, node: entry.node, content: entry.content, seenBy: [entry.node] });
    if (entry.content !== null) (entry.comesAgain ? stream.openAgain : stream.open).entries.push(entry);
    return;
  }
  // The row is that of the copy whose time is nearer to the truth. The other one, or the one consumed later, is the claim.
  const row = lateBy(state, entry) > lateBy(state, partner) ? partner : entry;
  const ref = { journalId: row.journalId, seq: row.seq };
  row.stored = true;
  const seenBy = state.streams.map((each) => each.node);
  effects.push({ kind: 'store', record: ref, node: row.node, content: row.content, seenBy });
  state.claims.set(keyOf(partner), { journalId: partner.journalId, seq: partner.seq });
}

/** Forgets stored records that no coming record of the other node can match, or that are too many; the database remembers. */
function evict(state: MergeState, stream: Stream, open: Open, nowMs: number, openMs: number): void {
  const { limits } = state;
  const other = state.streams[1 - sideOf(state, stream.node)]!;
  const here = other.readFromUs + (stream === state.streams[0] ? -state.offsetUs : state.offsetUs);
  let gone = 0;
  for (const entry of open.entries) {
    const isPassed = entry.comesAgain === undefined && entry.atUs + limits.windowUs < here;
    const useless = entry.partner !== null || isPassed || nowMs - entry.readAtMs > openMs;
    if (!useless && open.entries.length - gone <= limits.maxOpen) break;
    gone++;
    if (entry.partner !== null) continue;
    open.coveredFromUs = Math.max(open.coveredFromUs, entry.atUs + 1);
    const list = entry.content === null ? undefined : state.unmatched.get(entry.content)?.[sideOf(state, stream.node)];
    const at = list?.indexOf(entry) ?? -1;
    if (at >= 0) list?.splice(at, 1);
    dropIfEmpty(state, entry.content);
  }
  if (gone > 0) open.entries = open.entries.slice(gone);
}
