import { isLeader } from '@yosugara/consensus';
import { isReleased, type Observation, partnerOf, successor } from '@yosugara/failover';
import { observe } from './observe.js';
import type { ControllerState } from './state.js';

/** How long a node that is shut down waits for the others: a Master to be followed, a Standby not to be waited for. */
export const LEAVE_MASTER_MS = 6_000;
export const LEAVE_STANDBY_MS = 2_000;

/**
 * Nothing that others still need from this node would be missed now: it may end. A Master has released its epoch and somebody else
 * leads; a Standby is out of the sync set. Where nobody could take over, or a pause forbids it, there is nothing to wait for.
 */
export function hasLeft(state: ControllerState): boolean {
  const { record, config } = state;
  if (config.kind === 'witness') return true;
  const o = observe(state);
  if (isMissedAsVoter(o)) return false;
  if (record.owner === config.self && record.ownerBoot === config.boot) {
    if (isReleased(record)) return !isLeader(state.raft) || successor(o) === null;
    const going = record.phase === 'serving' && isLeader(state.raft) && record.pause === null;
    return !going || successor(o) === null;
  }
  if (isLeader(state.raft)) return successor(o) === null;
  if (!record.syncSet.includes(config.self) || record.phase !== 'serving' || record.owner === null) return true;
  // With `strict` it is never let go; and a Master that is not there, or goes itself, lets nobody go.
  const owner = o.peers.get(record.owner);
  const gone = owner === undefined || owner.leaving === true || owner.heardAgoMs > LEAVE_STANDBY_MS;
  return gone || config.settings.policy === 'strict';
}

/** Two nodes: as long as it votes the other one can commit nothing without it, and would have to cut its power to go on. */
function isMissedAsVoter(o: Observation): boolean {
  const partner = partnerOf(o);
  if (partner === null || o.settings.policy === 'strict' || o.record.pause !== null) return false;
  const votes = o.voters.includes(o.self) && o.voters.includes(partner);
  const there = (o.peers.get(partner)?.heardAgoMs ?? Number.POSITIVE_INFINITY) <= LEAVE_STANDBY_MS;
  // A Master with nobody to follow it, or a Standby without a Master, has nothing to wait for.
  const isFollowed = o.record.owner === o.self && !isReleased(o.record) ? successor(o) !== null : o.record.owner !== null;
  return votes && there && isFollowed && o.peers.get(partner)?.leaving !== true;
}

export const leavePatienceMs = (state: ControllerState): number =>
  state.record.owner === state.config.self ? LEAVE_MASTER_MS : LEAVE_STANDBY_MS;
