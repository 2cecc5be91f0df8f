import type { ClusterRecord } from '@yosugara/failover';
import { Repository } from '@yosugara/host-control/backup';
import { type MajorUpgrade, type UpgradeAsked, upgradeMajor } from '@yosugara/host-control/major';
import { explain } from '@yosugara/kernel';
import type { NodeConfig } from '@yosugara/protocol';
import { RefusedError } from '../control/client.js';
import { backupsGoOn } from './backups-go-on.js';
import { nobodyRuns, orderToLead, recordIn } from './generation.js';

export interface UpgradedCluster extends MajorUpgrade {
  /** Why backups do not go on by themselves; null: they do, or none are configured. */
  readonly backups: string | null;
}

/**
 * The database of a stopped cluster becomes one of a newer major version, on the node that was Master alone, which then leads a new
 * generation as after a restore. The other data node copies it. Data first, then the order to lead: after a crash between the two
 * nobody serves, and the same command once more goes on from what is there.
 * @throws RefusedError, PostgresControlError, BackupError.
 */
export async function upgradePostgres(
  config: NodeConfig,
  asked: UpgradeAsked & { readonly by: string },
  onProgress: (says: string) => void,
): Promise<UpgradedCluster> {
  await nobodyRuns(config);
  const record = await recordIn(config);
  const why = record === null ? 'this node has never heard of a cluster' : whyNotHere(config.node, record);
  if (record === null || why !== null) throw new RefusedError('NOT_ALONE', why ?? '');
  const done = await upgradeMajor(config, asked, onProgress);
  const { by, nowMs } = asked;
  const evidence = `${done.from} was upgraded to ${done.to}`;
  const { systemId, walEnd: received } = done;
  await orderToLead(config, record, { what: 'upgrade', evidence, by, nowMs, received, systemId });
  return { ...done, backups: await backupsAfter(config) };
}

/** Whoever was Master alone knows that nobody took over after it: no other node may. null: it is this one. */
export function whyNotHere(node: string, { owner, syncSet, phase }: ClusterRecord): string | null {
  if (owner !== node || phase !== 'serving') return `${node} was not the Master: run this on ${owner ?? 'the last Master'}`;
  const others = syncSet.filter((other) => other !== node);
  if (others.length === 0) return null;
  return (
    `${others.join(', ')} may have taken over after ${node} stopped: start all, stop ${others.join(', ')} first, wait until ` +
    '`yosugara status` shows it out of the sync set, then stop the Master'
  );
}

async function backupsAfter(config: NodeConfig): Promise<string | null> {
  if (config.backup === undefined) return null;
  try {
    return await backupsGoOn(await Repository.open(config));
  } catch (error) {
    return explain(error);
  }
}

export function renderUpgraded({ from, to, setAside, backups }: UpgradedCluster, others: readonly string[]): string {
  return [
    `${from} → ${to}.`,
    ...(setAside === null ? [] : [`What was here is kept in ${setAside}.`]),
    ...(backups === null ? [] : [`Backups do not go on: ${backups}`]),
    `Start Yosugara here and on the arbiter. On ${others.join(', ')} move pgdata away, start it, and bring it back: yosugara recover ${others[0] ?? ''}.`,
    'Take a full backup then.',
  ].join('\n');
}
