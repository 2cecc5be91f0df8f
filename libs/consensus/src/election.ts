import { invariant, type NodeId } from '@yosugara/kernel';
import { note, type Step, send, toPersist } from './context.js';
import { bound } from './lease.js';
import { appendOwn, compareLog, lastIndex, lastTerm } from './log.js';
import { hasItsLog, isEstranged, isOnProbation, wasSetBack } from './naming.js';
import { goOnAlone, WORD_TERM_GAP } from './pair.js';
import { absentVoter, isGivenUp, isOnWord, ownTerm } from './pair-facts.js';
import { hasMajority } from './quorum.js';
import { advanceCommit, beginRound, syncPeers } from './replication.js';
import { becomeFollower } from './roles.js';
import { type Lead, membersAt, type RaftState } from './state.js';
import type { Member, RaftMessage } from './types.js';

/** A campaign without an end after this many heartbeats begins anew, after the candidate delay. */
const CAMPAIGN_HEARTBEATS = 2;

/** When the next campaign may begin, on the own clock. */
function campaignAtMs(s: RaftState): number {
  const witnessMs = s.selfKind === 'witness' ? s.timings.witnessDelayMs : 0;
  return s.waitFromMs + (s.drawnDelayMs ?? s.timings.candidateDelayMaxMs) + s.extraDelayMs + witnessMs;
}

/** The clock of a node that does not lead. */
export function electionTick(c: Step): void {
  const { s } = c;
  if (s.drawnDelayMs === null) drawDelay(c);
  if (c.nowMs >= campaignAtMs(s)) {
    if (s.mayCampaign && mayStand(s) && bound(s, s.self, c.nowMs) === null) campaign(c);
  } else if (s.role !== 'follower' && c.nowMs >= s.resendAtMs) askVoters(c);
}

/**
 * A voter; or one whose own removal is in its log but not known to be committed. That entry may be on this node alone, in a log
 * that nobody else's can beat: then only this node can be elected, commit it and go (thesis §4.2.2).
 */
function mayStand(s: RaftState): boolean {
  if (isEstranged(s) || isOnProbation(s)) return false;
  if (s.voters.includes(s.self)) return true;
  if (s.membersIndex <= s.commit) return false;
  return membersAt(s, s.membersIndex - 1).members.some((member) => member.id === s.self && member.voter);
}

function drawDelay(c: Step): void {
  c.s.drawnDelayMs = c.random === null ? null : c.random * c.s.timings.candidateDelayMaxMs;
}

function waitAnew(c: Step): void {
  c.s.waitFromMs = c.nowMs + CAMPAIGN_HEARTBEATS * c.s.timings.heartbeatMs;
  drawDelay(c);
}

/** Ask first whether one could win: nobody's term changes (PreVote, thesis §9.6). */
export function campaign(c: Step): void {
  const { s } = c;
  if (s.role === 'follower') note(c, 'campaign', { term: s.term + 1 });
  s.role = 'preCandidate';
  s.leader = null;
  s.votes = ownVotes(s);
  waitAnew(c);
  if (hasMajority(s.voters, s.votes)) stand(c, false);
  else askVoters(c);
}

/** Our own, and that of the other one of two voters while it is proven off. */
function ownVotes(s: RaftState): Record<string, true> {
  const absent = absentVoter(s);
  return absent === null ? { [s.self]: true } : { [s.self]: true, [absent]: true };
}

/** Become a candidate of the next term. `transfer`: the leader asked for it and owns nothing any more. */
export function stand(c: Step, transfer: boolean): void {
  const { s } = c;
  s.votes = ownVotes(s);
  const isAlone = hasMajority(s.voters, s.votes);
  s.term = isAlone ? ownTerm(s, s.term + (isOnWord(s) ? WORD_TERM_GAP : 1)) : s.term + 1;
  s.farTerm = isOnWord(s) ? s.term : null;
  s.votedFor = s.self;
  toPersist(c).hardState = true;
  s.role = 'candidate';
  s.leader = null;
  s.campaignIsTransfer = transfer;
  waitAnew(c);
  if (isAlone) becomeLeader(c);
  else askVoters(c);
}

/** Everyone who has not said yes, again and again: messages get lost, and a promise may end while we ask. */
function askVoters(c: Step): void {
  const { s } = c;
  s.resendAtMs = c.nowMs + s.timings.heartbeatMs / 2;
  const end = { lastIndex: lastIndex(s), lastTerm: lastTerm(s) };
  const message: RaftMessage =
    s.role === 'candidate'
      ? { kind: 'vote', term: s.term, ...end, transfer: s.campaignIsTransfer }
      : { kind: 'preVote', term: s.term + 1, ...end };
  for (const voter of s.voters) if (voter !== s.self && !s.votes[voter]) send(c, voter, message);
}

const GIVEN_UP = 'an operator gave it up';

type PreVote = Extract<RaftMessage, { kind: 'preVote' }>;
type Vote = Extract<RaftMessage, { kind: 'vote' }>;

/** Why `from` gets no PreVote; null = it does. */
function whyNotPreVote(c: Step, from: NodeId, message: PreVote, incarnation: string | undefined): string | null {
  const { s } = c;
  if (message.term <= s.term) return 'its term is behind';
  if (isGivenUp(s, from)) return GIVEN_UP;
  if (wasSetBack(s, from, incarnation)) return 'its log directory was set back';
  if (isOnProbation(s)) return 'our own log was lost';
  const binding = bound(s, from, c.nowMs);
  if (binding !== null) return binding;
  const compared = compareLog(s, message.lastTerm, message.lastIndex);
  if (compared < 0) {
    s.behindMs[from] = c.nowMs;
    return 'its log is behind';
  }
  delete s.behindMs[from];
  // Ruling 6. A log that holds more than ours may be the only way on, so it is let through.
  if (compared === 0 && !s.preferred.includes(from)) {
    const heard = s.preferred.find((id) => isHeard(c, id) && !isBehind(c, id) && hasItsLog(s, id));
    if (heard !== undefined) return `${heard} is preferred`;
  }
  return null;
}

