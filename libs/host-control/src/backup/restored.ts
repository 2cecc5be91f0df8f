import { spawn } from 'node:child_process';
import { mkdir, open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ownFolder, writeOwned } from '../os/files.js';
import { mustRun } from '../os/run.js';
import { findPrograms, majorOf } from '../postgres/programs.js';
import { SUPERUSER, secretPath } from '../postgres/secrets.js';
import { type Session, type SqlTarget, withSession } from '../postgres/sql.js';
import { BackupError } from './errors.js';
import { mustBeAll } from './gap.js';
import type { OnProgress, Repository } from './repository.js';
import { programOptions, type RestoreTarget, setFor } from './target.js';

/** A database that was restored, and is to be looked at or installed. */
export interface Restored {
  readonly pgdata: string;
  readonly label: string;
  /** Up to where WAL was replayed, and when the newest transaction of it was committed; null: none since the backup. */
  readonly lsn: string;
  readonly committedAt: string | null;
  readonly timeline: number;
  readonly systemId: string;
}

const PORT = 5432;
const ANSWER_MS = 5_000;
const REPLAY_DEADLINE_MS = 12 * 3_600_000;
const STOP_MS = 60_000;

/** Of what was restored, before it is stopped; `at` for another of its databases. */
type Look = (session: Session, at: SqlTarget) => Promise<void>;

/**
 * Restores into a folder of its own and starts it there, alone: no address, no archive, no replication, a socket that only its account reaches.
 * It replays its WAL up to the target and becomes a database of a timeline of its own; `look` may ask it; then it is stopped, whole.
 *
 * @param folder is made; an existing one is refused.
 * @param acceptGap all that there is up to a missing segment is enough.
 * @throws BackupError BACKUP_NOT_FOUND, BACKUP_FAILED, BACKUP_GAP, RESTORE_FAILED. What was made is removed then.
 */
