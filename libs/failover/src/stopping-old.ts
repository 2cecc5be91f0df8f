import { proofOfStop } from './claimant.js';
import { stopNow } from './follower.js';
import { giveUp, VOLUME_HANGS } from './giving-up.js';
import { type Observation, type Part, propose } from './observation.js';
import { coolingDown } from './view.js';

/** T3, before the proof: no acknowledgement leaves this node any more, and somebody shows that the old owner has stopped. */
export function stoppingOld(o: Observation): Part {
  const facts = o.postgres;
  const previous = o.record.previous?.node ?? null;
  if (facts.kind === 'primary')
    return { role: 'DEMOTING', why: 'PostgreSQL here is writable without a right to it', actions: [stopNow(o)] };
  if (facts.kind === 'hung')
    return {
      role: 'TAKEOVER',
      why: 'PostgreSQL here does not answer',
      actions: [{ kind: 'pg.stop', mode: 'kill', budgetMs: 0 }],
    };
  if (facts.kind === 'standby' && facts.receiver !== 'cut')
    return {
      role: 'TAKEOVER',
      why: 'cutting the receiver: from then on the old owner cannot acknowledge',
      actions: [{ kind: 'pg.follow', follow: null, ...(proofOfStop(o) === null ? {} : { sourceStopped: true }) }],
    };
  // An action in flight, such as following the old owner, could open the receiver again: what was seen before it proves nothing.
  if (o.postgresBusy !== null) return { role: 'TAKEOVER', why: `waiting for ${o.postgresBusy} to end`, actions: [] };
  if (facts.kind === 'unreadable') return giveUp(o, VOLUME_HANGS);
  const ready = facts.kind === 'standby' || o.record.systemId === null;
  if (!ready)
    return facts.kind === 'stopped' && !coolingDown(o, 'pg.startStandby')
      ? { role: 'TAKEOVER', why: 'starting PostgreSQL in recovery', actions: [{ kind: 'pg.startStandby', follow: null }] }
      : { role: 'TAKEOVER', why: `PostgreSQL here is ${facts.kind}`, actions: [] };
  const proof = proofOfStop(o);
  if (proof === null) return { role: 'TAKEOVER', why: `waiting for a proof that ${previous} has stopped`, actions: [] };
  return {
    role: 'TAKEOVER',
    why: proof.evidence,
    actions: [propose({ kind: 'proveStopped', epoch: o.record.epoch, proof, policy: o.settings.policy })],
  };
}
