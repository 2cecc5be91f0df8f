import type { NodeId } from '@yosugara/kernel';
import type { PostgresFacts, StreamingPeer } from './facts.js';
import { notFit } from './fitness.js';
import type { Observation } from './observation.js';
import { hasDiverged, isOutdated, isReleased, isUnborn } from './record.js';

/** Small questions about an observation, shared by the deciders. Each is one sentence of the policy. */

/** How fresh a peer must be to be handed anything. Two heartbeats and a little. */
export const heardLately = (o: Observation, node: NodeId): boolean => {
  const peer = o.peers.get(node);
  return peer !== undefined && peer.heardAgoMs <= 3 * o.settings.timings.heartbeatMs + 200;
};

/** The record names this very controller's life as owner, and nothing has ended that, or is about to. */
export const isOwn = (o: Observation): boolean =>
  !o.releasing &&
  o.record.owner === o.self &&
  o.record.ownerBoot === o.boot &&
  o.record.epoch > Math.max(o.renounced, o.overdue) &&
  !isReleased(o.record);

/** The lease, less the time that stopping takes: past this the owner stops by itself (T6). */
export const leaseHolds = (o: Observation): boolean =>
  o.lead?.ready === true && o.nowMs < o.lead.leaseUntilMs - (o.settings.timings.leaseOwnMs - o.settings.timings.demoteAtMs);

export const mayServe = (o: Observation): boolean => isOwn(o) && leaseHolds(o) && supersededBy(o) === null;

/**
 * A member reports a newer generation on another consensus log: it was promoted because this site was declared off. Whatever runs here
 * is of the past, and serves nobody any more, with a majority, too. null: nothing of that kind.
 */
export const supersededBy = (o: Observation): NodeId | null => o.superseded ?? null;

/** A member of another site that nobody counts on: one that was promoted is a data node like any other until the Master is home again. */
export const isAfar = (o: Observation, node: NodeId): boolean =>
  o.settings.drNodes.includes(node) && o.record.away?.node !== node;

/**
 * The old owner is proven stopped, so it holds no address any more, and the receiver here is cut: what answers behind the VIP is the next
 * Master, read-only until its promotion is over. Not where a commit will wait for a peer: what is shown then may have to pass a gate.
 */
export const isBeingPromoted = (o: Observation): boolean =>
  o.record.phase === 'promoting' &&
  o.record.proof !== null &&
  o.postgres.kind === 'standby' &&
  o.postgres.receiver === 'cut' &&
  requiredNames(o).length === 0;

/** PostgreSQL here could acknowledge a commit, or could as soon as it answers again. */
export const mayWrite = (facts: PostgresFacts): boolean =>
  facts.kind === 'primary' || (facts.kind === 'hung' && facts.wasPrimary);

/** Rounds that come back too late (roundMaxMs) renew our lease, but are not handed to the dead man: nothing begins to write. */
export const UNARMED = 'waiting for a fresh round: the dead man is not armed';

export const othersOf = (o: Observation): readonly NodeId[] => o.dataNodes.filter((node) => node !== o.self);
/** Without an arbiter: the other node. */
export const partnerOf = (o: Observation): NodeId | null => (o.twoNodes ? (othersOf(o)[0] ?? null) : null);

/** synchronous_standby_names that the sync set demands of its owner (S4): as committed, and as a join under way may make it. */
export const requiredNames = (o: Observation): readonly NodeId[] => {
  const committed = o.record.syncSet.filter((node) => node !== o.self);
  return o.joining === null || o.joining === o.self || committed.includes(o.joining) ? committed : [...committed, o.joining];
};

export const sameNames = (one: readonly NodeId[] | null, two: readonly NodeId[]): boolean =>
  one !== null && one.length === two.length && two.every((node) => one.includes(node));

/** An action kind that failed lately is left alone for a while: 0.5 s, doubling to 8 s. */
export function coolingDown(o: Observation, kind: string): boolean {
  const failure = o.failures.get(kind);
  if (failure === undefined) return false;
  return o.nowMs - failure.atMs < Math.min(8_000, 500 * 2 ** (failure.count - 1));
}

