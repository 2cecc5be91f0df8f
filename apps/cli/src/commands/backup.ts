import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  type BackupSet,
  type BackupType,
  type ClusterFiles,
  checkClusterFiles,
  checkPages,
  type OnProgress,
  putClusterFiles,
  Repository,
  type Restored,
  type RestoreTarget,
  readClusterFiles,
  restoreInto,
  sendUnsent,
} from '@yosugara/host-control/backup';
import { YosugaraError } from '@yosugara/kernel';
import type { NodeConfig, Status } from '@yosugara/protocol';
import type { Found } from '../control/find.js';
import { bytes, duration, Progress, type Terminal, table } from '../output/terminal.js';

const DAY_MS = 86_400_000;

export interface TakenBackup {
  readonly set: BackupSet;
  readonly files: ClusterFiles;
  /** Segments of WAL that a dead Master never sent. */
  readonly sent: readonly string[];
}

/** The node of this host that is Master. null: another host's is. */
export function masterHere(nodes: readonly Found[], { master }: Pick<Status, 'master'>): Found | null {
  return nodes.find(({ config }) => config !== null && config.node === master) ?? null;
}

/** A data node of this host: which one makes no difference to what lies in the repository. */
export function dataNodeHere(nodes: readonly Found[]): NodeConfig {
  const found = nodes.find(({ config }) => config?.dataDir !== undefined)?.config;
  if (found == null) throw new YosugaraError('USAGE', 'no node of this host has data: backups are taken and read on a data node');
  return found;
}

/** Full when none is younger than the configured days; else what changed since. */
export function typeDue(sets: readonly BackupSet[], fullEveryDays: number, nowMs: number): BackupType {
  const full = sets.findLast(({ type }) => type === 'full');
  return full === undefined || nowMs - full.endedAtMs >= fullEveryDays * DAY_MS ? 'full' : 'incr';
}

/**
 * A base backup of the Master of this host, and beside it what else a cluster is made of.
 * @throws BackupError.
 */
export async function takeBackup(
  node: Found,
  status: Status,
  type: BackupType | null,
  nowMs: number,
  onProgress: OnProgress,
): Promise<TakenBackup> {
  if (node.config === null) throw new YosugaraError('BAD_CONFIG', `no yosugara.yaml lies in ${node.stateDir}`);
  const repository = await Repository.open(node.config);
  onProgress(null, 'asking the repository');
  await repository.prepare();
  const sets = await repository.sets();
  const sent = sets.length === 0 ? [] : await sendUnsent(repository);
  const set = await repository.take(type ?? typeDue(sets, repository.backup.fullEveryDays, nowMs), onProgress);
  onProgress(null, 'configuration, record and journals');
  const file = join(node.stateDir, 'yosugara.yaml');
  const configFile = existsSync(file) ? file : null;
  const files = await putClusterFiles(repository, set.label, { configFile, record: status, nowMs });
  return { set, files, sent };
}

export interface VerifiedBackups {
  readonly sets: readonly BackupSet[];
  /** What is wrong; none: every file is as it was put there. */
  readonly wrong: readonly string[];
  /** What really restoring the newest one came to; null: not asked for. */
  readonly restored: Restored | null;
}

/** Reads every file back; with `really`, restores the newest into a folder of its own, replays, reads every page, and throws it away. */
export async function verifyBackups(
  config: NodeConfig,
  scratch: string | null,
  onProgress: OnProgress,
): Promise<VerifiedBackups> {
  const repository = await Repository.open(config);
  const sets = await repository.sets();
  const wrong = [...(await repository.verify(onProgress))];
  for (const { label } of sets) {
    const files = await readClusterFiles(repository, label);
    if (files === null) wrong.push(`${label} has no configuration and journals beside it`);
    else await checkClusterFiles(repository, files).catch((error: unknown) => wrong.push(String(error)));
  }
  if (scratch === null || sets.length === 0) return { sets, wrong, restored: null };
  const restored = await restoreInto(repository, scratch, { kind: 'latest' }, onProgress);
  onProgress(null, 'reading every page');
  await checkPages(repository, restored.pgdata);
  return { sets, wrong, restored };
}

/** Into a folder, to be looked at; the cluster is not touched. */
export async function restoreAside(
  config: NodeConfig,
  folder: string,
  target: RestoreTarget,
  onProgress: OnProgress,
  acceptGap: boolean,
): Promise<Restored> {
  const repository = await Repository.open(config);
  const restored = await restoreInto(repository, folder, target, onProgress, undefined, acceptGap);
  onProgress(null, 'reading every page');
  await checkPages(repository, restored.pgdata);
  return restored;
}

/** Runs with a line of progress that is drawn over. */
export async function withProgress<T>(terminal: Terminal, work: (onProgress: OnProgress) => Promise<T>): Promise<T> {
  const progress = new Progress(terminal);
  try {
    return await work((share, says) => progress.show(says, share));
  } finally {
    progress.end();
  }
}

export function renderSets(sets: readonly BackupSet[]): string {
  if (sets.length === 0) return 'no backup yet: yosugara backup take';
  const rows = sets.map((set) => [
    set.label,
    set.type,
    new Date(set.endedAtMs).toISOString(),
    duration(set.endedAtMs - set.startedAtMs),
    bytes(set.databaseBytes),
    bytes(set.repositoryBytes),
    set.hasDamagedPages ? 'DAMAGED PAGES' : '',
  ]);
  return table(['backup', 'type', 'ended', 'took', 'database', 'in the repository', ''], rows);
}

export function renderTaken({ set, sent }: TakenBackup): string {
  const more = sent.length === 0 ? '' : `; ${sent.length} segments of WAL that a dead Master had not sent were sent`;
  return `${set.label} (${set.type}): ${bytes(set.databaseBytes)}, ${bytes(set.repositoryBytes)} in the repository, after ${duration(set.endedAtMs - set.startedAtMs)}${more}`;
}

export function renderRestored({ label, lsn, committedAt, pgdata, timeline }: Restored): string {
  const at = committedAt === null ? 'nothing was committed since the backup' : `the newest commit is of ${committedAt}`;
  return `${label} replayed up to ${lsn}, ${at}; every page is sound. It lies in ${pgdata}, timeline ${timeline}`;
}
