import { describe, expect, it } from 'vitest';
import { commitIndex, givenUpMember, isLeader, leaderReady, leaseUntilMs, type Member, termOf } from './index.js';
import { WORD_TERM_GAP } from './pair.js';
import { a, Bench, b, command, d, data, learner, members, ofKind, sent, THREE, w } from './testing/bench.js';
import { TIMINGS } from './testing/world.js';

const PAIR: readonly Member[] = [data(a), data(b), learner(d)];
const gone = (node: Bench, member = b) => node.do({ kind: 'memberGone', member, nowMs: node.nowMs });
const hold = (node: Bench, forMs: number) => node.do({ kind: 'hold', untilMs: node.nowMs + forMs, nowMs: node.nowMs });
const leader = (list = PAIR) => {
  const node = new Bench({ members: list }).elected(b, ...(list === THREE ? [w] : []));
  node.echo(b, { matchIndex: 1 });
  return node;
};
const follower = () => {
  const node = new Bench({ self: a, members: PAIR }).booted();
  node.append(b, { term: 1, entries: [{ index: 1, term: 1, payload: { kind: 'members', members: PAIR } }], commit: 1 });
  return node;
};

describe('one of two voters, the other proven off (ruling 7)', () => {
  it('is elected without it, writes down that it votes alone, commits that and holds a lease', () => {
    const node = follower();
    gone(node);
    node.tick(0, 0);
    node.tick(10, 0);
    expect([leaderReady(node.state), node.state.voters]).toEqual([true, [a]]);
    expect(leaseUntilMs(node.state)).toBeGreaterThan(node.nowMs);
  });
  it.each([
    ['by a proof', undefined],
    ['by a word', 7],
  ])('leads in a term that the other one never takes when it goes on alone, too (%s)', (_, mark) => {
    const entries = [members(1, 1, TWO), command(2, 1)];
    const terms = [a, b].map((self) => {
      const node = new Bench({ self, members: TWO, restored: { hardState: { term: 1, votedFor: null }, entries } }).booted();
      node.do({ kind: 'memberGone', member: self === a ? b : a, nowMs: node.nowMs, ...(mark !== undefined && { word: mark }) });
      node.tick(0, 0);
      node.tick(10, 0);
      const first = termOf(node.state);
      // And rises above one that it hears of.
      node.hear(self === a ? b : a, { kind: 'appendReply', term: first + 70, success: false, matchIndex: 0, nonce: 1 });
      return [first % 8, termOf(node.state) % 8, isLeader(node.state), termOf(node.state) > first + 70];
    });
    expect(terms).toEqual([
      [0, 0, true, true],
      [1, 1, true, true],
    ]);
  });

  it('goes on as the leader at once, and commits what waited for the other one', () => {
    const node = leader();
    node.propose();
    expect(commitIndex(node.state)).toBe(1);
    expect(ofKind(gone(node), 'apply')).toHaveLength(2);
    expect([node.state.voters, commitIndex(node.state)]).toEqual([[a], 3]);
  });

  it('does not wait for its own boot to end less than any other: what it promised before is forgotten', () => {
    const node = new Bench({ members: PAIR });
    gone(node);
    expect(node.tick(TIMINGS.leaseVoteMs - 1).length).toBe(0);
    expect(isLeader(node.state)).toBe(false);
  });

  it('is no rule for three voters', () => {
    const node = leader(THREE);
    node.propose();
    gone(node);
    expect([node.state.voters.length, commitIndex(node.state)]).toEqual([3, 1]);
    const third = new Bench({ self: w, members: THREE }).booted();
    gone(third, a);
    third.tick(60_000);
    expect(isLeader(third.state)).toBe(false);
  });

  it('is no rule while the third one may still be a voter: its removal is not committed', () => {
    const node = leader(THREE);
    node.change([data(a), data(b)]);
    gone(node);
    expect([node.state.voters, commitIndex(node.state)]).toEqual([[a, b], 1]);
  });

  it('hears nothing of it any more, until a new life of it speaks', () => {
    const node = follower();
    const nowMs = node.nowMs;
    const disk = { life: 'x', boots: 1, written: 1 };
    const say = (life: typeof disk) =>
      node.do({
        kind: 'message',
        from: b,
        message: { kind: 'vote', term: 9, lastIndex: 9, lastTerm: 9, transfer: true },
        incarnation: 'b1',
        disk: life,
        nowMs,
        random: 0,
      });
    node.do({ kind: 'heard', from: b, incarnation: 'b1', disk, nowMs });
    gone(node);
    expect(say(disk)).toEqual([]);
    expect(sent(say({ life: 'y', boots: 2, written: 1 }), 'voteReply')).toHaveLength(1);
  });

  it('leads on above a later term of whoever returns, without a gap', () => {
    const node = leader();
    gone(node);
    const untilMs = leaseUntilMs(node.state);
    node.echo(b, { term: 7, success: false });
    expect([termOf(node.state), leaderReady(node.state), leaseUntilMs(node.state)]).toEqual([8, true, untilMs]);
  });
});

