import { orderedHere } from './fence-by-hand.js';
import { notFit, outOnPurpose, wallTime } from './fitness.js';
import { type Action, type Observation, propose } from './observation.js';
import { type ClusterRecord, isReleased, isUnborn } from './record.js';
import { successor } from './view.js';

/**
 * What the cluster may do by itself: pauses (T10), the limit of automatic take-overs, maintenance, unfit hosts, planned stops.
 * Nothing here weakens a proof or a lease; it only keeps moves from beginning. A move that began is always finished.
 */

/** pg_auto_failover's bound: a server that fails this often within this time is not worth another start while a peer can serve. */
export const RESTARTS_MAX = 3;
export const RESTARTS_WITHIN_MS = 20_000;

/**
 * No change of Master may begin without an operator. null: it may. Where both apply the pause is named: it is the stricter one.
 * The limit counts what was opened automatically; the restart of an owner in place is no take-over, and what follows a release
 * is never held back: the releasing owner has stopped for good, so its heir is the only one that can serve.
 */
export function heldBack(o: Observation): string | null {
  const { pause } = o.record;
  if (pause !== null)
    return `paused until ${wallTime(pause.untilWallMs)} (${pause.why}): nobody takes over by itself; end the pause or run \`yosugara promote\``;
  return limited(o);
}

/** The limit of automatic take-overs is reached: a sentence that says how to go on. */
export function limited(o: Observation): string | null {
  const { max, withinMs } = o.settings.rateLimit;
  const recent = o.record.history.filter((entry) => entry.automatic === true && o.wallMs - entry.atWallMs < withinMs);
  const oldest = recent[max - 1];
  if (oldest === undefined) return null;
  const again = wallTime(oldest.atWallMs + withinMs);
  return `${recent.length} automatic take-overs within ${Math.round(withinMs / 60_000)} minutes are the limit: the next one waits until ${again}; find the cause, or go on at once with \`yosugara promote\``;
}

/** A claim now would take the Master's part from a node that has neither stopped nor released it. */
const takesOver = (o: Observation): boolean => !isUnborn(o.record) && !isReleased(o.record) && o.record.owner !== o.self;

/** Nobody else in the sync set could go on: then even a host that is not well starts again what it had (D4: both full, stay). */
const isLastResort = (o: Observation): boolean => o.record.owner === o.self && successor(o) === null;

/** Why this node must not claim now, whatever it holds. null: nothing of all that keeps it. */
export function mayNotClaim(o: Observation): string | null {
  const here = notFit(o, o.self);
  if (here !== null && !(o.unfit !== null && outOnPurpose(o, o.self) === null && isLastResort(o))) return here;
  return o.forced === null && takesOver(o) ? heldBack(o) : null;
}

/** The Master should give way though its PostgreSQL serves, and how. null: it stays. */
export interface Move {
  readonly cause: string;
  readonly stop: 'fast' | 'kill';
  readonly automatic: boolean;
}
export function movesAway(o: Observation): Move | null {
  const purpose = outOnPurpose(o, o.self);
  // Maintenance was asked for as such; a shutdown during a pause is only a shutdown.
  if (purpose !== null && !(o.leaving && o.record.pause !== null))
    return { cause: o.leaving ? `planned stop of ${o.self}` : `maintenance of ${o.self}`, stop: 'fast', automatic: false };
  if (orderedHere(o) !== null) return { cause: `an operator has ${o.self} switched off`, stop: 'fast', automatic: false };
  if (o.unfit === null || heldBack(o) !== null) return null;
  return { cause: `${o.self} cannot serve: ${o.unfit}`, stop: 'kill', automatic: true };
}

/** What ends by its time is ended by the leader, in the log: every member sees the same end, whatever its clock says. */
export function expired(record: ClusterRecord, wallMs: number): Action | null {
  const { pause } = record;
  if (pause !== null && wallMs >= pause.untilWallMs)
    return propose({ kind: 'pause', requestId: pause.requestId, untilWallMs: null, why: 'its time is over' });
  const over = record.maintenance.find((entry) => wallMs >= entry.untilWallMs);
  if (over === undefined) return null;
  return propose({
    kind: 'maintenance',
    requestId: over.requestId,
    node: over.node,
    untilWallMs: null,
    why: 'its time is over',
  });
}
