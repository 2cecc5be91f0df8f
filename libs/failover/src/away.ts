import { type Epoch, formatLsn, type NodeId } from '@yosugara/kernel';
import { type Applied, accept, refuse } from './applied.js';
import { wallTime } from './fitness.js';
import { calledOff } from './managing.js';
import { type Action, type Observation, propose } from './observation.js';
import { type Away, awayEpoch, awayTimelines, type ClusterRecord, settled } from './record.js';
import { heardLately, rowOf } from './view.js';

/*
 * T9, there and back. On an operator's word the member of the other site begins a consensus log of its own, in which it alone votes
 * (docs/decisions/0014-another-site.md): the record goes on from what had arrived there. What the lost site did since then nobody here
 * knows, so epochs and timelines are taken far above anything that it can have used: receivers and agents refuse an older epoch than
 * they have seen, and two timelines of one number could not be told apart (Patroni #2779).
 */

/** The record with which the new log begins: nothing is claimed yet, but the claim is as good as asked for. */
export function goAway(record: ClusterRecord, away: Away): ClusterRecord {
  return {
    ...record,
    version: record.version + 1,
    epoch: awayEpoch(record, away.atWallMs),
    timelineTaken: awayTimelines(record),
    opening: null,
    switchover: null,
    fence: calledOff(record.fence, `${away.node} was promoted in another site`),
    // Nobody of the other site is brought back before somebody asks anew, and nobody could end there what holds here.
    recover: [],
    pause: null,
    maintenance: record.maintenance.filter(({ node }) => node !== away.node),
    away,
  };
}

/** The log began, the claim for which it was begun is not committed yet: nothing else may happen in it. */
export const isAwaited = (record: ClusterRecord, node: NodeId): boolean =>
  record.away?.node === node && record.generation === record.away.generation;

/** For the history of the record. */
export function awayCause(away: Away): string {
  const wal = away.received === null ? '' : `, WAL received up to ${formatLsn(away.received)}`;
  return `promoted in another site by ${away.by} at ${wallTime(away.atWallMs)}${wal}; ${estimateOf(away)}`;
}

export function estimateOf({ lostBytes, heardAgoMs }: Pick<Away, 'lostBytes' | 'heardAgoMs'>): string {
  if (lostBytes === null || heardAgoMs === null)
    return 'the loss cannot be estimated: the old Master was not heard since the controller here started';
  const seconds = Math.round(heardAgoMs / 1_000);
  return `estimated loss at least ${lostBytes} bytes of WAL, as of ${seconds} s before, when the old Master was last heard`;
}

/** Applied when nobody counts on it any more. */
export function comeHome(record: ClusterRecord, command: { readonly epoch: Epoch; readonly node: NodeId }): Applied {
  const { node } = command;
  if (command.epoch !== record.epoch) return refuse(record, `epoch is ${record.epoch} now`);
  if (record.away?.node !== node) return refuse(record, `${node} is not away`);
  if (record.owner === node || record.syncSet.includes(node)) return refuse(record, `${node} is still counted on`);
  const { [node]: _, ...generations } = record.generations;
  return accept(record, {
    away: null,
    generations,
    // A copy again: it is rewound or copied anew by itself, as it always was.
    everSync: record.everSync.filter((known) => known !== node),
    ...settled(record, node),
  });
}

/** What a serving Master at home does so that the member of the other site becomes again what it was. Its vote is `runtime`'s to take. */
export function homeward(o: Observation): readonly Action[] {
  const { away, owner, syncSet } = o.record;
  if (away == null || owner !== o.self || away.node === o.self || o.postgres.kind !== 'primary') return [];
  const { node } = away;
  const at = o.record.epoch;
  if (syncSet.includes(node)) {
    // With `strict` nothing is acknowledged by one node alone: another one of this site must be there first.
    if (o.settings.policy === 'strict' && syncSet.length < 3) return [];
    return [propose({ kind: 'leave', epoch: at, node, why: `the Master is home again: ${node} follows asynchronously` })];
  }
  if (o.voters.includes(node) || !heardLately(o, node) || rowOf(o.postgres.peers, node)?.streaming !== true) return [];
  return [propose({ kind: 'home', epoch: at, node })];
}
