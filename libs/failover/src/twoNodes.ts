import type { NodeId } from '@yosugara/kernel';
import { mayClaim } from './claimant.js';
import { counts, type Fencing, newFenceId, REMEDY } from './fencing.js';
import { maintenanceOf } from './fitness.js';
import type { Observation } from './observation.js';
import { holdMaxMs } from './profiles.js';
import { awaitsForce, coolingDown, heardLately, isOwn, leaseHolds, partnerOf } from './view.js';

/*
 * Two voters and no arbiter (failover.md section 3, ruling 7). Nobody is elected and nothing is committed without the other, unless the
 * other is confirmed off; then `runtime` tells consensus that the member is gone, and what is left is a majority of one.
 *
 * Who may cut the other's power: who is, by its own log, a voter and in the sync set, and has in this life seen the other in the same
 * epoch. A restart loses that (a node that boots with old data can do nothing alone), and so does a committed `leave`. The Master
 * shoots at once and holds its lease meanwhile; the Standby waits, so that of two that shoot the Master wins.
 *
 * Whoever is not in the sync set has no vote either: the Master takes it away by a change of members, which is safe because the
 * entry that took it out of the sync set is in the other's log (it was committed by both). So a Master alone needs nobody, and the
 * vote comes back with the `join`.
 *
 * An operator's word lets a node go on alone, too. If it has not seen in this life that its data is the newest, the other one may have gone
 * on without it before, and what that one holds is given up: by a forced claim, in a new generation, never by a plain one. The
 * configuration remembers it over a restart, and the other one has no vote before.
 */

const NOTHING: Fencing = { why: null, actions: [] };

/** How long this node has listened to it in vain; a gap in which it did not listen itself does not count. */
function silentMs(o: Observation, partner: NodeId): number {
  return Math.min(o.peers.get(partner)?.heardAgoMs ?? Number.POSITIVE_INFINITY, o.nowMs - o.awakeSinceMs);
}

const UNSEEN = 'since its own start this node has not seen whether its data is the newest; it waits for';
const OR_AN_OPERATOR = 'or for `yosugara promote --accept-data-loss --old-master-is-off`';

/** Why this node must not cut the other's power. null: it may, if the time has come. */
export function mayNotShoot(o: Observation, partner: NodeId): string | null {
  if (!counts(o, 'P2') || !o.settings.fenceable.includes(partner))
    return `no power device of ${partner} is configured, and without an arbiter nothing else can tell a dead node from a cut link`;
  if (maintenanceOf(o.record, partner) !== null) return `${partner} is in maintenance: its power is left alone`;
  if (!o.record.syncSet.includes(o.self)) return `this node does not hold every acknowledged commit`;
  const knows = o.peers.get(partner)?.knowsEpoch ?? o.record.epoch;
  if (knows > o.record.epoch) return `${partner} went on in epoch ${knows}, on an operator’s word: this node waits for it`;
  return o.fenceRight ? null : `${UNSEEN} ${partner}, ${OR_AN_OPERATOR}`;
}

/** A node without a leader cuts the power of the other one before it is elected: without that it cannot be. */
export function shootFirst(o: Observation): Fencing {
  const partner = partnerOf(o);
  if (partner === null || o.lead !== null || !o.voters.includes(partner) || !o.voters.includes(o.self)) return NOTHING;
  const { leaseVoteMs } = o.settings.timings;
  const silent = silentMs(o, partner);
  if (silent < leaseVoteMs || o.nowMs < o.promisedUntilMs) return NOTHING;
  const lost = `${partner} is not heard`;
  // What the disk remembers may be old. A boot with old data must never end in a take-over.
  if (!o.informed) return { why: `${lost}: ${UNSEEN} ${partner}, ${OR_AN_OPERATOR}`, actions: [] };
  const because = mayNotShoot(o, partner) ?? mayClaim(o);
  if (because !== null) return { why: `${lost}: ${because}`, actions: [] };
  if (o.fenceBusy) return { why: againstAll(o, lost) ?? `${lost}: its power is being cut`, actions: [] };
  if (isOff(o, partner)) return { why: `${partner} is off: this node goes on alone`, actions: [] };
  // The last Master shoots at once, whether it still leads or not.
  const delayMs = o.record.owner === o.self ? 0 : shootDelayMs(o, partner);
  if (Math.min(silent - leaseVoteMs, o.nowMs - o.promisedUntilMs) < delayMs)
    return {
      why: `${lost}: unless it comes back, or cuts the power here first, its power is cut after ${delayMs / 1_000} s`,
      actions: [],
    };
  return order(o, partner, lost);
}

/**
 * How long a Standby waits before it shoots: what the file says, and twice what a device has really taken beyond its declared time, ours
 * of theirs or theirs of ours. A Master's hold is reckoned by the file alone (`holdMaxMs`): it may end early, never late.
 */
