import { nodeId } from '@yosugara/kernel';
import { describe, expect, it } from 'vitest';
import { commitIndex, matchOf, type RaftInput, step } from './index.js';
import { a, Bench, b, command, data, learner, members, ofKind, sent, THREE, w } from './testing/bench.js';
import { TIMINGS } from './testing/world.js';

const log = (...terms: number[]) => terms.map((term, at) => command(at + 1, term));
const follower = (...terms: number[]) =>
  new Bench({
    self: b,
    restored: { hardState: { term: terms.at(-1) ?? 0, votedFor: terms.length === 0 ? null : a }, entries: log(...terms) },
  }).booted();
const reply = (effects: Parameters<typeof sent>[0]) => sent(effects, 'appendReply')[0];

describe('a follower (thesis §3.5)', () => {
  it('writes before it answers, and hands out what is committed', () => {
    const effects = follower().append(a, { entries: log(1, 1), commit: 1 });
    expect(effects.map(({ kind }) => kind)).toEqual(['persist', 'note', 'apply', 'send']);
    expect(effects[0]).toEqual({ kind: 'persist', hardState: { term: 1, votedFor: a }, append: log(1, 1) });
    expect(reply(effects)).toMatchObject({ success: true, matchIndex: 2, nonce: 1 });
  });

  it('says where to try next: its end, or before the whole conflicting term', () => {
    expect(reply(follower(1, 1).append(a, { term: 4, prevIndex: 7, prevTerm: 4 }))).toMatchObject({
      success: false,
      matchIndex: 2,
    });
    const behind = follower(1, 2, 2, 2);
    expect(reply(behind.append(a, { term: 4, prevIndex: 4, prevTerm: 3 }))).toMatchObject({ success: false, matchIndex: 1 });
  });

  it('replaces a conflicting suffix', () => {
    const effects = follower(1, 2, 2).append(a, { term: 3, prevIndex: 1, prevTerm: 1, entries: [command(2, 3)] });
    expect(effects[0]).toMatchObject({ kind: 'persist', truncateFrom: 2, append: [command(2, 3)] });
  });

  it('never truncates for an old message whose entries match', () => {
    const node = follower(1, 1, 1);
    const effects = node.append(a, { prevIndex: 0, entries: log(1), nonce: 1 });
    expect(ofKind(effects, 'persist')).toEqual([]);
    expect(node.state.entries).toHaveLength(3);
  });

  it('never commits beyond what this message has shown to match', () => {
    const node = follower(1, 1, 1);
    node.append(a, { prevIndex: 0, entries: log(1), commit: 3 });
    expect(commitIndex(node.state)).toBe(1);
  });

  it('answers an old leader with its own term and follows nothing of it', () => {
    const node = follower(5);
    const effects = node.append(a, { term: 4, entries: log(4, 4), commit: 2 });
    expect(effects).toEqual([
      { kind: 'send', to: a, message: { kind: 'appendReply', term: 5, success: false, matchIndex: 0, nonce: 1 } },
    ]);
  });
});

