import { createRaft, type RaftState, type Restored } from '@yosugara/consensus';
import {
  type Action,
  type ClusterRecord,
  type Decision,
  EMPTY_RECORD,
  type FenceHealth,
  type FenceOutcome,
  type PostgresFacts,
} from '@yosugara/failover';
import { type Epoch, NO_EPOCH, type NodeId } from '@yosugara/kernel';
import type { ManagerReport, ReceiverReport, RecoverReport, RoleNotice } from '@yosugara/protocol';
import type { Samples } from '../recover/rate.js';
import type { Survey } from '../recover/types.js';
import { demandLevel, type LeftBehind } from './levels.js';
import { type ManagerLife, NO_MANAGER } from './manager-watch.js';
import type {
  ControllerConfig,
  ControllerEffect,
  CopyProgress,
  HeldReport,
  HostFacts,
  NodeReport,
  Resource,
  Superseded,
} from './types.js';

/** Everything a controller knows. Changed by `stepController` only; lost at a crash but for what raft persisted. */
export interface ControllerState {
  readonly config: ControllerConfig;
  raft: RaftState;
  /** Which of the cluster's consensus logs this is; '' the first (away.ts). */
  readonly branch: string;
  superseded: Superseded | null;
  /** An order to begin another log was given: this life ends. */
  branching: boolean;
  /** Members that were last heard on another log. */
  readonly foreign: Set<NodeId>;
  record: ClusterRecord;
  appliedIndex: number;
  /** The record is known to be as new as some leader's of this life: before that it is only what the disk remembers. */
  informed: boolean;
  compactedIndex: number;
  nowMs: number;
  wallMs: number;
  leaderSinceMs: number | null;
  facts: PostgresFacts;
  factsKey: string;
  factsSinceMs: number;
  vipHeld: boolean;
  vipRenewedMs: number;
  manager: { report: ManagerReport; atMs: number } | null;
  managerLife: ManagerLife;
  receiver: { report: ReceiverReport; atMs: number } | null;
  receiverLink: { link: 'up' | 'down'; sinceMs: number };
  host: HostFacts;
  links: NodeReport['heard'];
  readonly reports: Map<NodeId, HeldReport>;
  readonly heardMs: Map<NodeId, number>;
  /** Members whose program does not speak the cluster's level. */
  readonly leftBehind: Map<NodeId, LeftBehind>;
  readonly busy: Map<Resource, { action: Action; sinceMs: number }>;
  /** When an action of a kind last ended well. */
  readonly endedMs: Map<string, number>;
  /** When PostgreSQL was started again in place, newest last. */
  restarts: readonly number[];
  /** S8. `lsn` null: not seen yet how far the recovered WAL goes. */
  gate: { readonly lsn: number | null } | null;
  readonly failures: Map<string, { count: number; atMs: number; code: string }>;
  readonly stalled: Map<NodeId, { sinceMs: number; flushLsn: number }>;
  joinMark: { node: NodeId; epoch: Epoch; lsn: number; atMs: number } | null;
  slots: { epoch: Epoch; nodes: NodeId[] };
  lastLeaveMs: number;
  renounced: Epoch;
  /** The newest epoch whose dead man was not given more time before the last was over. */
  overdue: Epoch;
  stopProofs: { node: NodeId; epoch: Epoch; boot: string }[];
  proposal: { id: string; sinceMs: number } | null;
  proposals: number;
  forced: { requestId: string; evidence: string; isOff: boolean; epoch: Epoch; atMs: number } | null;
  managerMode: 'passive' | 'gated' | 'active';
  progress: CopyProgress | null;
  /** The recover of this node: journaled by the driver after each step. */
  recover: RecoverReport | null;
  recoverAtMs: number;
  /** What each receiver had received when this node was back in the sync set. */
  recoverMark: { here: number; there: number } | null;
  copySamples: Samples;
  survey: Survey | null;
  /** When each peer's slot was last made sure of, on the owner. */
  readonly slotsMs: Map<NodeId, number>;
  decision: Decision;
  lease: { untilMs: number; epoch: Epoch };
  reportedMs: number;
  noticedMs: number;
  noticeKey: string;
  /** What `noticeKey` was last made of. */
  noticed: { record: ClusterRecord; may: boolean; mode: RoleNotice['mode']; vip: boolean; holds: boolean } | null;
  /** What our voter was last told about who should lead. */
  preferred: { syncSet: ClusterRecord['syncSet']; may: boolean; extraDelayMs: number } | null;
  /** Requests of this node's operator that wait for a commit or for the leader's answer: id → when asked. */
  readonly waiting: Map<string, { atMs: number; from: NodeId | null; requestId: string }>;
  readonly fenceHealth: Map<NodeId, FenceHealth>;
  fenceOutcome: FenceOutcome | null;
  /** The order in flight; `heard`: the target was heard since it was given. */
  fenceOrder: { target: NodeId; requestId: string; forEpoch: Epoch; atMs: number; heard: boolean } | null;
  fenceRight: boolean;
  /** The epoch for which the right was given. */
  rightEpoch: Epoch | null;
  poweredOn: string | null;
  voteAskedMs: number;
  awakeSinceMs: number;
  leaving: boolean;
  /** When the wall clock and the monotonic one last went apart (doubt.ts). */
  jumpedMs: number;
  hooks: { epoch: Epoch; before: 'none' | 'running' | 'passed' | 'vetoed'; after: 'none' | 'running' | 'done' };
  /** Why this member's consensus log does not count: damaged, lost or set back. null: it does. */
  consensusDamaged: string | null;
  /** The incarnation of ours that a leader said does not count. */
  accusedOf: string | null;
  /** When the leader last told each member that it does not count; when we last asked for a change of the members. */
  readonly identityToldMs: Map<NodeId, number>;
  membersAskedMs: number;
  transferAsked: { to: NodeId; atMs: number } | null;
}

