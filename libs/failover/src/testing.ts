import { epoch, lsn, type NodeId, nodeId } from '@yosugara/kernel';
import { decide } from './decide.js';
import type { PostgresFacts, StreamingPeer } from './facts.js';
import type { Observation, PeerView } from './observation.js';
import { PROFILES } from './profiles.js';
import { type ClusterRecord, EMPTY_RECORD } from './record.js';

export const a = nodeId('a');
export const b = nodeId('b');
export const w = nodeId('w');

export const standby = (over: Partial<Extract<PostgresFacts, { kind: 'standby' }>> = {}): PostgresFacts => ({
  kind: 'standby',
  timeline: 1,
  systemId: '7',
  walEnd: lsn(1_000),
  replayLsn: lsn(1_000),
  receiver: 'streaming',
  follows: a,
  ...over,
});
export const primary = (over: Partial<Extract<PostgresFacts, { kind: 'primary' }>> = {}): PostgresFacts => ({
  kind: 'primary',
  timeline: 1,
  systemId: '7',
  walEnd: lsn(1_000),
  names: [b],
  peers: [streaming(b)],
  forks: [],
  syncWaiters: 0,
  ...over,
});
export const stopped = (over: Partial<Extract<PostgresFacts, { kind: 'stopped' }>> = {}): PostgresFacts => ({
  kind: 'stopped',
  state: 'clean-primary',
  timeline: 1,
  walEnd: lsn(1_000),
  systemId: '7',
  ...over,
});
export const streaming = (node: NodeId, over: Partial<StreamingPeer> = {}): StreamingPeer => ({
  node,
  streaming: true,
  sync: true,
  flushLsn: lsn(1_000),
  ...over,
});

/** Epoch 5 belongs to `a` and serves, both nodes in the sync set. */
export const record = (over: Partial<ClusterRecord> = {}): ClusterRecord => ({
  ...EMPTY_RECORD,
  version: 9,
  epoch: epoch(5),
  owner: a,
  ownerBoot: 'boot-a',
  phase: 'serving',
  syncSet: [a, b],
  everSync: [a, b],
  systemId: '7',
  lineage: [],
  previous: { node: b, epoch: epoch(4), boot: 'boot-b0' },
  proof: { kind: 'P1', of: b, epoch: epoch(4), evidence: 'said so' },
  ...over,
});

const NOW = 100_000;
const peer = (over: Partial<PeerView> = {}): PeerView => ({
  kind: 'data',
  heardAgoMs: 50,
  boot: null,
  knowsEpoch: epoch(0),
  postgres: standby(),
  stopped: null,
  unfit: null,
  arming: { kind: 'soft', timeoutMs: null },
  ...over,
});

/** `a` as the healthy Master of `record()`: every test names only what it changes. */
export function seenByA(over: Partial<Observation> = {}): Observation {
  return {
    nowMs: NOW,
    wallMs: 1_700_000_000_000,
    self: a,
    kind: 'data',
    boot: 'boot-a',
    dataNodes: [a, b],
    settings: {
      policy: 'available',
      stopProofs: ['P1', 'P4'],
      autoRejoin: 'clean',
      timings: PROFILES.lan,
      hasVip: true,
      drNodes: [],
      fenceable: [],
      fenceDelayMs: 10_000,
      powerOnAfterFence: false,
      rateLimit: { max: 100, withinMs: 3_600_000 },
      hooks: { beforePromotion: false, afterPromotion: false },
    },
    record: record(),
    informed: true,
    lead: { ready: true, leaseUntilMs: NOW + 3_200, sinceMs: 1_000, transferring: false, quorumSentMs: NOW - 100 },
    awakeSinceMs: 1_000,
    promisedUntilMs: 0,
    voters: [a, b, w],
    postgres: primary(),
    postgresSinceMs: 1_000,
    postgresBusy: null,
    vipHeld: true,
    vipBusy: false,
    manager: { mode: 'active', epoch: epoch(5), ready: true },
    receiver: { link: 'up', sinceMs: 1_000, behindPeer: 0 },
    peers: new Map([
      [b, peer()],
      [w, peer({ kind: 'witness', postgres: { kind: 'unknown' } })],
    ]),
    stopProofs: [],
    renounced: epoch(0),
    overdue: epoch(0),
    stalledSinceMs: new Map(),
    joinMark: null,
    joining: null,
    armed: true,
    releasing: false,
    slots: [b],
    failures: new Map(),
    lastLeaveMs: 0,
    forced: null,
    arming: { kind: 'soft', timeoutMs: null },
    twoNodes: false,
    fenceRight: false,
    fenceHealth: new Map(),
    fenceBusy: false,
    fenceOutcome: null,
    poweredOn: null,
    unfit: null,
    leaving: false,
    hookBefore: 'none',
    hookAfter: 'none',
    ...over,
  };
}

/** `b` as the healthy Standby of `record()`. */
export function seenByB(over: Partial<Observation> = {}): Observation {
  return seenByA({
    self: b,
    boot: 'boot-b',
    lead: null,
    promisedUntilMs: NOW + 3_400,
    postgres: standby(),
    vipHeld: false,
    manager: { mode: 'passive', epoch: epoch(5), ready: true },
    peers: new Map([
      [a, peer({ postgres: primary() })],
      [w, peer({ kind: 'witness', postgres: { kind: 'unknown' } })],
    ]),
    slots: [],
    ...over,
  });
}

export const leading = {
  ready: true,
  leaseUntilMs: NOW + 3_200,
  sinceMs: NOW - 1_000,
  transferring: false,
  quorumSentMs: NOW - 100,
};
export { NOW, peer };

/** What a decider asks for: the kinds of its actions; of a proposal, that of the command. */
export const kinds = (o: Observation): string[] =>
  decide(o).actions.map((action) => (action.kind === 'record.propose' ? action.command.kind : action.kind));
export const proposed = (o: Observation) =>
  decide(o).actions.flatMap((action) => (action.kind === 'record.propose' ? [action.command] : []));
