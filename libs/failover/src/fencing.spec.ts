import { epoch } from '@yosugara/kernel';
import { describe, expect, it } from 'vitest';
import { applyCommand, decide, lint, type Observation, watchdogWaitMs } from './index.js';
import { PROFILES } from './profiles.js';
import { EMPTY_RECORD, type Fence } from './record.js';
import { a, b, kinds, leading, NOW, peer, primary, proposed, record, seenByB, standby, stopped, w } from './testing.js';

const refusals = (o: Observation) => decide(o).actions.flatMap((action) => lint(o, action) ?? []);

const silentA = peer({ postgres: primary(), heardAgoMs: 10_000 });
const witness = peer({ kind: 'witness', postgres: { kind: 'unknown' } });
const request: Fence = {
  requestId: 'f1',
  target: a,
  forEpoch: epoch(6),
  by: b,
  state: 'requested',
  method: null,
  evidence: '',
  atWallMs: 1,
};
const off = {
  requestId: 'f1',
  target: a,
  forEpoch: epoch(6),
  result: 'off',
  method: 'fence_ipmilan',
  evidence: 'read off',
  atMs: NOW,
} as const;
const failed = { ...off, result: 'failed', method: 'FENCE_UNKNOWN', evidence: 'no answer in 20 s' } as const;

/** `b` owns epoch 6, its receiver is cut; `a`, silent for 10 s, has a power device. */
const takingOver = (
  over: Partial<Observation> = {},
  fence: Fence | null = null,
  stopProofs = ['P1', 'P2', 'P3'],
): Observation => {
  const o = seenByB({
    record: record({
      epoch: epoch(6),
      owner: b,
      ownerBoot: 'boot-b',
      phase: 'stopping-old',
      previous: { node: a, epoch: epoch(5), boot: 'boot-a', armed: { kind: 'soft', timeoutMs: null } },
      proof: null,
      fence,
    }),
    lead: { ...leading, sinceMs: NOW - 10_000 },
    postgres: standby({ receiver: 'cut', follows: null }),
    postgresSinceMs: NOW - 10_000,
    peers: new Map([
      [a, silentA],
      [w, witness],
    ]),
    ...over,
  });
  return {
    ...o,
    settings: { ...o.settings, fenceable: [a, b], stopProofs: stopProofs as Observation['settings']['stopProofs'] },
  };
};

describe('P2, after the epoch is committed', () => {
  it('is asked for in the record first', () =>
    expect(proposed(takingOver())).toMatchObject([{ kind: 'fenceRequest', epoch: 6, by: b, target: a }]));
  it('is ordered only when the request is committed', () => {
    expect(kinds(takingOver())).not.toContain('fence.off');
    expect(decide(takingOver({}, request)).actions).toContainEqual({ kind: 'fence.off', target: a, requestId: 'f1' });
  });
  it('does not wait for the receiver to be cut', () =>
    expect(kinds(takingOver({ postgres: standby() }))).toEqual(expect.arrayContaining(['pg.follow', 'fenceRequest'])));
  it.each([
    ['runs no standby that could be promoted', { postgres: stopped() }],
    ['does not answer', { postgres: { kind: 'hung', failures: 3, wasPrimary: false } as const }],
  ])('is not asked for while PostgreSQL here %s: nobody is shot for nothing', (_, over) =>
    expect(kinds(takingOver(over))).not.toContain('fenceRequest'),
  );
  it('says what the devices read back', () =>
    expect(proposed(takingOver({ fenceOutcome: off }, request))).toMatchObject([
      { kind: 'fenceResult', requestId: 'f1', state: 'confirmed', method: 'fence_ipmilan', evidence: 'read off' },
    ]));
  it('is a proof once that is committed', () =>
    expect(
      proposed(takingOver({}, { ...request, state: 'confirmed', method: 'fence_ipmilan', evidence: 'read off' })),
    ).toMatchObject([{ kind: 'proveStopped', proof: { kind: 'P2', of: a, epoch: 5 } }]));
  it('gives way to a P1 that arrives meanwhile', () =>
    expect(
      proposed(takingOver({ stopProofs: [{ node: a, epoch: epoch(5), boot: 'boot-a' }], fenceBusy: true }, request)),
    ).toMatchObject([{ kind: 'proveStopped', proof: { kind: 'P1' } }]));
  it('is not asked for where it is not listed', () =>
    expect(kinds(takingOver({}, null, ['P1', 'P3']))).not.toContain('fenceRequest'));
  it('names the node that has no power device', () => {
    const o = takingOver();
    const bare = { ...o, settings: { ...o.settings, fenceable: [b] } };
    expect(kinds(bare)).not.toContain('fenceRequest');
    expect(decide(bare).why).toBe('a has no power device');
  });
  it('leaves a node in maintenance its power', () => {
    const o = takingOver();
    const worked = {
      ...o.record,
      maintenance: [{ node: a, requestId: 'm', untilWallMs: Number.MAX_SAFE_INTEGER / 1e3, why: 'disk' }],
    };
    expect(kinds({ ...o, record: worked })).not.toContain('fenceRequest');
  });
});

