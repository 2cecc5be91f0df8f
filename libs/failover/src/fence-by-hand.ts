import { maintenanceOf } from './fitness.js';
import type { Observation } from './observation.js';
import type { Fence } from './record.js';
import { successor } from './view.js';

/*
 * T11: an operator has the power of a node cut. The Master orders it, as it would in a take-over: the request is committed, then the order
 * is given, then what the devices read back is committed. When it is the Master itself that is meant, it gives its part away first, and
 * whoever takes it gives the order (S11: only the owner of an epoch fences, and never itself).
 */

/** The request that a Master be switched off, while it is still the one. null: none. */
export const orderedHere = ({ record, self }: Pick<Observation, 'record' | 'self'>): Fence | null => {
  const { fence } = record;
  return fence?.state === 'requested' && fence.ordered !== undefined && fence.target === self ? fence : null;
};

/** `over`: it will not come to it any more. */
export interface Waits {
  readonly over: boolean;
  readonly why: string;
}

/** Once an epoch is open: may the order be given now, or what does it wait for? */
export function waitsByHand(o: Observation, { target }: Fence): 'now' | Waits {
  const { record, postgres } = o;
  if (maintenanceOf(record, target) !== null)
    return { over: true, why: `${target} has been put in maintenance: its power is left alone` };
  if (target === o.self)
    return postgres.kind === 'primary' && successor(o) === null
      ? { over: true, why: `${target} is the Master, and no other node can take over` }
      : { over: false, why: `${target} gives its part away, then it is switched off` };
  if (record.phase !== 'serving' || postgres.kind !== 'primary')
    return { over: false, why: `${target} is switched off when a Master serves` };
  return record.switchover !== null && record.switchover.epoch === record.epoch
    ? { over: true, why: 'a switchover has begun' }
    : 'now';
}
