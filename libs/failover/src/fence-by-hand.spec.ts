import { epoch } from '@yosugara/kernel';
import { describe, expect, it } from 'vitest';
import { applyCommand, type Command, decide, lint, type Observation } from './index.js';
import type { ClusterRecord, Fence } from './record.js';
import { a, b, kinds, NOW, peer, primary, proposed, record, seenByA, standby, w } from './testing.js';

const ordered = { by: 'ito', why: 'smoke' };
const order: Fence = {
  requestId: 'f1',
  target: b,
  forEpoch: epoch(5),
  by: a,
  state: 'requested',
  method: null,
  evidence: '',
  atWallMs: 1,
  ordered,
};
const apply = (before: ClusterRecord, command: Record<string, unknown>) =>
  applyCommand(before, { id: 'x', ...command } as Command);
const request = (over: object = {}) => ({
  ...{ kind: 'fenceRequest', epoch: epoch(5), by: a, target: b, requestId: 'f1', atWallMs: 1, ordered },
  ...over,
});
const heir = new Map([
  [b, peer({ postgres: standby() })],
  [w, peer({ kind: 'witness', postgres: { kind: 'unknown' } })],
]);
/** `a` serves epoch 5; `fence` is in its record. */
const asked = (fence: Partial<Fence> = {}, over: Partial<Observation> = {}, into: Partial<ClusterRecord> = {}): Observation => {
  const o = seenByA({ peers: heir, ...over });
  return {
    ...o,
    record: { ...o.record, fence: { ...order, ...fence }, ...into },
    settings: { ...o.settings, fenceable: [a, b], stopProofs: ['P1', 'P2'] },
  };
};
const off = {
  requestId: 'f1',
  target: b,
  forEpoch: epoch(5),
  result: 'off',
  method: 'fence_ipmilan',
  evidence: 'read off',
  atMs: NOW,
} as const;

describe('a Standby that an operator has switched off', () => {
  const cutsPower = { kind: 'fence.off', target: b, requestId: 'f1' } as const;
  it('is switched off by the Master, once the request is committed', () => {
    expect(apply(record(), request()).record.fence).toMatchObject({ state: 'requested', target: b, ordered });
    expect(decide(asked()).actions).toContainEqual(cutsPower);
    expect(lint(asked(), cutsPower)).toBeNull();
  });
  it('is ordered once', () => expect(kinds(asked({}, { fenceBusy: true }))).not.toContain('fence.off'));
  it('is written down with what its devices read back, and returns by recover', () => {
    const silent = new Map([...heir, [b, peer({ postgres: standby(), heardAgoMs: 2_000 })]]);
    const [result] = proposed(asked({}, { fenceOutcome: { ...off, atMs: NOW - 2_000 }, peers: silent }));
    expect(result).toMatchObject({ kind: 'fenceResult', state: 'confirmed', method: 'fence_ipmilan', evidence: 'read off' });
    const done = apply(asked().record, result as object as Record<string, unknown>).record;
    expect(done.fenced).toEqual([{ node: b, epoch: 5, evidence: 'read off' }]);
    expect(done.fence).toMatchObject({ state: 'confirmed', ordered });
  });
  it('is tried once: an operator is told of a failure, and asks again', () => {
    const failed = { ...off, result: 'failed', evidence: 'no answer' } as const;
    expect(proposed(asked({}, { fenceOutcome: failed }))).toMatchObject([{ kind: 'fenceResult', state: 'failed' }]);
    expect(kinds(asked({ state: 'failed' }))).not.toContain('fence.off');
  });
  it('keeps its power when it is put in maintenance meanwhile', () => {
    const maintenance = [{ node: b, requestId: 'm', untilWallMs: Number.MAX_SAFE_INTEGER / 1e3, why: 'disk' }];
    expect(kinds(asked({}, {}, { maintenance }))).not.toContain('fence.off');
    expect(proposed(asked({}, {}, { maintenance }))).toContainEqual(
      expect.objectContaining({ kind: 'fenceResult', state: 'failed' }),
    );
  });
  it('keeps it when a switchover has begun meanwhile', () =>
    expect(kinds(asked({}, {}, { switchover: { requestId: 's', to: b, epoch: epoch(5) } }))).not.toContain('fence.off'));
  it('is not switched on again by itself', () => {
    const o = asked({ state: 'confirmed' }, { peers: new Map() }, { fenced: [{ node: b, epoch: epoch(5), evidence: 'off' }] });
    expect(kinds({ ...o, settings: { ...o.settings, powerOnAfterFence: true } })).not.toContain('fence.on');
  });
  it('proves nothing of a later life: its epoch is not older than the one it was ordered in', () => {
    const again = record({
      epoch: epoch(7),
      owner: a,
      previous: { node: b, epoch: epoch(6), boot: 'b2' },
      phase: 'stopping-old',
    });
    const seen = seenByA({
      record: { ...again, fence: { ...order, state: 'confirmed' } },
      postgres: standby({ receiver: 'cut' }),
    });
    const o = { ...seen, settings: { ...seen.settings, stopProofs: ['P1', 'P2'] as const } };
    expect(proposed(o)).not.toContainEqual(expect.objectContaining({ kind: 'proveStopped' }));
  });
});