describe('a leader of two voters that holds (ruling 7)', () => {
  it('leads on with a valid lease until then, without an echo, and not longer', () => {
    const node = leader();
    hold(node, 10_000);
    node.tick(9_999);
    expect([isLeader(node.state), leaseUntilMs(node.state)]).toEqual([true, node.nowMs + 1]);
    node.tick(2);
    expect(isLeader(node.state)).toBe(false);
  });

  it('commits nothing alone meanwhile, and gives its vote to nobody', () => {
    const node = leader();
    hold(node, 10_000);
    node.propose();
    node.tick(9_000);
    expect(commitIndex(node.state)).toBe(1);
    const asked = node.hear(b, { kind: 'vote', term: 5, lastIndex: 9, lastTerm: 4, transfer: true });
    expect(sent(asked, 'voteReply')[0]).toMatchObject({ granted: false, term: 1 });
  });

  it('is no rule for three voters', () => {
    const node = leader(THREE);
    hold(node, 10_000);
    node.tick(TIMINGS.leaseVoteMs + 1);
    expect(isLeader(node.state)).toBe(false);
  });

  it('holds nothing once it has told the other one to stand', () => {
    const node = leader();
    hold(node, 10_000);
    node.do({ kind: 'transfer', to: b, nowMs: node.nowMs });
    expect(leaseUntilMs(node.state)).toBe(Number.NEGATIVE_INFINITY);
  });
});

const TWO: readonly Member[] = [data(a), data(b)];
const lost = (id: typeof a): Member => ({ ...learner(id), givenUp: 7 });
const word = (node: Bench, member = a) => node.do({ kind: 'memberGone', member, word: 7, nowMs: node.nowMs });

