import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { awayEpoch, awayTimelines, type ClusterRecord, EMPTY_RECORD } from '@yosugara/failover';
import { giveToState, type Restored } from '@yosugara/host-control/backup';
import { carryOutBranch, planBranch } from '@yosugara/journal';
import { epoch, nodeId } from '@yosugara/kernel';
import { type NodeConfig, STATE_LAYOUT } from '@yosugara/protocol';

/** What the restored data tells of the cluster that wrote it. */
export interface Was extends Pick<Restored, 'timeline' | 'systemId'> {
  /** The highest that anybody owned it in. */
  readonly epoch: number;
}

/**
 * A new cluster that begins with the data of another one begins with its ownership, too: epochs go on above all that the database, agents and
 * journals have seen, timelines above all that the archive holds. Only this node holds the data, so it alone votes until the others are here.
 * The log has a name of its own: members that begin blank, on the first one, are not heard on it, and can agree on nothing against it.
 *
 * @returns the log's name, with which others join it (`joinLog`).
 */
export async function beginLog(config: NodeConfig, was: Was, cause: string): Promise<string> {
  const self = nodeId(config.node);
  const record = firstRecord(self, was, cause);
  const branch = `${config.node}.${record.generation}.${randomBytes(6).toString('hex')}`;
  // Killed in between, this node begins blank, serves nothing, and the restore can be said again.
  await joinLog(config, branch, config.node);
  await carryOutBranch(raftOf(config), () => (_held, incarnation) => ({
    ...{ index: 1, term: 1, state: record },
    members: [{ id: self, kind: 'data', voter: true, incarnation }],
  }));
  await giveToState(config, raftOf(config));
  await giveToState(config, `${raftOf(config)}.branch`);
  return branch;
}

/** From its first start on this member is of the log that `by` leads, blank until that one tells. */
export async function joinLog(config: Pick<NodeConfig, 'stateDir'>, branch: string, by: string): Promise<void> {
  await planBranch(raftOf(config), { kind: 'join', branch, by } as { readonly branch: string });
  await giveToState(config, `${raftOf(config)}.branch`);
}

/** Nothing of a log that was begun here is gone on with. */
export async function setLogAside(config: Pick<NodeConfig, 'stateDir'>, nowMs: number): Promise<void> {
  const raft = raftOf(config);
  for (const path of [`${raft}.branch`, raft]) if (existsSync(path)) await rename(path, `${path}.before-init-${nowMs}`);
}

const raftOf = ({ stateDir }: Pick<NodeConfig, 'stateDir'>): string => join(stateDir, STATE_LAYOUT.raft);

function firstRecord(self: ReturnType<typeof nodeId>, was: Was, cause: string): ClusterRecord {
  const known = { ...EMPTY_RECORD, epoch: epoch(was.epoch), timelineTaken: was.timeline };
  // Each generation began with an epoch of its own, and the first one with none: this is above whatever was the last.
  const generation = was.epoch + 2;
  const next = awayEpoch(known, Date.now());
  return {
    ...known,
    ...{ version: 1, epoch: next, timelineTaken: awayTimelines(known), systemId: was.systemId, cause },
    ...{ syncSet: [self], everSync: [self], generation, generations: { [self]: generation } },
    // Nobody is left of the old one: what is restored was released by whoever restored it.
    released: { epoch: next, by: self, walEnd: null, automatic: false },
  };
}
