import { type CommandBody, isReleased, maintenanceOf, mayServe, successor } from '@yosugara/failover';
import type { NodeId } from '@yosugara/kernel';
import { hasTwoVoters } from './fence-facts.js';
import { observe } from './observe.js';
import type { ControllerState } from './state.js';
import type { OperatorRequest } from './types.js';

/** T11: why an operator's `fence` of a node cannot be carried out by the cluster; `code` is stable. null: it can. */
export function refusalOfFence(state: ControllerState, node: NodeId): { readonly code: string; readonly why: string } | null {
  const { record, config } = state;
  const no = (code: string, why: string) => ({ code, why });
  const data = config.members.filter((member) => member.kind === 'data').map((member) => member.id);
  if (!data.includes(node)) return no('NODE_UNKNOWN', `${node} is not a data node; data nodes are ${data.join(', ')}`);
  if (!config.settings.fenceable.includes(node))
    return no('FENCE_NO_DEVICE', `${node} has no power device: nothing here could switch it off`);
  if (maintenanceOf(record, node) !== null)
    return no('IN_MAINTENANCE', `${node} is in maintenance: somebody works on it; end that first`);
  if (hasTwoVoters(state))
    return no(
      'NO_ARBITER',
      'without an arbiter a node that is heard is not switched off by the other one: stop it there, or switch it off at its device',
    );
  const o = observe(state);
  if (record.phase !== 'serving' || isReleased(record) || !mayServe(o))
    return no('NO_MASTER', 'no Master is serving: a take-over switches off by itself what it must');
  if (record.switchover !== null && record.switchover.epoch === record.epoch)
    return no('SWITCHOVER', 'a switchover is under way: ask again when it is over');
  if (record.fence?.state === 'requested') return no('FENCE_UNDER_WAY', `${record.fence.target} is being switched off already`);
  if (node === record.owner && successor(o) === null)
    return no('NO_HEIR', `${node} is the Master and no other node can take over now: nobody would serve`);
  if (node !== record.owner && config.settings.policy === 'strict' && record.syncSet.includes(node))
    return no('POLICY_STRICT', `the policy is strict: without ${node} every write would wait for it; change the policy first`);
  return null;
}

type Asked = Extract<OperatorRequest, { readonly kind: 'fence' }>;
export const fenceRequest = (
  { record, wallMs, config }: ControllerState,
  requestId: string,
  { node, by, why }: Asked,
): CommandBody => ({
  kind: 'fenceRequest',
  epoch: record.epoch,
  by: config.self,
  target: node,
  requestId,
  atWallMs: wallMs,
  ordered: { by, why },
});
