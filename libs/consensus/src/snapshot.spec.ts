import { describe, expect, it } from 'vitest';
import { commitIndex, createRaft, membersOf, type Snapshot } from './index.js';
import { a, Bench, b, command, data, members, ofKind, sent, THREE, w } from './testing/bench.js';
import { TIMINGS } from './testing/world.js';

const snapshot: Snapshot = { index: 5, term: 2, members: [data(a), data(b)], state: { sum: 5 } };
const compact = (node: Bench, index: number, trailing: number) =>
  node.do({ kind: 'compact', index, state: { sum: index }, trailing });

describe('a snapshot (thesis §5.1)', () => {
  const leader = () => {
    const node = new Bench().elected(b);
    for (let count = 0; count < 9; count += 1) node.propose(count);
    node.echo(b, { matchIndex: 10 });
    return node;
  };

  it('replaces the log up to its index, keeps trailing entries, and carries the configuration', () => {
    const node = leader();
    const expected = { index: 8, term: 1, members: THREE, state: { sum: 8 } };
    expect(compact(node, 8, 3)).toEqual([{ kind: 'persist', snapshot: expected, dropThrough: 5 }]);
    expect(node.state.entries.map(({ index }) => index)).toEqual([6, 7, 8, 9, 10]);
    expect(compact(node, 8, 0)).toEqual([]);
  });

  it('of something not applied yet is a mistake', () => {
    const node = leader();
    node.propose();
    expect(() => compact(node, 11, 0)).toThrow('only 10 is applied');
  });

  it('goes to a follower whose next entry is gone; the heartbeat goes beside it', () => {
    const node = leader();
    compact(node, 8, 0);
    expect(sent(node.tick(4 * TIMINGS.heartbeatMs), 'snapshot').map(({ to }) => to)).toEqual([w]);
    node.echo(b, { matchIndex: 10 });
    const beat = node.tick(TIMINGS.heartbeatMs);
    expect(sent(beat, 'snapshot')).toEqual([]);
    expect(sent(beat, 'append').find(({ to }) => to === w)).toMatchObject({ prevIndex: 0, entries: [], commit: 10 });
    expect(sent(node.tick(4 * TIMINGS.heartbeatMs), 'snapshot')).toHaveLength(1);
    const rest = sent(node.echo(w, { matchIndex: 8 }), 'append').find(({ to }) => to === w);
    expect(rest?.entries.map(({ index }) => index)).toEqual([9, 10]);
  });

  it('is installed over a conflicting log, whose end goes first', () => {
    const entries = [1, 2, 3, 4, 5, 6].map((index) => command(index, 1));
    const node = new Bench({ self: b, restored: { hardState: { term: 1, votedFor: null }, entries } }).booted();
    const effects = node.hear(a, { kind: 'snapshot', term: 3, snapshot, nonce: 1 });
    expect(effects[0]).toMatchObject({ kind: 'persist', hardState: { term: 3 }, truncateFrom: 6, snapshot, dropThrough: 5 });
    expect(ofKind(effects, 'restore')).toEqual([{ kind: 'restore', snapshot }]);
    expect(sent(effects, 'appendReply')[0]).toMatchObject({ success: true, matchIndex: 5, nonce: 1 });
    expect(membersOf(node.state)).toEqual(snapshot.members);
  });

  it('replaces nothing where its last entry is already in the log, and nothing when it is old', () => {
    const entries = [1, 2, 3, 4, 5, 6].map((index) => command(index, 2));
    const node = new Bench({ self: b, restored: { hardState: { term: 2, votedFor: null }, entries } }).booted();
    const effects = node.hear(a, { kind: 'snapshot', term: 2, snapshot, nonce: 1 });
    expect([ofKind(effects, 'restore').length, ofKind(effects, 'apply').length]).toEqual([0, 5]);
    expect(node.state.entries).toHaveLength(6);
    const again = node.hear(a, { kind: 'snapshot', term: 2, snapshot, nonce: 1 });
    expect(again.map(({ kind }) => kind)).toEqual(['send']);
  });
});

describe('what a disk gives back', () => {
  it('is restored from the snapshot on; committed entries are handed out again as the commit index advances', () => {
    const restored = { hardState: { term: 2, votedFor: null }, snapshot, entries: [command(6, 2), command(7, 2)] };
    const node = new Bench({ self: b, restored });
    expect(node.first).toEqual([{ kind: 'restore', snapshot }]);
    expect(commitIndex(node.state)).toBe(5);
    const effects = node.append(a, { term: 2, prevIndex: 7, prevTerm: 2, commit: 7 });
    expect(ofKind(effects, 'apply').map(({ entry }) => entry.index)).toEqual([6, 7]);
  });

  it('may hold trailing entries below the snapshot, but no gap', () => {
    const config = { self: a, members: THREE, timings: TIMINGS };
    const restored = { hardState: { term: 2, votedFor: null }, snapshot };
    const { state } = createRaft(config, { ...restored, entries: [command(4, 2), command(5, 2), command(6, 2)] }, 0);
    expect(state.entries.map(({ index }) => index)).toEqual([6]);
    expect(() => createRaft(config, { ...restored, entries: [command(7, 2)] }, 0)).toThrow('restored entry 7');
  });

  it('the latest configuration in it rules, not the file', () => {
    const list = [data(a), data(b)];
    expect(membersOf(new Bench({ restored: { entries: [members(1, 1, list)] } }).state)).toEqual(list);
  });
});
