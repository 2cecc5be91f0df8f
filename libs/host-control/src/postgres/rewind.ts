import { readdir } from 'node:fs/promises';

import type { CopyDone, PostgresPeer, Progress } from '@yosugara/runtime';
import { PostgresControlError } from '../errors.js';
import { reached } from '../forward/line.js';
import { isThere } from '../os/files.js';
import { mustRun, run } from '../os/run.js';
import { canSyncVolumes, syncVolumes } from '../os/sync-volume.js';
import { mustHaveRoom } from './base-backup.js';
import { replicationConninfo } from './conninfo.js';
import { type HostContext, inPgdata } from './context.js';
import { newestTimeline, readControlData } from './control-data.js';
import { archiveLeftovers, dropForeignWal, keepWal, lineageOf, whatGoes } from './discarded.js';
import { DATABASE, tlsFiles } from './secrets.js';
import { tablespacesOf, takeRemoved } from './set-aside.js';
import { copyName, writeSettings, writeSignal } from './settings.js';
import { askSource, type Source } from './source.js';
import { bootId, mark, markerOf, unmark, whyUnfinished } from './unfinished.js';
import { setWalAside } from './wal-aside.js';

const OWN_WORDS: ReadonlySet<string> = new Set(['REWIND_FAILED', 'SOURCE_UNREACHABLE', 'DISK_TOO_SMALL']);
const REWIND_DEADLINE_MS = 6 * 3_600_000;
const RECOVERY_DEADLINE_MS = 3_600_000;

/**
 * Makes this stopped data directory a follower of the source's lineage again.
 * @throws PostgresControlError SOURCE_UNREACHABLE, DISK_TOO_SMALL — nothing was touched, try again; REWIND_FAILED — from the moment that the marker is written only a base backup helps.
 */
export async function rewind(host: HostContext, source: PostgresPeer, progress: Progress): Promise<CopyDone> {
  const { paths, programs, account, config } = host;
  const unfinished = await whyUnfinished(paths);
  if (!(await isThere(inPgdata(host, 'PG_VERSION'))) || unfinished !== null)
    throw new PostgresControlError('REWIND_FAILED', unfinished ?? 'there is nothing here that a rewind could start from');
  try {
    progress(`asking ${source.node} for its history and a checkpoint`, null, { stage: 'prepare', bytes: 0, totalBytes: null });
    const theirs = await askSource(host, source);
    await mustSuit(host, theirs);
    await mustFitRewind(host, theirs);
    const goes = await whatGoes(host, theirs);
    if (goes === null) throw new PostgresControlError('REWIND_FAILED', 'the source is another database system');
    const { archived, look } = await archiveLeftovers(host, goes.fork);
    const keptWal = goes.gone === null ? null : await keepWal(host, goes.gone);
    await recover(host, progress);
    const aside = await setWalAside(host, lineageOf(theirs), goes.fork);
    const before = await markerOf(paths);
    await mark(paths, 'rewind', account);
    const bytes = await runRewind(host, source, progress, async () => {
      await (before === null ? unmark(paths) : mark(paths, before, account));
    });
    const givenBack = (await aside?.giveBack()) ?? 0;
    await dropForeignWal(host, theirs);
    await mustHaveReturned(host, theirs);
    await writeSettings(paths.pgdata, config, paths, account, { names: [], follow: source });
    await writeSignal(paths.pgdata, true, account);
    if (canSyncVolumes) await syncVolumes([paths.pgdata, ...(await tablespacesOf(paths.pgdata))]);
    await unmark(paths);
    host.log.info('postgres.rewound', { discarded: goes.gone, bytes, keptWal, givenBack, programs: programs.version });
    const unkept = goes.gone !== null && keptWal === null && config.recover.keepOld > 0;
    const removed = [...takeRemoved(host), ...look];
    const said = unkept ? [...removed, 'the discarded WAL is more than 1 GB and was not kept'] : removed;
    return { bytes, discarded: goes.gone, keptWal, setAside: null, archived, look: said };
  } catch (error) {
    if (error instanceof PostgresControlError && OWN_WORDS.has(error.code)) throw error;
    throw new PostgresControlError('REWIND_FAILED', `cannot rewind against ${source.node}`, error);
  }
}