describe('a leader', () => {
  const ready = () => {
    const node = new Bench().elected(b);
    node.echo(b, { matchIndex: 1 });
    node.echo(w, { matchIndex: 1 });
    return node;
  };

  it('sends an entry at once, one message a peer, and the rest when the answer is there', () => {
    const node = ready();
    const first = node.propose(1);
    expect(first.map(({ kind }) => kind)).toEqual(['persist', 'accepted', 'send', 'send']);
    expect(sent(node.propose(2), 'append')).toEqual([]);
    const next = sent(node.echo(b, { matchIndex: 2 }), 'append').filter((message) => message.entries.length > 0);
    expect(next.map(({ to, entries }) => [to, entries.map(({ index }) => index)])).toEqual([[b, [3]]]);
  });

  it('sends again what was not answered at a heartbeat', () => {
    const node = ready();
    node.propose();
    const again = sent(node.tick(TIMINGS.heartbeatMs), 'append');
    expect(again.map(({ to, entries, nonce }) => [to, entries.length, nonce])).toEqual([
      [b, 1, 2],
      [w, 1, 2],
    ]);
  });

  it('keeps messages small: at most 64 entries and about 8 KiB', () => {
    const node = ready();
    node.propose('first');
    for (let count = 0; count < 200; count += 1) node.propose(count);
    expect(sent(node.echo(b, { matchIndex: 2 }), 'append').find(({ to }) => to === b)?.entries).toHaveLength(64);
    for (let count = 0; count < 5; count += 1) node.propose('z'.repeat(3_000));
    const big = sent(node.echo(b, { matchIndex: 202 }), 'append').find(({ to }) => to === b);
    expect(big?.entries).toHaveLength(2);
  });

  it('commits with a majority of the voters, tells everyone, and counts no learner', () => {
    const d = nodeId('d');
    const node = new Bench({ members: [data(a), data(b), learner(d)] }).elected(b);
    node.echo(d, { matchIndex: 1 });
    expect(commitIndex(node.state)).toBe(0);
    const effects = node.echo(b, { matchIndex: 1 });
    expect(ofKind(effects, 'apply')).toHaveLength(1);
    expect(sent(effects, 'append').map(({ to, commit }) => [to, commit])).toEqual([
      [b, 1],
      [d, 1],
    ]);
  });

  it('commits entries of earlier terms only together with one of its own (thesis §3.6.2, figure 3.7)', () => {
    const entries = [members(1, 1, THREE), command(2, 2)];
    const node = new Bench({ restored: { hardState: { term: 3, votedFor: null }, entries } }).elected(b);
    node.echo(b, { matchIndex: 2 });
    expect(commitIndex(node.state)).toBe(0);
    node.echo(b, { matchIndex: 3 });
    expect(commitIndex(node.state)).toBe(3);
  });

  it('matchIndex never goes back, whatever arrives late', () => {
    const node = ready();
    node.propose();
    node.echo(b, { matchIndex: 2 });
    node.echo(b, { matchIndex: 1, nonce: 1 });
    node.echo(b, { success: false, matchIndex: 0, nonce: 1 });
    expect(matchOf(node.state, b)).toBe(2);
  });

  it('tries where a follower that lacks entries says', () => {
    const node = ready();
    const entries = log(1, 1, 1, 1, 1);
    const long = new Bench({ restored: { hardState: { term: 1, votedFor: null }, entries } }).elected(b);
    const [probe] = sent(long.echo(w, { success: false, matchIndex: 2 }), 'append');
    expect(probe).toMatchObject({ to: w, prevIndex: 2, prevTerm: 1 });
    expect(probe?.entries).toHaveLength(4);
    expect(matchOf(node.state, a)).toBe(1);
  });

  it('takes no more once 1024 entries wait for a majority', () => {
    const node = ready();
    for (let count = 0; count < 1024; count += 1) node.propose();
    expect(ofKind(node.propose(), 'rejected')).toHaveLength(1);
  });

  it('a node that does not lead rejects proposals', () =>
    expect(new Bench().propose()).toEqual([{ kind: 'rejected', requestId: 'r', why: 'not the leader' }]));
});

it('is a function of state and input, and its state is plain JSON', () => {
  const node = new Bench().elected(b);
  node.propose({ some: 'thing' });
  const inputs: RaftInput[] = [
    { kind: 'tick', nowMs: node.nowMs + 500, random: 0.3 },
    { kind: 'propose', requestId: 'r', command: 7, nowMs: node.nowMs + 501 },
    { kind: 'tick', nowMs: node.nowMs + 9_000, random: 0.7 },
    { kind: 'tick', nowMs: node.nowMs + 19_000, random: 0.9 },
  ];
  const copies = [structuredClone(node.state), JSON.parse(JSON.stringify(node.state)) as typeof node.state];
  const [one, other] = copies.map((copy) => inputs.map((input) => step(copy, input).effects));
  expect(one).toEqual(other);
  expect(copies[0]).toEqual(copies[1]);
});
