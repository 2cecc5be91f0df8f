import { invariant, type NodeId } from '@yosugara/kernel';
import { note, type Step, send } from './context.js';
import { setBack } from './identity.js';
import { openRound, renewLease } from './lease.js';
import { batchFrom, commitThrough, lastIndex, termAt } from './log.js';
import { majorityValue } from './quorum.js';
import { resign } from './roles.js';
import type { Lead, Peer, RaftState } from './state.js';
import type { LogIndex, RaftMessage } from './types.js';

/** A snapshot is tens of KiB: it gets more time than a batch before it is sent again. */
const SNAPSHOT_RETRY_HEARTBEATS = 4;

export const newPeer = (next: LogIndex): Peer => ({
  next,
  match: 0,
  pendingThrough: 0,
  pendingAtMs: null,
  echoed: 0,
  matchNonce: 0,
  incarnation: null,
  givenUp: false,
  votes: false,
  another: false,
});

/** One record for each other member, learners included; what is known of the staying ones is kept, but not of another incarnation. */
export function syncPeers(s: RaftState, lead: Lead): void {
  for (const id of Object.keys(lead.peers)) if (!s.members.some((member) => member.id === id)) delete lead.peers[id];
  for (const { id, incarnation, givenUp, voter } of s.members) {
    if (id === s.self) continue;
    const known = lead.peers[id];
    const another = known?.incarnation != null && incarnation !== undefined && known.incarnation !== incarnation;
    const peer = known === undefined || another ? newPeer(lastIndex(s) + 1) : known;
    peer.incarnation = incarnation ?? peer.incarnation;
    peer.givenUp = givenUp !== undefined;
    // From here on it may go on by a log of its own: what it acknowledged before says nothing of what it has when it votes again.
    if (peer.votes && !voter) peer.match = 0;
    peer.votes = voter;
    lead.peers[id] = peer;
  }
}

/** A new round to everyone, with entries for those who lack some. */
export function beginRound(c: Step, lead: Lead): void {
  openRound(c, lead);
  for (const id in lead.peers) feed(c, lead, id as NodeId, true);
}

/** Entries to everyone who is waiting for none. */
export function replicate(c: Step, lead: Lead): void {
  for (const id in lead.peers) feed(c, lead, id as NodeId, false);
}

/**
 * Send what `id` lacks: at most one message with entries is outstanding, sent again at heartbeats if no answer came.
 * @param heartbeat also send when there is nothing to add or something is outstanding.
 */
export function feed(c: Step, lead: Lead, id: NodeId, heartbeat: boolean): void {
  const { s } = c;
  const peer = lead.peers[id];
  if (peer === undefined) return;
  const due = peer.match < lastIndex(s) && (peer.pendingAtMs === null || (heartbeat && retryDue(c, peer)));
  if (due) sendEntries(c, lead, id, peer);
  // A snapshot may take its time, or get lost for long: the lease must not hang on it.
  if (heartbeat && (!due || peer.next <= s.baseIndex)) sendEmpty(c, lead, id, peer);
}

function retryDue(c: Step, peer: Peer): boolean {
  const { heartbeatMs } = c.s.timings;
  const patienceMs = peer.next <= c.s.baseIndex ? heartbeatMs * SNAPSHOT_RETRY_HEARTBEATS : heartbeatMs / 2;
  return c.nowMs - (peer.pendingAtMs ?? Number.NEGATIVE_INFINITY) >= patienceMs;
}

function sendEntries(c: Step, lead: Lead, to: NodeId, peer: Peer): void {
  const { s } = c;
  const prevTerm = termAt(s, peer.next - 1);
  peer.pendingAtMs = c.nowMs;
  if (prevTerm === undefined) {
    invariant(s.snapshot !== null, `entry ${peer.next - 1} is gone and there is no snapshot`);
    peer.pendingThrough = s.snapshot.index;
    send(c, to, tellingIt(peer, { kind: 'snapshot', term: s.term, snapshot: s.snapshot, nonce: lead.nonce }));
    return;
  }
  const entries = batchFrom(s, peer.next);
  peer.pendingThrough = peer.next - 1 + entries.length;
  const prevIndex = peer.next - 1;
  send(
    c,
    to,
    tellingIt(peer, { kind: 'append', term: s.term, prevIndex, prevTerm, entries, commit: s.commit, nonce: lead.nonce }),
  );
}

/** Whoever was given up, or has another log, learns it from whatever reaches it. */
function tellingIt<M extends RaftMessage>(peer: Peer, message: M): M {
  if (!peer.givenUp && !peer.another) return message;
  return { ...message, ...(peer.givenUp && { givenUp: true }), ...(peer.another && { another: true }) };
}