describe('one of two voters that goes on alone on an operator’s word only', () => {
  /** `b`, started again with the log of term 1 that both had. */
  const started = () => {
    const entries = [members(1, 1, TWO), command(2, 1)];
    const hardState = { term: 1, votedFor: null };
    return new Bench({ self: b, members: TWO, restored: { hardState, entries } }).booted();
  };
  const alone = () => {
    const node = started();
    word(node);
    node.tick(0, 0);
    node.tick(10, 0);
    return node;
  };

  it('writes down that it has given the other one up, in a term that no election of the other one alone may have taken', () => {
    const node = alone();
    expect([leaderReady(node.state), termOf(node.state), givenUpMember(node.state)]).toEqual([
      true,
      1 + WORD_TERM_GAP,
      { node: a, mark: 7 },
    ]);
    expect(node.state.members).toEqual([lost(a), data(b)]);
  });
  it('does neither by a proof', () => {
    const node = started();
    gone(node, a);
    node.tick(0, 0);
    node.tick(10, 0);
    expect([leaderReady(node.state), termOf(node.state) < WORD_TERM_GAP, givenUpMember(node.state)]).toEqual([true, true, null]);
  });
  it('knows it after a restart', () => {
    const { entries, term } = alone().state;
    const node = new Bench({ self: b, members: TWO, restored: { hardState: { term, votedFor: b }, entries } });
    expect(givenUpMember(node.state)?.node).toBe(a);
  });
  it('does not go on once the other one is heard: it is on', () => {
    const node = started();
    word(node);
    node.hear(a, { kind: 'preVoteReply', term: 2, granted: false, forTerm: 2 });
    node.tick(0, 0);
    node.tick(10, 0);
    expect([isLeader(node.state), node.state.voters]).toEqual([false, [a, b]]);
  });
  it('nor when only its report is', () => {
    const node = started();
    word(node);
    const disk = { life: 'x', boots: 2, written: 9 };
    node.do({ kind: 'heard', from: a, incarnation: 'a1', disk, nowMs: node.nowMs });
    node.tick(0, 0);
    node.tick(10, 0);
    expect(isLeader(node.state)).toBe(false);
  });
  it('does so as the leader that both elected, too, without a gap', () => {
    const node = leader(TWO);
    word(node, b);
    expect([givenUpMember(node.state)?.node, node.state.voters, leaderReady(node.state)]).toEqual([b, [a], true]);
    expect(termOf(node.state)).toBeGreaterThan(WORD_TERM_GAP);
    const atMs = leaseUntilMs(node.state);
    expect(atMs).toBeGreaterThan(node.nowMs);
    // Said again it changes nothing.
    const term = termOf(node.state);
    word(node, b);
    expect(termOf(node.state)).toBe(term);
  });
  it('never follows the one that it gave up, whatever its term, and leads on above it', () => {
    const node = alone();
    node.append(a, { term: 5_000, entries: [command(1, 5_000)], commit: 1 });
    expect([leaderReady(node.state), termOf(node.state)]).toEqual([true, 5_001]);
  });
  it('gives it no vote either', () => {
    const { entries, term } = alone().state;
    const node = new Bench({ self: b, members: TWO, restored: { hardState: { term, votedFor: null }, entries } }).booted();
    const asked = node.hear(a, { kind: 'vote', term: 9_000, lastIndex: 99, lastTerm: 8_999, transfer: false });
    expect(sent(asked, 'voteReply')[0]).toMatchObject({ granted: false });
    const before = node.hear(a, { kind: 'preVote', term: 9_000, lastIndex: 99, lastTerm: 8_999 });
    expect(sent(before, 'preVoteReply')[0]).toMatchObject({ granted: false });
  });
  it('tells it so with all that it sends, until it votes again', () => {
    const node = alone();
    node.nowMs += TIMINGS.heartbeatMs;
    const told = sent(node.tick(0, 0), 'append').filter(({ to }) => to === a);
    expect(told.length).toBeGreaterThan(0);
    expect(told.every(({ givenUp }) => givenUp === true)).toBe(true);
    node.echo(a, { matchIndex: node.state.entries.length });
    node.change(node.state.members.map((member) => (member.id === a ? { ...member, voter: true } : member)));
    expect(givenUpMember(node.state)).toBeNull();
    expect(node.state.members).toEqual(TWO);
  });
});

