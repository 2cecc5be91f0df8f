import { describe, expect, it } from 'vitest';
import { isLeader, leaderOf, leaderReady, promiseUntilMs, termOf } from './index.js';
import { a, Bench, b, command, data, learner, members, ofKind, sent, THREE, w, witness } from './testing/bench.js';
import { TIMINGS } from './testing/world.js';

const preVote = (over = {}) => ({ kind: 'preVote', term: 1, lastIndex: 0, lastTerm: 0, ...over }) as const;
const vote = (over = {}) => ({ kind: 'vote', term: 1, lastIndex: 0, lastTerm: 0, transfer: false, ...over }) as const;
const answer = (effects: Parameters<typeof sent>[0]) =>
  sent(effects, 'preVoteReply')[0]?.granted ?? sent(effects, 'voteReply')[0]?.granted;

describe('after a start, even with an empty disk', () => {
  it.each([
    [TIMINGS.leaseVoteMs - 1, false],
    [TIMINGS.leaseVoteMs, true],
  ])('a voter grants nothing before one leaseVoteMs is over (at %d ms)', (nowMs, granted) => {
    for (const message of [preVote(), vote(), vote({ transfer: true })]) {
      const node = new Bench();
      node.nowMs = nowMs;
      expect(answer(node.hear(b, message))).toBe(granted);
    }
  });

  it('a single voter waits too, then leads at once and is ready', () => {
    const node = new Bench({ members: [data(a)] });
    node.tick(TIMINGS.leaseVoteMs - 1);
    expect(isLeader(node.state)).toBe(false);
    const effects = node.tick(1);
    expect(effects[0]).toMatchObject({ kind: 'persist', hardState: { term: 1, votedFor: a } });
    expect(leaderReady(node.state)).toBe(true);
  });
});

describe('PreVote (thesis §9.6)', () => {
  it('asks before it changes any term', () => {
    const node = new Bench().booted();
    expect(sent(node.tick(), 'preVote').map(({ to, term }) => [to, term])).toEqual([
      [b, 1],
      [w, 1],
    ]);
    expect(termOf(node.state)).toBe(0);
    node.hear(b, preVote({ term: 9 }));
    expect(termOf(node.state)).toBe(0);
  });

  it('is refused while the promise to a leader lives, and granted when it has ended', () => {
    const node = new Bench({ self: w }).booted();
    node.append(a);
    node.nowMs += TIMINGS.leaseVoteMs - 1;
    expect(answer(node.hear(b, preVote({ term: 2 })))).toBe(false);
    expect(answer(node.hear(a, preVote({ term: 2 })))).toBe(true);
    node.nowMs += 1;
    expect(answer(node.hear(b, preVote({ term: 2 })))).toBe(true);
  });

  it('is refused by a leader with a quorum', () => {
    const node = new Bench().elected(b);
    node.echo(b);
    expect(answer(node.hear(w, preVote({ term: 5, lastIndex: 9, lastTerm: 4 })))).toBe(false);
    expect(isLeader(node.state)).toBe(true);
  });

  it('a refusal of a higher term is taken over, or a node behind could never campaign', () => {
    const node = new Bench().booted();
    node.tick();
    node.hear(b, { kind: 'preVoteReply', term: 7, granted: false, forTerm: 1 });
    expect(termOf(node.state)).toBe(7);
  });

  it('is asked again and again until the campaign ends: a promise may run out meanwhile', () => {
    const node = new Bench().booted();
    node.tick();
    expect(sent(node.tick(TIMINGS.heartbeatMs / 2), 'preVote')).toHaveLength(2);
  });
});

