import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  checkPages,
  fetchClusterFiles,
  installRestored,
  lastEpoch,
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
import { InvalidInputError, parseLsn } from '@yosugara/kernel';
import type { NodeConfig } from '@yosugara/protocol';
import { backupsGoOn } from './backups-go-on.js';
import { beginLog } from './first-log.js';
import { nobodyRuns, orderToLead, recordIn } from './generation.js';

const MIN_EVIDENCE = 10;

export interface RestoredCluster {
  readonly restored: Restored;
  /** The data that was here; null: there was none. */
  readonly setAside: string | null;
  /** Journals of receivers that were not here, and are now; what of them is not in the database is stored when the node serves. */
  readonly journals: readonly string[];
  /** Secrets of the cluster that was, which a new one needs to read what was restored. */
  readonly secrets: readonly string[];
  /** false: this node has never heard of a cluster, so it begins one with the data. */
  readonly beginsGeneration: boolean;
  /** Of a cluster that begins: the name of its consensus log, by which the others join it. null: it goes on from what this node knew. */
  readonly log: string | null;
  /** Why backups do not go on by themselves; null: they do. */
  readonly backups: string | null;
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
  const record = await recordIn(config);
  const folder = join(repository.paths.dataDir, `restore-${asked.nowMs}`);
  let wrote = 0;
  const takeOver: Parameters<typeof restoreInto>[4] = async (session, at) => {
    await takeOverRoles(repository, session);
    wrote = await lastEpoch(at);
  };
  const restored = await restoreInto(repository, folder, target, onProgress, takeOver, asked.acceptGap);
  try {
    onProgress(null, 'reading every page');
    await checkPages(repository, restored.pgdata);
    await nobodyRuns(config);
    onProgress(null, 'journals');
    const files = await restoreFiles(repository, restored.label, asked.nowMs, record === null);
    const setAside = await installRestored(repository, restored.pgdata);
    const evidence = `restored from backup ${restored.label}: ${asked.evidence.trim()}`;
    const log = record === null ? await beginLog(config, { ...restored, epoch: wrote }, evidence) : null;
    if (record !== null) {
      const { lsn, systemId } = restored;
      await orderToLead(config, record, { ...asked, what: 'restore', evidence, received: parseLsn(lsn), systemId });
    }
    const beginsGeneration = record !== null;
    // The database that was here may have been of another major version, and the repository have gone on with that.
    const backups = await backupsGoOn(repository);
    return { restored: { ...restored, pgdata: repository.paths.pgdata }, setAside, beginsGeneration, log, backups, ...files };
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
