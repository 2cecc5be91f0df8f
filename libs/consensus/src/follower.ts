import type { NodeId } from '@yosugara/kernel';
import { type Step, send, toPersist } from './context.js';
import { promiseTo } from './lease.js';
import { appendEntry, commitThrough, installSnapshot, lastIndex, lastTerm, termAt, truncateFrom } from './log.js';
import { riseAlone } from './pair.js';
import { isGivenUp, isSole } from './pair-facts.js';
import { becomeFollower } from './roles.js';
import { isAnother, stageEntries, stageSnapshot } from './staging.js';
import type { RaftState } from './state.js';
import type { Append, Entry, LogIndex, SnapshotMessage, Term } from './types.js';

/** Thesis §3.5. Harmless when old, doubled or out of order: only a real conflict above the commit index removes anything. */
export function onAppend(c: Step, from: NodeId, message: Append): void {
  const { s } = c;
  if (!acknowledge(c, from, message)) return;
  const { prevIndex, entries } = message;
  if (isAnother(s, from, message)) {
    stageEntries(c, from, message);
    return;
  }
  if (!matches(s, prevIndex, message.prevTerm)) {
    reply(c, from, false, hintBelow(s, prevIndex), message.nonce, prevIndex);
    return;
  }
  store(c, entries);
  const known = prevIndex + entries.length;
  commitThrough(c, Math.min(message.commit, known));
  reply(c, from, true, acknowledged(s, known), message.nonce);
}

/**
 * What we know to be committed is in every later leader's log too (thesis §3.6.3). Not so for one without a vote after a wrong word: it says
 * no more than was compared, where it can be.
 */
const acknowledged = (s: RaftState, known: LogIndex): LogIndex =>
  s.voters.includes(s.self) || termAt(s, known) === undefined ? Math.max(known, s.commit) : known;

/** Thesis §5.1. */
export function onSnapshot(c: Step, from: NodeId, message: SnapshotMessage): void {
  const { s } = c;
  if (!acknowledge(c, from, message)) return;
  const { snapshot } = message;
  if (isAnother(s, from, message)) {
    stageSnapshot(c, from, message);
    return;
  }
  if (snapshot.index > s.commit) {
    // Holding its last entry means holding everything before it: nothing needs to be replaced.
    if (termAt(s, snapshot.index) === snapshot.term) commitThrough(c, snapshot.index);
    else installSnapshot(c, snapshot);
  }
  reply(c, from, true, s.commit, message.nonce);
}

/** @returns false when the sender leads no longer; it was told, or is known to be gone. */
function acknowledge(c: Step, from: NodeId, message: Append | SnapshotMessage): boolean {
  const { s } = c;
  const isMutual = message.givenUp === true && isGivenUp(s, from);
  // No answer: it would rise above us, and we above it, for ever.
  if (isMutual && !yields(s, from, message.term)) return false;
  if (message.term < s.term) {
    // The answer lets a leader of an old term step down; without it a node with a higher term could never come back.
    reply(c, from, false, 0, message.nonce);
    return false;
  }
  // Left over in the network from a process that is proven dead: it must not bind us again.
  if (isGone(s, from, message.term)) return false;
  if (isGivenUp(s, from) && !isMutual && !mayFollowAll(s, from)) {
    // It goes on alone by a log of its own, and does not know yet: it is told from above.
    if (message.term > s.term) riseAlone(c, message.term);
    return false;
  }
  if (message.givenUp !== true && ledAlone(s, message.term)) return false;
  if (message.term > s.term || s.leader !== from || s.role !== 'follower')
    becomeFollower(c, message.term, from, 'a newer leader');
  // Whoever follows a leader of this term has chosen: a member that just came in under a new incarnation must not choose again.
  if (s.votedFor === null) {
    s.votedFor = from;
    toPersist(c).hardState = true;
  }
  promiseTo(c, from, message.term, message.nonce);
  return true;
}

/**
 * Whoever has no vote gave nobody up: what it was told of the sender may come of the log that has lost since. It stays with the one that it
 * follows for as long as that one speaks.
 */
const mayFollowAll = (s: RaftState, from: NodeId): boolean =>
  !s.voters.includes(s.self) && (s.promise === null || s.promise.leader === from || s.nowMs >= s.promise.untilMs);

/** Two words, one on either side: each has given the other one up. Both see the same of the two logs stand: the one of the later term. */
const yields = (s: RaftState, to: NodeId, term: Term): boolean => term > s.term || (term === s.term && to < s.self);

/** We alone led that term and committed our log in it: whoever says to lead it, too, has a log that forked off from ours (pair.ts). */
const ledAlone = (s: RaftState, term: Term): boolean =>
  term === s.term && s.votedFor === s.self && lastTerm(s) === term && isSole(s);

export const isGone = (s: RaftState, leader: NodeId, term: Term): boolean =>
  s.gone !== null && s.gone.leader === leader && term <= s.gone.term && s.nowMs < s.gone.untilMs;

function reply(c: Step, to: NodeId, success: boolean, matchIndex: LogIndex, nonce: number, prevIndex?: LogIndex): void {
  const answer = { kind: 'appendReply', term: c.s.term, success, matchIndex, nonce } as const;
  send(c, to, prevIndex === undefined ? answer : { ...answer, prevIndex });
}

/** Committed entries are equal everywhere, so a prefix that ends among them matches even where it has been compacted away. */
function matches(s: RaftState, prevIndex: LogIndex, prevTerm: Term): boolean {
  return prevIndex <= s.commit || termAt(s, prevIndex) === prevTerm;
}

/** Where the leader should try next: our end, or before the whole term that conflicts (thesis §3.5, last paragraphs). */
function hintBelow(s: RaftState, prevIndex: LogIndex): LogIndex {
  if (prevIndex > lastIndex(s)) return lastIndex(s);
  const conflicting = termAt(s, prevIndex);
  let at = prevIndex - 1;
  while (at > s.commit && termAt(s, at) === conflicting) at -= 1;
  return at;
}

function store(c: Step, entries: readonly Entry[]): void {
  const { s } = c;
  for (const entry of entries) {
    if (entry.index <= s.commit) continue;
    const known = termAt(s, entry.index);
    if (known === entry.term) continue;
    if (known !== undefined) truncateFrom(c, entry.index);
    appendEntry(c, entry);
  }
}
