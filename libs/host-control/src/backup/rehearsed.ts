import { mkdir, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { nodeId } from '@yosugara/kernel';
import type { NodeConfig } from '@yosugara/protocol';
import { dataAccount } from '../os/account.js';
import { ownFolder, writeOwned } from '../os/files.js';
import { type Account, mustRun } from '../os/run.js';
import { replicationConninfo } from '../postgres/conninfo.js';
import { type PostgresPaths, postgresPaths } from '../postgres/paths.js';
import { findPrograms } from '../postgres/programs.js';
import { DATABASE, SUPERUSER, secretPath, tlsFiles } from '../postgres/secrets.js';
import { type Session, type SqlTarget, withSession } from '../postgres/sql.js';
import { BackupError } from './errors.js';
import type { OnProgress } from './repository.js';
import { checkPages, type Restored, replay } from './restored.js';

/** How the copy followed at that moment. */
export interface Following {
  readonly replayed: string;
  readonly isStreaming: boolean;
}

/** What came of a promotion that nobody could reach. */
export interface Rehearsal extends Pick<Restored, 'lsn' | 'committedAt' | 'timeline'> {
  readonly databaseBytes: number;
  readonly copySeconds: number;
  /** From the start of the fork until it took writes. */
  readonly promoteSeconds: number;
  /** Counted in the fork; a partitioned one is one. */
  readonly tables: readonly { readonly name: string; readonly rows: number }[];
  readonly before: Following;
  /** Of the copy itself, when the fork was gone. */
  readonly after: Following;
}

const ASK_MS = 30_000;
const COUNT_MS = 10 * 60_000;
const COPY_DEADLINE_MS = 24 * 3_600_000;
const SPARE_BYTES = 256 * 1024 * 1024;
/** Without a command there is no recovery that ends in a promotion; nothing is fetched from anywhere. */
const ALONE = { restore_command: '/bin/false', archive_cleanup_command: '', recovery_end_command: '' };

/**
 * Rehearses the promotion of the copy that follows on this node: a fork of its data is made beside them, promoted where nobody reaches it, looked at and
 * thrown away. The copy follows on; no record is written and the Master is asked nothing.
 *
 * @param folder is made, and removed whatever happens. PostgreSQL's account must reach it, and a controller that stops PostgreSQL ends what runs there.
 * @throws BackupError RESTORE_FAILED, BACKUP_DAMAGED.
 */
export async function rehearse(config: NodeConfig, folder: string, progress: OnProgress): Promise<Rehearsal> {
  const paths = postgresPaths(config);
  const account = dataAccount(paths.dataDir, config.postgres.user);
  const here = copyHere(config, paths);
  const { databaseBytes, ...before } = await asked(here);
  await mustFit(paths, databaseBytes);
  await mkdir(folder, { mode: 0o700 });
  try {
    await ownFolder(folder, account);
    const fromMs = performance.now();
    await fork(config, paths, account, folder, progress);
    const copiedMs = performance.now();
    let promotedMs = copiedMs;
    let tables: Rehearsal['tables'] = [];
    const look = async (_: Session, at: SqlTarget) => {
      promotedMs = performance.now();
      progress(null, 'counting rows');
      tables = await counted(at);
    };
    const { lsn, committedAt, timeline } = await replay({ account, config }, folder, progress, look, ALONE);
    progress(null, 'reading every page');
    await checkPages({ account, config }, join(folder, 'pgdata'));
    const { databaseBytes: _, ...after } = await asked(here);
    const seconds = (ms: number) => Math.round(ms / 100) / 10;
    const times = { copySeconds: seconds(copiedMs - fromMs), promoteSeconds: seconds(promotedMs - copiedMs) };
    return { lsn, committedAt, timeline, databaseBytes, ...times, tables, before, after };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const copyHere = (config: NodeConfig, { sockets: host }: PostgresPaths): SqlTarget => ({
  ...{ host, port: config.ports.postgres, user: SUPERUSER, database: DATABASE, caFile: null },
  passwordFile: secretPath(config, 'postgresSuperuser'),
});

async function asked(at: SqlTarget): Promise<Following & { readonly databaseBytes: number }> {
  const row = await withSession(at, ASK_MS, async (session) => {
    const [found] = await session.rows<{
      follows: boolean;
      replayed: string | null;
      streams: boolean;
      bytes: string;
      places: number;
    }>(
      `select pg_is_in_recovery() as follows, pg_last_wal_replay_lsn()::text as replayed,
         exists (select from pg_stat_wal_receiver where status = 'streaming') as streams,
         (select sum(pg_database_size(oid)) from pg_database)::text as bytes,
         (select count(*)::int from pg_tablespace where spcname not in ('pg_default', 'pg_global')) as places`,
    );
    return found!;
  }).catch((cause: unknown) => {
    throw new BackupError(
      'RESTORE_FAILED',
      'the PostgreSQL of this node does not answer: there is no copy to rehearse with',
      cause,
    );
  });
  if (!row.follows) throw new BackupError('RESTORE_FAILED', 'the PostgreSQL of this node follows nobody: it is no copy');
  if (row.places > 0)
    throw new BackupError('RESTORE_FAILED', 'the copy has tablespaces, whose places are taken: rehearse with a backup');
  return { replayed: row.replayed ?? '0/0', isStreaming: row.streams, databaseBytes: Number(row.bytes) };
}

async function mustFit({ dataDir }: PostgresPaths, needed: number): Promise<void> {
  const { bavail, bsize } = await statfs(dataDir);
  const mb = (bytes: number) => `${Math.ceil(bytes / 1024 / 1024)} MB`;
  if (bavail * bsize < needed + SPARE_BYTES)
    throw new BackupError(
      'RESTORE_FAILED',
      `${dataDir} has ${mb(bavail * bsize)} free, a fork of the copy needs ${mb(needed + SPARE_BYTES)}`,
    );
}

/** A base backup of the copy, by its own address; it becomes a database that ends its recovery instead of one that follows. */
async function fork(config: NodeConfig, paths: PostgresPaths, account: Account, folder: string, progress: OnProgress) {
  const pgdata = join(folder, 'pgdata');
  const { address } = config.cluster.members.find(({ id }) => id === config.node)!;
  const peer = { node: nodeId(config.node), address, port: config.ports.postgres };
  const from = replicationConninfo(peer, 'yosugara_rehearsal', paths, tlsFiles(config) !== null);
  const onLine = (line: string) => {
    const share = /\((\d+)%\)/.exec(line)?.[1];
    progress(share === undefined ? null : Number(share) / 100, 'a fork of the copy');
  };
  const args = ['-D', pgdata, '-d', from, '-X', 'stream', '--checkpoint=fast', '--progress', '--no-password'];
  const options = { account, cwd: folder, deadlineMs: COPY_DEADLINE_MS, onLine, givesWay: true };
  await mustRun(findPrograms(config).path('pg_basebackup'), args, options).catch((cause: unknown) => {
    throw new BackupError('RESTORE_FAILED', 'no fork of the copy could be made', cause);
  });
  await rm(join(pgdata, 'standby.signal'), { force: true });
  await writeOwned(join(pgdata, 'recovery.signal'), '', account);
}

async function counted(at: SqlTarget): Promise<Rehearsal['tables']> {
  return await withSession({ ...at, database: DATABASE }, COUNT_MS, async (session) => {
    const names = await session.rows<{ name: string }>(
      `select format('%I.%I', n.nspname, c.relname) as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
       where c.relkind in ('r', 'p') and not c.relispartition and n.nspname not in ('pg_catalog', 'information_schema') order by 1`,
    );
    const tables: { name: string; rows: number }[] = [];
    for (const { name } of names) {
      // Quoted by PostgreSQL itself.
      const [row] = await session.rows<{ rows: string }>(`select count(*)::text as rows from ${name}`);
      tables.push({ name, rows: Number(row!.rows) });
    }
    return tables;
  });
}
