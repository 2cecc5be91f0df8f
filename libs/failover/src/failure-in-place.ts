import type { NodeId } from '@yosugara/kernel';
import { stopNow } from './follower.js';
import { giveUp, VOLUME_HANGS } from './giving-up.js';
import { heldBack, RESTARTS_MAX, RESTARTS_WITHIN_MS } from './governance.js';
import type { Observation, Part } from './observation.js';
import { coolingDown, requiredNames, successor, UNARMED } from './view.js';

/* T5: the Master's PostgreSQL failed though its lease holds: the peer takes over, or it is started again in place. */

export function failedHere(o: Observation): Part {
  const facts = o.postgres;
  if (facts.kind === 'hung')
    return {
      role: 'DEMOTING',
      why: `${facts.because ?? 'PostgreSQL does not answer'}: it is killed, then the peer takes over`,
      actions: [
        { kind: 'manager.mode', mode: 'passive' },
        { kind: 'pg.stop', mode: 'kill', budgetMs: 0 },
      ],
    };
  if (facts.kind === 'unreadable') return unreadableHere(o);
  if (facts.kind === 'standby')
    return { role: 'DEMOTING', why: 'the database is in recovery though it should serve', actions: [stopNow(o)] };
  const held = heldBack(o);
  const heir = successor(o);
  if (heir !== null && held === null) return giveUp(o, 'PostgreSQL failed');
  return startInPlace(o, held, heir);
}

function startInPlace(o: Observation, held: string | null, heir: NodeId | null): Part {
  if (!o.armed) return { role: 'MASTER_SOLO', why: UNARMED, actions: [] };
  if (failsAgain(o)) {
    // The limit damps; it never keeps a service down that a peer could give. A pause does, for an operator asked for it.
    if (heir !== null && o.record.pause === null) return giveUp(o, RESTARTED_TOO_OFTEN);
    return { role: 'MASTER_SOLO', why: `${RESTARTED_TOO_OFTEN}; nobody else can serve: look at its log`, actions: [] };
  }
  if (coolingDown(o, 'pg.startPrimary'))
    return { role: 'MASTER_SOLO', why: 'PostgreSQL did not start; trying again', actions: [] };
  // A hold in flight would come true behind the gate (seed 42276 of the simulator).
  if (requiredNames(o).length > 0 && (o.vipHeld || o.vipBusy))
    return {
      role: 'MASTER_GATED',
      why: `commits that wait for ${requiredNames(o).join(', ')} become visible by a restart: nobody is let in until they are there`,
      actions: o.vipHeld ? [{ kind: 'vip.release' }] : [],
    };
  return {
    role: 'MASTER_SOLO',
    why: `${held !== null && heir !== null ? held : 'no peer can take over'}: PostgreSQL is started again in place`,
    actions: [{ kind: 'pg.startPrimary', names: requiredNames(o) }],
  };
}

/** Nothing of PostgreSQL is left, and its volume hangs: it may answer again, so alone this node keeps the epoch and waits. */
function unreadableHere(o: Observation): Part {
  if (successor(o) !== null && heldBack(o) === null) return giveUp(o, VOLUME_HANGS);
  return { role: 'MASTER_SOLO', why: `${VOLUME_HANGS}, and nobody else can serve: look at its storage`, actions: [] };
}

/** The count is of a sliding time: after a wait it is tried again, for ever, and never faster than this. */
const failsAgain = (o: Observation): boolean => (o.restartsInPlace ?? 0) >= RESTARTS_MAX;
const RESTARTED_TOO_OFTEN = `PostgreSQL was started ${RESTARTS_MAX} times within ${RESTARTS_WITHIN_MS / 1_000} s and failed again`;
