import { EMPTY_RECORD, PROFILES } from '@yosugara/failover';
import { epoch, nodeId } from '@yosugara/kernel';
import { describe, expect, it } from 'vitest';
import { isServing, noticeEffects, strikeAtMs, vipEffects } from './leasing.js';
import { observe } from './observe.js';
import type { ControllerState } from './state.js';
import { passTime } from './step.js';
import { leadingA } from './testing/single.js';

const { leaseOwnMs, killBudgetMs } = PROFILES.lan;
const EVERY_MS = Math.min(500, leaseOwnMs / 8);

/** `a` serves and holds the address; its last renewal was just now. */
function holding(): ControllerState {
  const { state } = leadingA();
  state.lease = { untilMs: state.raft.lead!.leaseUntilMs! - killBudgetMs, epoch: epoch(1) };
  return Object.assign(state, {
    vipHeld: true,
    vipRenewedMs: state.nowMs,
    record: { ...EMPTY_RECORD, owner: nodeId('a'), ownerBoot: 'a1', epoch: epoch(1), phase: 'serving' },
  });
}
const after = (state: ControllerState, ms: number) => {
  state.nowMs += ms;
  return vipEffects(state, observe(state));
};

describe('the renewal of a VIP', () => {
  it('comes with every renewed lease, well before the last second that the kernel counts', () => {
    const state = holding();
    expect(after(state, EVERY_MS - 1)).toEqual([]);
    expect(after(state, 1)).toHaveLength(1);
    expect(after(state, EVERY_MS - 1)).toEqual([]);
    expect(after(state, 1)).toHaveLength(1);
  });
  it('lets the address live until the dead man strikes, and no longer', () => {
    const state = holding();
    const [effect] = after(state, EVERY_MS);
    const o = observe(state);
    expect(effect).toEqual({ kind: 'vipRenew', leaseLeftMs: strikeAtMs(o) - o.nowMs });
    expect(strikeAtMs(o)).toBe(o.lead!.leaseUntilMs - killBudgetMs);
  });
  it('goes by what the dead man was told where an echo that had waited renewed the lease, and so does what others are told', () => {
    const state = holding();
    const told = state.lease.untilMs;
    state.raft.lead!.leaseUntilMs! += 600;
    expect(after(state, EVERY_MS)).toEqual([{ kind: 'vipRenew', leaseLeftMs: told - state.nowMs }]);
    expect(noticeEffects(state, observe(state))).toMatchObject([{ notice: { leaseUntilMs: told } }]);
  });
  it.each<[string, (state: ControllerState) => void]>([
    ['the address is not here', (state) => Object.assign(state, { vipHeld: false })],
    ['another node owns', (state) => Object.assign(state, { record: { ...state.record, owner: nodeId('b') } })],
    [
      'an earlier start of this controller owned',
      (state) => Object.assign(state, { record: { ...state.record, ownerBoot: 'a0' } }),
    ],
    [
      'it is being released: it would be set again, and the whole cable told so',
      (state) => state.busy.set('vip', { action: { kind: 'vip.release' }, sinceMs: state.nowMs }),
    ],
  ])('does not come when %s', (_, change) => {
    const state = holding();
    change(state);
    expect(after(state, EVERY_MS)).toEqual([]);
  });
});

describe('a Master that stood still for longer than it had given its dead man', () => {
  const facts = { kind: 'primary', timeline: 1, walEnd: 5, systemId: '7', names: [], peers: [], forks: [] } as never;
  const standsStill = (forMs: number) => {
    const state = Object.assign(holding(), { facts, factsKey: 'primary' });
    state.lease = { untilMs: state.nowMs + 1_500, epoch: epoch(1) };
    passTime(state, state.nowMs + forMs);
    // What waited meanwhile: an echo that renews the lease by its arithmetic.
    state.raft.lead!.leaseUntilMs = state.nowMs + leaseOwnMs;
    return observe(state);
  };
  it('serves no more, whatever it hears first: it was struck, and the voters know', () => {
    expect(isServing(standsStill(1_501))).toBe(false);
    // That it has stopped is the dead man's to say.
    expect(standsStill(1_501).renounced).toBe(0);
  });
  it('goes on when it wakes up before', () => expect(isServing(standsStill(1_500))).toBe(true));
});
