import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { CERTIFICATE_FILES, type NodeConfig, STATE_LAYOUT } from '@yosugara/protocol';
import { BackupError } from './errors.js';
import type { Repository } from './repository.js';
import { closed, drained, type Sum } from './streams.js';

/** What a backup holds besides the database, and how it is known again. */
export interface ClusterFiles {
  readonly label: string;
  readonly node: string;
  readonly clusterId: string;
  readonly takenAtMs: number;
  /** Of the tar archive, before it was encrypted. */
  readonly sha256: string;
  readonly bytes: number;
  /** Below the state directory, and the configuration. */
  readonly holds: readonly string[];
  /** The cluster's record, as its controllers told it; null: none answered. */
  readonly record: unknown;
}

const HELD = [STATE_LAYOUT.journalOwn, STATE_LAYOUT.journalPeer, STATE_LAYOUT.peers];
const TAR_DEADLINE_MS = 3_600_000;
const folderOf = (label: string): string => `yosugara/${label}`;

/**
 * Configuration, record, secrets and what the receivers of this node have on disk, beside the backup of that name. Secrets only where the
 * repository is encrypted, and never the passphrase itself.
 * @throws BackupError BACKUP_FAILED.
 */
export async function putClusterFiles(
  repository: Repository,
  label: string,
  { configFile, record, nowMs }: { readonly configFile: string | null; readonly record: unknown; readonly nowMs: number },
): Promise<ClusterFiles> {
  const { config } = repository;
  const holds = [
    ...(repository.backup.encrypted ? ['secrets'] : []),
    // The copy of the other node's, too: what only that one received, and nobody has stored yet.
    ...HELD.filter((name) => existsSync(join(config.stateDir, name))),
  ];
  const { sha256, bytes } = await repository.put(`${folderOf(label)}/files.tar.gz`, tarOf(config, holds, configFile));
  const files: ClusterFiles = {
    ...{ label, node: config.node, clusterId: config.cluster.id, takenAtMs: nowMs, sha256, bytes, record },
    holds: [...holds, ...(configFile === null ? [] : ['yosugara.yaml'])],
  };
  await repository.put(`${folderOf(label)}/manifest.json`, Readable.from([Buffer.from(`${JSON.stringify(files)}\n`)]));
  return files;
}

/** null: the backup was taken by other means, and has none. @throws BackupError BACKUP_DAMAGED. */
export async function readClusterFiles(repository: Repository, label: string): Promise<ClusterFiles | null> {
  if (!(await repository.names(folderOf(label))).includes('manifest.json')) return null;
  try {
    const files = JSON.parse(await repository.get(`${folderOf(label)}/manifest.json`)) as ClusterFiles;
    if (files.label === label && typeof files.sha256 === 'string' && Array.isArray(files.holds)) return files;
    throw new BackupError('BACKUP_DAMAGED', `manifest.json of ${label} says that it is of ${files.label}`);
  } catch (cause) {
    if (cause instanceof BackupError && ['BACKUP_AWAY', 'BACKUP_DAMAGED'].includes(cause.code)) throw cause;
    // The repository itself was read with this passphrase.
    throw new BackupError('BACKUP_DAMAGED', `manifest.json of ${label} is cut off or was changed`, cause);
  }
}

/** @throws BackupError BACKUP_DAMAGED. */
export async function checkClusterFiles(repository: Repository, files: ClusterFiles): Promise<void> {
  compare(files, await repository.sumOf(`${folderOf(files.label)}/files.tar.gz`));
}

/** Unpacks them into a folder that is made. Nothing stays of what is not as it was put there. @throws BackupError BACKUP_DAMAGED. */
export async function fetchClusterFiles(repository: Repository, files: ClusterFiles, into: string): Promise<void> {
  await mkdir(into, { mode: 0o700 });
  try {
    const sum = await repository.receive(`${folderOf(files.label)}/files.tar.gz`, (source) => untar(source, into));
    compare(files, sum);
  } catch (error) {
    await rm(into, { recursive: true, force: true });
    throw error instanceof BackupError ? error : new BackupError('BACKUP_DAMAGED', `files.tar.gz of ${files.label}`, error);
  }
}

async function untar(source: AsyncIterable<Buffer>, into: string): Promise<void> {
  const child = spawn('/bin/tar', ['-xzf', '-', '-C', into, '--no-same-owner'], {
    env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' },
    stdio: ['pipe', 'ignore', 'pipe'],
    timeout: TAR_DEADLINE_MS,
  });
  const ended = closed(child);
  // It may end early, of what is no archive any more: the sum of all of it tells more than that.
  await pipeline(source, child.stdin).catch(async () => await drained(source));
  await ended;
}

function compare(files: ClusterFiles, found: Sum): void {
  if (found.sha256 === files.sha256 && found.bytes === files.bytes) return;
  throw new BackupError(
    'BACKUP_DAMAGED',
    `files.tar.gz of ${files.label} is not what was put there: ${found.bytes} bytes with the sum ${found.sha256.slice(0, 16)}…, not ${files.bytes} with ${files.sha256.slice(0, 16)}…`,
  );
}

/** A journal that is written to meanwhile ends in a torn record, which its reader knows; tar calls that a changed file (1). */
async function* tarOf(config: NodeConfig, holds: readonly string[], configFile: string | null): AsyncGenerator<Buffer> {
  // Without the passphrase; and a cluster that is made anew has another authority: whoever gets at a backup makes no members.
  const left = [STATE_LAYOUT.secrets.backupPassphrase, CERTIFICATE_FILES.authorityKey, CERTIFICATE_FILES.nextAuthority];
  const yaml =
    configFile === null
      ? []
      : [`--transform=s,^${configFile.replace(/^\//, '').replaceAll(/[,&\\.*[\]$]/g, '\\$&')}$,yosugara.yaml,`];
  const args = ['-czf', '-', '-C', config.stateDir, ...left.map((file) => `--exclude=${file}`), ...yaml, ...holds];
  const child = spawn('/bin/tar', [...args, ...(configFile === null ? [] : [configFile])], {
    env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const timer = setTimeout(() => child.kill('SIGKILL'), TAR_DEADLINE_MS);
  let says = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    says = (says + text).slice(-2_000);
  });
  const ended = new Promise<number | null>((resolve) => {
    child.once('error', () => resolve(null));
    child.once('close', resolve);
  });
  try {
    for await (const chunk of child.stdout) yield chunk as Buffer;
    const code = await ended;
    if (code !== 0 && code !== 1) throw new BackupError('BACKUP_FAILED', `tar ended with ${code}: ${says.trim()}`);
  } finally {
    clearTimeout(timer);
    child.kill('SIGKILL');
  }
}