export function shootDelayMs(o: Observation, partner: NodeId): number {
  const { fenceDelayMs, fenceOffMs } = o.settings;
  if (fenceOffMs === undefined) return fenceDelayMs;
  const told = [...o.fenceHealth.values(), ...(o.peers.get(partner)?.fenceHealth ?? [])];
  const slowestMs = Math.max(fenceOffMs, ...told.map(({ offMs }) => offMs));
  return Math.min(fenceDelayMs + 2 * (slowestMs - fenceOffMs), Math.max(fenceDelayMs, LONGEST_DELAY_MS));
}

/** As much as the file may ask for; a device that hung for once must not keep a take-over away for good. */
const LONGEST_DELAY_MS = 120_000;

/** The Master has lost its Standby: it may not open its writes, nor be replaced, before one of them is off. */
export function shootStandby(o: Observation): Fencing {
  const partner = partnerOf(o);
  if (partner === null || o.lead === null || !isUnanswered(o, partner)) return NOTHING;
  const lost = `writes are blocked: ${partner} does not answer`;
  const because = mayNotShoot(o, partner);
  if (because !== null) return { why: `${lost}; ${because}`, actions: [] };
  if (isOff(o, partner)) return { why: `${partner} is off: this node goes on alone`, actions: [] };
  if (o.fenceBusy) return { why: againstAll(o, lost) ?? `${lost}; its power is being cut`, actions: [] };
  return order(o, partner, lost);
}

/** Its vote is missing for as long as a Master may wait; the time that this node itself slept does not count. */
export const isUnanswered = (o: Observation, partner: NodeId): boolean =>
  o.twoNodes &&
  o.lead !== null &&
  o.voters.includes(partner) &&
  o.nowMs - Math.max(o.lead.quorumSentMs, o.awakeSinceMs) >= o.settings.timings.demoteAtMs;

function order(o: Observation, partner: NodeId, lost: string): Fencing {
  const why = againstAll(o, lost) ?? `${lost}: its power is cut`;
  const actions = coolingDown(o, 'fence.off') ? [] : [{ kind: 'fence.off' as const, target: partner, requestId: newFenceId(o) }];
  return { why, actions };
}

/** It has failed before, and is tried again. */
const againstAll = (o: Observation, lost: string): string | null =>
  o.failures.has('fence.off')
    ? `ALARM: ${lost}, and its power could not be cut: ${o.fenceOutcome?.evidence ?? 'no answer'}; ${REMEDY}`
    : null;

const isOff = (o: Observation, partner: NodeId): boolean =>
  o.fenceOutcome !== null && o.fenceOutcome.target === partner && o.fenceOutcome.result === 'off';

/**
 * Until when a Master leads on without its Standby's echo, while it fences it. Nobody can be elected meanwhile without this node's own
 * vote or a proof that it is off. null: no longer than it may already.
 */
export function holdUntilMs(o: Observation): number | null {
  const partner = partnerOf(o);
  const { lead } = o;
  if (partner === null || lead === null || !lead.ready || lead.transferring || !isOwn(o) || o.record.phase !== 'serving')
    return null;
  // A lease that ran out has been acted upon: nothing brings it back.
  if (!o.voters.includes(partner) || !leaseHolds(o) || mayNotShoot(o, partner) !== null) return null;
  const { timings, fenceDelayMs } = o.settings;
  if (o.nowMs - lead.quorumSentMs < timings.demoteAtMs / 2) return null;
  const untilMs = Math.min(o.nowMs + timings.leaseOwnMs, lead.quorumSentMs + holdMaxMs(timings, fenceDelayMs));
  return untilMs > lead.leaseUntilMs ? untilMs : null;
}

/**
 * The vote follows the sync set; see the head of this file. Only the owner takes it; any leader gives it back: one that has lost its
 * data may hold the only vote, and the other one what it lost (strict; seed 20361 of the simulator).
 */
export function voteWanted(o: Observation): { readonly node: NodeId; readonly voter: boolean } | null {
  const partner = partnerOf(o);
  if (partner === null || o.lead?.ready !== true || !leaseHolds(o) || awaitsForce(o) !== null) return null;
  const inSet = o.record.syncSet.includes(partner);
  if (!o.voters.includes(partner))
    return inSet && heardLately(o, partner) && !isOff(o, partner) && mayVoteAgain(o, partner)
      ? { node: partner, voter: true }
      : null;
  const taken = !inSet && o.joining !== partner && isOwn(o) && o.record.syncSet.includes(o.self);
  return taken ? { node: partner, voter: false } : null;
}

/**
 * Ruling 7: whose power was cut comes back as a learner, and booting is not coming back. The `join` that ends its return gives it its
 * vote; the word that it was switched off is in the record, so a restart of the survivor forgets nothing. Where nobody serves there
 * can be no join, and the other one may hold what this node lost: then an operator's `recover` does, or `autoRejoin: always`.
 */
function mayVoteAgain(o: Observation, partner: NodeId): boolean {
  const { record, settings } = o;
  if (!record.fenced.some(({ node }) => node === partner)) return true;
  if (isOwn(o) && record.phase === 'serving' && o.postgres.kind === 'primary') return false;
  const asked = record.recover.some((request) => request.node === partner && request.state === 'open');
  return asked || settings.autoRejoin === 'always';
}
