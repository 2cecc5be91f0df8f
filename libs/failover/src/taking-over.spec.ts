import { epoch, lsn } from '@yosugara/kernel';
import { describe, expect, it } from 'vitest';
import { applyCommand, decide, lint, type Observation } from './index.js';
import { a, b, kinds, leading, NOW, peer, primary, proposed, record, seenByA, seenByB, standby, stopped } from './testing.js';

describe('T3, a Standby that was elected', () => {
  const elected = (over: Partial<Observation> = {}) => seenByB({ lead: leading, ...over });
  const owning = (over: Partial<Observation> = {}) =>
    elected({
      record: record({
        epoch: epoch(6),
        owner: b,
        ownerBoot: 'boot-b',
        phase: 'stopping-old',
        previous: { node: a, epoch: epoch(5), boot: 'boot-a' },
        proof: null,
        syncSet: [a, b],
      }),
      ...over,
    });
  it('claims the next epoch when it is in the sync set', () =>
    expect(proposed(elected())).toMatchObject([{ kind: 'claim', by: b, epoch: 6 }]));
  it('never claims from outside the sync set (T8), and says why', () => {
    const o = elected({ record: record({ syncSet: [a] }), peers: new Map([[a, peer({ heardAgoMs: 9_000 })]]) });
    expect(proposed(o)).toEqual([]);
    expect(decide(o).why).toMatch(/only a human/);
  });
  it('waits until it has committed an entry of its own term', () =>
    expect(proposed(elected({ lead: { ...leading, ready: false } }))).toEqual([]));
  it('cuts its receiver before anything else', () =>
    expect(decide(owning()).actions).toContainEqual({ kind: 'pg.follow', follow: null }));
  it('need not wait out the cut when the old owner is proven stopped: nobody is there to receive from', () =>
    expect(decide(owning({ stopProofs: [{ node: a, epoch: epoch(5), boot: 'boot-a' }] })).actions).toContainEqual({
      ...{ kind: 'pg.follow', follow: null, sourceStopped: true },
    }));
  it.each([
    [199, false],
    [200, true],
  ])('cut for %d ms: P4 holds %s', (ms, holds) =>
    expect(proposed(owning({ postgres: standby({ receiver: 'cut' }), postgresSinceMs: NOW - ms })).length === 1).toBe(holds),
  );
  it('does not take P4 where the configuration does not list it', () => {
    const o = owning({ postgres: standby({ receiver: 'cut' }) });
    expect(proposed({ ...o, settings: { ...o.settings, stopProofs: ['P1', 'P2'] } })).toEqual([]);
  });
  it('takes a signed P1 of that epoch and boot at once', () =>
    expect(
      proposed(
        owning({
          postgres: standby({ receiver: 'cut' }),
          postgresSinceMs: NOW,
          stopProofs: [{ node: a, epoch: epoch(5), boot: 'boot-a' }],
        }),
      ),
    ).toMatchObject([{ proof: { kind: 'P1' } }]));
  it('takes no P1 of another boot', () =>
    expect(
      proposed(
        owning({
          postgres: standby({ receiver: 'cut' }),
          postgresSinceMs: NOW,
          stopProofs: [{ node: a, epoch: epoch(5), boot: 'older' }],
        }),
      ),
    ).toEqual([]));
  it('promotes with the names the sync set demands, once the proof is committed', () =>
    expect(
      decide(
        owning({
          record: {
            ...owning().record,
            phase: 'promoting',
            syncSet: [b],
            proof: { kind: 'P4', of: a, epoch: epoch(5), evidence: '' },
          },
          postgres: standby({ receiver: 'cut' }),
        }),
      ).actions,
    ).toContainEqual({ kind: 'pg.promote', names: [], above: 0 }));
  it('asks for a timeline above every one that the cluster has had, whatever this server knows of', () => {
    const entry = (timeline: number) => ({ timeline, forkLsn: lsn(900), owner: a, epoch: epoch(5) });
    const opening = { ...owning().record, phase: 'promoting' as const, syncSet: [b], lineage: [entry(2), entry(5), entry(4)] };
    const { actions } = decide(owning({ record: opening, postgres: standby({ receiver: 'cut' }) }));
    expect(actions).toContainEqual({ kind: 'pg.promote', names: [], above: 5 });
  });
  it('opens when the manager is ready and the VIP is held', () =>
    expect(
      kinds(
        owning({
          record: { ...owning().record, phase: 'promoting', syncSet: [b] },
          postgres: primary({ names: [], peers: [] }),
          postgresSinceMs: NOW,
          vipHeld: true,
          manager: { mode: 'gated', epoch: epoch(6), ready: true },
        }),
      ),
    ).toContain('opened'));
});