const FIRST_DECISION: Decision = {
  role: 'INIT',
  why: 'starting',
  actions: [],
  needsRecover: false,
  campaign: { may: true, extraDelayMs: 0 },
};

/** After a start: what the disk gave back, nothing else. */
export function createController(
  config: ControllerConfig,
  restored: Restored,
  nowMs: number,
  wallMs: number,
): { state: ControllerState; effects: ControllerEffect[] } {
  const raft = createRaft(
    { self: config.self, members: config.members, timings: config.raft, lost: config.consensusDamaged !== undefined },
    restored,
    nowMs,
  );
  const state: ControllerState = {
    config,
    raft: raft.state,
    branch: restored.branch ?? '',
    superseded: config.superseded ?? null,
    branching: false,
    foreign: new Set(),
    record: EMPTY_RECORD,
    appliedIndex: 0,
    informed: false,
    compactedIndex: restored.snapshot?.index ?? 0,
    nowMs,
    wallMs,
    leaderSinceMs: null,
    facts: { kind: 'unknown' },
    factsKey: 'unknown',
    factsSinceMs: nowMs,
    vipHeld: false,
    vipRenewedMs: Number.NEGATIVE_INFINITY,
    manager: null,
    managerLife: NO_MANAGER,
    receiver: null,
    receiverLink: { link: 'down', sinceMs: nowMs },
    host: {
      postgresSource: '',
      deadMan: 'none',
      arming: { kind: 'none', timeoutMs: null },
      unfit: null,
      disks: [],
      loopDelayMs: 0,
      processes: [],
    },
    links: [],
    reports: new Map(),
    heardMs: new Map(),
    leftBehind: new Map(),
    busy: new Map(),
    endedMs: new Map(),
    restarts: [],
    gate: null,
    failures: new Map(),
    stalled: new Map(),
    joinMark: null,
    slots: { epoch: NO_EPOCH, nodes: [] },
    lastLeaveMs: Number.NEGATIVE_INFINITY,
    renounced: NO_EPOCH,
    overdue: NO_EPOCH,
    stopProofs: [],
    proposal: null,
    proposals: 0,
    forced: null,
    managerMode: 'passive',
    progress: null,
    recover: null,
    recoverAtMs: nowMs,
    recoverMark: null,
    copySamples: [],
    survey: null,
    slotsMs: new Map(),
    decision: FIRST_DECISION,
    lease: { untilMs: 0, epoch: NO_EPOCH },
    reportedMs: Number.NEGATIVE_INFINITY,
    noticedMs: Number.NEGATIVE_INFINITY,
    noticeKey: '',
    noticed: null,
    preferred: null,
    waiting: new Map(),
    fenceHealth: new Map(),
    fenceOutcome: null,
    fenceOrder: null,
    fenceRight: false,
    rightEpoch: null,
    poweredOn: null,
    voteAskedMs: Number.NEGATIVE_INFINITY,
    awakeSinceMs: nowMs,
    leaving: false,
    jumpedMs: Number.NEGATIVE_INFINITY,
    hooks: { epoch: NO_EPOCH, before: 'none', after: 'none' },
    consensusDamaged: config.consensusDamaged ?? null,
    accusedOf: null,
    identityToldMs: new Map(),
    membersAskedMs: Number.NEGATIVE_INFINITY,
    transferAsked: null,
  };
  return {
    state,
    effects: raft.effects.flatMap((effect) =>
      effect.kind === 'restore' ? restore(state, effect.snapshot.state, effect.snapshot.index) : [],
    ),
  };
}

/** The application's half of a raft snapshot. */
export function restore(state: ControllerState, record: unknown, index: number): ControllerEffect[] {
  // A snapshot may have been written before a field was added.
  state.record = { ...EMPTY_RECORD, ...(record as ClusterRecord) };
  // Our own log was given up (two nodes): what it told is no longer how things stand.
  if (index < state.appliedIndex) state.informed = false;
  state.appliedIndex = index;
  state.compactedIndex = Math.min(state.compactedIndex, index);
  demandLevel(state);
  return [];
}
