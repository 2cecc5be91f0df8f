import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { type NodeConfig, STATE_LAYOUT } from '@yosugara/protocol';
import { BackupError } from './errors.js';
import type { Repository } from './repository.js';

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
    ...[STATE_LAYOUT.journalOwn, STATE_LAYOUT.peers].filter((name) => existsSync(join(config.stateDir, name))),
  ];
  const { sha256, bytes } = await repository.put(`${folderOf(label)}/files.tar.gz`, tarOf(config, holds, configFile));
  const files: ClusterFiles = {
    ...{ label, node: config.node, clusterId: config.cluster.id, takenAtMs: nowMs, sha256, bytes, record },
    holds: [...holds, ...(configFile === null ? [] : ['yosugara.yaml'])],
  };
  await repository.put(`${folderOf(label)}/manifest.json`, Readable.from([Buffer.from(`${JSON.stringify(files)}\n`)]));
  return files;
}

/** null: the backup was taken by other means, and has none. */
export async function readClusterFiles(repository: Repository, label: string): Promise<ClusterFiles | null> {
  if (!(await repository.names(folderOf(label))).includes('manifest.json')) return null;
  return JSON.parse(await repository.get(`${folderOf(label)}/manifest.json`)) as ClusterFiles;
}

/** @throws BackupError BACKUP_DAMAGED. */
export async function checkClusterFiles(repository: Repository, files: ClusterFiles): Promise<void> {
  const found = await repository.sumOf(`${folderOf(files.label)}/files.tar.gz`);
  if (found.sha256 === files.sha256 && found.bytes === files.bytes) return;
  throw new BackupError(
    'BACKUP_DAMAGED',
    `files.tar.gz of ${files.label} is not what was put there: ${found.bytes} bytes with the sum ${found.sha256.slice(0, 16)}…, not ${files.bytes} with ${files.sha256.slice(0, 16)}…`,
  );
}

/** A journal that is written to meanwhile ends in a torn record, which its reader knows; tar calls that a changed file (1). */
async function* tarOf(config: NodeConfig, holds: readonly string[], configFile: string | null): AsyncGenerator<Buffer> {
  const passphrase = STATE_LAYOUT.secrets.backupPassphrase;
  const yaml =
    configFile === null
      ? []
      : [`--transform=s,^${configFile.replace(/^\//, '').replaceAll(/[,&\\.*[\]$]/g, '\\$&')}$,yosugara.yaml,`];
  const args = ['-czf', '-', '-C', config.stateDir, `--exclude=${passphrase}`, ...yaml, ...holds];
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
