import { heldBack, type Move } from './governance.js';
import type { Action, Observation } from './observation.js';
import { mayServe, successor } from './view.js';

/**
 * A manager that does not answer (SIGSTOP, an endless loop): its process lives, so nobody restarts it, and API and ingest stand
 * still. It is killed and started again in place once; if that does not help, a node whose manager answers takes over, as in T5.
 */

/** A start may take long, on a host that is short of everything, too. */
export const MANAGER_START_MS = 20_000;
/** After a restart it should be ready again within this. */
export const MANAGER_READY_MS = 15_000;
/** Hanging again within this, the restart has not helped. */
export const MANAGER_AGAIN_MS = 600_000;
/** Where nobody can take over it is restarted for ever, but less and less often. */
const SPACING_MS = [0, 15_000, 30_000, 60_000] as const;

export const managerRestarts = (o: Observation): readonly number[] =>
  (o.manager?.restarts ?? []).filter((atMs) => o.nowMs - atMs < MANAGER_AGAIN_MS);

/** For how long nothing was heard of it, if that is too long. null: it answers, still starts, or does not run. */
export function managerSilentMs(o: Observation): number | null {
  const { silentSinceMs = null, starting = false } = o.manager ?? {};
  if (silentSinceMs === null) return null;
  const silentMs = o.nowMs - silentSinceMs;
  return silentMs >= (starting ? MANAGER_START_MS : o.settings.timings.managerSilentMs) ? silentMs : null;
}

/** Restarting it has not helped: a sentence. null: it was not needed, did help, or may still help. */
export function managerFails(o: Observation): string | null {
  const restarts = managerRestarts(o);
  const last = restarts.at(-1);
  if (last === undefined) return null;
  if (managerSilentMs(o) !== null) return `the manager of ${o.self} does not answer`;
  const back = (o.manager?.readyMs ?? Number.NEGATIVE_INFINITY) > last;
  return back || o.nowMs - last < MANAGER_READY_MS ? null : `the manager of ${o.self} is not ready again after a restart`;
}

/** The Master should give way because of its manager. Nobody takes over with a manager that does not answer either. */
export function managerMove(o: Observation): Move | null {
  const cause = managerFails(o);
  const heir = cause === null ? null : successor(o);
  if (cause === null || heir === null || heldBack(o) !== null) return null;
  // Once PostgreSQL is stopped for the move there is no way back.
  if (o.postgres.kind === 'primary' && o.peers.get(heir)?.managerReady === false) return null;
  return { cause, stop: 'fast', automatic: true };
}

/** On any data node, whatever its part: a Standby's manager is to be warm. Not while the node gives way: it would be in vain. */
export function restartManager(o: Observation): readonly Action[] {
  const silentMs = managerSilentMs(o);
  if (silentMs === null || o.leaving) return [];
  if (mayServe(o) && o.record.phase === 'serving' && managerMove(o) !== null) return [];
  const restarts = managerRestarts(o);
  const last = restarts.at(-1);
  const pauseMs = SPACING_MS[Math.min(restarts.length, SPACING_MS.length - 1)]!;
  if (last !== undefined && o.nowMs - last < pauseMs) return [];
  return [{ kind: 'manager.restart', why: `the manager of ${o.self} has said nothing for ${(silentMs / 1_000).toFixed(1)} s` }];
}
