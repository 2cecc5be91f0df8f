import { invariant } from '@yosugara/kernel';
import { type Step, toPersist } from './context.js';
import { adoptMembers, membersAt, type RaftState } from './state.js';
import type { Entry, LogIndex, Payload, Snapshot, Term } from './types.js';

const BATCH_ENTRIES = 64;
/** Half of what the gossip mailbox carries, so that a batch with its envelope stays a small message. */
const BATCH_BYTES = 8 * 1024;

export const lastIndex = (s: RaftState): LogIndex => s.baseIndex + s.entries.length;

export const lastTerm = (s: RaftState): Term => s.entries.at(-1)?.term ?? s.baseTerm;

/** undefined: beyond the end, or compacted away. */
export function termAt(s: RaftState, index: LogIndex): Term | undefined {
  return index === s.baseIndex ? s.baseTerm : s.entries[index - s.baseIndex - 1]?.term;
}

/** Negative, zero or positive as the log ending in (term, index) is less, equally or more complete than ours (thesis §3.6.1). */
export function compareLog(s: RaftState, term: Term, index: LogIndex): number {
  return term - lastTerm(s) || index - lastIndex(s);
}

/** At most 64 entries and about 8 KiB, but at least one: one big entry is the transport's affair. */
export function batchFrom(s: RaftState, from: LogIndex): Entry[] {
  const start = from - s.baseIndex - 1;
  const batch = s.entries.slice(start, start + BATCH_ENTRIES);
  if (batch.length <= 1) return batch;
  let bytes = 0;
  const fits = batch.findIndex((entry) => (bytes += JSON.stringify(entry.payload).length + 40) > BATCH_BYTES);
  return fits === -1 ? batch : batch.slice(0, Math.max(1, fits));
}

export function appendEntry(c: Step, entry: Entry): void {
  invariant(entry.index === lastIndex(c.s) + 1, `entry ${entry.index} appended after ${lastIndex(c.s)}`);
  c.s.entries.push(entry);
  (toPersist(c).append ??= []).push(entry);
  if (entry.payload.kind === 'members') adoptMembers(c.s);
}

/** The leader's own next entry. */
export function appendOwn(c: Step, payload: Payload): Entry {
  const entry: Entry = { index: lastIndex(c.s) + 1, term: c.s.term, payload };
  appendEntry(c, entry);
  return entry;
}

/** Drop `from` and everything after it; a configuration among it is taken back (thesis §4.1). */
export function truncateFrom(c: Step, from: LogIndex): void {
  invariant(from > c.s.commit, `truncation from ${from} would drop a committed entry (commit ${c.s.commit})`);
  c.s.entries.length = from - c.s.baseIndex - 1;
  toPersist(c).truncateFrom = from;
  if (c.s.membersIndex >= from) adoptMembers(c.s);
}

/** Hand out everything up to `index`. */
export function commitThrough(c: Step, index: LogIndex): void {
  for (let at = c.s.commit + 1; at <= index; at += 1) {
    const entry = c.s.entries[at - c.s.baseIndex - 1];
    invariant(entry !== undefined, `entry ${at} committed but not in the log`);
    c.effects.push({ kind: 'apply', entry });
  }
  c.s.commit = Math.max(c.s.commit, index);
}

/** Replace the log up to `index` by `state` (thesis §5.1), keeping `trailing` entries for followers that are a little behind. */
export function compact(c: Step, index: LogIndex, state: unknown, trailing: number): void {
  const s = c.s;
  if (index <= (s.snapshot?.index ?? 0)) return;
  const term = termAt(s, index);
  invariant(index <= s.commit && term !== undefined, `snapshot at ${index}, but only ${s.commit} is applied`);
  const snapshot: Snapshot = { index, term, members: membersAt(s, index).members, state };
  const dropThrough = Math.max(s.baseIndex, index - Math.max(0, trailing));
  s.baseTerm = termAt(s, dropThrough) ?? s.baseTerm;
  s.entries.splice(0, dropThrough - s.baseIndex);
  s.baseIndex = dropThrough;
  s.snapshot = snapshot;
  toPersist(c).snapshot = snapshot;
  toPersist(c).dropThrough = dropThrough;
}

/** Another log instead of ours, even of what we had committed. A snapshot on disk is replaced, if only by one of nothing. */
export function replaceLog(c: Step, snapshot: Snapshot | null, entries: readonly Entry[]): void {
  const s = c.s;
  const base = snapshot ?? { index: 0, term: 0, members: s.initialMembers, state: {} };
  const isKept = snapshot !== null || s.snapshot !== null;
  Object.assign(toPersist(c), { anew: true, truncateFrom: 1, ...(isKept && { snapshot: base, dropThrough: base.index }) });
  s.snapshot = isKept ? base : null;
  s.entries = [];
  s.baseIndex = base.index;
  s.baseTerm = base.term;
  s.commit = base.index;
  adoptMembers(s);
  c.effects.push({ kind: 'restore', snapshot: base });
  for (const entry of entries) appendEntry(c, entry);
}

/**
 * The leader's snapshot instead of our log. What lies behind its index conflicts with it and goes first: a crash in between
 * must not leave old entries standing after a new snapshot. The disk's next append begins right after the snapshot, gap or not.
 */
export function installSnapshot(c: Step, snapshot: Snapshot): void {
  const s = c.s;
  if (lastIndex(s) > snapshot.index) toPersist(c).truncateFrom = snapshot.index + 1;
  s.entries = [];
  s.baseIndex = snapshot.index;
  s.baseTerm = snapshot.term;
  s.snapshot = snapshot;
  s.commit = snapshot.index;
  toPersist(c).snapshot = snapshot;
  toPersist(c).dropThrough = snapshot.index;
  adoptMembers(s);
  c.effects.push({ kind: 'restore', snapshot });
}
