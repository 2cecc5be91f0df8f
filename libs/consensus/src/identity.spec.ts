import type { NodeId } from '@yosugara/kernel';
import { describe, expect, it } from 'vitest';
import {
  amnesiacs,
  commitIndex,
  type DiskStamp,
  isLeader,
  leaseUntilMs,
  type Member,
  type RaftMessage,
  stampsOf,
  strangers,
  unnamed,
} from './index.js';
import { a, Bench, b, command, data, members, ofKind, sent, w, witness } from './testing/bench.js';

const NAMED: readonly Member[] = [
  { ...data(a), incarnation: 'a1' },
  { ...data(b), incarnation: 'b1' },
  { ...witness, incarnation: 'w1' },
];
const log = [members(1, 1, NAMED), command(2, 1)];
/** A member with its log: `held` entries of it. */
const member = (self: NodeId, held: number, incarnation: string) =>
  new Bench({
    self,
    restored: { hardState: { term: 1, votedFor: a }, entries: log.slice(0, held), incarnation, boots: 1, written: 9 },
  }).booted();
const say = (
  node: Bench,
  from: NodeId,
  incarnation: string,
  message: RaftMessage,
  disk = { life: `${incarnation} x`, boots: 1, written: 5 },
) => node.do({ kind: 'message', from, message, incarnation, disk, nowMs: node.nowMs, random: 0 });
const yes = (term: number): RaftMessage[] => [
  { kind: 'preVoteReply', term: term - 1, granted: true, forTerm: term },
  { kind: 'voteReply', term, granted: true },
];
const why = (effects: Parameters<typeof ofKind>[0]) => ofKind(effects, 'rejected')[0]?.why;
/** a leads with w. */
const leader = () => {
  const node = member(a, 2, 'a1');
  node.tick();
  for (const answer of yes(2)) say(node, w, 'w1', answer);
  say(node, w, 'w1', { kind: 'appendReply', term: 2, success: true, matchIndex: 3, nonce: 1 });
  return node;
};

describe('the preferred (ruling 6) that has lost its log', () => {
  const ask = { kind: 'preVote', term: 2, lastIndex: 2, lastTerm: 1 } as const;
  const granted = (node: Bench) => sent(say(node, b, 'b1', ask), 'preVoteReply')[0]?.granted;
  const waiting = () => {
    const node = member(w, 2, 'w1');
    node.do({ kind: 'prefer', preferred: [a], mayCampaign: true, extraDelayMs: 0 });
    return node;
  };
  const heard = { kind: 'preVoteReply', term: 1, granted: false, forTerm: 2 } as const;

  it('is waited for while it goes by what the configuration names', () => {
    const node = waiting();
    say(node, a, 'a1', heard);
    expect(granted(node)).toBe(false);
  });
  it('keeps nobody else from leading once it is heard as another one: it does not stand before it is a new member', () => {
    const node = waiting();
    say(node, a, 'a2', heard);
    expect(granted(node)).toBe(true);
  });
  it('keeps nobody else from leading when its directory was set back', () => {
    const node = waiting();
    say(node, a, 'a1', heard, { life: 'a x', boots: 3, written: 50 });
    say(node, a, 'a1', heard, { life: 'a y', boots: 4, written: 20 });
    expect(granted(node)).toBe(true);
  });
});

