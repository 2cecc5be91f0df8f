import { timingsProblems } from '@yosugara/consensus';
import { PROFILES, type Settings, type Timings, timingProblems } from '@yosugara/failover';
import { nodeId, YosugaraError } from '@yosugara/kernel';
import type { NodeConfig } from '@yosugara/protocol';
import { fenceDelayMs, slowestOffMs } from '../config/fencing-rules.js';
import { raftTimings } from './timings.js';
import type { ControllerConfig } from './types.js';

type ClusterConfig = NodeConfig['cluster'];

const COMPACT_EVERY = 1_000;
const TRAILING = 200;

/**
 * What the controller of this node needs of `yosugara.yaml`; `boot` is of this start of it.
 *
 * @throws YosugaraError TIMING_UNSAFE — a profile whose leases could overlap.
 */
export function controllerConfig(config: NodeConfig, boot: string): ControllerConfig {
  const timings = safeTimings(config.cluster.profile);
  const members = config.cluster.members.map(({ id, kind }) => ({
    id: nodeId(id),
    kind: kind === 'witness' ? ('witness' as const) : ('data' as const),
    voter: kind !== 'dr',
  }));
  return {
    self: nodeId(config.node),
    kind: members.find((member) => member.id === config.node)!.kind,
    boot,
    members,
    settings: settingsOf(config, timings),
    raft: raftTimings(timings),
    compactEvery: COMPACT_EVERY,
    trailing: TRAILING,
  };
}

function safeTimings(profile: ClusterConfig['profile']): Timings {
  const timings = PROFILES[profile];
  const problems = [...timingProblems(timings), ...timingsProblems(raftTimings(timings))];
  if (problems.length > 0)
    throw new YosugaraError('TIMING_UNSAFE', `timing profile ${profile} is not safe: ${problems.join('; ')}`);
  return timings;
}

function settingsOf(config: NodeConfig, timings: Timings): Settings {
  const { autoRejoin, fencing, hooks, members, policy, rateLimit, stopProofs, vip } = config.cluster;
  return {
    ...{ policy, stopProofs, autoRejoin, timings },
    hasVip: vip !== undefined && vip.driver !== 'none',
    drNodes: members.filter(({ kind }) => kind === 'dr').map(({ id }) => nodeId(id)),
    fenceable: members.filter(({ fence }) => fence !== undefined).map(({ id }) => nodeId(id)),
    fenceDelayMs: fenceDelayMs(config, timings.candidateDelayMaxMs),
    fenceOffMs: slowestOffMs(config),
    fenceCheckMs: fencing.checkEveryMs,
    powerOnAfterFence: fencing.powerOnAfter,
    rateLimit: { max: rateLimit.takeOvers, withinMs: rateLimit.withinMinutes * 60_000 },
    hooks: { beforePromotion: hooks.beforePromotion !== undefined, afterPromotion: hooks.afterPromotion !== undefined },
  };
}
