import { rename, rm } from 'node:fs/promises';
import type { PostgresPeer, Progress } from '@yosugara/runtime';
import { PostgresControlError } from '../errors.js';
import { isThere, syncFolder, writeOwned } from '../os/files.js';
import { lastWords, type RunResult, run } from '../os/run.js';
import { replicationConninfo } from './conninfo.js';
import type { HostContext } from './context.js';
import { tlsFiles } from './secrets.js';
import { copyName, slotName, writeSettings, writeSignal } from './settings.js';

const BACKUP_DEADLINE_MS = 24 * 3_600_000;

/**
 * A copy of the source, made aside, then swapped in; what was here stays as `pgdata.old`, the one before that goes.
 * Interrupted before the swap: nothing has changed. In the middle of it: the next start finishes it.
 * @throws PostgresControlError BASE_BACKUP_FAILED.
 */
export async function baseBackup(
  host: HostContext,
  source: PostgresPeer,
  progress: Progress,
): Promise<{ readonly bytes: number }> {
  const { paths, account, config } = host;
  await rm(paths.pgdataNew, { recursive: true, force: true });
  let bytes = 0;
  const onLine = (line: string) => {
    const copied = /(\d+)\/(\d+) kB \(\d+%\)/.exec(line);
    if (copied !== null) bytes = Number(copied[1]) * 1024;
    progress(line.trim(), copied === null ? null : Number(copied[1]) / Math.max(1, Number(copied[2])));
  };
  let done = await runBackup(host, source, onLine, false);
  // The owner makes the slot before we are asked to copy; where it did not, WAL must still be kept from the first byte on.
  if (done.code !== 0 && /replication slot .* does not exist/.test(done.stderr)) {
    await rm(paths.pgdataNew, { recursive: true, force: true });
    done = await runBackup(host, source, onLine, true);
  }
  if (done.code !== 0)
    throw new PostgresControlError('BASE_BACKUP_FAILED', `pg_basebackup exited ${done.code}: ${lastWords(done)}`);
  await writeSettings(paths.pgdataNew, config, paths, account, { names: [], follow: source });
  await writeSignal(paths.pgdataNew, true, account);
  await swapIn(host);
  return { bytes };
}

async function swapIn({ paths, account }: HostContext): Promise<void> {
  if (await isThere(paths.pgdata)) {
    await rm(paths.pgdataOld, { recursive: true, force: true });
    await writeOwned(paths.unfinished, 'swap\n', account);
    await rename(paths.pgdata, paths.pgdataOld);
  }
  await rename(paths.pgdataNew, paths.pgdata);
  await rm(paths.unfinished, { force: true });
  await syncFolder(paths.dataDir);
}

async function runBackup(
  host: HostContext,
  source: PostgresPeer,
  onLine: (line: string) => void,
  makeSlot: boolean,
): Promise<RunResult> {
  const { paths, programs, account, config } = host;
  const from = replicationConninfo(source, copyName(config.node), paths, tlsFiles(config) !== null);
  const args = ['-D', paths.pgdataNew, '-d', from, '-X', 'stream', '--checkpoint=fast', '--progress', '--no-password'];
  const slot = [`--slot=${slotName(config.node)}`, ...(makeSlot ? ['--create-slot'] : [])];
  const options = { account, cwd: paths.dataDir, deadlineMs: BACKUP_DEADLINE_MS, onLine };
  return await run(programs.path('pg_basebackup'), [...args, ...slot], options);
}
