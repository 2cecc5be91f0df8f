import { describe, expect, it } from 'vitest';
import { commitIndex, isLeader, membersOf } from './index.js';
import { a, Bench, b, command, d, data, learner, members, ofKind, sent, THREE, w, witness } from './testing/bench.js';

const ready = (list = THREE) => {
  const node = new Bench({ members: list }).elected(b, w);
  node.echo(b, { matchIndex: 1 });
  return node;
};
const why = (effects: Parameters<typeof ofKind>[0]) => ofKind(effects, 'rejected')[0]?.why;

describe('membership changes (thesis §4.1)', () => {
  it('wait until an entry of the own term is committed', () =>
    expect(why(new Bench().elected(b).change([...THREE, learner(d)]))).toMatch('no entry of this term'));

  it('come one at a time', () => {
    const node = ready();
    expect(ofKind(node.change([...THREE, learner(d)]), 'accepted')).toHaveLength(1);
    expect(why(node.change(THREE))).toMatch('not committed yet');
    node.echo(b, { matchIndex: 2 });
    expect(ofKind(node.change(THREE), 'accepted')).toHaveLength(1);
  });

  it.each([
    ['two members at once', [data(a)], 'only one member'],
    ['nothing', THREE, 'nothing changes'],
    ['a voter that was no learner', [...THREE, data(d)], 'starts as a learner'],
    ['a name twice', [...THREE, witness], 'named twice'],
    ['no data voter left', [learner(a), learner(b), witness], 'no data node'],
  ])('refuse %s', (_, list, says) => expect(why(ready().change(list))).toMatch(says));

  it('make a learner a voter only when it has caught up (thesis §4.2.1)', () => {
    const node = ready([...THREE, learner(d)]);
    for (let count = 0; count < 70; count += 1) node.propose(count);
    node.echo(b, { matchIndex: 71 });
    expect(why(node.change([...THREE, data(d)]))).toMatch('71 entries behind');
    node.echo(d, { matchIndex: 71 });
    expect(ofKind(node.change([...THREE, data(d)]), 'accepted')).toHaveLength(1);
  });

  it('are in force when appended: the new majority counts at once', () => {
    const node = ready([...THREE, learner(d)]);
    node.echo(d, { matchIndex: 1 });
    node.change([...THREE, data(d)]);
    node.echo(b, { matchIndex: 2 });
    expect(commitIndex(node.state)).toBe(1);
    node.echo(d, { matchIndex: 2 });
    expect(commitIndex(node.state)).toBe(2);
  });

  it('send a new member the log at once and nothing more to a removed one', () => {
    const node = ready();
    expect(sent(node.change([...THREE, learner(d)]), 'append').map(({ to }) => to)).toContain(d);
    node.echo(b, { matchIndex: 2 });
    expect(sent(node.change(THREE), 'append').map(({ to }) => to)).not.toContain(d);
  });

  it('are taken back when their entry is truncated', () => {
    const entries = [members(1, 1, THREE), members(2, 1, [...THREE, learner(d)])];
    const node = new Bench({ self: b, restored: { hardState: { term: 1, votedFor: null }, entries } }).booted();
    expect(membersOf(node.state)).toHaveLength(4);
    node.append(a, { term: 2, prevIndex: 1, prevTerm: 1, entries: [command(2, 2)] });
    expect(membersOf(node.state)).toEqual(THREE);
  });

  it('a removed leader does not count itself and goes once its removal is committed (thesis §4.2.2)', () => {
    const node = ready();
    node.change([data(b), witness]);
    node.echo(b, { matchIndex: 2 });
    expect([isLeader(node.state), commitIndex(node.state)]).toEqual([true, 1]);
    node.echo(w, { matchIndex: 2 });
    expect([isLeader(node.state), commitIndex(node.state)]).toEqual([false, 2]);
    expect(node.tick(60_000)).toEqual([]);
  });
});