describe('a vote', () => {
  it('is on disk before it is sent, one a term, also after a restart (thesis §3.8)', () => {
    const node = new Bench({ self: w }).booted();
    const effects = node.hear(a, vote());
    expect(effects[0]).toEqual({ kind: 'persist', hardState: { term: 1, votedFor: a } });
    expect(answer(effects)).toBe(true);
    expect(answer(node.hear(b, vote()))).toBe(false);
    const again = new Bench({ self: w, restored: { hardState: { term: 1, votedFor: a } } }).booted();
    expect(answer(again.hear(b, vote()))).toBe(false);
    expect(answer(again.hear(a, vote()))).toBe(true);
  });

  it('is on disk also when the term was known before', () => {
    const node = new Bench({ restored: { hardState: { term: 1, votedFor: null } } }).booted();
    expect(node.hear(b, vote())[0]).toEqual({ kind: 'persist', hardState: { term: 1, votedFor: b } });
  });

  it.each([
    [{ lastTerm: 2, lastIndex: 2 }, true],
    [{ lastTerm: 2, lastIndex: 1 }, false],
    [{ lastTerm: 1, lastIndex: 9 }, false],
    [{ lastTerm: 3, lastIndex: 1 }, true],
  ])('goes to logs at least as complete only (thesis §3.6.1): %j', (end, granted) => {
    const entries = [command(1, 1), command(2, 2)];
    const node = new Bench({ restored: { hardState: { term: 2, votedFor: null }, entries } }).booted();
    expect(answer(node.hear(b, vote({ term: 4, ...end })))).toBe(granted);
  });

  it('is refused under a promise without taking over the term (thesis §4.2.3), except in a transfer', () => {
    const node = new Bench({ self: w }).booted();
    node.append(a);
    expect(answer(node.hear(b, vote({ term: 2 })))).toBe(false);
    expect(termOf(node.state)).toBe(1);
    expect(answer(node.hear(b, vote({ term: 2, transfer: true })))).toBe(true);
  });

  it('is given by one who was made a voter by an entry it has not seen: the candidate may need it (thesis §4.1)', () => {
    const node = new Bench({ self: b, members: [data(a), learner(b)] }).booted();
    expect(answer(node.hear(a, vote()))).toBe(true);
  });
});

describe('who campaigns, and when', () => {
  it('a learner never does', () => {
    const node = new Bench({ self: b, members: [data(a), learner(b)] });
    expect(node.tick(60_000)).toEqual([]);
  });

  it('a follower: leaseVoteMs after its answer, plus its random share, plus what the runtime adds', () => {
    const node = new Bench().booted();
    node.do({ kind: 'prefer', preferred: [], mayCampaign: true, extraDelayMs: 1_000 });
    node.append(b);
    const wait = TIMINGS.leaseVoteMs + TIMINGS.candidateDelayMaxMs / 2 + 1_000;
    expect(sent(node.tick(wait - 1, 0.5), 'preVote')).toEqual([]);
    expect(sent(node.tick(1, 0.5), 'preVote')).not.toEqual([]);
  });

  it('a witness only as the last resort', () => {
    const node = new Bench({ self: w }).booted();
    expect(sent(node.tick(TIMINGS.witnessDelayMs - 1), 'preVote')).toEqual([]);
    expect(sent(node.tick(1), 'preVote')).not.toEqual([]);
  });

  it('nobody who may not', () => {
    const node = new Bench();
    node.do({ kind: 'prefer', preferred: [], mayCampaign: false, extraDelayMs: 0 });
    expect(sent(node.tick(60_000), 'preVote')).toEqual([]);
  });

  it('one whose own removal is in its log, not known as committed: it alone may be electable (thesis §4.2.2)', () => {
    const restored = { hardState: { term: 1, votedFor: a }, entries: [members(1, 1, THREE), members(2, 1, [data(b), witness])] };
    expect(sent(new Bench({ restored }).booted().tick(), 'preVote').map(({ to }) => to)).toEqual([b, w]);
  });
});

