import { type Action, type PostgresFacts, requiredNames } from '@yosugara/failover';
import { observe } from './observe.js';
import type { ControllerState } from './state.js';

/** S8: rows that this node wrote, and that waited for a peer when its PostgreSQL ended, are visible once it writes again. */
export function showsWaiting({ record, config, endedMs, failures }: ControllerState, action: Action): boolean {
  if (action.kind === 'pg.startPrimary') return record.phase === 'serving' && action.names.length > 0;
  if (action.kind !== 'pg.promote' || action.names.length === 0) return false;
  // Whoever is promoted once more has written since the first time. (Seed 2102 of the simulator.)
  return record.previous?.node === config.self || endedMs.has(action.kind) || failures.has(action.kind);
}

/** S8: every member of the sync set holds what a restart made visible, or the record lets it go. */
export function openGate(state: ControllerState, seen: PostgresFacts): void {
  if (state.gate === null || seen.kind !== 'primary') return;
  const lsn = state.gate.lsn ?? seen.walEnd;
  // A join that waits in our log counts: once it comes true, its member must have what was shown before. (Seed 81 of the simulator.)
  const others = state.record.owner === state.config.self ? requiredNames(observe(state)) : [];
  const held = others.every((node) => seen.peers.some((peer) => peer.node === node && peer.streaming && peer.flushLsn >= lsn));
  state.gate = held ? null : { lsn };
}
