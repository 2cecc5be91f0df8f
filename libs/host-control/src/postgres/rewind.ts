import { rm } from 'node:fs/promises';
import type { Lsn } from '@yosugara/kernel';
import type { PostgresPeer, Progress } from '@yosugara/runtime';
import { PostgresControlError } from '../errors.js';
import { isThere, readIfThere, syncFolder, writeOwned } from '../os/files.js';
import { mustRun, run } from '../os/run.js';
import { replicationConninfo } from './conninfo.js';
import { type HostContext, inPgdata, peerTarget } from './context.js';
import { historyFile, readControlData, stoppedFacts } from './control-data.js';
import { forkPoint, parseHistory } from './history.js';
import { DATABASE, tlsFiles } from './secrets.js';
import { copyName, writeSettings, writeSignal } from './settings.js';
import { withSession } from './sql.js';

const REWIND_DEADLINE_MS = 6 * 3_600_000;
const RECOVERY_DEADLINE_MS = 3_600_000;
const SOURCE_DEADLINE_MS = 10 * 60_000;

export interface Discarded {
  readonly discardedFrom: Lsn | null;
  readonly discardedTo: Lsn | null;
}

/**
 * Makes this stopped data directory a follower of the source's lineage again.
 * @throws PostgresControlError SOURCE_UNREACHABLE — nothing was touched, try again; REWIND_FAILED — from the moment that the marker is written only a base backup helps.
 */
export async function rewind(host: HostContext, source: PostgresPeer, progress: Progress): Promise<Discarded> {
  const { paths, programs, account, config } = host;
  if (!(await isThere(inPgdata(host, 'PG_VERSION'))) || (await isThere(paths.unfinished)))
    throw new PostgresControlError('REWIND_FAILED', 'there is nothing here that a rewind could start from');
  try {
    progress('checkpoint on the source', null);
    const theirs = await sourceLineage(host, source).catch((error: unknown) => {
      throw new PostgresControlError('SOURCE_UNREACHABLE', `${source.node} did not answer; nothing was changed here`, error);
    });
    const discarded = await whatGoes(host, theirs);
    await recover(host, progress);
    await writeOwned(paths.unfinished, 'rewind\n', account);
    await runRewind(host, source, progress);
    await writeSettings(paths.pgdata, config, paths, account, { names: [], follow: source });
    await writeSignal(paths.pgdata, true, account);
    await rm(paths.unfinished);
    await syncFolder(paths.dataDir);
    host.log.info('postgres.rewound', { ...discarded, programs: programs.version });
    return discarded;
  } catch (error) {
    if (error instanceof PostgresControlError && (error.code === 'REWIND_FAILED' || error.code === 'SOURCE_UNREACHABLE'))
      throw error;
    throw new PostgresControlError('REWIND_FAILED', `cannot rewind against ${source.node}`, error);
  }
}

interface Lineage {
  readonly systemId: string;
  readonly timeline: number;
  readonly history: string;
}

/** CHECKPOINT first: right after a promotion pg_control still shows the old timeline, and pg_rewind 15 would see nothing to do. */
async function sourceLineage(host: HostContext, source: PostgresPeer): Promise<Lineage> {
  return await withSession(peerTarget(host, source), SOURCE_DEADLINE_MS, async (session) => {
    await session.rows('checkpoint');
    const [row] = await session.rows<{ systemId: string; timeline: number }>(
      `select (select system_identifier::text from pg_control_system()) as "systemId", timeline_id as timeline from pg_control_checkpoint()`,
    );
    const { systemId, timeline } = row!;
    if (timeline === 1) return { systemId, timeline, history: '' };
    const [file] = await session.rows<{ text: Buffer }>('select pg_read_binary_file($1) as text', [
      `pg_wal/${historyFile(timeline)}`,
    ]);
    return { systemId, timeline, history: file!.text.toString('utf8') };
  });
}

async function whatGoes(host: HostContext, theirs: Lineage): Promise<Discarded> {
  const { paths, programs, account } = host;
  const local = await stoppedFacts(paths.pgdata, false, programs, account);
  if (local.kind !== 'stopped') throw new PostgresControlError('REWIND_FAILED', 'the data directory cannot be read');
  if (local.systemId !== theirs.systemId)
    throw new PostgresControlError('REWIND_FAILED', 'the source is another database system');
  const file = inPgdata(host, `pg_wal/${historyFile(local.timeline)}`);
  const ours = parseHistory((await readIfThere(file)) ?? '');
  const fork = forkPoint(ours, local.timeline, parseHistory(theirs.history), theirs.timeline);
  if (fork === null) return { discardedFrom: null, discardedTo: null };
  return local.walEnd > fork ? { discardedFrom: fork, discardedTo: local.walEnd } : { discardedFrom: null, discardedTo: null };
}

/** pg_rewind would do this by itself, silently; done here it has its own progress, deadline and words when it fails. */
async function recover(host: HostContext, progress: Progress): Promise<void> {
  const { paths, programs, account } = host;
  const { state } = await readControlData(paths.pgdata, programs, account);
  if (state === 'shut down' || state === 'shut down in recovery') return;
  progress('crash recovery', null);
  const args = ['--single', '-F', '-D', paths.pgdata, '-c', 'archive_mode=off', 'template1'];
  await mustRun(programs.path('postgres'), args, { account, cwd: paths.dataDir, deadlineMs: RECOVERY_DEADLINE_MS });
}

async function runRewind(host: HostContext, source: PostgresPeer, progress: Progress): Promise<void> {
  const { paths, programs, account, config } = host;
  const from = replicationConninfo(source, copyName(config.node), paths, tlsFiles(config) !== null, DATABASE);
  const onLine = (line: string) => {
    const copied = /(\d+)\/(\d+) kB \(\d+%\)/.exec(line);
    progress(line.trim(), copied === null ? null : Number(copied[1]) / Math.max(1, Number(copied[2])));
  };
  const options = { account, cwd: paths.dataDir, deadlineMs: REWIND_DEADLINE_MS, onLine };
  const done = await run(programs.path('pg_rewind'), ['-D', paths.pgdata, `--source-server=${from}`, '--progress'], options);
  if (done.code !== 0) {
    const why = done.stderr.trim().split('\n').slice(-3).join(' | ');
    throw new PostgresControlError('REWIND_FAILED', `pg_rewind exited ${done.code}: ${why}`);
  }
}
