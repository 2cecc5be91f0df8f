import { epoch, lsn } from '@yosugara/kernel';
import { describe, expect, it } from 'vitest';
import { decide, lint, type Observation } from './index.js';
import { a, b, kinds, NOW, peer, primary, proposed, record, seenByA, standby, stopped, streaming } from './testing.js';

describe('T2, a Standby that stops acknowledging', () => {
  const stalled = (ms: number) => seenByA({ stalledSinceMs: new Map([[b, NOW - ms]]) });
  it('stays in the sync set until the stall limit', () => expect(kinds(stalled(2_999))).not.toContain('leave'));
  it('is taken out of the record at the limit, the names left alone', () => {
    expect(kinds(stalled(3_000))).toContain('leave');
    expect(kinds(stalled(3_000))).not.toContain('pg.setNames');
  });
  it('frees the names only when the record has let it go (S5)', () =>
    expect(decide(seenByA({ record: record({ syncSet: [a] }), postgres: primary({ peers: [] }) })).actions).toContainEqual({
      kind: 'pg.setNames',
      names: [],
    }));
  it('blocks for ever under policy strict', () => {
    const o = stalled(60_000);
    expect(kinds({ ...o, settings: { ...o.settings, policy: 'strict' } })).not.toContain('leave');
  });
});

describe('T1, a peer that streams to a Master alone', () => {
  const solo = (over: Partial<Observation> = {}) =>
    seenByA({ record: record({ syncSet: [a] }), postgres: primary({ names: [] }), ...over });
  it('is asked for every commit first', () => expect(decide(solo()).actions).toContainEqual({ kind: 'pg.setNames', names: [b] }));
  it.each([
    ['copies our data', { kind: 'empty' as const }],
    ['is still connecting', standby({ receiver: 'connecting' })],
    ['follows somebody else', standby({ follows: b })],
  ])('is not asked while the node itself says that it %s', (_, said) =>
    expect(kinds(solo({ peers: new Map([[b, peer({ postgres: said })]]) }))).not.toContain('pg.setNames'),
  );
  it('then has to flush past a mark set afterwards', () => expect(kinds(solo({ postgres: primary() }))).toContain('pg.mark'));
  it('is not yet joined one byte before the mark', () =>
    expect(
      kinds(solo({ postgres: primary(), joinMark: { node: b, epoch: epoch(5), lsn: 1_001, atMs: NOW - 100 } })),
    ).not.toContain('join'));
  it('is joined at the mark', () =>
    expect(kinds(solo({ postgres: primary(), joinMark: { node: b, epoch: epoch(5), lsn: 1_000, atMs: NOW - 100 } }))).toContain(
      'join',
    ));
  it('is not joined on a mark of an older epoch', () =>
    expect(
      kinds(solo({ postgres: primary(), joinMark: { node: b, epoch: epoch(4), lsn: 1_000, atMs: NOW - 100 } })),
    ).not.toContain('join'));
  it('is not joined while PostgreSQL does not call it synchronous', () =>
    expect(
      kinds(
        solo({
          postgres: primary({ peers: [streaming(b, { sync: false })] }),
          joinMark: { node: b, epoch: epoch(5), lsn: 1_000, atMs: NOW - 100 },
        }),
      ),
    ).not.toContain('join'));
  it('is not joined on names that are just being changed', () =>
    expect(
      kinds(
        solo({
          postgres: primary(),
          joinMark: { node: b, epoch: epoch(5), lsn: 1_000, atMs: NOW - 100 },
          postgresBusy: 'pg.setNames',
        }),
      ),
    ).not.toContain('join'));
  it('is let go when it does not reach the mark within the stall limit: commits wait for it meanwhile', () => {
    const o = solo({
      postgres: primary({ walEnd: lsn(2_000) }),
      joinMark: { node: b, epoch: epoch(5), lsn: 1_500, atMs: NOW - 3_000 },
    });
    expect(decide(o).actions).toContainEqual({ kind: 'pg.setNames', names: [] });
    expect(kinds({ ...o, failures: new Map([['join', { count: 1, atMs: NOW - 100, code: 'NOT_IN_TIME' }]]) })).not.toContain(
      'pg.mark',
    );
  });
  it('keeps the names while a join waits for a majority, though nobody is heard: it may come true late (S4)', () => {
    const o = solo({ postgres: primary({ peers: [] }), peers: new Map(), joining: b });
    expect(decide(o)).toMatchObject({ role: 'MASTER_JOINING' });
    expect(kinds(o)).not.toContain('pg.setNames');
    expect(lint(o, { kind: 'pg.setNames', names: [] })).toContain('S4');
  });
  it('restarts PostgreSQL with the names that a join under way demands', () =>
    expect(decide(solo({ postgres: stopped(), vipHeld: false, peers: new Map(), joining: b })).actions).toContainEqual({
      kind: 'pg.startPrimary',
      names: [b],
    }));
  it.each([
    [16 * 1024 * 1024, true],
    [16 * 1024 * 1024 + 1, false],
  ])('%d bytes behind: asked %s', (behind, asked) =>
    expect(kinds(solo({ postgres: primary({ names: [], walEnd: lsn(1_000 + behind) }) })).includes('pg.setNames')).toBe(asked),
  );
});

describe('a policy that keeps a member whatever happens (strict)', () => {
  it('closes the request to recover it once it acknowledges again', () => {
    const open = { node: b, requestId: 'r1', state: 'open' as const };
    expect(proposed(seenByA({ record: record({ recover: [open] }) }))).toMatchObject([{ kind: 'join', node: b }]);
    expect(proposed(seenByA({ record: record({ recover: [open] }), stalledSinceMs: new Map([[b, NOW - 50]]) }))).toEqual([]);
  });
});
