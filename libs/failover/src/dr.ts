import type { NodeId } from '@yosugara/kernel';
import { follow } from './follower.js';
import type { Decision, Observation } from './observation.js';
import { whyOf } from './transitions.js';
import { heardLately, isAfar, otherOwner } from './view.js';

/*
 * T9: a data node in another site. It follows the Master asynchronously through a slot of its own, never votes, is never in the sync set
 * and never claims: it cannot know how the other site is, so only a human may say that it is gone (Patroni's multi-DC text says the same).
 */

export const isDr = (o: Observation): boolean => isAfar(o, o.self);

type Part = Pick<Decision, 'role' | 'why' | 'actions'> & { readonly needsRecover?: boolean };

/** As a standby does, under a role of its own: nobody counts on it. */
export function followFromAfar(o: Observation): Part {
  const part = follow(o);
  const facts = o.postgres;
  if (facts.kind !== 'standby' || part.role === 'STOPPED' || part.role === 'MAINTENANCE') return part;
  if (part.actions.length > 0) return { ...part, role: 'DR_ASYNC' };
  const master = otherOwner(o) ?? o.record.owner;
  if (master === null || !heardLately(o, master)) return { ...part, role: 'DR_ASYNC', why: `${whyOf('T9')}${gap(o, master)}` };
  if (facts.receiver !== 'streaming') return { ...part, role: 'DR_ASYNC', why: `connecting to ${master}${gap(o, master)}` };
  return { ...part, role: 'DR_ASYNC', why: `follows ${master} asynchronously${gap(o, master)}` };
}

/** The price of a promotion here, as far as it was last heard. */
function gap(o: Observation, master: NodeId | null): string {
  const theirs = master === null ? undefined : o.peers.get(master)?.postgres;
  if (o.postgres.kind !== 'standby' || theirs?.kind !== 'primary') return '';
  return `; ${Math.max(0, theirs.walEnd - o.postgres.walEnd)} bytes behind what was last heard of it`;
}
