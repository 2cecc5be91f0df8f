import { invariant } from '@yosugara/kernel';
import { Tallies, type Tally } from './tally.js';

/*
 * Two ordered streams become one: node x's records and node y's, each in the order of its journals. Copies of one message match
 * one to one and in order. No clock, no I/O: the ingest loop feeds records, asks what is due, and stores the answer.
 *
 * What a crash must not forget lies in the database, written in the transaction of the rows: positions, `claims`, `throughUs` and
 * the offset (`MergeWindow`). Rows seen by one node *are* the memory of unmatched records; the lists kept here are a cache of
 * the newest of them, and `needsLookup` says when the cache cannot answer (docs/decisions/0002-late-partner.md).
 */

/** A place in a journal. */
export interface RecordRef {
  readonly journalId: string;
  readonly seq: number;
}

export interface MergeRecord extends RecordRef {
  readonly node: string;
  /** As journaled, µs. */
  readonly atUs: number;
  /** It may have come up to so much earlier than `atUs`: its node stood still, or its sender held it. Missing = 0. */
  readonly lateByUs?: number;
  /** An INFORM, which its sender says again for minutes: every record of this content says so, and is `lateByUs`. */
  readonly comesAgain?: true;
  /** Digest of `pairingContent`; null = never pairs. */
  readonly content: string | null;
  /** Whose it is, for counting. Missing = it is not counted. */
  readonly source?: string;
  /** What advances when it is consumed. Missing = its journal; otherwise a stretch of that, which was stepped over and came later. */
  readonly lane?: string;
}

/** The part of the state that is stored with every batch. */
export interface MergeWindow {
  /** What to subtract from a node's times to get the first node's: the measured offset. */
  readonly offsetUs: number;
  /** Records beyond their journal's position that are already the partner of a stored row. */
  readonly claims: readonly RecordRef[];
  /** Highest journaled time consumed, by node. */
  readonly throughUs: Readonly<Record<string, number>>;
}

export interface MergeLimits {
  /** Copies' corrected times differ by no more. */
  readonly windowUs: number;
  /** No record is taken to be later than this: partners are looked for in so much of the database, within a deadline. */
  readonly maxLateUs: number;
  /** How long a record waits for its copy before it is stored alone. */
  readonly pairingDelayMs: number;
  /** Unmatched stored records remembered for each node; older ones are looked up in the database. */
  readonly maxOpen: number;
  readonly openMs: number;
  /** The same for those that come again. */
  readonly openAgainMs: number;
}

export const MERGE_LIMITS: MergeLimits = {
  windowUs: 2_000_000,
  maxLateUs: 900_000_000,
  pairingDelayMs: 200,
  maxOpen: 20_000,
  openMs: 30_000,
  openAgainMs: 150_000,
};

interface Entry extends MergeRecord {
  readonly readAtMs: number;
  stored: boolean;
  partner: Entry | null;
}

/** Stored alone and still unmatched, oldest first: a cache. */
interface Open {
  entries: Entry[];
  /** It holds every unmatched stored record of its kind with a journaled time from here on. */
  coveredFromUs: number;
}

interface Stream {
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

export type MergeInput =
  /** In order, of one node, behind everything offered before. `lone`: what the database answered to `needsLookup`. */
  | {
      readonly kind: 'records';
      readonly records: readonly MergeRecord[];
      readonly lone: readonly MergeRecord[];
      readonly nowMs: number;
    }
  | { readonly kind: 'offset'; readonly offsetUs: number }
  /** What is due now. `peerUp` false: nobody waits for copies. At most `max` records are consumed. */
  | { readonly kind: 'flush'; readonly nowMs: number; readonly peerUp: boolean; readonly max: number };

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

export interface MergeStep {
  readonly state: MergeState;
  readonly effects: readonly MergeEffect[];
}

export const EMPTY_WINDOW: MergeWindow = { offsetUs: 0, claims: [], throughUs: {} };

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

function keyOf(ref: RecordRef): string {
  return `${ref.journalId} ${ref.seq}`;
}

/** There is mostly none, and a key is longer in the making than in the looking up. */
function isClaimed({ claims }: MergeState, ref: RecordRef): boolean {
  return claims.size > 0 && claims.has(keyOf(ref));
}

function sideOf(state: MergeState, node: string): 0 | 1 {
  invariant(node === state.streams[0].node || node === state.streams[1].node, `node ${node} is one of the two`);
  return node === state.streams[0].node ? 0 : 1;
}

/** A record's time on the clock of `node`. */
function inTimeOf(state: MergeState, record: MergeRecord, node: string): number {
  if (record.node === node) return record.atUs;
  return node === state.streams[0].node ? record.atUs - state.offsetUs : record.atUs + state.offsetUs;
}

function lateBy({ limits }: MergeState, record: MergeRecord): number {
  return Math.min(record.lateByUs ?? 0, limits.maxLateUs);
}

function listOf(state: MergeState, content: string, side: 0 | 1): Entry[] {
  let lists = state.unmatched.get(content);
  if (lists === undefined) state.unmatched.set(content, (lists = [[], []]));
  return lists[side];
}

/** A row stored long ago comes back from the database, in front of the newer ones of its kind. */
function recall(state: MergeState, lone: MergeRecord): void {
  if (lone.content === null || state.taken.has(keyOf(lone))) return;
  const list = listOf(state, lone.content, sideOf(state, lone.node));
  if (list.some((entry) => entry.seq === lone.seq && entry.journalId === lone.journalId)) return;
  const at = list.findIndex(
    (entry) => entry.atUs > lone.atUs || (entry.atUs === lone.atUs && entry.journalId >= lone.journalId && entry.seq > lone.seq),
  );
  list.splice(at < 0 ? list.length : at, 0, { ...lone, readAtMs: Number.NEGATIVE_INFINITY, stored: true, partner: null });
}

function forgetRecalled(state: MergeState, lone: MergeRecord): void {
  const lists = lone.content === null ? undefined : state.unmatched.get(lone.content);
  const list = lists?.[sideOf(state, lone.node)];
  const at =
    list?.findIndex(
      (entry) => entry.readAtMs === Number.NEGATIVE_INFINITY && entry.seq === lone.seq && entry.journalId === lone.journalId,
    ) ?? -1;
  if (at >= 0) list?.splice(at, 1);
  dropIfEmpty(state, lone.content);
}

function offer(state: MergeState, record: MergeRecord, nowMs: number): void {
  const side = sideOf(state, record.node);
  const entry: Entry = { ...record, readAtMs: nowMs, stored: false, partner: null };
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

function dropIfEmpty(state: MergeState, content: string | null): void {
  const lists = content === null ? undefined : state.unmatched.get(content);
  if (content !== null && lists !== undefined && lists[0].length === 0 && lists[1].length === 0) state.unmatched.delete(content);
}

type Flush = Extract<MergeInput, { kind: 'flush' }>;

function flush(state: MergeState, input: Flush): MergeEffect[] {
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
  for (let consumed = 0; consumed < input.max; consumed++) {
    const a = ready(state, left.queue[taken[0]!], input);
    const b = ready(state, right.queue[taken[1]!], input);
    if (a === null && b === null) break;
    const side = b === null || (a !== null && a.atUs <= inTimeOf(state, b, left.node)) ? 0 : 1;
    taken[side]!++;
    const entry = side === 0 ? a : b;
    invariant(entry !== null, 'the chosen stream has a record ready');
    consume(state, entry, effects, tallies);
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
function ready(state: MergeState, entry: Entry | undefined, input: Flush): Entry | null {
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