describe('a Master that an operator has switched off', () => {
  const it5 = { target: a };
  it('is no node that fences itself: it gives its part away first', () => {
    const { record: after, refused } = apply(record(), request(it5));
    expect([after.fence?.target, refused]).toEqual([a, null]);
    expect(decide(asked(it5))).toMatchObject({
      role: 'DEMOTING',
      why: expect.stringContaining('an operator has a switched off'),
    });
    expect(kinds(asked(it5))).not.toContain('fence.off');
    expect(lint(asked(it5), { kind: 'fence.off', target: a, requestId: 'f1' })).toMatch(/^S11/);
  });
  it('goes on serving, and says so, when no other node can take over any more', () => {
    const alone = asked(it5, { peers: new Map(), postgres: primary({ names: [], peers: [] }) }, { syncSet: [a] });
    expect(proposed(alone)).toContainEqual(
      expect.objectContaining({ kind: 'fenceResult', state: 'failed', evidence: expect.stringContaining('no other node') }),
    );
  });
  const claim = { kind: 'claim', by: b, boot: 'boot-b', epoch: epoch(6), cause: 'x', atWallMs: 2 };
  it('is switched off by whoever takes its part, under a request of the new epoch', () => {
    const { fence } = apply(asked(it5).record, claim).record;
    expect(fence).toMatchObject({ state: 'requested', target: a, by: b, forEpoch: 6, requestId: 'f1.6', ordered });
  });
  it('and what was answered in the epoch before proves nothing in the new one (F5)', () => {
    const after = apply(asked(it5).record, claim).record;
    const old = { kind: 'fenceResult', requestId: 'f1', state: 'confirmed', method: 'm', evidence: 'late' };
    expect(apply(after, old).refused).toBe('that fence is over');
  });
  it('is called off when it claims again itself', () =>
    expect(apply(asked(it5).record, { ...claim, by: a, boot: 'boot-a2' }).record.fence).toMatchObject({ state: 'failed' }));
});

describe('an order of an operator', () => {
  it.each([
    ['while a take-over is under way', { phase: 'stopping-old' as const }],
    ['after the Master has given its part away', { released: { epoch: epoch(5), by: a, walEnd: null } }],
  ])('is refused %s', (_, into) => expect(apply(record(into), request()).refused).toBe('no Master is serving'));
  it('is called off with its epoch when it is about another node than the Master', () =>
    expect(
      apply(asked({ target: b }).record, { kind: 'claim', by: b, boot: 'b1', epoch: epoch(6), cause: 'x', atWallMs: 2 }).record
        .fence,
    ).toMatchObject({ state: 'failed' }));
});
