import type { FenceHealth } from '@yosugara/failover';
import type { NodeId } from '@yosugara/kernel';
import type { ControllerState } from './state.js';
import type { NodeReport } from './types.js';

/* Questions about power devices and voters that need nothing but the state. */

/** After a health check is that old the device counts as never asked. */
export const CHECKS_KEPT = 3;
export const DEFAULT_CHECK_MS = 60_000;

export function hasTwoVoters(state: ControllerState): boolean {
  let voters = 0;
  for (const member of state.config.members) if (member.voter) voters += 1;
  return voters === 2;
}

export const votersOf = (state: ControllerState): readonly NodeId[] => state.raft.voters;

/** In a report times become ages: the other one has another clock. */
export const healthForReport = (state: ControllerState): NodeReport['fenceHealth'] =>
  [...state.fenceHealth.values()].map((health) => ({ ...health, atMs: health.atMs - state.nowMs }));

/** As heard from another node: back to our clock, as of when the report came. */
export const healthFromReport = (report: NodeReport, atMs: number): readonly FenceHealth[] =>
  report.fenceHealth.map((health) => ({ ...health, atMs: atMs + Math.min(0, health.atMs) }));
