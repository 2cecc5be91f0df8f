import { chmod, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { explain } from '@yosugara/kernel';
import { writeBackupConfig } from '../backup/place.js';
import { PostgresControlError } from '../errors.js';
import { members } from '../os/containment.js';
import { isThere, ownFolder, readIfThere, syncFolder } from '../os/files.js';
import { lockEvidence } from '../os/lock-evidence.js';
import { type HostContext, inPgdata } from './context.js';
import { handOverSecrets } from './secrets.js';
import { unmark, whyUnfinished } from './unfinished.js';
import type { Watch } from './watch.js';

/* What a start of PostgreSQL takes: whole data, nobody left of the server before, folders in order, and a first answer. */

const START_WAIT_MS = 10_000;

/** A marker of a crash recovery that may simply begin again is taken away. @throws PostgresControlError NO_DATA. */
export async function mustHoldData(host: HostContext): Promise<void> {
  const { paths } = host;
  if (!(await isThere(inPgdata(host, 'PG_VERSION')))) throw new PostgresControlError('NO_DATA', `${paths.pgdata} holds no data`);
  const unfinished = await whyUnfinished(paths);
  if (unfinished !== null) throw new PostgresControlError('NO_DATA', `${unfinished}: only a base backup helps`);
  // A crash recovery of this life of the host that was killed: its pages are in the cache, and recovery begins again.
  if (await isThere(paths.unfinished)) await unmark(paths);
}

export function leaseMustNotHaveEnded({ deadMan }: HostContext): void {
  if (deadMan.leaseEnded()) throw new PostgresControlError('LEASE_ENDED', `epoch ${deadMan.endedEpoch()} is over for this boot`);
}

export function mustBeStopped(host: HostContext): void {
  const left = members(host.everyone);
  if (left.length > 0)
    throw new PostgresControlError('RUNNING', `processes are there: ${left.slice(0, 5).join(', ')}: stop first`);
}

/** By evidence: a lock file of a dead process, a zombie or a stranger with a reused number goes; one of a living server stays. */
export async function removeLocks(host: HostContext): Promise<void> {
  const { paths, config, log } = host;
  const socket = join(paths.sockets, `.s.PGSQL.${config.ports.postgres}`);
  for (const file of [inPgdata(host, 'postmaster.pid'), `${socket}.lock`]) {
    const evidence = await lockEvidence(file, paths.pgdata);
    if (evidence === null) continue;
    if (evidence.held) throw new PostgresControlError('RUNNING', `${file}: ${evidence.says}`);
    log.info('postgres.lockRemoved', { file, because: evidence.says });
    await rm(file, { force: true });
  }
  await rm(socket, { force: true });
}

export async function prepare(host: HostContext): Promise<void> {
  const { paths, account, config, log } = host;
  await ownFolder(paths.dataDir, account);
  await chmod(paths.dataDir, 0o700);
  await ownFolder(paths.sockets, account);
  await handOverSecrets(config, paths, account);
  // A node serves without backups, too.
  await writeBackupConfig(config, paths, account).catch((error: unknown) => log.error('backup.off', { why: explain(error) }));
  // Between the two renames of a base backup's swap: the new directory is whole, only its name is missing.
  if ((await isThere(paths.pgdata)) || !(await readIfThere(paths.unfinished))?.startsWith('swap')) return;
  if (await isThere(paths.pgdataNew)) await rename(paths.pgdataNew, paths.pgdata);
  await rm(paths.unfinished, { force: true });
  await syncFolder(paths.dataDir);
}

export async function launch(host: HostContext, serves: boolean, logFile: string): Promise<void> {
  const { deadMan, paths, account, programs } = host;
  await deadMan.spawnPostgres({
    argv: [programs.path('postgres'), '-D', paths.pgdata],
    env: { PATH: '/usr/bin:/bin', LC_ALL: 'C', PGDATA: paths.pgdata },
    cwd: paths.pgdata,
    logFile,
    serves,
    ...(account.switchTo ? { uid: account.uid, gid: account.gid } : {}),
  });
}

/** Until it takes connections; a long recovery goes on after we return, as `starting`. */
export async function awaitAnswer(host: HostContext, watch: Watch, logFile: string): Promise<void> {
  for (const until = performance.now() + START_WAIT_MS; performance.now() < until; await sleep(30)) {
    const facts = await watch.look();
    if (facts.kind === 'primary' || facts.kind === 'standby') return;
    if (host.deadMan.postmasterPid() === null) {
      const words = (await readFile(logFile, 'utf8')).trim().split('\n').slice(-3).join(' | ');
      throw new PostgresControlError('START_FAILED', `PostgreSQL ended while starting: ${words}`);
    }
  }
}
