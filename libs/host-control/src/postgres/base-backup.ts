import { rename, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';

import type { CopyDone, PostgresPeer, Progress } from '@yosugara/runtime';
import { PostgresControlError } from '../errors.js';
import { reached } from '../forward/line.js';
import { isThere, syncFolder } from '../os/files.js';
import { lastWords, type RunResult, run } from '../os/run.js';
import { canSyncVolumes, syncVolumes } from '../os/sync-volume.js';
import { COPY_TIMEOUT, replicationConninfo } from './conninfo.js';
import type { HostContext } from './context.js';
import { readControlData } from './control-data.js';
import { whatGoes } from './discarded.js';
import { tlsFiles } from './secrets.js';
import {
  makeRoom,
  makeRoomForOld,
  noteHeld,
  oldOnes,
  removeLater,
  sized,
  surplus,
  tablespacesOf,
  takeRemoved,
  worded,
} from './set-aside.js';
import { copyName, slotName, writeSettings, writeSignal } from './settings.js';
import { askSource, type Source } from './source.js';
import { mapTablespaces } from './tablespaces.js';
import { mark, unmark } from './unfinished.js';
import { dropWalAside } from './wal-aside.js';

const BACKUP_DEADLINE_MS = 24 * 3_600_000;
/** pg_basebackup takes up to 1 GB a second for an argument. */
const MAX_RATE_MB = 1_024;
const SPARE_BYTES = 64 * 1024 * 1024;

/**
 * A copy of the source, made aside, then swapped in; what was here stays as `pgdata.old`, and as many before it as are configured.
 * Interrupted before the swap: nothing has changed. In the middle of it: the next start finishes it.
 * @param givesUp system identifier of another database here that an operator gave up: it alone may be replaced.
 * @throws PostgresControlError SOURCE_UNREACHABLE, VERSION_MISMATCH, DISK_TOO_SMALL, TABLESPACE_MISSING, BASE_BACKUP_FAILED: nothing was changed.
 */
export async function baseBackup(
  host: HostContext,
  source: PostgresPeer,
  progress: Progress,
  givesUp?: string,
): Promise<CopyDone> {
  const { paths, account, config } = host;
  progress(`asking ${source.node} what there is to copy`, null, { stage: 'prepare', bytes: 0, totalBytes: null });
  await dropHalfCopy(host);
  await dropWalAside(host);
  const theirs = await askSource(host, source);
  if (theirs.major !== host.programs.major)
    throw new PostgresControlError(
      'VERSION_MISMATCH',
      `PostgreSQL ${host.programs.major} here, ${theirs.major} on ${source.node}`,
    );
  await mustBeOurs(host, theirs, givesUp);
  await mustFit(host, source, theirs);
  // Best effort: what is damaged cannot be read, and need not be.
  const goes = (await isThere(paths.pgdata)) ? await whatGoes(host, theirs).catch(() => null) : null;
  const bytes = await copy(host, source, theirs, progress);
  await writeSettings(paths.pgdataNew, config, paths, account, { names: [], follow: source });
  await writeSignal(paths.pgdataNew, true, account);
  if (canSyncVolumes) await syncVolumes([paths.pgdataNew, ...(await tablespacesOf(paths.pgdataNew))]);
  const setAside = await swapIn(host);
  if (setAside !== null) await noteHeld(host, setAside, goes === null ? null : goes.gone !== null);
  const gone = await surplus(host);
  removeLater(host, gone);
  const older = gone.filter(({ path }) => path !== setAside);
  return {
    bytes,
    discarded: goes?.gone ?? null,
    keptWal: null,
    setAside: config.recover.keepOld === 0 ? null : setAside,
    archived: 0,
    look: [
      ...takeRemoved(host),
      ...older.map(
        (one) => `${worded(one)} goes: recover.keepOld (${config.recover.keepOld}) keeps no more of what was set aside`,
      ),
    ],
  };
}

/** S10: what can be read here and is of another system is an operator's to give up by its name, whoever asked for a copy. */
async function mustBeOurs(host: HostContext, theirs: Source, givesUp?: string): Promise<void> {
  const { paths, programs, account } = host;
  if (!(await isThere(join(paths.pgdata, 'global/pg_control')))) return;
  const control = await readControlData(paths.pgdata, programs, account).catch(() => null);
  if (control !== null && control.systemId !== theirs.systemId && control.systemId !== givesUp)
    throw new PostgresControlError(
      'BASE_BACKUP_FAILED',
      `${paths.pgdata} belongs to another database system (${control.systemId}, not ${theirs.systemId}): it is not replaced`,
    );
}

async function dropHalfCopy({ paths }: HostContext): Promise<void> {
  for (const place of await tablespacesOf(paths.pgdataNew))
    if (place.includes('.yosugara-')) await rm(place, { recursive: true, force: true });
  await rm(paths.pgdataNew, { recursive: true, force: true });
}

/** What is here now never makes room before the copy is whole (S10), nor what may be the only place of some rows. */
export async function mustFit(host: HostContext, source: PostgresPeer, theirs: Source): Promise<void> {
  const needed = theirs.databaseBytes;
  if (needed === null || theirs.tablespaces.length > 0) return;
  await mustHaveRoom(host, needed, `a copy of ${source.node} needs`);
}

/** @throws PostgresControlError DISK_TOO_SMALL: what nobody loses anything by cannot make room enough, and what else could is named. */
export async function mustHaveRoom(host: HostContext, needed: number, says: string): Promise<void> {
  const free = async () => {
    const { bavail, bsize } = await statfs(host.paths.dataDir);
    return bavail * bsize;
  };
  const wanted = needed + SPARE_BYTES;
  const before = await free();
  if (before >= wanted) return;
  await makeRoom(host, wanted - before);
  const left = await free();
  if (left >= wanted) return;
  const mb = (bytes: number) => `${Math.ceil(bytes / 1024 / 1024)} MB`;
  const old = await Promise.all((await oldOnes(host)).map(sized));
  const byHand =
    old.length === 0
      ? ''
      : `; set aside by earlier recovers, yours to remove when nobody needs it: ${old.map(worded).join(', ')}`;
  throw new PostgresControlError('DISK_TOO_SMALL', `${host.paths.dataDir} has ${mb(left)} free, ${says} ${mb(wanted)}${byHand}`);
}

async function copy(host: HostContext, source: PostgresPeer, theirs: Source, progress: Progress): Promise<number> {
  let bytes = 0;
  const onLine = (line: string) => {
    const copied = /(\d+)\/(\d+) kB \((\d+)%\)/.exec(line);
    if (copied === null) return progress(line.trim(), null, { stage: 'copy' });
    bytes = Number(copied[1]) * 1024;
    const totalBytes = Number(copied[2]) * 1024;
    progress('base backup', bytes / Math.max(1, totalBytes), { stage: 'copy', bytes, totalBytes });
  };
  const spaces = await mapTablespaces(host, theirs, Date.now());
  let done = await runBackup(host, source, onLine, spaces, false);
  // The owner makes the slot before we are asked to copy; where it did not, WAL must still be kept from the first byte on.
  if (done.code !== 0 && /replication slot .* does not exist/.test(done.stderr)) {
    await dropHalfCopy(host);
    done = await runBackup(host, source, onLine, await mapTablespaces(host, theirs, Date.now()), true);
  }
  if (done.code !== 0)
    throw new PostgresControlError('BASE_BACKUP_FAILED', `pg_basebackup exited ${done.code}: ${lastWords(done)}`);
  return bytes;
}

/** @returns where what was here is now; null: there was nothing. */
async function swapIn(host: HostContext): Promise<string | null> {
  const { paths, account } = host;
  const replaces = await isThere(paths.pgdata);
  if (replaces) {
    await makeRoomForOld(host);
    await mark(paths, 'swap', account);
    await rename(paths.pgdata, paths.pgdataOld);
  }
  await rename(paths.pgdataNew, paths.pgdata);
  await syncFolder(paths.dataDir);
  await unmark(paths);
  return replaces ? paths.pgdataOld : null;
}

async function runBackup(
  host: HostContext,
  source: PostgresPeer,
  onLine: (line: string) => void,
  spaces: readonly string[],
  makeSlot: boolean,
): Promise<RunResult> {
  const { paths, programs, account, config } = host;
  const tls = tlsFiles(config) !== null;
  const from = replicationConninfo(reached(config, source), copyName(config.node), paths, tls, undefined, COPY_TIMEOUT);
  const args = ['-D', paths.pgdataNew, '-d', from, '-X', 'stream', '--checkpoint=fast', '--progress', '--no-password', ...spaces];
  const slot = [`--slot=${slotName(config.node)}`, ...(makeSlot ? ['--create-slot'] : [])];
  const limit = config.recover.rateLimitMbps === 0 ? [] : [`--max-rate=${Math.min(MAX_RATE_MB, config.recover.rateLimitMbps)}M`];
  // The WAL that is written meanwhile has a connection of its own, which the server takes for dead after `wal_sender_timeout`. Where the line is
  // full its question would come seconds late: so it is told unasked, as a standby tells it.
  const status = ['--status-interval=1'];
  // One syncfs at our own end instead of an fsync of every file.
  const sync = canSyncVolumes ? ['--no-sync'] : [];
  const options = { account, cwd: paths.dataDir, deadlineMs: BACKUP_DEADLINE_MS, onLine, givesWay: true };
  return await run(programs.path('pg_basebackup'), [...args, ...slot, ...limit, ...status, ...sync], options);
}
