import { describe, expect, it } from 'vitest';
import { commitIndex, isLeader, leaderReady, leaseUntilMs, type Member, termOf } from './index.js';
import { a, Bench, b, d, data, learner, ofKind, sent, THREE, w } from './testing/bench.js';
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
    expect([leaderReady(node.state), node.state.voters, termOf(node.state)]).toEqual([true, [a], 2]);
    expect(leaseUntilMs(node.state)).toBeGreaterThan(node.nowMs);
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
