import { link, open, readdir, realpath, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { explain, type Lsn, parseLsn } from '@yosugara/kernel';
import { isThere, ownFolder, readIfThere, syncFolder } from '../os/files.js';
import { type HostContext, inPgdata } from './context.js';

const SEGMENT_BYTES = 16 * 1024 * 1024;
const FOLDER = 'wal.aside';

/**
 * pg_rewind keeps the segments here that it read on its way back to the last common checkpoint (keepwal, pg_rewind.c), and takes away all others that the source no longer
 * has. Recovery begins earlier: where that checkpoint began (its redo), which under load is some segments before its record, and it would wait for them
 * for ever. So they get a second name before, and what recovery will ask for is given back.
 */
export interface WalAside {
  /** What recovery needs of them; the rest is let go. @returns how many segments came back. */
  giveBack(): Promise<number>;
}

/** @param lineage timelines that the source comes from. @param fork all of the segment that it lies in the source has anew. */
export async function setWalAside(host: HostContext, lineage: readonly number[], fork: Lsn | null): Promise<WalAside | null> {
  const { account, log } = host;
  if (fork === null) return null;
  const wal = await realpath(inPgdata(host, 'pg_wal'));
  const folder = folderOf(host, wal);
  const before = Math.floor(fork / SEGMENT_BYTES);
  const isCommon = (name: string) => {
    const segment = segmentOf(name);
    return segment !== null && segment.number < before && lineage.includes(segment.timeline);
  };
  try {
    await rm(folder, { recursive: true, force: true });
    await ownFolder(folder, account);
    for (const name of (await readdir(wal)).filter(isCommon)) await link(join(wal, name), join(folder, name));
  } catch (error) {
    // A volume of its own, or one without second names: a base backup is what is left where they are missed.
    log.warn('postgres.walNotSetAside', { why: explain(error) });
    await rm(folder, { recursive: true, force: true });
    return null;
  }
  return { giveBack: () => giveBack(host, wal, folder) };
}

/** Left by a rewind that was interrupted: it holds room, and nobody comes for it. */
export async function dropWalAside(host: HostContext): Promise<void> {
  const wal = inPgdata(host, 'pg_wal');
  const real = (await isThere(wal)) ? await realpath(wal) : wal;
  await rm(folderOf(host, real), { recursive: true, force: true });
}

async function giveBack(host: HostContext, wal: string, folder: string): Promise<number> {
  const from = await recoveryBegins(host);
  const here = new Set(await readdir(wal));
  const missed = (await readdir(folder)).filter((name) => from !== null && segmentOf(name)!.number >= from && !here.has(name));
  for (const name of missed) {
    await link(join(folder, name), join(wal, name));
    await synced(join(wal, name));
  }
  if (missed.length > 0) await syncFolder(wal);
  await rm(folder, { recursive: true, force: true });
  return missed.length;
}

/** Segment where the recovery after a rewind begins, as pg_rewind wrote it down (createBackupLabel). */
async function recoveryBegins(host: HostContext): Promise<number | null> {
  const label = (await readIfThere(inPgdata(host, 'backup_label'))) ?? '';
  const [, redo] = /^START WAL LOCATION: ([0-9A-F]+\/[0-9A-F]+) /m.exec(label) ?? [];
  return redo === undefined ? null : Math.floor(parseLsn(redo) / SEGMENT_BYTES);
}

/** Beside the data directory, which pg_rewind makes equal to the source's; on WAL's own volume where it has one. */
const folderOf = ({ paths }: HostContext, wal: string): string =>
  join(wal.startsWith(`${paths.pgdata}/`) ? paths.dataDir : dirname(wal), FOLDER);

function segmentOf(name: string): { readonly timeline: number; readonly number: number } | null {
  if (!/^[0-9A-F]{24}$/.test(name)) return null;
  const part = (from: number) => Number.parseInt(name.slice(from, from + 8), 16);
  return { timeline: part(0), number: part(8) * 256 + part(16) };
}

async function synced(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