/** Carries the nonce and the commit index on a prefix that surely matches; index 0 always does. */
function sendEmpty(c: Step, lead: Lead, to: NodeId, peer: Peer): void {
  const { s } = c;
  const known = termAt(s, peer.match);
  const prevIndex = known === undefined ? 0 : peer.match;
  const prevTerm = known ?? 0;
  send(
    c,
    to,
    tellingIt(peer, { kind: 'append', term: s.term, prevIndex, prevTerm, entries: [], commit: s.commit, nonce: lead.nonce }),
  );
}

type AppendReply = Extract<RaftMessage, { kind: 'appendReply' }>;

/**
 * Asked, in a round begun after it had acknowledged `match`, for an entry up to there, and it does not have it. What it acknowledged
 * was on its disk, and only a leader of a later term may replace it: then its answer would carry that term.
 */
const forgot = (peer: Peer, message: AppendReply): boolean =>
  !message.success && message.prevIndex !== undefined && message.prevIndex <= peer.match && message.nonce > peer.matchNonce;

/** An answer of our own term. Any order, any number of times. */
export function onAppendReply(c: Step, from: NodeId, message: AppendReply, incarnation: string | undefined): void {
  const { s } = c;
  const lead = s.lead;
  const peer = lead?.peers[from];
  if (lead === null || peer === undefined || message.term !== s.term) return;
  if (forgot(peer, message)) {
    setBack(
      c,
      from,
      incarnation,
      `it had acknowledged entry ${peer.match} and does not hold entry ${message.prevIndex} any more`,
    );
    return;
  }
  if (message.nonce > peer.echoed && message.nonce <= lead.nonce) {
    peer.echoed = message.nonce;
    renewLease(c, lead);
  }
  if (message.staged === true || asksForAll(peer, message)) onStaged(c, lead, from, peer, message);
  else if (message.success) onMatched(c, lead, from, peer, message.matchIndex);
  else onMismatch(c, lead, from, peer, message.matchIndex);
}

function onMatched(c: Step, lead: Lead, from: NodeId, peer: Peer, matchIndex: LogIndex): void {
  if (matchIndex > lastIndex(c.s)) {
    note(c, 'impossibleMatch', { from, matchIndex, lastIndex: lastIndex(c.s) });
    peer.another = !peer.votes;
    return;
  }
  peer.another = false;
  if (matchIndex > peer.match) {
    peer.match = matchIndex;
    peer.matchNonce = lead.nonce;
  }
  if (peer.match >= peer.pendingThrough) peer.pendingAtMs = null;
  // While the first matching place is being searched an empty heartbeat answers for a prefix that says nothing about `next`.
  if (peer.match >= peer.next) peer.next = peer.match + 1;
  if (!advanceCommit(c, lead)) feed(c, lead, from, false);
}

/** One of version 0.1.0 asks for all of it so. */
const asksForAll = (peer: Peer, { success, matchIndex, prevIndex, nonce }: AppendReply): boolean =>
  peer.givenUp && !success && matchIndex === 0 && prevIndex === undefined && nonce > peer.matchNonce;

/** It takes all of our log beside its own: what it acknowledged before was compared with nothing, and this acknowledges nothing yet. */
function onStaged(c: Step, lead: Lead, from: NodeId, peer: Peer, { matchIndex, nonce }: AppendReply): void {
  // Whoever votes has our log. A late one is of before that.
  if (c.s.voters.includes(from) || nonce < peer.matchNonce || matchIndex > lastIndex(c.s)) return;
  peer.match = 0;
  peer.another = false;
  if (peer.next === matchIndex + 1 && peer.pendingAtMs !== null) return;
  peer.next = matchIndex + 1;
  peer.pendingAtMs = null;
  feed(c, lead, from, false);
}

function onMismatch(c: Step, lead: Lead, from: NodeId, peer: Peer, hint: LogIndex): void {
  // Old or doubled: it was answered before, or the follower is known to be further.
  if (hint >= peer.next - 1 || hint < peer.match) return;
  peer.next = hint + 1;
  peer.pendingAtMs = null;
  feed(c, lead, from, false);
}

/**
 * Commit what a majority of the voters has on disk, but count only for entries of the own term (thesis §3.6.2).
 * @returns true when it advanced; then everyone was told, since the applications wait for it.
 */
export function advanceCommit(c: Step, lead: Lead): boolean {
  const { s } = c;
  const index = majorityValue(s.voters, (voter) => (voter === s.self ? lastIndex(s) : (lead.peers[voter]?.match ?? 0)));
  if (index <= s.commit || termAt(s, index) !== s.term) return false;
  commitThrough(c, index);
  for (const id in lead.peers) feed(c, lead, id as NodeId, true);
  // A leader that was removed leads, without counting itself, until its removal is committed (thesis §4.2.2).
  if (s.membersIndex <= s.commit && !s.voters.includes(s.self)) resign(c, 'no longer a voter');
  return true;
}
