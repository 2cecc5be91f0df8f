import type { Action, PostgresFacts } from '@yosugara/failover';
import type { ControllerState } from './state.js';

/** S8: rows that this node wrote, and that waited for a peer when its PostgreSQL ended, are visible once it writes again. */
export function showsWaiting({ record, config }: ControllerState, action: Action): boolean {
  if (action.kind === 'pg.startPrimary') return record.phase === 'serving' && action.names.length > 0;
  return action.kind === 'pg.promote' && action.names.length > 0 && record.previous?.node === config.self;
}

/** S8: every member of the sync set holds what a restart made visible, or the record lets it go. */
export function openGate(state: ControllerState, seen: PostgresFacts): void {
  if (state.gate === null || seen.kind !== 'primary') return;
  const lsn = state.gate.lsn ?? seen.walEnd;
  const others =
    state.record.owner === state.config.self ? state.record.syncSet.filter((node) => node !== state.config.self) : [];
  const held = others.every((node) => seen.peers.some((peer) => peer.node === node && peer.streaming && peer.flushLsn >= lsn));
  state.gate = held ? null : { lsn };
}