describe('a member of another site, which follows both without a vote', () => {
  it('takes the log of the one that gave the other up instead of what that one told it', () => {
    const three = [data(a), data(b), learner(d)];
    const told = [members(1, 1, three), command(2, 1), members(3, 2, [data(a), learner(b), learner(d)]), command(4, 2)];
    const node = new Bench({
      self: d,
      members: three,
      restored: { hardState: { term: 2, votedFor: null }, entries: told },
    }).booted();
    node.append(a, { term: 2, prevIndex: 4, prevTerm: 2, entries: [], commit: 4 });
    expect(commitIndex(node.state)).toBe(4);
    const theirs = [members(1, 1, three), command(2, 1), members(3, 1_001, [lost(a), data(b), learner(d)]), command(4, 1_001)];
    const from = { term: 1_001, commit: 4 } as const;
    const asks = node.append(b, { ...from, prevIndex: 3, prevTerm: 1_001, entries: theirs.slice(3) });
    expect(sent(asks, 'appendReply')[0]).toMatchObject({ success: false, matchIndex: 0, staged: true });
    // Also where what comes first is the same in both.
    const goesOn = node.append(b, { ...from, prevIndex: 0, prevTerm: 0, entries: theirs.slice(0, 2) });
    expect(sent(goesOn, 'appendReply')[0]).toMatchObject({ success: false, matchIndex: 2, staged: true });
    expect([node.state.entries, commitIndex(node.state)]).toEqual([told, 4]);
    node.append(b, { ...from, prevIndex: 2, prevTerm: 1, entries: theirs.slice(2) });
    expect([node.state.entries, commitIndex(node.state)]).toEqual([theirs, 4]);
  });
  it('keeps its log where it is the same one, whatever term it is told of', () => {
    const three = [data(a), data(b), learner(d)];
    const told = [members(1, 1, three), command(2, 1)];
    const node = new Bench({
      self: d,
      members: three,
      restored: { hardState: { term: 2, votedFor: null }, entries: told },
    }).booted();
    node.append(b, {
      term: 1_001,
      prevIndex: 2,
      prevTerm: 1,
      entries: [members(3, 1_001, [lost(a), data(b), learner(d)])],
      commit: 3,
    });
    const answers = node.append(b, { term: 2_002, prevIndex: 3, prevTerm: 1_001, entries: [command(4, 2_002)], commit: 4 });
    expect(sent(answers, 'appendReply')[0]).toMatchObject({ success: true, matchIndex: 4 });
  });
  it('follows the one that its own log gives up, once the other one does not speak any more', () => {
    const three = [data(a), data(b), learner(d)];
    const given = [members(1, 1, three), command(2, 1), members(3, 1_001, [lost(a), data(b), learner(d)])];
    const node = new Bench({ self: d, members: three, restored: { hardState: { term: 1_001, votedFor: null }, entries: given } });
    node.booted().append(b, { term: 1_001, prevIndex: 3, prevTerm: 1_001, entries: [], commit: 3 });
    const theirs = [members(1, 1, three), command(2, 1), members(3, 1, [data(a), learner(b), learner(d)]), command(4, 1_008)];
    const from = { term: 1_008, prevIndex: 0, prevTerm: 0, entries: theirs, commit: 4 } as const;
    expect(sent(node.append(a, from), 'appendReply')).toEqual([]);
    node.nowMs += TIMINGS.leaseVoteMs;
    node.append(a, from);
    expect([node.state.entries, commitIndex(node.state)]).toEqual([theirs, 4]);
  });
  it('acknowledges no more than was compared', () => {
    const three = [data(a), data(b), learner(d)];
    const given = [members(1, 1, three), command(2, 1), command(3, 1)];
    const node = new Bench({ self: d, members: three, restored: { hardState: { term: 1, votedFor: null }, entries: given } });
    node.booted().append(a, { term: 1, prevIndex: 3, prevTerm: 1, entries: [], commit: 3 });
    const answers = node.append(b, { term: 1_001, prevIndex: 0, prevTerm: 0, entries: [], commit: 3 });
    expect(sent(answers, 'appendReply')[0]).toMatchObject({ success: true, matchIndex: 0 });
  });
  it('is told that it has another log where it acknowledges more than there is, and takes all of it', () => {
    const three = [data(a), data(b), learner(d)];
    const leads = leader(three);
    const end = leads.state.entries.length;
    leads.hear(d, { kind: 'appendReply', term: termOf(leads.state), success: true, matchIndex: end + 70, nonce: 1 });
    leads.nowMs += TIMINGS.heartbeatMs;
    const told = sent(leads.tick(0, 0), 'append').filter(({ to }) => to === d);
    expect(told.length).toBeGreaterThan(0);
    expect(told.every(({ another }) => another === true)).toBe(true);
    const snapshot = { index: 90, term: 5, members: three, state: { of: 'another' } };
    const node = new Bench({ self: d, members: three, restored: { hardState: { term: 5, votedFor: null }, snapshot } }).booted();
    const asks = node.append(a, { term: 1_000, prevIndex: end, prevTerm: 1, entries: [], commit: end, another: true });
    expect(sent(asks, 'appendReply')[0]).toMatchObject({ success: false, matchIndex: 0, staged: true });
    const { nonce } = told.at(-1)!;
    leads.hear(d, { kind: 'appendReply', term: termOf(leads.state), success: false, matchIndex: 0, nonce, staged: true });
    leads.nowMs += TIMINGS.heartbeatMs;
    expect(sent(leads.tick(0, 0), 'append').some(({ another }) => another === true)).toBe(false);
  });
  it('is fed from the first entry when it asks, and what it acknowledged before counts no longer', () => {
    const three = [data(a), data(b), learner(d)];
    const node = leader(three);
    node.echo(d, { matchIndex: node.state.entries.length });
    word(node, b);
    node.nowMs += TIMINGS.heartbeatMs;
    const { nonce } = sent(node.tick(0, 0), 'append').findLast(({ to }) => to === d)!;
    const says = { kind: 'appendReply', term: termOf(node.state), success: false, nonce, staged: true } as const;
    expect(sent(node.hear(d, { ...says, matchIndex: 0 }), 'append')[0]).toMatchObject({ prevIndex: 0 });
    expect(node.state.lead?.peers[d]?.match).toBe(0);
    expect(sent(node.hear(d, { ...says, matchIndex: 1 }), 'append')[0]).toMatchObject({ prevIndex: 1 });
    // Said again while the next piece is on its way it changes nothing.
    expect(sent(node.hear(d, { ...says, matchIndex: 1 }), 'append')).toEqual([]);
    expect(node.state.lead?.peers[d]?.match).toBe(0);
  });
});

