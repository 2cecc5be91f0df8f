import type { NodeId } from '@yosugara/kernel';
import type { FactsOf } from './facts.js';
import { notJoinable, outOnPurpose } from './fitness.js';
import { type Action, type Observation, type Part, propose } from './observation.js';
import { sentenceOf } from './sentence.js';
import { whyOf } from './transitions.js';
import { isUnanswered } from './twoNodes.js';
import { coolingDown, heardLately, othersOf, requiredNames, rowOf, sameNames } from './view.js';

/* T1 and T2: whom commits wait for. They wait before the record counts on a member, and stop only when it no longer does. */

/** T1: a peer further behind than this is not joined yet. */
const JOIN_LAG_BYTES = 16 * 1024 * 1024;
const JOIN_AGAIN_MS = 1_000;

/** SYNC: the names must demand the peer (S4); a peer that stopped acknowledging leaves by T2. */
export function inSync(o: Observation, facts: FactsOf<'primary'>, actions: Action[]): Part {
  const required = requiredNames(o);
  if (!sameNames(facts.names, required)) actions.push({ kind: 'pg.setNames', names: required });
  for (const node of required) {
    const purpose = outOnPurpose(o, node) ?? switchedOff(o, node);
    if (purpose === null || o.settings.policy === 'strict') continue;
    // It still acknowledges: taken out of the record before it goes, it keeps no write waiting.
    return { role: 'MASTER_SYNC', why: purpose, actions: [...actions, leave(o, node, purpose)] };
  }
  for (const node of required) {
    const since = o.stalledSinceMs.get(node);
    // Without an arbiter the log takes nothing before the other one is off.
    if (isUnanswered(o, node)) continue;
    if (since === undefined || o.nowMs - since < o.settings.timings.syncStallMs) continue;
    if (o.settings.policy === 'strict')
      return { role: 'MASTER_SYNC', why: `writes are blocked: ${node} does not acknowledge and the policy is strict`, actions };
    if (o.record.pause !== null)
      return { role: 'MASTER_SYNC', why: `writes are blocked: ${node} does not acknowledge and the cluster is paused`, actions };
    const why = `${node} has not acknowledged for ${Math.round(o.nowMs - since)} ms`;
    return { role: 'MASTER_SYNC', why: whyOf('T2'), actions: [...actions, leave(o, node, why)] };
  }
  // `strict` never lets a member leave, so its return is no join: only the request to recover it, or that it was switched off, is to be ended.
  const back = required.find((node) => (isAsked(o, node) || switchedOff(o, node) !== null) && !waitsForVote(o, node));
  const row = back === undefined ? null : rowOf(facts.peers, back);
  if (back !== undefined && row?.sync === true && !o.stalledSinceMs.has(back))
    actions.push(propose({ kind: 'join', epoch: o.record.epoch, node: back }));
  return { role: 'MASTER_SYNC', why: onAll(required.length === 1 ? required[0]! : required.join(', ')), actions };
}

const onAll = sentenceOf((peers) => `every commit is on ${peers} before it is acknowledged`);

const isAsked = (o: Observation, node: NodeId): boolean =>
  o.record.recover.some((open) => open.node === node && open.state === 'open');

/**
 * Its consensus log was lost, too: the join ends the request, and only under an open one it comes back as a member. Without an arbiter
 * the vote follows the sync set instead.
 */
const waitsForVote = (o: Observation, node: NodeId): boolean =>
  !o.twoNodes && isAsked(o, node) && o.peers.get(node)?.needsRecover === true;

const switchedOff = (o: Observation, node: NodeId): string | null =>
  o.record.fenced.some((fenced) => fenced.node === node) ? `${node} was switched off` : null;

const leave = (o: Observation, node: NodeId, why: string): Action => propose({ kind: 'leave', epoch: o.record.epoch, node, why });

/** SOLO: names empty, unless a peer is just being joined (T1). A join in the log may come true late: the names wait for it. */
export function alone(o: Observation, facts: FactsOf<'primary'>, actions: Action[]): Part {
  const candidate = o.joining ?? joinCandidate(o, facts);
  if (candidate === null) {
    if (!sameNames(facts.names, [])) actions.push({ kind: 'pg.setNames', names: [] });
    return { role: 'MASTER_SOLO', why: 'no peer streams: commits are on this node only', actions };
  }
  if (!sameNames(facts.names, [candidate])) {
    actions.push({ kind: 'pg.setNames', names: [candidate] });
    return { role: 'MASTER_JOINING', why: `asking ${candidate} for every commit`, actions };
  }
  if (o.joining !== null) return { role: 'MASTER_JOINING', why: whyOf('T1'), actions };
  const mark = o.joinMark;
  if (mark === null || mark.node !== candidate || mark.epoch !== o.record.epoch) {
    actions.push({ kind: 'pg.mark', node: candidate });
    return { role: 'MASTER_JOINING', why: `waiting for ${candidate} to catch up`, actions };
  }
  // T2's limit holds for a peer that is being joined, too: until it joins or is let go, every commit waits for it.
  if (o.nowMs - mark.atMs >= o.settings.timings.syncStallMs) {
    actions.push({ kind: 'pg.setNames', names: [] });
    return { role: 'MASTER_SOLO', why: `${candidate} did not catch up in time: commits do not wait for it`, actions };
  }
  const peer = rowOf(facts.peers, candidate);
  // Names that are just being changed prove nothing: the look at them is older than the change.
  if (peer?.sync === true && peer.flushLsn >= mark.lsn && o.postgresBusy === null)
    actions.push(propose({ kind: 'join', epoch: o.record.epoch, node: candidate }));
  return { role: 'MASTER_JOINING', why: whyOf('T1'), actions };
}

/** Not only does something of that name stream from us: the node itself says that its server does (a base backup streams, too). */
function streamsToUs(o: Observation, node: NodeId): boolean {
  const said = o.peers.get(node)?.postgres;
  return (
    othersOf(o).includes(node) &&
    heardLately(o, node) &&
    said?.kind === 'standby' &&
    said.receiver === 'streaming' &&
    said.follows === o.self
  );
}

function joinCandidate(o: Observation, facts: FactsOf<'primary'>): NodeId | null {
  if (o.nowMs - o.lastLeaveMs < JOIN_AGAIN_MS) return null;
  if (coolingDown(o, 'pg.mark') || coolingDown(o, 'join')) return null;
  const row = facts.peers.find(
    (peer) =>
      peer.streaming &&
      rowOf(facts.peers, peer.node) !== null &&
      streamsToUs(o, peer.node) &&
      notJoinable(o, peer.node) === null &&
      !waitsForVote(o, peer.node) &&
      facts.walEnd - peer.flushLsn <= JOIN_LAG_BYTES,
  );
  return row?.node ?? null;
}
