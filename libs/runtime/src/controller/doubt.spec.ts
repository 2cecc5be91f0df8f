import { EMPTY_RECORD, PROFILES } from '@yosugara/failover';
import { epoch, nodeId } from '@yosugara/kernel';
import { expect, it } from 'vitest';
import { hasJumped, isDoubted, waitsForRound } from './doubt.js';
import { vipEffects } from './leasing.js';
import { observe } from './observe.js';
import { stepController } from './step.js';
import { leadingA, tick } from './testing/single.js';

const timings = PROFILES.lan;
const self = nodeId('a');

it.each([3_600_000, -3_600_000])(
  'a lease is doubted from a jump of the clock by %i ms until a round that began afterwards has come back',
  (aheadMs) => {
    const { state, atMs } = leadingA();
    expect(isDoubted(state)).toBe(false);
    stepController(state, { kind: 'jump', aheadMs, nowMs: atMs });
    expect(isDoubted(state)).toBe(true);
    let untilMs = atMs;
    while (isDoubted(state) && untilMs < atMs + 2_000) tick(state, (untilMs += 50));
    expect(isDoubted(state)).toBe(false);
    expect(untilMs - atMs, 'a heartbeat, not a demotion').toBeLessThanOrEqual(timings.heartbeatMs + 100);
  },
);

it('a jump gives the lease a short end, and the dead man the same', () => {
  const { state, atMs } = leadingA();
  state.lease = { untilMs: atMs + 60_000, epoch: state.record.epoch };
  const before = observe(state).lead!.leaseUntilMs;
  const effects = stepController(state, { kind: 'jump', aheadMs: 15_000, nowMs: atMs });
  const patienceMs = 3 * timings.heartbeatMs + 200;
  expect(effects).toContainEqual({ kind: 'lease', untilMs: atMs + patienceMs + timings.stopBudgetMs, epoch: state.record.epoch });
  const { leaseUntilMs } = observe(state).lead!;
  expect(leaseUntilMs).toBeLessThanOrEqual(before);
  expect(leaseUntilMs).toBeLessThanOrEqual(atMs + patienceMs + timings.leaseOwnMs - timings.demoteAtMs);
});

it('what others would notice waits for that round; stopping and letting go never do', () => {
  expect(waitsForRound({ kind: 'pg.promote', names: [], above: 0 })).toBe(true);
  expect(waitsForRound({ kind: 'vip.hold' })).toBe(true);
  expect(waitsForRound({ kind: 'pg.stop', mode: 'kill', budgetMs: 0 })).toBe(false);
  expect(waitsForRound({ kind: 'vip.release' })).toBe(false);
  expect(waitsForRound({ kind: 'pg.follow', follow: null })).toBe(false);
});

it('either direction is a jump: a wall clock that was set back during a pause must not hide it', () => {
  expect([-3_600_000, -300, 300, 3_600_000].every(hasJumped)).toBe(true);
  expect([-100, 0, 100].some(hasJumped), 'a slewed clock').toBe(false);
});

it('an address held before a jump is not prolonged before a fresh round, and prolonged after it', () => {
  const { state, atMs } = leadingA();
  Object.assign(state, {
    vipHeld: true,
    record: { ...EMPTY_RECORD, owner: self, ownerBoot: 'a1', epoch: epoch(1), phase: 'serving' },
  });
  expect(vipEffects(state, observe(state))).toHaveLength(1);
  state.vipRenewedMs = Number.NEGATIVE_INFINITY;
  stepController(state, { kind: 'jump', aheadMs: 15_000, nowMs: atMs });
  expect(vipEffects(state, observe(state))).toEqual([]);
  for (let untilMs = atMs; isDoubted(state); ) tick(state, (untilMs += 50));
  state.vipRenewedMs = Number.NEGATIVE_INFINITY;
  expect(vipEffects(state, observe(state))).toHaveLength(1);
});

it.each([-500, 500, -86_400_000, 86_400_000])('a step of the clock by %i ms demotes nobody', (aheadMs) => {
  const { state, atMs } = leadingA();
  stepController(state, { kind: 'jump', aheadMs, nowMs: atMs });
  const { term } = state.raft;
  for (let untilMs = atMs; untilMs < atMs + 10_000; ) {
    const effects = tick(state, (untilMs += 50));
    expect(effects).not.toContainEqual(expect.objectContaining({ kind: 'log', event: 'raft.following' }));
    expect(effects).not.toContainEqual(expect.objectContaining({ kind: 'act', action: { kind: 'vip.release' } }));
  }
  expect(observe(state).lead?.ready).toBe(true);
  expect(state.raft.term).toBe(term);
});