describe('one that was given up', () => {
  it('a second time under one leader is passed over in terms as the first time', () => {
    const node = leader(TWO);
    word(node, b);
    const first = termOf(node.state);
    node.echo(b, { matchIndex: node.state.entries.length });
    node.change(node.state.members.map((member) => (member.id === b ? { ...member, voter: true } : member)));
    node.echo(b, { matchIndex: node.state.entries.length });
    word(node, b);
    expect([givenUpMember(node.state)?.node, termOf(node.state) - first > WORD_TERM_GAP]).toEqual([b, true]);
  });
  it('is fed by this version when one of 0.1.0 asks for all', () => {
    const node = leader(TWO);
    node.echo(b, { matchIndex: node.state.entries.length });
    word(node, b);
    node.nowMs += TIMINGS.heartbeatMs;
    const { nonce } = sent(node.tick(0, 0), 'append').findLast(({ to }) => to === b)!;
    const asks = { kind: 'appendReply', term: termOf(node.state), success: false, matchIndex: 0, nonce } as const;
    expect(sent(node.hear(b, asks), 'append')[0]).toMatchObject({ prevIndex: 0 });
  });
  it('by a proof, too, votes again only after it has acknowledged what it has then: not what it had before', () => {
    const node = leader(TWO);
    node.echo(b, { matchIndex: node.state.entries.length });
    gone(node, b);
    const voting = () => node.state.members.map((member) => (member.id === b ? { ...member, voter: true } : member));
    node.change(voting());
    expect(node.state.voters).toEqual([a]);
    node.echo(b, { matchIndex: node.state.entries.length });
    node.change(voting());
    expect(node.state.voters).toEqual([a, b]);
  });
  it('votes again only once it has taken this log instead of its own', () => {
    const node = leader(TWO);
    word(node, b);
    node.tick(0, 0);
    const voting = () => node.state.members.map((member) => (member.id === b ? { ...member, voter: true } : member));
    node.change(voting());
    expect(givenUpMember(node.state)?.node).toBe(b);
    node.echo(b, { matchIndex: node.state.entries.length });
    node.change(voting());
    expect([givenUpMember(node.state), node.state.voters]).toEqual([null, [a, b]]);
  });
});

