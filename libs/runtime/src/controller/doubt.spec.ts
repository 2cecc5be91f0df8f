import { PROFILES } from '@yosugara/failover';
import { nodeId } from '@yosugara/kernel';
import { expect, it } from 'vitest';
import { isDoubted, waitsForRound } from './doubt.js';
import { observe } from './observe.js';
import { type ControllerState, createController } from './state.js';
import { stepController } from './step.js';
import { raftTimings } from './timings.js';
import type { ControllerConfig, ControllerEffect } from './types.js';

const timings = PROFILES.lan;
const self = nodeId('a');

/** Alone with itself: every round comes back at once, so what follows is about the clock only. */
function leader(): { state: ControllerState; atMs: number } {
  const config = {
    ...{ self, kind: 'data', boot: 'a1', members: [{ id: self, kind: 'data', voter: true }], compactEvery: 1_000, trailing: 10 },
    settings: {
      policy: 'available',
      stopProofs: ['P1'],
      autoRejoin: 'clean',
      timings,
      hasVip: false,
      drNodes: [],
      fenceable: [],
    },
    raft: raftTimings(timings),
  } as unknown as ControllerConfig;
  const { state } = createController(config, { hardState: { term: 0, votedFor: null }, snapshot: null, entries: [] }, 0, 0);
  let atMs = 0;
  for (; atMs < 20_000 && observe(state).lead?.ready !== true; atMs += 50) tick(state, atMs);
  expect(observe(state).lead?.ready).toBe(true);
  return { state, atMs };
}

function tick(state: ControllerState, nowMs: number): ControllerEffect[] {
  return stepController(state, { kind: 'tick', nowMs, wallMs: nowMs, random: 0.5 });
}

it('a lease is doubted from a jump of the clock until a round that began afterwards has come back', () => {
  const { state, atMs } = leader();
  expect(isDoubted(state)).toBe(false);
  stepController(state, { kind: 'jump', aheadMs: 3_600_000, nowMs: atMs });
  expect(isDoubted(state)).toBe(true);
  let untilMs = atMs;
  while (isDoubted(state) && untilMs < atMs + 2_000) tick(state, (untilMs += 50));
  expect(isDoubted(state)).toBe(false);
  expect(untilMs - atMs, 'a heartbeat, not a demotion').toBeLessThanOrEqual(timings.heartbeatMs + 100);
});

it('a jump gives the lease a short end, and the dead man the same', () => {
  const { state, atMs } = leader();
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
