import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { type Away, applyCommand, type ClusterRecord, type Command, EMPTY_RECORD } from '@yosugara/failover';
import {
  checkPages,
  fetchClusterFiles,
  installRestored,
  mustBeStopped,
  type OnProgress,
  placeJournals,
  placeSecrets,
  Repository,
  type Restored,
  type RestoreTarget,
  readClusterFiles,
  restoreInto,
  takeOverRoles,
} from '@yosugara/host-control/backup';
import { openRaftDisk, planBranch } from '@yosugara/journal';
import { InvalidInputError, nodeId, parseLsn } from '@yosugara/kernel';
import { type NodeConfig, STATE_LAYOUT } from '@yosugara/protocol';
import { RefusedError } from '../control/client.js';

const MIN_EVIDENCE = 10;
const KNOCK_MS = 1_500;

export interface RestoredCluster {
  readonly restored: Restored;
  /** The data that was here; null: there was none. */
  readonly setAside: string | null;
  /** Journals of receivers that were not here, and are now; what of them is not in the database is stored when the node serves. */
  readonly journals: readonly string[];
  /** Secrets of the cluster that was, which a new one needs to read what was restored. */
  readonly secrets: readonly string[];
  /** false: this node has never heard of a cluster, so its first Master is whoever starts with the data. */
  readonly beginsGeneration: boolean;
}

/**
 * The data of a moment takes the place of the cluster's: on this node, which leads a new generation at its next start, as a member of another site
 * does that is promoted (docs/decisions/0014-another-site.md). The other nodes then hold what was given up: they stop, and return by `recover`.
 *
 * Data first, then the order to lead: a crash between the two leaves a node that is brought back from the others, and nothing restored.
 * @throws RefusedError somebody of the cluster still runs. BackupError.
 */
export async function restoreCluster(
  config: NodeConfig,
  target: RestoreTarget,
  asked: { readonly evidence: string; readonly by: string; readonly nowMs: number; readonly acceptGap?: boolean },
  onProgress: OnProgress,
): Promise<RestoredCluster> {
  if (asked.evidence.trim().length < MIN_EVIDENCE)
    throw new InvalidInputError('--evidence', asked.evidence, 'a sentence that says why: it is written into the record');
  const repository = await Repository.open(config);
  await mustBeStopped(repository);
  await nobodyRuns(config);
  const raft = join(config.stateDir, STATE_LAYOUT.raft);
  const record = await recordIn(raft);
  const folder = join(repository.paths.dataDir, `restore-${asked.nowMs}`);
  const takeOver = (session: Parameters<typeof takeOverRoles>[1]) => takeOverRoles(repository, session);
  const restored = await restoreInto(repository, folder, target, onProgress, takeOver, asked.acceptGap);
  try {
    onProgress(null, 'reading every page');
    await checkPages(repository, restored.pgdata);
    await nobodyRuns(config);
    onProgress(null, 'journals');
    const files = await restoreFiles(repository, restored.label, asked.nowMs, record === null);
    const setAside = await installRestored(repository, restored.pgdata);
    if (record !== null) {
      const away = awayBy(config, record, restored, asked);
      await planBranch(raft, { kind: 'lead', branch: away.branch, away } as { readonly branch: string });
    }
    return { restored: { ...restored, pgdata: repository.paths.pgdata }, setAside, beginsGeneration: record !== null, ...files };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What lies beside the backup and is not here: before the data, since it harms nobody when that fails. */
async function restoreFiles(repository: Repository, label: string, nowMs: number, isNewCluster: boolean) {
  const files = await readClusterFiles(repository, label);
  if (files === null) return { journals: [], secrets: [] };
  const folder = join(repository.config.stateDir, `restore-${nowMs}`);
  try {
    await fetchClusterFiles(repository, files, folder);
    const journals = await placeJournals(repository.config, files, folder);
    return { journals, secrets: isNewCluster ? await placeSecrets(repository.config, folder) : [] };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The record that this node's consensus log holds; null: it holds none. @throws JournalLockedError its controller runs. */
async function recordIn(raft: string): Promise<ClusterRecord | null> {
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
  }
}

function awayBy(
  { node }: NodeConfig,
  { generation }: ClusterRecord,
  { label, lsn }: Restored,
  { evidence, by, nowMs }: { readonly evidence: string; readonly by: string; readonly nowMs: number },
): Away {
  const random = randomBytes(6).toString('hex');
  return {
    ...{ node: nodeId(node), requestId: `restore-${random}`, by, atWallMs: nowMs, generation },
    branch: `${node}.${generation + 1}.${random}`,
    evidence: `restored from backup ${label}: ${evidence.trim()}`,
    ...{ received: parseLsn(lsn), lostBytes: null, heardAgoMs: null },
  };
}

/** Of the members of the cluster, this node's own controller too. */
async function nobodyRuns({ cluster, ports }: NodeConfig): Promise<void> {
  const answers = await Promise.all(
    cluster.members.map(async ({ id, address }) => ((await isOpen(address, ports.status)) ? id : null)),
  );
  const running = answers.filter((id) => id !== null);
  if (running.length === 0) return;
  const verb = running.length === 1 ? 'runs' : 'run';
  throw new RefusedError('RUNNING', `${running.join(', ')} still ${verb}: stop Yosugara on every member first`);
}

function isOpen(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: KNOCK_MS });
    const end = (is: boolean) => {
      socket.destroy();
      resolve(is);
    };
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
    socket.once('timeout', () => end(false));
  });
}