/** Whom this node went on without blindly and has not yet given up in the record. null: nobody. */
export function awaitsForce(o: Observation): NodeId | null {
  const { givenUp, record } = o;
  return givenUp == null || record.generation > givenUp.generation || isUnborn(record) ? null : givenUp.node;
}

/** Another node serves, or is taking over. */
export const otherOwner = (o: Observation): NodeId | null =>
  o.record.owner !== null && o.record.owner !== o.self && !isReleased(o.record) ? o.record.owner : null;

/** Its WAL, as far as it can be told, goes past where the owner's lineage forked off. */
export function divergedHere(o: Observation): boolean {
  const facts = o.postgres;
  if (facts.kind === 'standby') return hasDiverged(o.record, facts.timeline, facts.walEnd);
  if (facts.kind !== 'stopped') return false;
  // After a promotion pg_control shows the old timeline until the next checkpoint (failover.md 5.2): the newest one was made right here.
  if (facts.state === 'crashed-primary' && o.record.lineage.at(-1)?.owner === o.self) return false;
  if (facts.state === 'crashed-primary') return o.record.lineage.some((entry) => entry.timeline > facts.timeline);
  return hasDiverged(o.record, facts.timeline, facts.walEnd);
}

/**
 * With `strict` a member stays in the sync set while it does not follow yet: it holds every acknowledged commit, since nothing
 * is acknowledged without it, but it must not promote beside a timeline it has not seen (see `opening`). null: it may.
 */
export function missedTimeline(o: Observation): string | null {
  const { opening, lineage } = o.record;
  if (opening !== null && opening !== o.self) return `${opening} may have promoted and has not said where`;
  const last = lineage.at(-1);
  return hasFollowed(o, o.self, o.postgres) ? null : `it has not followed ${last?.owner} on timeline ${last?.timeline} yet`;
}

const hasFollowed = (o: Observation, node: NodeId, facts: PostgresFacts | undefined): boolean => {
  const last = o.record.lineage.at(-1);
  if (o.settings.policy !== 'strict' || last === undefined || last.owner === node || facts?.kind !== 'standby') return true;
  // A forced promotion gave that timeline up, and died before it opened its own (seeds 50006 and 53674 of the simulator).
  if (isOutdated(o.record, last.owner)) return true;
  return facts.timeline >= last.timeline;
};

/**
 * Its row in pg_stat_replication, if it is the only one of that name: with two, either could acknowledge what the node lacks (R13).
 * The slot lets the node itself in only once.
 */
export function rowOf(peers: readonly StreamingPeer[], node: NodeId): StreamingPeer | null {
  const rows = peers.filter((peer) => peer.node === node);
  return rows.length === 1 ? rows[0]! : null;
}

/** Its PostgreSQL is a running standby that may be promoted. */
export const isRunningHeir = (o: Observation, node: NodeId): boolean => {
  const facts = o.peers.get(node)?.postgres;
  const { opening } = o.record;
  return (
    facts?.kind === 'standby' && (opening === null || opening === node) && hasFollowed(o, node, facts) && notFit(o, node) === null
  );
};

/**
 * Nothing here writes or answers on the VIP, nor could an action in flight bring up something that does: only then may an
 * epoch be given up. (Seed 7427 of the simulator: a VIP that was just being put back stood on two nodes.)
 */
export const isQuiet = (o: Observation): boolean =>
  o.postgresBusy === null && !o.vipHeld && !o.vipBusy && writesNothing(o.postgres);

/** Seen, not meant: nothing here can acknowledge a write of its own. */
export const writesNothing = ({ kind }: PostgresFacts): boolean =>
  kind === 'stopped' || kind === 'standby' || kind === 'empty' || kind === 'unreadable';

/** A node in the sync set whose PostgreSQL is a running standby, heard lately: can take over at once. */
export function successor(o: Observation): NodeId | null {
  const fit = othersOf(o).filter((node) => o.record.syncSet.includes(node) && heardLately(o, node) && isRunningHeir(o, node));
  return fit[0] ?? null;
}
