import { describe, expect, it } from 'vitest';
import { isLeader, leaseUntilMs, termOf, transferring } from './index.js';
import { a, Bench, b, data, ofKind, sent, THREE, w } from './testing/bench.js';
import { TIMINGS, World } from './testing/world.js';

const ready = () => {
  const node = new Bench().elected(b);
  node.echo(b, { matchIndex: 1 });
  return node;
};
const transfer = (node: Bench, to = b) => node.do({ kind: 'transfer', to, nowMs: node.nowMs });

describe('leadership transfer (thesis §3.10)', () => {
  it('first brings the target level, then tells it; proposals are rejected meanwhile', () => {
    const node = ready();
    node.propose();
    expect(sent(transfer(node), 'timeoutNow')).toEqual([]);
    expect(ofKind(node.propose(), 'rejected')).toHaveLength(1);
    expect(ofKind(node.change([data(a), data(b)]), 'rejected')).toHaveLength(1);
    expect(sent(node.echo(b, { matchIndex: 2 }), 'timeoutNow').map(({ to }) => to)).toEqual([b]);
    expect(transferring(node.state)).toBe(b);
  });

  it('takes proposals while the target lacks what is committed: one that lost its log may never have it', () => {
    const node = new Bench().elected(b);
    node.echo(w, { matchIndex: 1 });
    transfer(node);
    expect(ofKind(node.propose(), 'accepted')).toHaveLength(1);
    expect(transferring(node.state)).toBe(b);
    node.echo(b, { matchIndex: 1 });
    expect(ofKind(node.propose(), 'rejected')).toHaveLength(1);
  });

  it('gives the lease up with timeoutNow: from then on the target may win at any time', () => {
    const node = ready();
    expect(leaseUntilMs(node.state)).toBeGreaterThan(node.nowMs);
    transfer(node);
    node.tick(TIMINGS.heartbeatMs);
    node.echo(b, { matchIndex: 1 });
    expect(leaseUntilMs(node.state)).toBe(Number.NEGATIVE_INFINITY);
  });

  it('is aborted in time: not told, the leader leads on', () => {
    const node = ready();
    node.propose();
    transfer(node);
    for (let waited = 0; waited < TIMINGS.transferTimeoutMs; waited += TIMINGS.heartbeatMs) {
      node.tick(TIMINGS.heartbeatMs);
      node.echo(w, { matchIndex: 2 });
    }
    expect([isLeader(node.state), transferring(node.state), termOf(node.state)]).toEqual([true, null, 1]);
    expect(ofKind(node.propose(), 'accepted')).toHaveLength(1);
  });

  it('told, it seeks a new term: a late vote request of the target could pass every promise in this one', () => {
    const node = ready();
    transfer(node);
    let effects = node.tick(TIMINGS.heartbeatMs);
    expect(sent(effects, 'timeoutNow')).toHaveLength(1);
    for (let waited = TIMINGS.heartbeatMs; waited < TIMINGS.transferTimeoutMs; waited += TIMINGS.heartbeatMs) {
      node.echo(w, { matchIndex: 1 });
      effects = node.tick(TIMINGS.heartbeatMs);
    }
    expect(isLeader(node.state)).toBe(false);
    expect(sent(effects, 'preVote').map(({ term }) => term)).toEqual([2, 2]);
  });

  it('goes to no witness, no stranger and not to oneself', () => {
    for (const to of [w, a]) {
      const node = ready();
      expect(ofKind(transfer(node, to), 'note')[0]?.event).toBe('transferRefused');
      expect(transferring(node.state)).toBeNull();
    }
  });

  it('the target stands at once, past its own promise, if the word is from its leader and of this term', () => {
    const node = new Bench({ self: b }).booted();
    node.append(a);
    expect(node.hear(w, { kind: 'timeoutNow', term: 1 })).toEqual([]);
    expect(node.hear(a, { kind: 'timeoutNow', term: 0 })).toEqual([]);
    const votes = sent(node.hear(a, { kind: 'timeoutNow', term: 1 }), 'vote');
    expect(votes.map(({ to, term, transfer: passes }) => [to, term, passes])).toEqual([
      [a, 2, true],
      [w, 2, true],
    ]);
  });
});

describe('three nodes without faults', () => {
  const leading = (world: World) => world.leader()?.id;

  it('hand over in less than a tenth of a second', () => {
    const world = new World(7, THREE);
    world.runUntil(10_000, () => world.leader() !== undefined);
    const from = world.leader()!;
    const to = from.id === a ? b : a;
    const start = world.now;
    world.input(from, { kind: 'transfer', to, nowMs: world.localMs(from) });
    world.runUntil(start + 5_000, () => leading(world) === to);
    expect(world.now - start).toBeLessThan(100);
  });

  it('elect the surviving data node, not the witness, within lease, delay and a little', () => {
    for (let seed = 0; seed < 30; seed += 1) {
      const world = new World(seed, THREE);
      world.runUntil(10_000, () => world.leader() !== undefined);
      const dead = world.leader()!;
      const start = world.now;
      world.crash(dead);
      world.runUntil(start + 10_000, () => world.leader() !== undefined);
      expect(leading(world)).toBe(dead.id === a ? b : a);
      expect(world.now - start).toBeLessThan(TIMINGS.leaseVoteMs * 1.01 + TIMINGS.candidateDelayMaxMs + 250);
    }
  });
});
