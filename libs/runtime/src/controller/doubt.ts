import { isLeader, leaseUntilMs } from '@yosugara/consensus';
import type { Action } from '@yosugara/failover';
import type { ControllerState } from './state.js';
import type { ControllerEffect } from './types.js';

/** Both clocks are slewed at the same rate: between two looks only a step, or a pause, moves them apart. */
const JUMP_MS = 200;

export const hasJumped = (apartMs: number): boolean => Math.abs(apartMs) > JUMP_MS;

/**
 * The wall clock and CLOCK_MONOTONIC went apart: this host was suspended, or its hypervisor paused it, and a lease that looks alive
 * may be long over (failover.md 2.5). Or somebody set the clock, which harms nothing. Nobody here can tell the two apart, also when the
 * wall clock went back: it may have been set during the pause. So the lease is neither believed nor given up: what others would notice
 * waits for a round that began afterwards. It is back within a heartbeat if all is well; if it is not, the lease counts as lost after
 * `patienceMs` and the usual demotion follows. So a step of the clock never causes a take-over, and a thawed Master does nothing on the
 * strength of an old lease.
 */
export const isDoubted = (state: ControllerState): boolean =>
  isLeader(state.raft) && leaseUntilMs(state.raft) - state.config.raft.leaseOwnMs < state.jumpedMs;

const patienceMs = ({ config }: ControllerState): number => 3 * config.raft.heartbeatMs + 200;

/** The lease as far as it is believed. */
export function believedLeaseMs(state: ControllerState): number {
  const untilMs = leaseUntilMs(state.raft);
  if (!isDoubted(state)) return untilMs;
  const { leaseOwnMs, demoteAtMs } = state.config.settings.timings;
  return Math.min(untilMs, state.jumpedMs + patienceMs(state) + leaseOwnMs - demoteAtMs);
}

export function doubt(state: ControllerState, nowMs: number, aheadMs: number): ControllerEffect[] {
  state.jumpedMs = nowMs;
  const log: ControllerEffect = {
    kind: 'log',
    level: 'warn',
    event: 'clock.jumped',
    fields: { aheadMs: Math.round(aheadMs), leads: isLeader(state.raft) },
  };
  // The dead man's lease is shortened in the same way: should this process not go on, it strikes early.
  const untilMs = nowMs + patienceMs(state) + state.config.settings.timings.stopBudgetMs;
  if (state.lease.untilMs <= untilMs) return [log];
  state.lease = { ...state.lease, untilMs };
  return [log, { kind: 'lease', untilMs, epoch: state.lease.epoch }];
}

/** What others would notice. Stopping, releasing and looking are never held up. */
export function waitsForRound(action: Action): boolean {
  switch (action.kind) {
    case 'pg.promote':
    case 'pg.startPrimary':
    case 'pg.setNames':
    case 'vip.hold':
    case 'fence.off':
    case 'fence.on':
    case 'hook.run':
      return true;
    case 'record.propose':
      return action.command.kind !== 'release';
    default:
      return false;
  }
}
