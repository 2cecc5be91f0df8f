import type { Epoch, NodeId } from '@yosugara/kernel';
import { assertNever } from '@yosugara/kernel';
import { type Applied, accept, refuse } from './applied.js';
import { type ClusterRecord, type Fence, type FenceOrder, isReleased, type Maintenance } from './record.js';

/** Commands about power, pauses and maintenance: they change what the cluster may do by itself, never who owns what. */
export type Managing =
  | {
      readonly kind: 'fenceRequest';
      readonly epoch: Epoch;
      readonly by: NodeId;
      readonly target: NodeId;
      readonly requestId: string;
      readonly atWallMs: number;
      /** By an operator, while a Master serves. Its target may be the Master itself: it gives its part away first. */
      readonly ordered?: FenceOrder;
    }
  | {
      readonly kind: 'fenceResult';
      readonly requestId: string;
      readonly state: 'confirmed' | 'failed';
      readonly method: string;
      readonly evidence: string;
    }
  /** untilWallMs null: it ends. */
  | { readonly kind: 'pause'; readonly requestId: string; readonly untilWallMs: number | null; readonly why: string }
  | {
      readonly kind: 'maintenance';
      readonly requestId: string;
      readonly node: NodeId;
      readonly untilWallMs: number | null;
      readonly why: string;
    };

/** A fence that was confirmed before the log could be asked. */
export interface ConfirmedFence {
  readonly requestId: string;
  readonly target: NodeId;
  readonly method: string;
  readonly evidence: string;
}

/** What it leaves in the record of the epoch that it made possible. */
export function withFenced(
  record: ClusterRecord,
  done: ConfirmedFence,
  of: { readonly by: NodeId; readonly epoch: Epoch; readonly atWallMs: number },
): Pick<ClusterRecord, 'fence' | 'fenced'> {
  const { requestId, target, method, evidence } = done;
  const { by, epoch, atWallMs } = of;
  const others = record.fenced.filter(({ node }) => node !== target);
  return {
    fence: { requestId, target, forEpoch: epoch, by, state: 'confirmed', method, evidence, atWallMs },
    fenced: [...others, { node: target, epoch, evidence }],
  };
}

/** Nobody waits for its devices any more: whatever they still answer proves nothing (F5). */
export const calledOff = (fence: Fence | null, why: string): Fence | null =>
  fence?.state === 'requested' ? { ...fence, state: 'failed', evidence: `called off: ${why}` } : fence;

/**
 * What becomes of it when `by` claims an epoch. An operator's order to cut the Master's power goes over to whoever takes its place, under
 * another id: what its devices said before this epoch was committed proves nothing in it (F5).
 */
export function inNextEpoch(
  { fence, owner }: ClusterRecord,
  { by, epoch }: { readonly by: NodeId; readonly epoch: Epoch },
): Fence | null {
  const goesOver = fence?.state === 'requested' && fence.ordered !== undefined && fence.target === owner && by !== owner;
  if (goesOver) return { ...fence, requestId: `${fence.requestId}.${epoch}`, forEpoch: epoch, by };
  return calledOff(fence, 'the epoch in which it was asked for is over');
}

const KINDS: readonly string[] = ['fenceRequest', 'fenceResult', 'pause', 'maintenance'];
export const isManaging = <C extends { readonly kind: string }>(command: C): command is Extract<C, Managing> =>
  KINDS.includes(command.kind);

export function applyManaging(record: ClusterRecord, command: Managing): Applied {
  switch (command.kind) {
    case 'fenceRequest':
      return requestFence(record, command);
    case 'fenceResult':
      return endFence(record, command);
    case 'pause': {
      const { requestId, untilWallMs, why } = command;
      return accept(record, { pause: untilWallMs === null ? null : { requestId, untilWallMs, why } });
    }
    case 'maintenance':
      return accept(record, { maintenance: maintained(record, command) });
    default:
      return assertNever(command);
  }
}

/** S11: one at a time, never oneself, never in an epoch that is over. */
function requestFence(record: ClusterRecord, command: Extract<Managing, { kind: 'fenceRequest' }>): Applied {
  if (command.epoch !== record.epoch) return refuse(record, `epoch is ${record.epoch} now`);
  if (command.by !== record.owner) return refuse(record, `${record.owner} owns this epoch`);
  const { ordered } = command;
  if (ordered !== undefined && (record.phase !== 'serving' || isReleased(record))) return refuse(record, 'no Master is serving');
  if (command.target === command.by && ordered === undefined) return refuse(record, 'a node never fences itself');
  if (record.fence?.state === 'requested') return refuse(record, `${record.fence.target} is being fenced already`);
  if (record.fence?.requestId === command.requestId) return refuse(record, 'that fence is over');
  const { requestId, target, epoch: forEpoch, by, atWallMs } = command;
  const fence: Fence = { requestId, target, forEpoch, by, state: 'requested', method: null, evidence: '', atWallMs };
  return accept(record, { fence: ordered === undefined ? fence : { ...fence, ordered } });
}

function endFence(record: ClusterRecord, command: Extract<Managing, { kind: 'fenceResult' }>): Applied {
  const { fence } = record;
  if (fence === null || fence.requestId !== command.requestId || fence.state !== 'requested')
    return refuse(record, 'that fence is over');
  const { state, method, evidence } = command;
  const ended: Fence = { ...fence, state, method, evidence };
  if (state === 'failed') return accept(record, { fence: ended });
  const others = record.fenced.filter(({ node }) => node !== fence.target);
  return accept(record, { fence: ended, fenced: [...others, { node: fence.target, epoch: fence.forEpoch, evidence }] });
}

function maintained(record: ClusterRecord, command: Extract<Managing, { kind: 'maintenance' }>): readonly Maintenance[] {
  const others = record.maintenance.filter(({ node }) => node !== command.node);
  const { node, requestId, untilWallMs, why } = command;
  return untilWallMs === null ? others : [...others, { node, requestId, untilWallMs, why }];
}