describe('the preferred (ruling 6)', () => {
  const bench = (preferred = [a]) => {
    const node = new Bench({ self: w }).booted();
    node.do({ kind: 'prefer', preferred, mayCampaign: true, extraDelayMs: 0 });
    return node;
  };

  it('while one of them is heard, others get no PreVote', () => {
    const node = bench();
    node.hear(a, { kind: 'voteReply', term: 0, granted: false });
    node.nowMs += TIMINGS.leaseVoteMs - 1;
    expect(answer(node.hear(b, preVote()))).toBe(false);
    expect(answer(node.hear(a, preVote()))).toBe(true);
    node.nowMs += TIMINGS.leaseVoteMs;
    expect(answer(node.hear(b, preVote()))).toBe(true);
  });

  it('a preferred voter always hears itself', () => expect(answer(bench([w]).hear(b, preVote()))).toBe(false));

  it('one whose log is behind cannot win and keeps nobody else from it, until it has caught up', () => {
    const node = new Bench({ self: w }).booted();
    node.append(a, { entries: [{ index: 1, term: 1, payload: { kind: 'noop' } }] });
    node.do({ kind: 'prefer', preferred: [a], mayCampaign: true, extraDelayMs: 0 });
    node.nowMs += TIMINGS.leaseVoteMs;
    const whole = preVote({ term: 2, lastIndex: 1, lastTerm: 1 });
    node.hear(a, { kind: 'voteReply', term: 1, granted: false });
    expect(answer(node.hear(b, whole))).toBe(false);
    expect(answer(node.hear(a, preVote({ term: 2 })))).toBe(false);
    expect(answer(node.hear(b, whole))).toBe(true);
    expect(answer(node.hear(a, whole))).toBe(true);
    expect(answer(node.hear(b, whole))).toBe(false);
  });

  it('a strictly more complete log goes before preference', () =>
    expect(answer(bench([w]).hear(b, preVote({ lastIndex: 1, lastTerm: 0 })))).toBe(true));
});

describe('a leader that is proven gone', () => {
  it('binds nobody any longer; the follower campaigns after its candidate delay; leftovers of it change nothing', () => {
    const node = new Bench().booted();
    node.append(b, { nonce: 3 });
    node.do({ kind: 'leaderGone', leader: b, nowMs: node.nowMs });
    expect(leaderOf(node.state)).toBeNull();
    expect(promiseUntilMs(node.state)).toBeLessThanOrEqual(node.nowMs);
    expect(node.append(b, { nonce: 4 })).toEqual([]);
    expect(sent(node.tick(0, 0.5), 'preVote')).toEqual([]);
    expect(sent(node.tick(TIMINGS.candidateDelayMaxMs / 2), 'preVote')).toHaveLength(2);
  });

  it('is heard again after a lease: its process may live and lead on with the others, and would never be followed', () => {
    const node = new Bench().booted();
    node.append(b, { nonce: 3 });
    node.do({ kind: 'leaderGone', leader: b, nowMs: node.nowMs });
    node.nowMs += TIMINGS.leaseVoteMs - 1;
    expect(node.append(b, { nonce: 4 })).toEqual([]);
    node.nowMs += 1;
    expect(sent(node.append(b, { nonce: 5 }), 'appendReply')).toHaveLength(1);
    expect(leaderOf(node.state)).toBe(b);
  });

  it('says nothing about another leader', () => {
    const node = new Bench().booted();
    node.append(b);
    node.do({ kind: 'leaderGone', leader: w, nowMs: node.nowMs });
    expect(leaderOf(node.state)).toBe(b);
  });
});

describe('a new leader', () => {
  it('writes an entry of its own term first (thesis §3.6.2): the configuration the first time, then a no-op', () => {
    const node = new Bench().elected(b);
    expect(node.state.entries.map((entry) => entry.payload.kind)).toEqual(['members']);
    const later = new Bench({ restored: { hardState: { term: 1, votedFor: a }, entries: [members(1, 1, THREE)] } }).elected(b);
    expect(later.state.entries.map((entry) => entry.payload.kind)).toEqual(['members', 'noop']);
  });

  it('is not ready before that entry is committed (thesis §6.4)', () => {
    const node = new Bench().elected(b);
    expect(leaderReady(node.state)).toBe(false);
    expect(ofKind(node.echo(w, { matchIndex: 1 }), 'apply')).toHaveLength(1);
    expect(leaderReady(node.state)).toBe(true);
  });

  it('steps down for a higher term', () => {
    const node = new Bench().elected(b);
    node.hear(b, { kind: 'appendReply', term: 5, success: false, matchIndex: 0, nonce: 1 });
    expect([isLeader(node.state), termOf(node.state)]).toEqual([false, 5]);
  });
});
