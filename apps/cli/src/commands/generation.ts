import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Away, applyCommand, type ClusterRecord, type Command, EMPTY_RECORD } from '@yosugara/failover';
import { giveToState } from '@yosugara/host-control/backup';
import { openRaftDisk, planBranch } from '@yosugara/journal';
import { type Lsn, nodeId } from '@yosugara/kernel';
import { type NodeConfig, STATE_LAYOUT } from '@yosugara/protocol';
import { RefusedError } from '../control/client.js';
import { knock } from '../control/knock.js';

/* What replaces the data of a whole cluster that is stopped: a restore, and an upgrade of PostgreSQL to another major version. */

const KNOCK_MS = 1_500;

const raftOf = ({ stateDir }: NodeConfig): string => join(stateDir, STATE_LAYOUT.raft);

/** The record that this node's consensus log holds; null: it holds none. @throws JournalLockedError its controller runs. */
export async function recordIn(config: NodeConfig): Promise<ClusterRecord | null> {
  const raft = raftOf(config);
  if (!existsSync(raft)) return null;
  const disk = await openRaftDisk(raft);
  try {
    const held = await disk.load();
    if (held.snapshot === null && held.entries.length === 0) return null;
    let record: ClusterRecord = { ...EMPTY_RECORD, ...(held.snapshot?.state as ClusterRecord | undefined) };
    for (const { payload } of held.entries)
      if (payload.kind === 'command') record = applyCommand(record, payload.command as Command).record;
    return record;
  } finally {
    await disk.close();
    await giveToState(config, raft);
  }
}

export interface Lead {
  readonly what: 'restore' | 'upgrade';
  readonly evidence: string;
  readonly by: string;
  readonly nowMs: number;
  /** Where the WAL of the new data ends. */
  readonly received: Lsn;
  /** Of the new data: what the record knows the cluster's database by from then on. */
  readonly systemId: string;
}

/** This node leads a new generation from its next start on (apps/controller/src/consensus-disk.ts). */
export async function orderToLead(config: NodeConfig, { generation }: ClusterRecord, lead: Lead): Promise<void> {
  const random = randomBytes(6).toString('hex');
  const away: Away = {
    ...{ node: nodeId(config.node), requestId: `${lead.what}-${random}`, by: lead.by, atWallMs: lead.nowMs, generation },
    branch: `${config.node}.${generation + 1}.${random}`,
    ...{ evidence: lead.evidence, received: lead.received, lostBytes: null, heardAgoMs: null },
  };
  const { systemId } = lead;
  const raft = raftOf(config);
  await planBranch(raft, { kind: 'lead', branch: away.branch, away, systemId } as { readonly branch: string });
  await giveToState(config, `${raft}.branch`);
}

/** Of the members of the cluster, this node's own controller too. */
export async function nobodyRuns({ cluster, ports }: NodeConfig): Promise<void> {
  const answers = await Promise.all(
    cluster.members.map(async ({ id, address }) => ((await isOpen(address, ports.status)) ? id : null)),
  );
  const running = answers.filter((id) => id !== null);
  if (running.length === 0) return;
  const verb = running.length === 1 ? 'runs' : 'run';
  throw new RefusedError('RUNNING', `${running.join(', ')} still ${verb}: stop Yosugara on every member first`);
}

/** A member that is off never answers. */
const isOpen = async (host: string, port: number): Promise<boolean> => (await knock({ host, port }, KNOCK_MS)) === 'open';
