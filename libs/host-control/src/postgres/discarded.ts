import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { constants, createGzip } from 'node:zlib';
import { explain, formatLsn, type Lsn } from '@yosugara/kernel';
import { isThere, ownFolder, readIfThere, syncFolder } from '../os/files.js';
import { run } from '../os/run.js';
import { type HostContext, inPgdata } from './context.js';
import { historyFile, stoppedFacts } from './control-data.js';
import { forkPoint, parseHistory } from './history.js';
import type { Source } from './source.js';

const SEGMENT_BYTES = 16 * 1024 * 1024;
/** A gigabyte of WAL; more than that is said, not kept. */
const MAX_SEGMENTS = 64;
const SHOW_DEADLINE_MS = 5_000;
const ARCHIVE_DEADLINE_MS = 30_000;

export interface Discarded {
  readonly from: Lsn;
  readonly to: Lsn;
  readonly timeline: number;
}

/**
 * WAL of this directory that is no part of the source's history. null: there is none, or nothing here can be read.
 */
export async function whatGoes(
  host: HostContext,
  theirs: Source,
): Promise<{ readonly fork: Lsn | null; readonly gone: Discarded | null } | null> {
  const { paths, programs, account } = host;
  const local = await stoppedFacts(paths.pgdata, null, programs, account);
  if (local.kind !== 'stopped' || local.systemId !== theirs.systemId) return null;
  const ours = parseHistory((await readIfThere(inPgdata(host, `pg_wal/${historyFile(local.timeline)}`))) ?? '');
  const fork = forkPoint(ours, local.timeline, parseHistory(theirs.history), theirs.timeline);
  if (fork === null || local.walEnd <= fork) return { fork, gone: null };
  return { fork, gone: { from: fork, to: local.walEnd, timeline: local.timeline } };
}

/** Compressed segments from the fork to the end, in `<dataDir>/discarded/<from>-<to>`. null: nothing is to be kept. */
export async function keepWal(host: HostContext, gone: Discarded): Promise<string | null> {
  const { paths, config, account } = host;
  if (config.recover.keepOld === 0) return null;
  const folder = join(paths.dataDir, 'discarded', `t${gone.timeline}-${named(gone.from)}-${named(gone.to)}`);
  const prefix = gone.timeline.toString(16).toUpperCase().padStart(8, '0');
  const [first, last] = [Math.floor(gone.from / SEGMENT_BYTES), Math.floor((gone.to - 1) / SEGMENT_BYTES)];
  if (last - first >= MAX_SEGMENTS) return null;
  await ownFolder(join(paths.dataDir, 'discarded'), account);
  await rm(`${folder}.next`, { recursive: true, force: true });
  await mkdir(`${folder}.next`, { mode: 0o700 });
  for (let segment = first; segment <= last; segment++) {
    const name = prefix + hex(Math.floor(segment / 256)) + hex(segment % 256);
    if (await isThere(inPgdata(host, `pg_wal/${name}`)))
      await compress(inPgdata(host, `pg_wal/${name}`), join(`${folder}.next`, `${name}.gz`));
  }
  await rm(folder, { recursive: true, force: true });
  await rename(`${folder}.next`, folder);
  await syncFolder(join(paths.dataDir, 'discarded'));
  await pruneKept(host);
  return folder;
}

/** Timelines whose WAL a server on the source's timeline reads. */
export const lineageOf = (theirs: Source): readonly number[] => [
  ...parseHistory(theirs.history).map(({ timeline }) => timeline),
  theirs.timeline,
];

/**
 * pg_rewind leaves the segments that it read on its way back to the last common checkpoint (keepwal, pg_rewind.c): after a promotion
 * by hand those of a timeline that the source never had, too. Nothing reads them any more, and they would look like a newer timeline.
 */
export async function dropForeignWal(host: HostContext, theirs: Source): Promise<void> {
  const lineage = lineageOf(theirs);
  const isForeign = (name: string) =>
    /^[0-9A-F]{24}(\.|$)/.test(name) && !lineage.includes(Number.parseInt(name.slice(0, 8), 16));
  for (const folder of [inPgdata(host, 'pg_wal'), inPgdata(host, 'pg_wal/archive_status')]) {
    if (!(await isThere(folder))) continue;
    const foreign = (await readdir(folder)).filter(isForeign);
    for (const name of foreign) await rm(join(folder, name), { force: true });
    if (foreign.length > 0) await syncFolder(folder);
  }
}