describe('a fence that does not come off (F2, F3, F7)', () => {
  it('is written down as failed, never as a success', () =>
    expect(proposed(takingOver({ fenceOutcome: failed }, request))).toMatchObject([{ kind: 'fenceResult', state: 'failed' }]));
  it('proves nothing', () => expect(kinds(takingOver({}, { ...request, state: 'failed' }))).not.toContain('proveStopped'));
  const cooling = (ageMs: number): Partial<Observation> => ({
    failures: new Map([['fence.off', { count: 2, atMs: NOW - ageMs, code: 'FENCE_UNKNOWN' }]]),
  });
  const over = { ...request, state: 'failed', evidence: 'no answer in 20 s' } as const;
  it.each([
    [999, false],
    [1_000, true],
  ])('is asked for anew after a pause: %d ms after the second failure: %s', (ageMs, again) =>
    expect(kinds(takingOver(cooling(ageMs), over)).includes('fenceRequest')).toBe(again),
  );
  it('is an alarm that says what an operator can do', () =>
    expect(decide(takingOver(cooling(10), over)).why).toMatch(
      /^ALARM: a could not be switched off: no answer in 20 s; .*--old-master-is-off/,
    ));
  it('never becomes a success by time', () =>
    expect(
      kinds(takingOver({ nowMs: NOW + 3_600_000, lead: { ...leading, leaseUntilMs: NOW + 3_603_000 } }, over)),
    ).not.toContain('proveStopped'));
});

describe('a device that says off of a host that is still heard (F4, F11)', () => {
  const heard = (heardAgoMs: number, endedAgoMs: number): Observation =>
    takingOver(
      {
        peers: new Map([
          [a, { ...silentA, heardAgoMs }],
          [w, witness],
        ]),
        fenceOutcome: { ...off, atMs: NOW - endedAgoMs },
      },
      request,
    );
  it('is not believed at once', () => expect(kinds(heard(100, 200))).not.toContain('fenceResult'));
  it('has failed when the host goes on talking', () =>
    expect(proposed(heard(100, 2_000))).toMatchObject([{ kind: 'fenceResult', state: 'failed' }]));
  it('is believed when nothing was heard since', () =>
    expect(proposed(heard(2_000, 2_000))).toMatchObject([{ kind: 'fenceResult', state: 'confirmed' }]));
});

describe('an old owner that is heard', () => {
  const talking = (sinceMs: number): Observation =>
    takingOver({
      peers: new Map([
        [a, peer({ postgres: stopped() })],
        [w, witness],
      ]),
      lead: { ...leading, sinceMs: NOW - sinceMs },
    });
  it('has a moment to say that it has stopped', () => expect(kinds(talking(1_499))).not.toContain('fenceRequest'));
  it('is switched off after that', () => expect(kinds(talking(1_500))).toContain('fenceRequest'));
});

