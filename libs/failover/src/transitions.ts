import type { Command } from './commands.js';
import type { NodeRole } from './observation.js';

export interface Transition {
  readonly id: `T${number}`;
  readonly name: string;
  /** Of the node that the row is about. */
  readonly from: readonly NodeRole[];
  readonly to: readonly NodeRole[];
  /** The committed commands that carry it; none: the node acts alone, and needs nobody's leave. */
  readonly commands: readonly Command['kind'][];
  /** The guard, as logs, status, docs and tests say it. */
  readonly why: string;
}

/** The transitions of failover.md 2.3: the table of docs/architecture.md is checked against this one. */
export const TRANSITIONS = [
  {
    id: 'T1',
    name: 'join',
    from: ['MASTER_SOLO', 'MASTER_JOINING'],
    to: ['MASTER_JOINING', 'MASTER_SYNC'],
    commands: ['join', 'ingestAlone'],
    why: 'the peer streams our lineage and has flushed past the moment the names were set',
  },
  {
    id: 'T2',
    name: 'leave',
    from: ['MASTER_SYNC'],
    to: ['MASTER_SOLO'],
    commands: ['leave', 'ingestAlone'],
    why: 'the peer stopped acknowledging: it is taken out of the sync set before commits stop waiting for it',
  },
  {
    id: 'T3',
    name: 'take-over',
    from: ['STANDBY_SYNC', 'STOPPED', 'INIT'],
    to: ['TAKEOVER', 'PROMOTING', 'MASTER_GATED'],
    commands: ['claim', 'confirmStopped', 'fenceRequest', 'fenceResult', 'proveStopped', 'opened'],
    why: 'the old owner’s lease is over and this node holds every acknowledged commit',
  },
  {
    id: 'T4',
    name: 'switchover',
    from: ['MASTER_SYNC'],
    to: ['DEMOTING', 'STANDBY_SYNC'],
    commands: ['switchover', 'endSwitchover', 'release'],
    why: 'an operator asked for a planned change of Master',
  },
  {
    id: 'T5',
    name: 'failure in place',
    from: ['MASTER_SYNC', 'MASTER_SOLO'],
    to: ['DEMOTING', 'STOPPED', 'HALT'],
    commands: ['release'],
    why: 'PostgreSQL here failed and the peer holds every acknowledged commit',
  },
  {
    id: 'T6',
    name: 'lease lost',
    from: ['MASTER_SYNC', 'MASTER_SOLO', 'MASTER_JOINING', 'MASTER_GATED', 'PROMOTING', 'TAKEOVER'],
    to: ['DEMOTING', 'STOPPED'],
    commands: [],
    why: 'no quorum answered in time: stop before anybody else may start',
  },
  {
    id: 'T7',
    name: 'start and return',
    from: ['INIT', 'STOPPED', 'REBUILDING', 'FENCED', 'MAINTENANCE'],
    to: ['STOPPED', 'REBUILDING', 'STANDBY_CATCHUP', 'STANDBY_SYNC'],
    commands: ['recover'],
    why: 'a start is always in recovery; only a committed record makes a primary',
  },
  {
    id: 'T8',
    name: 'double fault',
    from: ['STANDBY_CATCHUP', 'STANDBY_SYNC'],
    to: ['TAKEOVER'],
    commands: ['forceClaim'],
    why: 'this node does not hold every acknowledged commit: only a human may promote it',
  },
  {
    id: 'T9',
    name: 'other site',
    from: ['DR_ASYNC'],
    to: ['TAKEOVER'],
    commands: ['forceClaim', 'home'],
    why: 'a copy in another site follows asynchronously and cannot know how this site is: only a human may promote it',
  },
  {
    id: 'T10',
    name: 'pause and maintenance',
    from: ['MASTER_SYNC', 'STANDBY_SYNC', 'STANDBY_CATCHUP', 'STOPPED'],
    to: ['DEMOTING', 'MAINTENANCE'],
    commands: ['pause', 'maintenance', 'leave', 'release'],
    why: 'an operator works here: nothing moves by itself until the time given is over, and self-fencing stays',
  },
  {
    id: 'T11',
    name: 'fence by hand',
    from: ['MASTER_SYNC', 'MASTER_SOLO', 'STANDBY_SYNC', 'STANDBY_CATCHUP', 'STOPPED'],
    to: ['DEMOTING', 'FENCED'],
    commands: ['fenceRequest', 'release', 'fenceResult'],
    why: 'an operator has a node switched off: the Master gives the order, and when it is meant itself, whoever takes its part',
  },
] as const satisfies readonly Transition[];

export type TransitionId = (typeof TRANSITIONS)[number]['id'];
export const whyOf = (id: TransitionId): string => TRANSITIONS.find((transition) => transition.id === id)!.why;

/**
 * Which role may follow which on one node: the machine is closed (pg_auto_failover #774, #883, #1025: the largest class of bugs is an
 * assigned state without a path from the reported one). A spec drives every picture of the world to its end and compares.
 */
export const NEXT_ROLES: Readonly<Record<NodeRole, readonly NodeRole[]>> = {
  INIT: ['MASTER_SOLO', 'PROMOTING', 'REBUILDING', 'STOPPED', 'TAKEOVER'],
  HALT: ['INIT', 'PROMOTING', 'REBUILDING', 'STOPPED', 'TAKEOVER'],
  STOPPED: [
    'DEMOTING',
    'HALT',
    'INIT',
    'MAINTENANCE',
    'MASTER_SOLO',
    'PROMOTING',
    'REBUILDING',
    'STANDBY_CATCHUP',
    'STANDBY_SYNC',
    'TAKEOVER',
    'FENCED',
    'DR_ASYNC',
  ],
  FENCED: ['STOPPED'],
  REBUILDING: ['STOPPED'],
  STANDBY_CATCHUP: ['STANDBY_SYNC', 'STOPPED'],
  STANDBY_SYNC: ['DEMOTING', 'PROMOTING', 'STANDBY_CATCHUP', 'STOPPED', 'TAKEOVER'],
  TAKEOVER: ['PROMOTING'],
  PROMOTING: ['MASTER_GATED'],
  MASTER_GATED: ['DEMOTING', 'MASTER_JOINING', 'MASTER_SOLO', 'MASTER_SYNC'],
  MASTER_SYNC: ['DEMOTING', 'MASTER_JOINING', 'MASTER_SOLO'],
  MASTER_JOINING: ['DEMOTING', 'MASTER_SOLO', 'MASTER_SYNC'],
  MASTER_SOLO: ['DEMOTING', 'MASTER_JOINING', 'MASTER_SYNC', 'STOPPED'],
  DEMOTING: ['HALT', 'MAINTENANCE', 'MASTER_SOLO', 'PROMOTING', 'REBUILDING', 'STOPPED', 'TAKEOVER'],
  MAINTENANCE: ['STOPPED'],
  DR_ASYNC: ['STOPPED', 'TAKEOVER'],
  WITNESS: [],
};