describe('nothing begins to write before the dead man is armed', () => {
  const opening = { epoch: epoch(6), owner: b, ownerBoot: 'boot-b', phase: 'promoting' as const, syncSet: [b] };
  const promoting = (over: Partial<Observation>) =>
    seenByB({ record: record(opening), lead: leading, postgres: standby({ receiver: 'cut' }), ...over });
  it('neither a promotion nor a start as a primary', () => {
    expect(kinds(promoting({}))).toContain('pg.promote');
    expect(kinds(promoting({ armed: false }))).not.toContain('pg.promote');
    expect(lint(promoting({ armed: false }), { kind: 'pg.promote', names: [], above: 0 })).toContain('S1');
    expect(kinds(seenByA({ postgres: stopped(), peers: new Map(), armed: false }))).not.toContain('pg.startPrimary');
  });
});

describe('T3, a receiver that opened again', () => {
  const claimed = (over: Partial<Observation>) =>
    seenByB({
      record: record({
        epoch: epoch(6),
        owner: b,
        ownerBoot: 'boot-b',
        phase: 'stopping-old',
        previous: { node: a, epoch: epoch(5), boot: 'boot-a' },
      }),
      lead: leading,
      postgres: standby({ receiver: 'cut', follows: null }),
      ...over,
    });
  it('gives no proof while an action in flight may open it', () =>
    expect(kinds(claimed({ postgresBusy: 'pg.follow' }))).not.toContain('proveStopped'));
  it('is cut again before the promotion', () => {
    const promoting = claimed({ postgres: standby({ receiver: 'connecting' }) });
    expect(kinds({ ...promoting, record: { ...promoting.record, phase: 'promoting' } })).toContain('pg.follow');
  });
});

describe('two promotions that would call their timeline by one number', () => {
  const lost = (over: Partial<Observation>) =>
    seenByB({
      record: record({ syncSet: [a, b] }),
      lead: leading,
      postgres: standby({ receiver: 'connecting' }),
      peers: new Map(),
      ...over,
    });
  it('are not made: nobody claims beside one who may have promoted and has not said where', () => {
    const open = record({ epoch: epoch(5), owner: a, phase: 'promoting', opening: a });
    expect(proposed(lost({ record: open }))).toEqual([]);
    const claim = { kind: 'claim', id: '1', by: b, boot: 'boot-b', epoch: epoch(6), cause: '', atWallMs: 0 } as const;
    expect(applyCommand(open, claim).refused).toContain('may have promoted');
    expect(applyCommand({ ...open, opening: b }, claim).refused).toBeNull();
  });
  it('are not made: with strict, a member that has not followed the last timeline does not claim', () => {
    const o = lost({ record: record({ lineage: [{ timeline: 2, forkLsn: lsn(900), owner: a, epoch: epoch(5) }] }) });
    expect(proposed({ ...o, settings: { ...o.settings, policy: 'strict' } })).toEqual([]);
    expect(proposed({ ...o, settings: { ...o.settings, policy: 'strict' }, postgres: standby({ timeline: 2 }) })).toMatchObject([
      { kind: 'claim' },
    ]);
  });
});

describe('opening without what is late', () => {
  const opening = (over: Partial<Observation>) =>
    seenByB({
      lead: leading,
      record: record({ epoch: epoch(6), owner: b, ownerBoot: 'boot-b', phase: 'promoting', syncSet: [b] }),
      postgres: primary({ names: [], peers: [] }),
      manager: { mode: 'gated', epoch: epoch(6), ready: true },
      ...over,
    });
  it('waits three seconds for a VIP that cannot be set, then serves without it', () => {
    const failures = new Map([['vip.hold', { count: 3, atMs: NOW, code: 'VIP_DUPLICATE' }]]);
    expect(kinds(opening({ failures, postgresSinceMs: NOW - 2_999 }))).not.toContain('opened');
    expect(kinds(opening({ failures, postgresSinceMs: NOW - 3_000 }))).toContain('opened');
  });
  it('never opens while the names are wrong', () =>
    expect(kinds(opening({ vipHeld: true, postgres: primary({ names: [a] }), postgresSinceMs: 0 }))).not.toContain('opened'));
});
