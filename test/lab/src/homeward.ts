import type { Status } from '@yosugara/protocol';
import { type LabCluster } from './cluster/cluster.js';
import { isHealthy } from './cluster/roles.js';
import { monotonicMs } from './host/shell.js';
import { D_DIES } from './scenarios/another-site.js';
import type { Stage } from './scenarios/types.js';

const RECOVER_DEADLINE_MS = 180_000;
const HOME_DEADLINE_MS = 120_000;

interface WayHome {
  readonly fromMs: number;
  readonly toMs: number;
  readonly method: string | null;
}

/** From the other site back to the first, as docs/dr.md tells the operator: recover, switchover, recover. */
export async function goHome({ cluster, target, other, variant, say }: Stage): Promise<WayHome> {
  const fromMs = monotonicMs();
  const since = () => `${Math.round(monotonicMs() - fromMs)} ms`;
  const method = await recover(cluster, 'd', target);
  say(`${target} is recovered by ${method ?? 'nothing'} after ${since()}`);
  if (variant === D_DIES) {
    await cluster.statusWhere('d', `${target} in the sync set`, HOME_DEADLINE_MS, (status) => inSyncSet(status, target));
    await cluster.hosts.d.powerOff();
  } else await cluster.yosugara('d', ['switchover'], HOME_DEADLINE_MS);
  await cluster.statusWhere(target, `${target} is Master`, HOME_DEADLINE_MS, (status) => status.master === target);
  say(`${target} is Master after ${since()}`);
  if (variant === D_DIES) await cluster.powerOn('d');
  await cluster.statusWhere(target, 'home', HOME_DEADLINE_MS, (status) => status.away === null);
  say(`home after ${since()}`);
  await recover(cluster, target, other);
  await cluster.statusWhere(target, 'a whole cluster', HOME_DEADLINE_MS, isHealthy);
  return { fromMs, toMs: monotonicMs(), method };
}

async function recover(cluster: LabCluster, on: 'd' | 'a' | 'b', node: string): Promise<string | null> {
  const answer = JSON.parse(await cluster.yosugara(on, ['recover', node], RECOVER_DEADLINE_MS)) as { method?: string | null };
  return answer.method ?? null;
}

const inSyncSet = (status: Status, name: string) => status.nodes.some((node) => node.name === name && node.syncSet);
