import { epoch } from '@yosugara/kernel';
import { describe, expect, it } from 'vitest';
import { applyCommand, decide, forcedEpoch, type Observation } from './index.js';
import { a, b, leading, NOW, peer, primary, proposed, record, seenByB, standby, stopped } from './testing.js';

describe('an operator’s word', () => {
  const waiting = { epoch: epoch(6), owner: b, ownerBoot: 'boot-b', phase: 'stopping-old' as const, proof: null };
  const previous = { node: a, epoch: epoch(5), boot: 'boot-a' };
  const taking = (over: Partial<Observation> = {}, confirmed: Observation['record']['confirmed'] = null) => {
    const o = seenByB({
      lead: leading,
      record: record({ ...waiting, previous, confirmed }),
      postgres: standby({ receiver: 'cut' }),
      peers: new Map([[a, peer({ heardAgoMs: 60_000 })]]),
      ...over,
    });
    return { ...o, settings: { ...o.settings, stopProofs: ['P1', 'P2', 'P3'] as const } };
  };
  it('is waited for where no other proof can be had', () => expect(proposed(taking())).toEqual([]));
  it('is a proof about that owner and epoch (P5)', () =>
    expect(proposed(taking({}, { of: a, epoch: epoch(5), evidence: 'seen off' }))).toMatchObject([{ proof: { kind: 'P5' } }]));
  it('is none about another epoch', () =>
    expect(proposed(taking({}, { of: a, epoch: epoch(4), evidence: 'seen off' }))).toEqual([]));
  it('goes into the record with the forced claim, and the next claim forgets it', () => {
    const forced = applyCommand(record({ syncSet: [a] }), {
      id: '1',
      kind: 'forceClaim',
      by: b,
      boot: 'boot-b',
      epoch: forcedEpoch(record()),
      evidence: 'seen off',
      atWallMs: 0,
    }).record;
    expect(forced).toMatchObject({ confirmed: { of: a, epoch: 5 }, generation: 2, syncSet: [b] });
    const next = applyCommand(forced, {
      id: '2',
      kind: 'claim',
      by: b,
      boot: 'boot-b2',
      epoch: epoch(forcedEpoch(record()) + 1),
      cause: '',
      atWallMs: 0,
    }).record;
    expect(next.confirmed).toBeNull();
  });
});

describe('an old owner that reports from another life', () => {
  const previous = { node: a, epoch: epoch(5), boot: 'boot-a' };
  const claimed = record({ epoch: epoch(6), owner: b, ownerBoot: 'boot-b', phase: 'stopping-old', proof: null, previous });
  const seen = (boot: string, knowsEpoch: number) => {
    const o = seenByB({
      lead: leading,
      record: claimed,
      postgres: standby({ receiver: 'cut' }),
      postgresSinceMs: NOW,
      peers: new Map([[a, peer({ boot, knowsEpoch: epoch(knowsEpoch), postgres: stopped() })]]),
    });
    return proposed(o);
  };
  it('has stopped: its new dead man proved the old life gone (P1)', () =>
    expect(seen('boot-a2', 6)).toMatchObject([{ proof: { kind: 'P1' } }]));
  it('proves nothing when the report may be older than the claim', () => expect(seen('boot-a0', 5)).toEqual([]));
  it('proves nothing from the very life that owned', () => expect(seen('boot-a', 6)).toEqual([]));
});

describe('an old owner that wakes up when another one has claimed', () => {
  const awake = (over: Partial<Observation> = {}, boot = 'boot-b'): Observation =>
    seenByB({
      record: record({
        epoch: epoch(6),
        owner: a,
        ownerBoot: 'boot-a',
        phase: 'stopping-old',
        previous: { node: b, epoch: epoch(5), boot, armed: null },
        proof: null,
      }),
      boot: 'boot-b',
      postgres: standby({ receiver: 'cut', follows: null }),
      postgresSinceMs: NOW - 5_000,
      ...over,
    });
  const renounces = (o: Observation) => decide(o).actions.filter(({ kind }) => kind === 'renounce');

  it('says that it has stopped, once it has: nothing else may be able to prove it', () => {
    expect(renounces(awake())).toEqual([{ kind: 'renounce', epoch: 5 }]);
    expect(renounces(awake({ postgres: primary() }))).toEqual([]);
    expect(renounces(awake({ postgresBusy: 'pg.stop' }))).toEqual([]);
    expect(renounces(awake({ vipHeld: true }))).toEqual([]);
  });
  it('says it once, and only of its own life', () => {
    expect(renounces(awake({ renounced: epoch(5) }))).toEqual([]);
    expect(renounces(awake({}, 'an earlier boot'))).toEqual([]);
  });
});
