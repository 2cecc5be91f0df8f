import type { Epoch, NodeId } from '@yosugara/kernel';
import { assertNever } from '@yosugara/kernel';
import { type Applied, accept, refuse } from './applied.js';
import type { ClusterRecord, Fence, Maintenance } from './record.js';

/** Commands about power, pauses and maintenance: they change what the cluster may do by itself, never who owns what. */
export type Managing =
  | {
      readonly kind: 'fenceRequest';
      readonly epoch: Epoch;
      readonly by: NodeId;
      readonly target: NodeId;
      readonly requestId: string;
      readonly atWallMs: number;
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
  if (command.target === command.by) return refuse(record, 'a node never fences itself');
  if (record.fence?.state === 'requested') return refuse(record, `${record.fence.target} is being fenced already`);
  if (record.fence?.requestId === command.requestId) return refuse(record, 'that fence is over');
  const { requestId, target, epoch: forEpoch, by, atWallMs } = command;
  const fence: Fence = { requestId, target, forEpoch, by, state: 'requested', method: null, evidence: '', atWallMs };
  return accept(record, { fence });
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
