import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type BackupConfig, type NodeConfig, STATE_LAYOUT } from '@yosugara/protocol';
import { ownFolder, writeOwned } from '../os/files.js';
import type { Account } from '../os/run.js';
import type { PostgresPaths } from '../postgres/paths.js';
import { BackupError } from './errors.js';

/** The program that keeps backups (docs/decisions/0032-backups-by-pgbackrest.md). */
const PROGRAMS = ['/usr/bin/pgbackrest', '/usr/local/bin/pgbackrest'];
const MIN_PASSPHRASE = 20;
/** A store that says nothing for so long is away. It is asked four times (measured: 81 s until a store that refuses is said to be away). */
const IO_TIMEOUT_S = 20;
/** PostgreSQL's archiver, and with it a shutdown, must not wait for that long; nor somebody who asks what there is. */
export const SHORT_TIMEOUT_S = 5;

/** undefined: it is not installed. */
export const backupProgram = (): string | undefined => PROGRAMS.find(isExecutable);

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Of pgbackrest on this node, readable by PostgreSQL's account: its archive_command reads it. */
export const backupFolder = ({ dataDir }: Pick<PostgresPaths, 'dataDir'>): string => join(dataDir, 'backup');
const storeAuthority = (paths: Pick<PostgresPaths, 'dataDir'>): string => join(backupFolder(paths), 'store-ca.crt');
export const backupConfigFile = (paths: Pick<PostgresPaths, 'dataDir'>): string => join(backupFolder(paths), 'pgbackrest.conf');

/**
 * Writes the program's configuration, with its secrets, mode 0600. Nothing when no backup is configured.
 * @throws BackupError BACKUP_SECRET.
 */
export async function writeBackupConfig(config: NodeConfig, paths: PostgresPaths, account: Account): Promise<void> {
  if (config.backup === undefined) return;
  const folder = backupFolder(paths);
  for (const each of [folder, ...['lock', 'log', 'spool'].map((name) => join(folder, name))]) await ownFolder(each, account);
  const { repository } = config.backup;
  // A folder that somebody made keeps its owner and mode: it may be a share.
  if (repository.type === 'directory' && !existsSync(repository.path)) await ownFolder(repository.path, account);
  // Whoever may read it where it lies: it is PostgreSQL's account that calls the program.
  if (repository.type === 's3' && repository.caFile !== undefined)
    await writeOwned(storeAuthority(paths), await readFile(repository.caFile), account);
  await writeOwned(backupConfigFile(paths), configText(config, config.backup, paths), account);
}

function configText(config: NodeConfig, backup: BackupConfig, paths: PostgresPaths): string {
  const folder = backupFolder(paths);
  const global: Record<string, string | number> = {
    ...repositoryOptions(backup, paths),
    ...(backup.encrypted ? { 'repo1-cipher-type': 'aes-256-cbc', 'repo1-cipher-pass': passphrase(config) } : {}),
    'repo1-retention-full': backup.keepFull,
    'compress-type': backup.compress === 'zst' ? 'zst' : backup.compress,
    'archive-push-queue-max': `${backup.maxWaitingWalMb}MB`,
    'lock-path': join(folder, 'lock'),
    'log-path': join(folder, 'log'),
    'spool-path': join(folder, 'spool'),
    'log-level-file': 'info',
    'io-timeout': IO_TIMEOUT_S,
    'start-fast': 'y',
    // A running copy that gives way to what is served.
    'process-max': 1,
  };
  const stanza = {
    'pg1-path': paths.pgdata,
    'pg1-port': config.ports.postgres,
    'pg1-socket-path': paths.sockets,
    'pg1-user': 'postgres',
  };
  return `# Written by yosugara: edits are lost.\n[global]\n${lines(global)}\n[global:archive-push]\nio-timeout=${SHORT_TIMEOUT_S}\n\n[${config.cluster.id}]\n${lines(stanza)}`;
}

const lines = (options: Readonly<Record<string, string | number>>): string =>
  Object.entries(options)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');

function repositoryOptions({ repository }: BackupConfig, paths: PostgresPaths): Record<string, string | number> {
  if (repository.type === 'directory') return { 'repo1-path': repository.path };
  const { bucket, endpoint, port, region, path, uriStyle, keyIdFile, keyFile, caFile } = repository;
  return {
    'repo1-type': 's3',
    'repo1-path': path,
    'repo1-s3-bucket': bucket,
    'repo1-s3-endpoint': endpoint,
    'repo1-storage-port': port,
    'repo1-s3-region': region,
    'repo1-s3-uri-style': uriStyle,
    'repo1-s3-key': firstLine(keyIdFile, 1),
    'repo1-s3-key-secret': firstLine(keyFile, 1),
    ...(caFile === undefined ? {} : { 'repo1-storage-ca-file': storeAuthority(paths) }),
  };
}

const passphraseFile = (config: NodeConfig): string => join(config.stateDir, STATE_LAYOUT.secrets.backupPassphrase);

export const passphrase = (config: NodeConfig): string => firstLine(passphraseFile(config), MIN_PASSPHRASE);

function firstLine(file: string, atLeast: number): string {
  if (!existsSync(file))
    throw new BackupError('BACKUP_SECRET', `${file} is not there: make it (openssl rand -base64 48), and keep a copy elsewhere`);
  const line = readFileSync(file, 'utf8').split('\n')[0]!.trim();
  if (line.length >= atLeast && !/[\s#;]/.test(line)) return line;
  throw new BackupError('BACKUP_SECRET', `${file} needs a first line of at least ${atLeast} letters without spaces, # or ;`);
}

/** Settings of PostgreSQL by which its WAL leaves. Without the program or its configuration none does: it would wait on the disk for ever. */
export function archiveSettings(config: NodeConfig, paths: PostgresPaths): Readonly<Record<string, string>> {
  const program = backupProgram();
  if (config.backup === undefined || program === undefined || !existsSync(backupConfigFile(paths))) return {};
  const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;
  return {
    archive_mode: 'on',
    archive_timeout: `${config.backup.walEverySeconds}s`,
    // %p in a path of ours would be taken for the segment's.
    archive_command: `${program} --config=${quoted(backupConfigFile(paths).replaceAll('%', '%%'))} --stanza=${config.cluster.id} archive-push %p`,
  };
}