describe('the only voter by its own log', () => {
  const own = [members(1, 1, TWO), command(2, 1), members(3, 1, [data(a), learner(b)]), command(4, 2)];
  const sole = (over: Partial<ConstructorParameters<typeof Bench>[0] & object> = {}) =>
    new Bench({ self: a, members: TWO, restored: { hardState: { term: 2, votedFor: a }, entries: own }, ...over });
  const theirs = [members(1, 1, TWO), command(2, 1), command(3, 200), members(4, 200, [lost(a), data(b)])];
  const all = { term: 200, prevIndex: 0, prevTerm: 0, entries: theirs, commit: 4, givenUp: true } as const;

  it('has committed all of it: another leader of its last term takes nothing of it back', () => {
    const node = sole();
    const answers = node.append(b, { term: 2, prevIndex: 2, prevTerm: 1, entries: [command(3, 2)], commit: 3 });
    expect(node.state.entries).toEqual(own);
    expect([sent(answers, 'appendReply'), node.state.leader]).toEqual([[], null]);
  });
  it('takes all of it, also where the first piece ends in a configuration in which it was the only voter', () => {
    const node = sole();
    const before = [members(1, 1, TWO), members(2, 1, [data(a), learner(b)])];
    const begins = node.append(b, { ...all, entries: before, commit: 5 });
    expect(sent(begins, 'appendReply')[0]).toMatchObject({ success: false, matchIndex: 2, staged: true });
    // Its own stays in force until then, and on its disk: it may be killed at any time.
    expect([node.state.entries, ofKind(begins, 'persist')[0]?.append]).toEqual([own, undefined]);
    const rest = [members(3, 1, TWO), members(4, 200, [lost(a), data(b)]), command(5, 200)];
    const answers = node.append(b, { ...all, prevIndex: 2, prevTerm: 1, entries: rest, commit: 5 });
    expect([node.state.entries, commitIndex(node.state)]).toEqual([[...before, ...rest], 5]);
    expect(sent(answers, 'appendReply')[0]).toMatchObject({ success: true, matchIndex: 5 });
  });
  it('asks a leader that gave it up for the whole log, and keeps its own until then', () => {
    const node = sole();
    const answers = node.append(b, { ...all, prevIndex: 3, prevTerm: 200, entries: [], commit: 4 });
    expect(sent(answers, 'appendReply')[0]).toMatchObject({ success: false, matchIndex: 0, staged: true });
    expect(sent(answers, 'appendReply')[0]).not.toHaveProperty('prevIndex');
    expect([node.state.entries, node.state.leader]).toEqual([own, b]);
  });
  it('does not take for all of it what a leader knows to be committed that has just begun', () => {
    const node = sole();
    node.append(b, { ...all, prevIndex: 4, prevTerm: 200, entries: [], commit: 0 });
    node.append(b, { ...all, entries: theirs.slice(0, 2), commit: 2 });
    expect(node.state.entries).toEqual(own);
    node.append(b, { ...all, prevIndex: 2, prevTerm: 1, entries: theirs.slice(2), commit: 2 });
    expect(node.state.entries).toEqual(own);
    node.append(b, { ...all, entries: [], commit: 4 });
    expect([node.state.entries, commitIndex(node.state)]).toEqual([theirs, 4]);
  });
  it('takes what comes twice, or out of order, once', () => {
    const node = sole();
    node.append(b, { ...all, prevIndex: 2, prevTerm: 1, entries: theirs.slice(2) });
    node.append(b, { ...all, entries: theirs.slice(0, 2) });
    node.append(b, { ...all, entries: theirs.slice(0, 2) });
    node.append(b, { ...all, entries: theirs.slice(0, 3) });
    expect(node.state.entries).toEqual(own);
    node.append(b, { ...all, prevIndex: 3, prevTerm: 200, entries: theirs.slice(3) });
    expect([node.state.entries, commitIndex(node.state)]).toEqual([theirs, 4]);
  });
  it('also takes it whole where its own log counts for nothing any more, and it goes by another name', () => {
    const named = [members(1, 1, [{ ...data(a), incarnation: 'a1' }, data(b)]), command(2, 1)];
    const mine = [...named, members(3, 1, [{ ...data(a), incarnation: 'a1' }, learner(b)]), command(4, 2)];
    const node = sole({ restored: { incarnation: 'a2', hardState: { term: 2, votedFor: a }, entries: mine } });
    node.append(b, { ...all, prevIndex: 2, prevTerm: 1, entries: theirs.slice(2) });
    expect(node.state.entries).toEqual(mine);
    node.append(b, all);
    expect([node.state.entries, commitIndex(node.state)]).toEqual([theirs, 4]);
  });
  it('begins anew in another term: the leader may have gone on from elsewhere', () => {
    const node = sole();
    node.append(b, { ...all, entries: theirs.slice(0, 3) });
    const later = { ...all, term: 201, commit: 5 } as const;
    const answers = node.append(b, { ...later, prevIndex: 3, prevTerm: 200, entries: [theirs[3]!, command(5, 201)] });
    expect(sent(answers, 'appendReply')[0]).toMatchObject({ success: false, matchIndex: 0, staged: true });
    node.append(b, { ...later, entries: [...theirs, command(5, 201)] });
    expect(commitIndex(node.state)).toBe(5);
  });
  it('then takes it instead of its own, even what it had committed, and its state begins anew', () => {
    const node = sole().booted();
    node.tick(0, 0);
    node.tick(10, 0);
    expect([isLeader(node.state), commitIndex(node.state) > 4]).toEqual([true, true]);
    const effects = node.append(b, all);
    expect([isLeader(node.state), node.state.entries, commitIndex(node.state)]).toEqual([false, theirs, 4]);
    expect(ofKind(effects, 'restore')[0]?.snapshot).toMatchObject({ index: 0, state: {} });
    expect(ofKind(effects, 'apply').map(({ entry }) => entry)).toEqual(theirs);
    expect(ofKind(effects, 'persist')[0]).toMatchObject({ anew: true, truncateFrom: 1, append: theirs });
    expect(sent(effects, 'appendReply')[0]).toMatchObject({ success: true, matchIndex: 4 });
  });
  it('with a snapshot that was made of what is given up, too', () => {
    const snapshot = { index: 3, term: 2, members: [data(a), learner(b)], state: { given: 'up' } };
    const node = sole({ restored: { hardState: { term: 2, votedFor: a }, snapshot, entries: [command(4, 2)] } });
    const effects = node.append(b, all);
    expect(ofKind(effects, 'persist')[0]).toMatchObject({
      anew: true,
      truncateFrom: 1,
      snapshot: { index: 0 },
      dropThrough: 0,
      append: theirs,
    });
    expect([node.state.entries, node.state.baseIndex]).toEqual([theirs, 0]);
  });
  it('takes a snapshot that is older than what it committed', () => {
    const snapshot = { index: 3, term: 200, members: [lost(a), data(b)], state: { of: 'b' } };
    const node = sole().booted();
    node.tick(0, 0);
    node.tick(10, 0);
    const before = node.state.entries;
    const taken = node.hear(b, { kind: 'snapshot', term: 200, snapshot, nonce: 1, givenUp: true });
    expect(sent(taken, 'appendReply')[0]).toMatchObject({ success: false, matchIndex: 3, staged: true });
    expect(node.state.entries).toEqual(before);
    const effects = node.append(b, { ...all, prevIndex: 3, prevTerm: 200, entries: [command(4, 200)], commit: 4 });
    expect(ofKind(effects, 'persist')[0]).toMatchObject({ anew: true, snapshot, append: [command(4, 200)] });
    expect([commitIndex(node.state), node.state.snapshot, node.state.entries]).toEqual([4, snapshot, [command(4, 200)]]);
  });
  it('yields to the later term, and to the first name, of two that have given each other up: once, and without an answer', () => {
    const blindA = members(3, 1_001, [data(a), lost(b)]);
    const blindB = members(3, 1_001, [lost(a), data(b)]);
    const at = (self: typeof a, entry: typeof blindA, term = 1_001) =>
      new Bench({ self, members: TWO, restored: { hardState: { term, votedFor: self }, entries: [...own.slice(0, 2), entry] } });
    const say = (node: Bench, from: typeof a, entry: typeof blindA, term = 1_001) =>
      node.append(from, { term, entries: [...own.slice(0, 2), { ...entry, term }], commit: 3, givenUp: true });
    const [first, second] = [at(a, blindA), at(b, blindB)];
    expect([say(first, b, blindB), first.state.leader]).toEqual([[], null]);
    say(second, a, blindA);
    expect([second.state.leader, second.state.members]).toEqual([a, [data(a), lost(b)]]);
    const older = at(a, blindA);
    say(older, b, blindB, 1_002);
    expect([older.state.leader, older.state.members]).toEqual([b, [lost(a), data(b)]]);
    expect(say(at(b, blindB, 2_000), a, blindA, 1_999)).toEqual([]);
  });
  it('is told by one of an older term: that one rises above it', () => {
    const node = sole({ restored: { hardState: { term: 300, votedFor: a }, entries: own } });
    expect(sent(node.append(b, all), 'appendReply')[0]).toMatchObject({ success: false, term: 300 });
    expect(node.state.entries).toEqual(own);
  });
});