/** What pg_rewind would find out half-way, or make a mess of. */
async function mustSuit(host: HostContext, theirs: Source): Promise<void> {
  if (theirs.major !== host.programs.major)
    throw new PostgresControlError('REWIND_FAILED', `PostgreSQL ${host.programs.major} here, ${theirs.major} on the Master`);
  const folder = inPgdata(host, 'pg_tblspc');
  const here = (await isThere(folder)) ? await readdir(folder) : [];
  // It would make a link to the place that the tablespace has on the Master, whatever that is here.
  const lacking = theirs.tablespaces.find(({ oid }) => !here.includes(oid));
  if (lacking !== undefined)
    throw new PostgresControlError(
      'REWIND_FAILED',
      `tablespace ${lacking.name} was made since the fork: a base backup gives it a place`,
    );
}

/**
 * pg_rewind fetches every WAL segment of the source before it removes anything here, and a disk that fills up on the way leaves a
 * directory that only a base backup replaces. What is missing here is what needs room; crash recovery writes some WAL, too.
 */
async function mustFitRewind(host: HostContext, theirs: Source): Promise<void> {
  const folder = inPgdata(host, 'pg_wal');
  const here = new Set((await isThere(folder)) ? await readdir(folder) : []);
  const fetched = theirs.wal.reduce((sum, { name, bytes }) => sum + (here.has(name) ? 0 : bytes), 0);
  await mustHaveRoom(host, fetched, `a rewind to ${theirs.node} fetches WAL and needs`);
}

/** A directory that still is on another lineage would be rewound again, to the same end: a base backup is what helps. */
async function mustHaveReturned({ paths, programs, account }: HostContext, theirs: Source): Promise<void> {
  const timeline = await newestTimeline(paths.pgdata, await readControlData(paths.pgdata, programs, account));
  if (!lineageOf(theirs).includes(timeline))
    throw new PostgresControlError(
      'REWIND_FAILED',
      `pg_rewind left this directory on timeline ${timeline}, which the Master on timeline ${theirs.timeline} never had`,
    );
}

/** pg_rewind would do this by itself, silently; done here it has its own progress, deadline and words when it fails. */
async function recover(host: HostContext, progress: Progress): Promise<void> {
  const { paths, programs, account } = host;
  const { state } = await readControlData(paths.pgdata, programs, account);
  if (state === 'shut down' || state === 'shut down in recovery') return;
  progress('crash recovery', null, { stage: 'copy' });
  await mark(paths, `recovering ${bootId()}`, account);
  // It ends with a checkpoint, which lets go of WAL; and pg_rewind goes back to the last checkpoint before the fork, which may be more than the
  // usual `wal_keep_size` ago. (A slot holds it only as far as it had come when the checkpoint began that the crash interrupted.)
  const keeps = ['-c', 'wal_keep_size=1TB', '-c', 'archive_mode=off'];
  const args = ['--single', '-F', '-D', paths.pgdata, ...keeps, 'template1'];
  await mustRun(programs.path('postgres'), args, { account, cwd: paths.dataDir, deadlineMs: RECOVERY_DEADLINE_MS });
}

/** @param untouched called when it ended before it had begun. */
async function runRewind(
  host: HostContext,
  source: PostgresPeer,
  progress: Progress,
  untouched: () => Promise<void>,
): Promise<number> {
  const { paths, programs, account, config } = host;
  const from = replicationConninfo(reached(config, source), copyName(config.node), paths, tlsFiles(config) !== null, DATABASE);
  let bytes = 0;
  let isConnected = false;
  const onLine = (line: string) => {
    isConnected ||= line.includes('connected to server');
    const copied = /(\d+)\/(\d+) kB \(\d+%\)/.exec(line);
    if (copied === null) return progress(line.trim(), null, { stage: 'copy' });
    bytes = Number(copied[1]) * 1024;
    const totalBytes = Number(copied[2]) * 1024;
    progress('pg_rewind', bytes / Math.max(1, totalBytes), { stage: 'copy', bytes, totalBytes });
  };
  const options = { account, cwd: paths.dataDir, deadlineMs: REWIND_DEADLINE_MS, onLine, givesWay: true };
  // One syncfs at our own end instead of an fsync of every file there is.
  const args = ['-D', paths.pgdata, `--source-server=${from}`, '--progress', ...(canSyncVolumes ? ['--no-sync'] : [])];
  const done = await run(programs.path('pg_rewind'), args, options);
  if (done.code !== 0) {
    const why = done.stderr.trim().split('\n').slice(-3).join(' | ');
    // It connects before it looks at anything here (pg_rewind.c, main), and says so.
    if (!isConnected && /connection to server .* failed/.test(done.stderr)) {
      await untouched();
      throw new PostgresControlError('SOURCE_UNREACHABLE', `${source.node} no longer answered; nothing was changed here: ${why}`);
    }
    throw new PostgresControlError('REWIND_FAILED', `pg_rewind exited ${done.code}: ${why}`);
  }
  return bytes;
}
