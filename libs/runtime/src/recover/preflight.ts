import type { ClusterRecord, PostgresFacts } from '@yosugara/failover';
import type { NodeId } from '@yosugara/kernel';
import type { Survey } from './types.js';

/** What the leader knows of one side. */
export interface Side {
  readonly node: NodeId;
  readonly heard: boolean;
  readonly facts: PostgresFacts;
  readonly survey: Survey | null;
}

export interface PreflightInput {
  readonly record: ClusterRecord;
  readonly wallMs: number;
  /** null: no leader is known, or it has no majority. */
  readonly quorum: boolean;
  readonly source: Side | null;
  readonly target: Side;
  readonly discardUnknown: boolean;
  /** Its consensus log is not the one that it is counted by. Absent: it is. */
  readonly logLost?: boolean;
}

export type RefusalCode =
  | 'NO_QUORUM'
  | 'NO_MASTER'
  | 'IS_MASTER'
  | 'NODE_UNKNOWN'
  | 'NODE_NOT_HEARD'
  | 'PAUSED'
  | 'MAINTENANCE'
  | 'FOREIGN_SYSTEM'
  | 'VERSION_MISMATCH'
  | 'TOOLS_MISSING'
  | 'DISK_TOO_SMALL'
  | 'AHEAD_UNKNOWN';

export interface Refusal {
  readonly code: RefusalCode;
  /** A whole sentence: what is wrong and what to do. */
  readonly message: string;
}

const refusal = (code: RefusalCode, message: string): Refusal => ({ code, message });

/** Room that a base backup needs beside the copy itself: WAL that is streamed meanwhile. */
const SPARE_BYTES = 64 * 1024 * 1024;

/** Why a recover of this node cannot begin; null: it can. Most basic first; nothing is changed by asking. */
export const preflight = (input: PreflightInput): Refusal | null => refusalsOf(input)[0] ?? null;

/** All that is in the way, most basic first, as far as it can be told: who is not heard says nothing of its disk. */
export function refusalsOf(input: PreflightInput): readonly Refusal[] {
  const { record, source, target } = input;
  if (!input.quorum)
    return [refusal('NO_QUORUM', 'no majority of the members answers: bring a second member up first, nothing can be committed')];
  if (record.owner === target.node && record.phase === 'serving')
    return [refusal('IS_MASTER', `${target.node} is the Master: only a node that is out can be recovered`)];
  if (source === null || record.phase !== 'serving' || !source.heard || source.facts.kind !== 'primary')
    return [refusal('NO_MASTER', 'no Master is serving: a node can be brought back only to a Master')];
  const held = heldBack(input);
  if (!target.heard)
    return [
      ...held,
      refusal('NODE_NOT_HEARD', `${target.node} is not heard: switch it on, see that its controller runs, and ask again`),
    ];
  const ofHost = [ofPrograms(source, target), ofData(input, source), ofRoom(record, source, target)];
  return [...held, ...ofHost.flatMap((one) => (one === null ? [] : [one]))];
}

/** By an operator. */
function heldBack({ record, target, wallMs }: PreflightInput): readonly Refusal[] {
  const { pause } = record;
  const worked = record.maintenance.find(({ node, untilWallMs }) => node === target.node && untilWallMs > wallMs);
  return [
    ...(pause === null || pause.untilWallMs <= wallMs
      ? []
      : [
          refusal(
            'PAUSED',
            `the cluster is paused until ${new Date(pause.untilWallMs).toISOString()} (${pause.why}): end the pause first`,
          ),
        ]),
    ...(worked === undefined
      ? []
      : [
          refusal(
            'MAINTENANCE',
            `${target.node} is in maintenance (${worked.why}): end that first, nothing is done to it before`,
          ),
        ]),
  ];
}

function ofPrograms(source: Side, target: Side): Refusal | null {
  const [theirs, ours] = [source.survey, target.survey];
  if (ours !== null && ours.missing.length > 0)
    return refusal(
      'TOOLS_MISSING',
      `${target.node} lacks ${ours.missing.join(', ')}: install PostgreSQL's server programs there`,
    );
  if (ours?.major != null && theirs?.major != null && ours.major !== theirs.major)
    return refusal(
      'VERSION_MISMATCH',
      `${target.node} has PostgreSQL ${ours.major}, ${source.node} has ${theirs.major}: install the same major version on both`,
    );
  return null;
}

function ofData({ record, target, discardUnknown }: PreflightInput, source: Side): Refusal | null {
  const { facts } = target;
  if (!('systemId' in facts) || facts.systemId === '') return null;
  if (facts.kind === 'stopped' && facts.state === 'incomplete') return null;
  if (foreignOf(record, target) !== null)
    return discardUnknown
      ? null
      : refusal(
          'FOREIGN_SYSTEM',
          `the data directory of ${target.node} belongs to another database system (${facts.systemId}, not ${record.systemId}): ` +
            'look whose it is; when nobody needs it, ask again with --discard-unknown',
        );
  const theirs = source.facts.kind === 'primary' ? source.facts.timeline : 1;
  const newest = Math.max(theirs, ...record.lineage.map((entry) => entry.timeline));
  if (facts.timeline > newest && !discardUnknown)
    return refusal(
      'AHEAD_UNKNOWN',
      `${target.node} is on timeline ${facts.timeline}, which no promotion of this cluster made (the newest is ${newest}, of ` +
        `${source.node}): somebody promoted it by hand; look what it holds, then ask again with --discard-unknown`,
    );
  return null;
}

/** System identifier of a whole database there that is not the cluster's. */
export function foreignOf(record: ClusterRecord, { facts }: Side): string | null {
  if (!('systemId' in facts) || facts.systemId === '' || (facts.kind === 'stopped' && facts.state === 'incomplete')) return null;
  return record.systemId === null || facts.systemId === record.systemId ? null : facts.systemId;
}

/** Judged by what a base backup would need; whoever can follow or be rewound needs no room. */
function ofRoom(record: ClusterRecord, source: Side, target: Side): Refusal | null {
  const isUnfinished = target.facts.kind === 'stopped' && target.facts.state === 'incomplete';
  const rebuilds = target.facts.kind === 'empty' || isUnfinished || foreignOf(record, target) !== null;
  const needed = source.survey?.databaseBytes ?? null;
  const free = target.survey?.freeBytes ?? null;
  if (!rebuilds || needed === null || free === null || free >= needed + SPARE_BYTES) return null;
  return refusal(
    'DISK_TOO_SMALL',
    `${target.node} has ${megabytes(free)} free and a copy of ${source.node} needs ${megabytes(needed + SPARE_BYTES)}: make room ` +
      'and ask again (pgdata.old, which earlier recovers set aside there, is yours to remove when nobody needs it)',
  );
}

const megabytes = (bytes: number): string => `${Math.ceil(bytes / 1024 / 1024)} MB`;