const named = (value: Lsn): string => formatLsn(value).replace('/', '_');
const hex = (value: number): string => value.toString(16).toUpperCase().padStart(8, '0');

async function compress(from: string, to: string): Promise<void> {
  await pipeline(createReadStream(from), createGzip({ level: constants.Z_BEST_SPEED }), createWriteStream(to, { mode: 0o600 }));
  const file = await open(to, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

async function pruneKept({ paths, config }: HostContext): Promise<void> {
  const folder = join(paths.dataDir, 'discarded');
  const names = (await readdir(folder)).filter((name) => !name.endsWith('.next'));
  const dated = await Promise.all(
    names.map(async (name) => {
      const handle = await open(join(folder, name), 'r');
      try {
        return { name, atMs: (await handle.stat()).mtimeMs };
      } finally {
        await handle.close();
      }
    }),
  );
  const old = dated.sort((one, two) => two.atMs - one.atMs).slice(Math.max(1, config.recover.keepOld));
  for (const { name } of old) await rm(join(folder, name), { recursive: true, force: true });
}

/**
 * Segments that wait for the archive (`.ready`) would be gone after a rewind: those that lie wholly before the fork are archived
 * first, by the operator's own archive_command. What lies behind the fork is never archived: it would stand where the Master's belongs.
 */
export async function archiveLeftovers(
  host: HostContext,
  fork: Lsn | null,
): Promise<{ readonly archived: number; readonly look: readonly string[] }> {
  const status = inPgdata(host, 'pg_wal/archive_status');
  if (!(await isThere(status))) return { archived: 0, look: [] };
  const ready = (await readdir(status))
    .filter((name) => name.endsWith('.ready'))
    .map((name) => name.slice(0, -'.ready'.length))
    .sort();
  if (ready.length === 0) return { archived: 0, look: [] };
  const command = await archiveCommand(host);
  if (command === null) return { archived: 0, look: [] };
  let archived = 0;
  const failed: string[] = [];
  for (const name of ready) {
    if (!wholly(name, fork)) continue;
    if (await archive(host, command, name)) {
      await rename(join(status, `${name}.ready`), join(status, `${name}.done`));
      archived++;
    } else {
      failed.push(name);
      break;
    }
  }
  await syncFolder(status);
  const look =
    failed.length === 0 ? [] : [`archive_command failed for ${failed[0]}: segments from there on were not archived from here`];
  return { archived, look };
}

function wholly(name: string, fork: Lsn | null): boolean {
  if (!/^[0-9A-F]{24}$/.test(name)) return /^[0-9A-F]{8}\.history$/.test(name);
  const segment = Number.parseInt(name.slice(8, 16), 16) * 256 + Number.parseInt(name.slice(16), 16);
  return fork === null || (segment + 1) * SEGMENT_BYTES <= fork;
}

async function archiveCommand(host: HostContext): Promise<string | null> {
  const { programs, paths, account } = host;
  const show = async (name: string) => {
    const { code, stdout } = await run(programs.path('postgres'), ['-C', name, '-D', paths.pgdata], {
      account,
      cwd: '/',
      deadlineMs: SHOW_DEADLINE_MS,
    });
    return code === 0 ? stdout.trim() : '';
  };
  if (!['on', 'always'].includes(await show('archive_mode'))) return null;
  const command = await show('archive_command');
  return command === '' || command === '(disabled)' ? null : command;
}

async function archive(host: HostContext, command: string, name: string): Promise<boolean> {
  const line = command.replace(/%[pf%]/g, (found) => (found === '%p' ? `pg_wal/${name}` : found === '%f' ? name : '%'));
  try {
    const done = await run('/bin/sh', ['-c', line], {
      account: host.account,
      cwd: host.paths.pgdata,
      deadlineMs: ARCHIVE_DEADLINE_MS,
    });
    return done.code === 0;
  } catch (error) {
    host.log.warn('postgres.archive', { name, why: explain(error) });
    return false;
  }
}
