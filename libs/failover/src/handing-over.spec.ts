import { epoch, lsn } from '@yosugara/kernel';
import { describe, expect, it } from 'vitest';
import { decide, type Observation } from './index.js';
import { a, b, kinds, leading, NOW, peer, proposed, record, seenByA, standby, stopped, w } from './testing.js';

describe('T4, a switchover', () => {
  const asked = (over: Partial<Observation> = {}) =>
    seenByA({ record: record({ switchover: { requestId: 'r', to: b, epoch: epoch(5) } }), ...over });
  it('stops PostgreSQL first', () => expect(kinds(asked())).toContain('pg.stop'));
  it('is called off when the target is not heard', () =>
    expect(kinds(asked({ peers: new Map([[b, peer({ heardAgoMs: 5_000 })]]) }))).toContain('endSwitchover'));
  it('releases only when the target holds the shutdown checkpoint', () => {
    const at = (end: number) =>
      asked({
        vipHeld: false,
        postgres: stopped({ walEnd: lsn(2_000) }),
        postgresSinceMs: NOW - 10,
        peers: new Map([[b, peer({ postgres: standby({ walEnd: lsn(end) }) })]]),
      });
    expect(kinds(at(1_999))).not.toContain('release');
    expect(kinds(at(2_000))).toContain('release');
  });
  it('is called off when the target does not get there, and the old owner starts again', () => {
    expect(kinds(asked({ vipHeld: false, postgres: stopped({ walEnd: lsn(2_000) }), postgresSinceMs: NOW - 8_000 }))).toContain(
      'endSwitchover',
    );
    expect(kinds(seenByA({ vipHeld: false, postgres: stopped(), peers: new Map([[b, peer({ heardAgoMs: 5_000 })]]) }))).toContain(
      'pg.startPrimary',
    );
  });
  it('hands leadership over once released', () =>
    expect(
      kinds(
        seenByA({
          vipHeld: false,
          postgres: stopped(),
          record: record({ released: { epoch: epoch(5), by: a, walEnd: lsn(1) } }),
        }),
      ),
    ).toContain('raft.transfer'));
});

describe('T4, a lease that was lost and came back in the middle', () => {
  it('ends the switchover: what was started in recovery meanwhile never shuts down as a Master', () =>
    expect(
      proposed(seenByA({ postgres: standby(), record: record({ switchover: { requestId: 'r1', to: b, epoch: epoch(5) } }) })),
    ).toMatchObject([{ kind: 'endSwitchover', requestId: 'r1' }]));
});

describe('an arbiter that was elected', () => {
  const arbiter = (over: Partial<Observation> = {}) =>
    seenByA({
      self: w,
      kind: 'witness',
      boot: 'boot-w',
      lead: leading,
      postgres: { kind: 'unknown' },
      vipHeld: false,
      manager: null,
      receiver: null,
      peers: new Map([
        [a, peer({ heardAgoMs: 9_000 })],
        [b, peer()],
      ]),
      ...over,
    });
  it('hands over at once to a member of the sync set', () =>
    expect(decide(arbiter()).actions).toEqual([{ kind: 'raft.transfer', to: b }]));
  it('never claims, and hands over to nobody outside the sync set', () =>
    expect(decide(arbiter({ record: record({ syncSet: [a] }) })).actions).toEqual([]));
});
