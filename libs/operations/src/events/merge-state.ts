import { invariant } from '@yosugara/kernel';
import { MERGE_LIMITS, type MergeLimits, type MergeRecord, type MergeWindow, type RecordRef } from './merge-window.js';

export interface Entry extends MergeRecord {
  readonly readAtMs: number;
  stored: boolean;
  partner: Entry | null;
}

/** Stored alone and still unmatched, oldest first: a cache. */
export interface Open {
  entries: Entry[];
  /** It holds every unmatched stored record of its kind with a journaled time from here on. */
  coveredFromUs: number;
}

export interface Stream {
  readonly node: string;
  /** Read and not yet consumed, oldest first. */
  queue: Entry[];
  readonly open: Open;
  /** Of those that come again: they are few, and waited for much longer. */
  readonly openAgain: Open;
  throughUs: number;
  /** Time of the newest record offered, and the earliest at which that may have come. */
  readUs: number;
  readFromUs: number;
}

/** Opaque to callers. A step moves it: use only what the last step returned. */
export interface MergeState {
  readonly limits: MergeLimits;
  readonly streams: readonly [Stream, Stream];
  offsetUs: number;
  readonly claims: Map<string, RecordRef>;
  /** Unmatched entries that may still find a partner, by content and node, in order. */
  readonly unmatched: Map<string, [Entry[], Entry[]]>;
  /** Stored rows known here whose partner is matched and not yet written: the database still shows them as unmatched. */
  readonly taken: Set<string>;
  /** Of those, the ones the last flush gave out: written by the time of the next one. */
  settling: string[];
}

/** @param nodes both data nodes' names; the offset is the second's clock minus the first's. */
export function mergeBegin(
  nodes: readonly [string, string],
  window: MergeWindow,
  limits: MergeLimits = MERGE_LIMITS,
): MergeState {
  invariant(nodes[0] !== nodes[1], 'two different nodes');
  const stream = (node: string): Stream => {
    const throughUs = window.throughUs[node] ?? Number.NEGATIVE_INFINITY;
    const open = (): Open => ({ entries: [], coveredFromUs: throughUs + 1 });
    return { node, queue: [], open: open(), openAgain: open(), throughUs, readUs: throughUs, readFromUs: throughUs };
  };
  return {
    limits,
    streams: [stream(nodes[0]), stream(nodes[1])],
    offsetUs: window.offsetUs,
    claims: new Map(window.claims.map((ref) => [keyOf(ref), ref])),
    unmatched: new Map(),
    taken: new Set(),
    settling: [],
  };
}

/** To be stored in the same transaction as the effects of the flush that came before. */
export function mergeWindow(state: MergeState): MergeWindow {
  const throughUs: Record<string, number> = {};
  for (const stream of state.streams) if (stream.throughUs > Number.NEGATIVE_INFINITY) throughUs[stream.node] = stream.throughUs;
  return { offsetUs: state.offsetUs, claims: [...state.claims.values()], throughUs };
}

/** Records read and not yet consumed: the caller's measure for holding back. */
export function mergeHeld(state: MergeState): number {
  return state.streams[0].queue.length + state.streams[1].queue.length;
}

/**
 * The node whose journal should be read next: the one that is behind in time. Reading in step keeps copies near each other, so that
 * catching up pairs them in memory too.
 */
export function mergeBehind(state: MergeState): string {
  const [left, right] = state.streams;
  return left.readUs <= right.readUs - state.offsetUs ? left.node : right.node;
}

export function keyOf(ref: RecordRef): string {
  return `${ref.journalId} ${ref.seq}`;
}

/** There is mostly none, and a key is longer in the making than in the looking up. */
export function isClaimed({ claims }: MergeState, ref: RecordRef): boolean {
  return claims.size > 0 && claims.has(keyOf(ref));
}

export function sideOf(state: MergeState, node: string): 0 | 1 {
  invariant(node === state.streams[0].node || node === state.streams[1].node, `node ${node} is one of the two`);
  return node === state.streams[0].node ? 0 : 1;
}

/** A record's time on the clock of `node`. */
export function inTimeOf(state: MergeState, record: MergeRecord, node: string): number {
  if (record.node === node) return record.atUs;
  return node === state.streams[0].node ? record.atUs - state.offsetUs : record.atUs + state.offsetUs;
}

export function lateBy({ limits }: MergeState, record: MergeRecord): number {
  return Math.min(record.lateByUs ?? 0, limits.maxLateUs);
}

export function listOf(state: MergeState, content: string, side: 0 | 1): Entry[] {
  let lists = state.unmatched.get(content);
  if (lists === undefined) state.unmatched.set(content, (lists = [[], []]));
  return lists[side];
}

export function dropIfEmpty(state: MergeState, content: string | null): void {
  const lists = content === null ? undefined : state.unmatched.get(content);
  if (content !== null && lists !== undefined && lists[0].length === 0 && lists[1].length === 0) state.unmatched.delete(content);
}