describe('stale fences (F5, F10)', () => {
  it('an outcome of another request proves nothing', () =>
    expect(kinds(takingOver({ fenceOutcome: { ...off, requestId: 'f0' } }, request))).not.toContain('fenceResult'));
  it('a fence of the old owner’s own epoch proves nothing', () =>
    expect(kinds(takingOver({}, { ...request, state: 'confirmed', forEpoch: epoch(5) }))).not.toContain('proveStopped'));
  it('a fence of another node proves nothing', () =>
    expect(kinds(takingOver({}, { ...request, state: 'confirmed', target: b }))).not.toContain('proveStopped'));
  it('a request whose asker is gone is over: the next owner asks anew', () => {
    const asked = record({ ...takingOver({}, request).record });
    const { record: claimed } = applyCommand(asked, {
      ...{ id: 'x', kind: 'claim', by: a, boot: 'boot-a2', epoch: epoch(7), cause: 'again', atWallMs: 2 },
    });
    expect(claimed.fence).toMatchObject({ state: 'failed', requestId: 'f1' });
    const late = applyCommand(claimed, {
      ...{ id: 'y', kind: 'fenceResult', requestId: 'f1', state: 'confirmed', method: 'm', evidence: 'late' },
    });
    expect(late.refused).toBe('that fence is over');
  });
  it('a fence asked for in the same chain of claims still proves the old owner’s end', () => {
    const o = takingOver({}, { ...request, state: 'confirmed', method: 'm', evidence: 'read off' });
    const later = { ...o, record: { ...o.record, epoch: epoch(7) } };
    expect(proposed(later)).toMatchObject([{ kind: 'proveStopped', proof: { kind: 'P2' } }]);
  });
  it('an order that nobody needs any more is called off', () => {
    const o = takingOver({ postgres: standby({ receiver: 'cut' }) }, request);
    expect(proposed({ ...o, record: { ...o.record, phase: 'promoting' } })).toContainEqual(
      expect.objectContaining({ kind: 'fenceResult', state: 'failed' }),
    );
  });
});

describe('S11', () => {
  const order = { kind: 'fence.off', target: a, requestId: 'f1' } as const;
  it('lets the owner of the epoch fence what it has committed', () => expect(lint(takingOver({}, request), order)).toBeNull());
  it.each<[string, Partial<Observation>, Fence | null, object]>([
    ['nothing is committed', {}, null, {}],
    ['another request is', {}, { ...request, requestId: 'f2' }, {}],
    ['it was for an older epoch', {}, { ...request, forEpoch: epoch(5) }, {}],
    ['the lease is over', { lead: { ...leading, leaseUntilMs: NOW + 1_000 } }, request, {}],
    ['it is the node itself', {}, { ...request, target: b }, { target: b }],
    ['it is no data node', {}, { ...request, target: w }, { target: w }],
    ['the target knows of a newer epoch (F10)', { peers: new Map([[a, { ...silentA, knowsEpoch: epoch(7) }]]) }, request, {}],
  ])('refuses when %s', (_, over, fence, change) =>
    expect(lint(takingOver(over, fence), { ...order, ...change })).toMatch(/^S11/),
  );
  it('is kept by every decision here', () => {
    for (const fence of [null, request, { ...request, state: 'failed' as const }])
      for (const fenceOutcome of [null, off, failed]) expect(refusals(takingOver({ fenceOutcome }, fence))).toEqual([]);
  });
});

describe('P3', () => {
  const armed = { kind: 'hardware', timeoutMs: 1_000 } as const;
  const watched = (waitedMs: number, of: object = armed): Observation => {
    const o = takingOver({ lead: { ...leading, sinceMs: NOW - waitedMs } }, null, ['P1', 'P3']);
    return { ...o, record: { ...o.record, previous: { ...o.record.previous!, armed: of as typeof armed } } };
  };
  const waitMs = watchdogWaitMs(PROFILES.lan, 1_000);
  it('counts two time-outs and the drift of both clocks from the own election', () => {
    expect(waitMs).toBeGreaterThanOrEqual((2_000 * 1.01) / 0.99);
    expect(waitMs).toBeLessThan(2_300);
  });
  it.each([
    [Math.floor(waitMs), false],
    [Math.ceil(waitMs), true],
  ])('after %d ms: %s', (waited, holds) => expect(kinds(watched(waited)).includes('proveStopped')).toBe(holds));
  it.each([
    ['soft', { kind: 'soft', timeoutMs: null }],
    ['not read back', { kind: 'hardware', timeoutMs: null }],
    ['not declared', null],
  ])('is refused when the watchdog is %s', (_, of) => expect(kinds(watched(60_000, of as object))).not.toContain('proveStopped'));
  it('is refused when the old owner still speaks of a writable database', () => {
    const o = watched(60_000);
    expect(kinds({ ...o, peers: new Map([[a, peer({ postgres: primary() })]]) })).not.toContain('proveStopped');
  });
  it('spares the power where it is listed first and will hold', () => {
    const o = takingOver({ lead: leading }, null, ['P1', 'P3', 'P2']);
    expect(kinds({ ...o, record: { ...o.record, previous: { ...o.record.previous!, armed } } })).not.toContain('fenceRequest');
    expect(kinds(o)).toContain('fenceRequest');
  });
  it('takes what the claim declared', () => {
    const first = {
      ...EMPTY_RECORD,
      epoch: epoch(4),
      owner: b,
      ownerBoot: 'b0',
      systemId: '7',
      syncSet: [a, b],
      everSync: [a, b],
    };
    const claim = { id: 'x', kind: 'claim', by: a, boot: 'a0', epoch: epoch(5), cause: '', atWallMs: 1, armed } as const;
    const next = { id: 'y', kind: 'claim', by: b, boot: 'b1', epoch: epoch(6), cause: '', atWallMs: 1 } as const;
    const serving = { ...applyCommand(first, claim).record, phase: 'serving' as const };
    expect(serving.armed).toEqual(armed);
    expect(applyCommand(serving, next).record).toMatchObject({ armed: null, previous: { node: a, armed } });
  });
});