export async function restoreInto(
  repository: Repository,
  folder: string,
  target: RestoreTarget,
  progress: OnProgress,
  look: Look = async () => {},
  acceptGap = false,
): Promise<Restored> {
  const set = setFor(await repository.sets(), target);
  await mkdir(folder, { mode: 0o700 });
  try {
    await ownFolder(folder, repository.account);
    const pgdata = join(folder, 'pgdata');
    await ownFolder(pgdata, repository.account);
    await repository.fetch(pgdata, set.label, programOptions(target), progress);
    const restored = { pgdata, label: set.label, ...(await replay(repository, folder, progress, look)) };
    if (target.kind === 'latest' && !acceptGap) await mustBeAll(repository, restored);
    return restored;
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

/**
 * Starts `pgdata` of that folder alone. What PostgreSQL is told on its command line comes before its files, which are those of the node that was copied.
 * @param more settings besides.
 */
export async function replay(
  { account, config }: Pick<Repository, 'account' | 'config'>,
  folder: string,
  progress: OnProgress,
  look: Look,
  more: Readonly<Record<string, string>> = {},
): Promise<Omit<Restored, 'pgdata' | 'label'>> {
  const pgdata = join(folder, 'pgdata');
  const programs = findPrograms(config, majorOf(pgdata));
  const sockets = join(folder, 'socket');
  await ownFolder(sockets, account);
  const hba = join(folder, 'hba.conf');
  await writeOwned(hba, 'local all all trust\n', account);
  const settings = {
    ...{ listen_addresses: '', unix_socket_directories: sockets, unix_socket_permissions: '0700', port: PORT, hba_file: hba },
    ...{ archive_mode: 'off', primary_conninfo: '', primary_slot_name: '', synchronous_standby_names: '', ssl: 'off' },
    ...{ default_transaction_read_only: 'off', hot_standby: 'on', shared_buffers: '64MB', recovery_target_timeline: 'latest' },
    ...more,
  };
  const logFile = join(folder, 'postgresql.log');
  const log = await open(logFile, 'w', 0o600);
  const args = ['-D', pgdata, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
  const child = spawn(programs.path('postgres'), args, {
    cwd: pgdata,
    env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' },
    stdio: ['ignore', log.fd, log.fd],
    ...(account.switchTo ? { uid: account.uid, gid: account.gid } : {}),
  });
  const exited = new Promise<void>((resolve) => {
    child.once('error', () => resolve());
    child.once('exit', () => resolve());
  });
  const at: SqlTarget = {
    ...{ host: sockets, port: PORT, user: SUPERUSER, database: 'postgres', caFile: null },
    passwordFile: secretPath(config, 'postgresSuperuser'),
  };
  try {
    await replayed(at, child, progress);
    return await withSession(at, REPLAY_DEADLINE_MS, async (session) => {
      await look(session, at);
      return await positionOf(session);
    });
  } catch (cause) {
    const words = lastTrouble(await readFile(logFile, 'utf8').catch(() => ''));
    throw cause instanceof BackupError && words === ''
      ? cause
      : new BackupError('RESTORE_FAILED', `what was restored did not come up: ${words || String(cause)}`, cause);
  } finally {
    // Fast: a checkpoint, so that whoever takes the folder gets a clean one.
    child.kill('SIGINT');
    const late = setTimeout(() => child.kill('SIGQUIT'), STOP_MS);
    await exited;
    clearTimeout(late);
    await log.close();
  }
}

async function replayed(at: SqlTarget, child: ReturnType<typeof spawn>, progress: OnProgress): Promise<void> {
  const endMs = performance.now() + REPLAY_DEADLINE_MS;
  for (;;) {
    if (child.exitCode !== null || child.signalCode !== null) throw new BackupError('RESTORE_FAILED', 'it ended by itself');
    if (performance.now() > endMs) throw new BackupError('RESTORE_FAILED', 'the WAL was not replayed in time');
    const row = await withSession(at, ANSWER_MS, async (session) => {
      const [found] = await session.rows<{ recovery: boolean; at: string | null }>(
        'select pg_is_in_recovery() as recovery, pg_last_wal_replay_lsn()::text as at',
      );
      return found;
    }).catch(() => undefined);
    if (row?.recovery === false) return;
    progress(null, `replaying WAL${row?.at == null ? '' : `: ${row.at}`}`);
    await sleep(200);
  }
}

async function positionOf(session: Session): Promise<Pick<Restored, 'lsn' | 'committedAt' | 'timeline' | 'systemId'>> {
  const [row] = await session.rows<{ lsn: string; at: Date | null; file: string; system: string }>(
    `select pg_last_wal_replay_lsn()::text as lsn, pg_last_xact_replay_timestamp() as at,
       pg_walfile_name(pg_current_wal_insert_lsn()) as file, (select system_identifier::text from pg_control_system()) as system`,
  );
  const { lsn, at, file, system } = row!;
  return { lsn, committedAt: at?.toISOString() ?? null, timeline: Number.parseInt(file.slice(0, 8), 16), systemId: system };
}

/** Every page's checksum. @throws BackupError BACKUP_DAMAGED. */
export async function checkPages(repository: Pick<Repository, 'account' | 'config'>, pgdata: string): Promise<void> {
  const program = join(findPrograms(repository.config, majorOf(pgdata)).path('postgres'), '..', 'pg_checksums');
  try {
    const options = { account: repository.account, cwd: pgdata, deadlineMs: REPLAY_DEADLINE_MS, givesWay: true };
    await mustRun(program, ['--check', '-D', pgdata], options);
  } catch (cause) {
    throw new BackupError('BACKUP_DAMAGED', `pages of what was restored are damaged: ${String(cause)}`, cause);
  }
}

const lastTrouble = (log: string): string =>
  log
    .split('\n')
    .filter((line) => /(?:FATAL|PANIC|ERROR):/.test(line))
    .slice(-2)
    .map((line) => line.replace(/^.*?(FATAL|PANIC|ERROR): +/, ''))
    .join('; ');