describe('what a member remembers of the others over its own restart (D20)', () => {
  /** w has heard b's directory write 50 times in its 3rd life; then all of them restart, b from a snapshot. */
  const restarted = (stamps: Readonly<Record<string, DiskStamp>>) =>
    new Bench({
      self: w,
      restored: { hardState: { term: 1, votedFor: null }, entries: log, incarnation: 'w1', boots: 2, written: 9, stamps },
    }).booted();
  const remembered = () => {
    const node = member(w, 2, 'w1');
    say(node, b, 'b1', { kind: 'preVoteReply', term: 1, granted: true, forTerm: 2 }, { life: 'b x', boots: 3, written: 50 });
    return stampsOf(node.state);
  };
  const comesBack = (boots: number, written: number, stamps = remembered()) => {
    const node = restarted(stamps);
    say(node, b, 'b1', { kind: 'preVoteReply', term: 1, granted: true, forTerm: 2 }, { life: 'b y', boots, written });
    return amnesiacs(node.state);
  };
  it('tells a directory that was set back while everybody was down', () => {
    expect(comesBack(4, 20)).toEqual([{ member: b, incarnation: 'b1' }]);
    expect(comesBack(3, 51)).toEqual([{ member: b, incarnation: 'b1' }]);
  });
  it('believes one that has gone on, and knows nothing without that memory', () => {
    expect(comesBack(4, 50)).toEqual([]);
    expect(comesBack(4, 20, {})).toEqual([]);
  });
});

describe('a member whose whole state directory was lost (failover.md section 4)', () => {
  it('elects nobody: entry 2 is committed on a and b, a is dead, b is wiped, and w does not lead with the new b', () => {
    const arbiter = member(w, 1, 'w1');
    arbiter.tick(60_000);
    for (const answer of yes(2)) say(arbiter, b, 'b2', answer);
    expect(arbiter.state.role).not.toBe('candidate');
    for (const answer of yes(2)) say(arbiter, b, 'b1', answer);
    expect(isLeader(arbiter.state)).toBe(true);
  });

  it('gets no vote of w itself, since its log is empty', () => {
    const arbiter = member(w, 1, 'w1');
    arbiter.tick(6_000);
    const asked = say(arbiter, b, 'b2', { kind: 'vote', term: 7, lastIndex: 0, lastTerm: 0, transfer: false });
    expect(sent(asked, 'voteReply')[0]).toMatchObject({ granted: false });
  });

  it('counts for nothing with a leader: neither commits, nor the lease, nor the term', () => {
    const node = leader();
    const untilMs = leaseUntilMs(node.state);
    node.propose();
    node.nowMs += 100;
    node.tick(300);
    say(node, b, 'b2', { kind: 'appendReply', term: 2, success: true, matchIndex: 4, nonce: node.state.lead!.nonce });
    say(node, b, 'b2', { kind: 'appendReply', term: 9, success: false, matchIndex: 0, nonce: 1 });
    expect([commitIndex(node.state), leaseUntilMs(node.state), isLeader(node.state)]).toEqual([3, untilMs, true]);
    expect(strangers(node.state)).toEqual([{ member: b, incarnation: 'b2' }]);
  });

  it('never stands: its own log tells it that another incarnation is counted', () => {
    const blank = member(b, 2, 'b2');
    expect(blank.tick(60_000)).toEqual([]);
    expect(blank.state.role).toBe('follower');
  });

  it('comes back as a learner under its new name, and only then as a voter', () => {
    const node = leader();
    const renamed = (voter: boolean) => NAMED.map((one) => (one.id === b ? { ...one, voter, incarnation: 'b2' } : one));
    expect(why(node.change(renamed(true)))).toMatch('must begin as a learner');
    expect(ofKind(node.change(renamed(false)), 'accepted')).toHaveLength(1);
    say(node, w, 'w1', { kind: 'appendReply', term: 2, success: true, matchIndex: 4, nonce: 1 });
    expect(strangers(node.state)).toEqual([]);
    expect(why(node.change(renamed(true)))).toMatch('has not taken this log yet');
    say(node, b, 'b2', { kind: 'appendReply', term: 2, success: true, matchIndex: 4, nonce: 1 });
    expect(ofKind(node.change(renamed(true)), 'accepted')).toHaveLength(1);
    say(node, b, 'b2', { kind: 'appendReply', term: 2, success: true, matchIndex: 5, nonce: 1 });
    expect(commitIndex(node.state)).toBe(5);
  });

  it('is not taken for its old self by a late word of it', () => {
    const node = leader();
    say(node, b, 'b1', { kind: 'preVoteReply', term: 0, granted: false, forTerm: 1 });
    node.nowMs += 60_000;
    for (const incarnation of ['b2', 'b1'])
      say(node, b, incarnation, { kind: 'preVoteReply', term: 0, granted: false, forTerm: 1 });
    expect(strangers(node.state)).toEqual([{ member: b, incarnation: 'b2' }]);
  });
});