function isBehind(c: Step, id: NodeId): boolean {
  const atMs = c.s.behindMs[id];
  return atMs !== undefined && c.nowMs - atMs < c.s.timings.leaseVoteMs;
}

function isHeard(c: Step, id: NodeId): boolean {
  if (id === c.s.self) return true;
  const atMs = c.s.lastHeard[id];
  return atMs !== undefined && c.nowMs - atMs < c.s.timings.leaseVoteMs;
}

export function onPreVote(c: Step, from: NodeId, message: PreVote, incarnation: string | undefined): void {
  const why = whyNotPreVote(c, from, message, incarnation);
  note(c, why === null ? 'preVoteGranted' : 'preVoteRefused', { to: from, term: message.term, ...(why !== null && { why }) });
  send(c, from, { kind: 'preVoteReply', term: c.s.term, granted: why === null, forTerm: message.term });
}

export function onPreVoteReply(c: Step, from: NodeId, message: Extract<RaftMessage, { kind: 'preVoteReply' }>): void {
  const { s } = c;
  if (message.term > s.term) becomeFollower(c, message.term, null, 'a higher term');
  if (s.role !== 'preCandidate' || !message.granted || message.forTerm !== s.term + 1) return;
  s.votes[from] = true;
  if (hasMajority(s.voters, s.votes) && bound(s, s.self, c.nowMs) === null) stand(c, false);
}

/**
 * A real vote. A promise, or a leader's lease, stands against it without even taking over its term (thesis §4.2.3).
 * `transfer` goes past them: the leader asked for this, and the runtime hands over only after it owns nothing.
 * Whoever is asked is a voter in the candidate's configuration, so our own view of it does not matter: a node that was made a
 * voter by an entry it has not seen must be able to vote, or {a} + b would wedge when a crashes in between (thesis §4.1).
 */
export function onVote(c: Step, from: NodeId, message: Vote, incarnation: string | undefined): void {
  const { s } = c;
  const binding = whyNotVote(c, from, message, incarnation);
  if (message.term < s.term || binding !== null) {
    if (binding !== null) note(c, 'voteRefused', { to: from, term: message.term, why: binding });
    send(c, from, { kind: 'voteReply', term: s.term, granted: false });
    return;
  }
  if (message.term > s.term) becomeFollower(c, message.term, null, 'a candidate of a higher term');
  const free = s.votedFor === null && s.leader === null && compareLog(s, message.lastTerm, message.lastIndex) >= 0;
  if (free) {
    s.votedFor = from;
    toPersist(c).hardState = true;
    waitAnew(c);
    note(c, 'voteGranted', { to: from, term: s.term });
  }
  send(c, from, { kind: 'voteReply', term: s.term, granted: s.votedFor === from });
}

function whyNotVote(c: Step, from: NodeId, message: Vote, incarnation: string | undefined): string | null {
  const { s } = c;
  if (isGivenUp(s, from)) return GIVEN_UP;
  if (wasSetBack(s, from, incarnation)) return 'its log directory was set back';
  if (isOnProbation(s)) return 'our own log was lost';
  // A leader knows whom it told to stand: anything else is left over from an earlier transfer.
  const told = s.lead === null || (s.lead.transfer?.sent === true && s.lead.transfer.to === from);
  return message.transfer && told && c.nowMs >= s.bootUntilMs ? null : bound(s, from, c.nowMs);
}

export function onVoteReply(c: Step, from: NodeId, message: Extract<RaftMessage, { kind: 'voteReply' }>): void {
  const { s } = c;
  if (message.term > s.term) becomeFollower(c, message.term, null, 'a higher term');
  if (s.role !== 'candidate' || !message.granted || message.term !== s.term) return;
  s.votes[from] = true;
  if (hasMajority(s.voters, s.votes)) becomeLeader(c);
}

function becomeLeader(c: Step): void {
  const { s } = c;
  invariant(s.votedFor === s.self, 'a leader that did not vote for itself');
  const lead: Lead = {
    peers: {},
    nonce: 0,
    rounds: [],
    nextRoundAtMs: c.nowMs,
    quorumNonce: 0,
    quorumSentMs: c.nowMs,
    leaseUntilMs: null,
    termStart: lastIndex(s) + 1,
    barriers: [],
    transfer: null,
    holdUntilMs: null,
  };
  s.role = 'leader';
  s.leader = s.self;
  s.lead = lead;
  s.votes = {};
  note(c, 'leading', { term: s.term });
  syncPeers(s, lead);
  // An entry of the own term, so that older ones can be committed (thesis §3.6.2). The very first one also writes down the
  // configuration: from then on the log says who the members are, not a file that may be edited.
  appendOwn(c, s.membersIndex === 0 ? { kind: 'members', members: namingSelf(s) } : { kind: 'noop' });
  goOnAlone(c, lead);
  beginRound(c, lead);
  advanceCommit(c, lead);
}

const namingSelf = (s: RaftState): readonly Member[] =>
  s.members.map((member) =>
    member.id === s.self && s.incarnation !== null ? { ...member, incarnation: s.incarnation } : member,
  );
