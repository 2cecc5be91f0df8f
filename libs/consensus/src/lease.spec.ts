import { describe, expect, it } from 'vitest';
import { isLeader, leaseUntilMs, promiseUntilMs } from './index.js';
import { a, Bench, b, d, data, learner, ofKind, sent, THREE, w } from './testing/bench.js';
import { TIMINGS } from './testing/world.js';

const NEVER = Number.NEGATIVE_INFINITY;

describe("the leader's lease (thesis §6.4.1, failover.md 2.5)", () => {
  it('begins with the first echo of a majority and counts from the sending', () => {
    const node = new Bench().elected(b);
    const sentMs = node.nowMs;
    expect(leaseUntilMs(node.state)).toBe(NEVER);
    node.nowMs += 100;
    node.echo(b);
    expect(leaseUntilMs(node.state)).toBe(sentMs + TIMINGS.leaseOwnMs);
  });

  it('an old echo renews only to the sending of its own round; a burst of them nothing beyond it', () => {
    const node = new Bench().elected(b);
    const starts = [node.nowMs];
    for (let round = 2; round <= 4; round += 1) {
      node.tick(TIMINGS.heartbeatMs);
      starts.push(node.nowMs);
    }
    node.nowMs += 300;
    for (const nonce of [2, 1, 2, 3, 3, 1]) node.echo(b, { nonce });
    expect(leaseUntilMs(node.state)).toBe(starts[2]! + TIMINGS.leaseOwnMs);
  });

  it('is not renewed by a learner, by another term or by a nonce that was never sent', () => {
    const node = new Bench({ members: [data(a), data(b), learner(d)] }).elected(b);
    node.echo(d);
    node.echo(b, { term: 0 });
    node.echo(b, { nonce: 99 });
    expect(leaseUntilMs(node.state)).toBe(NEVER);
  });

  it('of a single voter is renewed with every tick', () => {
    const node = new Bench({ members: [data(a)] }).elected();
    node.tick(7);
    expect(leaseUntilMs(node.state)).toBe(node.nowMs + TIMINGS.leaseOwnMs);
  });

  it('a failed append is an echo too: it comes from a follower of this leader', () => {
    const node = new Bench().elected(b);
    node.echo(b, { success: false });
    expect(leaseUntilMs(node.state)).toBeGreaterThan(node.nowMs);
  });

  it('a leader without a majority for leaseVoteMs steps down (CheckQuorum, thesis §6.2)', () => {
    const node = new Bench().elected(b);
    node.echo(b);
    node.tick(TIMINGS.leaseVoteMs - 1);
    expect(isLeader(node.state)).toBe(true);
    node.tick(1);
    expect(isLeader(node.state)).toBe(false);
  });

  it('one who steps down before its lease ends helps nobody else until then, but may try again itself', () => {
    const node = new Bench().elected(b);
    node.echo(b);
    const endMs = leaseUntilMs(node.state);
    node.hear(b, { kind: 'appendReply', term: 3, success: false, matchIndex: 0, nonce: 1 });
    expect(leaseUntilMs(node.state)).toBe(NEVER);
    expect(promiseUntilMs(node.state)).toBe(endMs);
    const ask = { kind: 'vote', term: 4, lastIndex: 9, lastTerm: 3, transfer: false } as const;
    expect(sent(node.hear(w, ask), 'voteReply')[0]?.granted).toBe(false);
    expect(sent(node.tick(1, 0), 'preVote')).toHaveLength(2);
  });
});

describe("a voter's promise", () => {
  it('counts from its own answer', () => {
    const node = new Bench({ self: b }).booted();
    node.append(a, { nonce: 1 });
    node.nowMs += 500;
    node.append(a, { nonce: 2 });
    expect(promiseUntilMs(node.state)).toBe(node.nowMs + TIMINGS.leaseVoteMs);
  });

  it('a double or an older message is answered but promises nothing new', () => {
    const node = new Bench({ self: b }).booted();
    node.append(a, { nonce: 2 });
    const untilMs = promiseUntilMs(node.state);
    node.nowMs += 500;
    expect(sent(node.append(a, { nonce: 2 }), 'appendReply')).toHaveLength(1);
    expect(sent(node.append(a, { nonce: 1 }), 'appendReply')).toHaveLength(1);
    expect(promiseUntilMs(node.state)).toBe(untilMs);
  });
});

describe('a barrier (thesis §6.4)', () => {
  const barrier = (node: Bench) => node.do({ kind: 'barrier', requestId: 'q', nowMs: node.nowMs });

  it('passes with the echo of a round begun after the request, not with one on its way already', () => {
    const node = new Bench().elected(b);
    expect(sent(barrier(node), 'append').map(({ nonce }) => nonce)).toEqual([2, 2]);
    expect(ofKind(node.echo(b, { nonce: 1 }), 'barrier')).toEqual([]);
    expect(ofKind(node.echo(b, { nonce: 2 }), 'barrier')).toEqual([{ kind: 'barrier', requestId: 'q', passed: true }]);
  });

  it('fails at a follower, and when the leader steps down', () => {
    expect(ofKind(barrier(new Bench()), 'barrier')[0]?.passed).toBe(false);
    const node = new Bench().elected(b);
    barrier(node);
    expect(ofKind(node.tick(TIMINGS.leaseVoteMs), 'barrier')).toEqual([{ kind: 'barrier', requestId: 'q', passed: false }]);
  });

  it('passes at once for a single voter', () => {
    const node = new Bench({ members: [data(a)] }).elected();
    expect(ofKind(barrier(node), 'barrier')[0]?.passed).toBe(true);
  });

  it('is refused beyond 256 waiting ones: every queue has an end', () => {
    const node = new Bench({ members: THREE }).elected(b);
    for (let count = 0; count < 256; count += 1) expect(ofKind(barrier(node), 'barrier')).toEqual([]);
    expect(ofKind(barrier(node), 'barrier')[0]?.passed).toBe(false);
  });
});