describe('names', () => {
  it('are given to whoever answered first, and never to another one that answers later', () => {
    const node = new Bench({ restored: { incarnation: 'a1' } }).booted();
    node.tick();
    for (const answer of yes(1)) say(node, b, 'b1', answer);
    for (const incarnation of ['b1', 'b2'])
      say(node, b, incarnation, { kind: 'appendReply', term: 1, success: true, matchIndex: 1, nonce: 1 });
    expect(unnamed(node.state)).toEqual([{ member: b, incarnation: 'b1' }]);
  });
});

describe('a follower that follows', () => {
  it('has chosen: it votes for nobody else in this term, even after a restart', () => {
    const node = member(b, 2, 'b1');
    const effects = say(node, w, 'w1', { kind: 'append', term: 4, prevIndex: 2, prevTerm: 1, entries: [], commit: 0, nonce: 1 });
    expect(ofKind(effects, 'persist')[0]).toMatchObject({ hardState: { term: 4, votedFor: w } });
  });
});

describe('a log directory that was set back', () => {
  const failure = (prevIndex: number, nonce: number): RaftMessage => ({
    kind: 'appendReply',
    term: 2,
    success: false,
    matchIndex: 1,
    nonce,
    prevIndex,
  });

  it('shows when it lacks what it had acknowledged to this leader, and counts no longer', () => {
    const node = leader();
    node.tick(300);
    say(node, w, 'w1', failure(3, node.state.lead!.nonce));
    expect(amnesiacs(node.state)).toEqual([{ member: w, incarnation: 'w1' }]);
    node.propose();
    say(node, w, 'w1', { kind: 'appendReply', term: 2, success: true, matchIndex: 4, nonce: node.state.lead!.nonce });
    expect(commitIndex(node.state)).toBe(3);
  });

  it.each([
    ['an answer to a question from before the acknowledgement', 3, 1],
    ['a search beyond what was acknowledged', 4, 2],
  ])('is not seen in %s', (_, prevIndex, nonce) => {
    const node = leader();
    node.tick(300);
    say(node, w, 'w1', failure(prevIndex, nonce));
    expect(amnesiacs(node.state)).toEqual([]);
  });

  it.each([
    ['counts fewer writes after a start', { life: 'y', boots: 2, written: 4 }, true],
    ['counts as many or more', { life: 'y', boots: 2, written: 5 }, false],
    ['starts twice from one state', { life: 'y', boots: 1, written: 50 }, true],
  ])('shows to any voter when it %s', (_, disk, shown) => {
    const voter = member(w, 2, 'w1');
    const grant: RaftMessage = { kind: 'vote', term: 5, lastIndex: 2, lastTerm: 1, transfer: false };
    voter.nowMs += 60_000;
    voter.do({ kind: 'heard', from: b, incarnation: 'b1', disk: { life: 'x', boots: 1, written: 5 }, nowMs: voter.nowMs });
    const asked = say(voter, b, 'b1', grant, disk);
    expect(amnesiacs(voter.state)).toHaveLength(shown ? 1 : 0);
    expect(sent(asked, 'voteReply').some(({ granted }) => granted)).toBe(!shown);
  });

  it('is told by those who know it to those who started since', () => {
    const voter = member(w, 2, 'w1');
    const disk = { life: 'x', boots: 1, written: 5 };
    voter.do({ kind: 'heard', from: a, incarnation: 'a1', disk, forgot: [{ member: b, incarnation: 'b1' }], nowMs: voter.nowMs });
    expect(amnesiacs(voter.state)).toEqual([{ member: b, incarnation: 'b1' }]);
  });
});