describe('the order of the proofs', () => {
  it('takes P4 as soon as it holds, wherever P2 stands', () =>
    expect(proposed(takingOver({}, null, ['P1', 'P2', 'P4']))).toMatchObject([{ kind: 'proveStopped', proof: { kind: 'P4' } }]));
  it('cuts nobody’s power while a P4 that is listed before P2 is about to hold', () =>
    expect(kinds(takingOver({ postgresSinceMs: NOW - 100 }, null, ['P1', 'P4', 'P2']))).toEqual(['manager.mode']));
  it('asks for P2 at once where it is listed before P4', () =>
    expect(kinds(takingOver({ postgresSinceMs: NOW - 100 }, null, ['P1', 'P2', 'P4']))).toContain('fenceRequest'));
});

describe('a node that was switched off', () => {
  const fenced = [{ node: b, epoch: epoch(5), evidence: 'read off' }];
  const back = (over: object = {}, autoRejoin: 'clean' | 'always' = 'clean'): Observation => {
    const o = seenByB({ record: record({ syncSet: [a], fenced, ...over }), postgres: stopped({ state: 'standby' }) });
    return { ...o, settings: { ...o.settings, autoRejoin } };
  };
  it('waits for recover', () => expect(decide(back())).toMatchObject({ role: 'FENCED', needsRecover: true }));
  it('starts nothing', () => expect(kinds(back())).toEqual(['manager.mode']));
  it('comes back when asked to', () =>
    expect(kinds(back({ recover: [{ node: b, requestId: 'r', state: 'open' }] }))).toContain('pg.startStandby'));
  it('comes back by itself where the policy is always', () => expect(kinds(back({}, 'always'))).toContain('pg.startStandby'));
  it('may be needed while nobody serves and it holds every commit', () =>
    expect(kinds(back({ syncSet: [a, b], phase: 'stopping-old' }))).toContain('pg.startStandby'));
  it('hands leadership to the owner, which may start again in place (strict keeps both in the sync set)', () => {
    const alone = back({ syncSet: [a, b], owner: a, phase: 'serving', previous: { node: b, epoch: epoch(4), boot: 'b0' } });
    const peers = new Map([
      [a, peer({ postgres: standby() })],
      [w, witness],
    ]);
    expect(decide({ ...alone, lead: leading, peers }).actions).toContainEqual({ kind: 'raft.transfer', to: a });
  });
  it('is free again with its join', () =>
    expect(applyCommand(back().record, { id: 'x', kind: 'join', epoch: epoch(5), node: b }).record.fenced).toEqual([]));
});

describe('power on after the fence', () => {
  const serving = (over: Partial<Observation> = {}, powerOnAfterFence = true, out = true): Observation => {
    const confirmed: Fence = { ...request, state: 'confirmed', method: 'm', evidence: 'read off' };
    const o = takingOver({ postgres: primary({ names: [], peers: [] }), vipHeld: true, ...over }, confirmed);
    const now = {
      ...o.record,
      phase: 'serving' as const,
      syncSet: [b],
      fenced: out ? [{ node: a, epoch: epoch(6), evidence: 'read off' }] : [],
    };
    return { ...o, record: now, settings: { ...o.settings, powerOnAfterFence } };
  };
  it('is ordered once somebody serves', () => expect(decide(serving()).actions).toContainEqual({ kind: 'fence.on', target: a }));
  it('is ordered once only', () => expect(kinds(serving({ poweredOn: 'f1' }))).not.toContain('fence.on'));
  it('is not ordered unless configured', () => expect(kinds(serving({}, false))).not.toContain('fence.on'));
  it('is not ordered without an arbiter', () => expect(kinds(serving({ twoNodes: true }))).not.toContain('fence.on'));
  it('is not ordered for a node that is back', () => expect(kinds(serving({}, true, false))).not.toContain('fence.on'));
});
