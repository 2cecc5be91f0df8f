import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { readIfThere, syncFolder, writeOwned } from '../os/files.js';
import type { Account } from '../os/run.js';
import type { PostgresPaths } from './paths.js';

/**
 * What the marker beside the data directory says: `swap` (a base backup is whole, only the names are being changed), `recovering BOOT`
 * (crash recovery without fsync), `rewind`, `damaged: WHY`. It is on disk before what it tells of begins.
 */
export type Marker = 'swap' | 'rewind' | `recovering ${string}` | `damaged: ${string}`;

export async function mark(paths: PostgresPaths, marker: Marker, account: Account): Promise<void> {
  await writeOwned(paths.unfinished, `${marker}\n`, account);
}

export async function unmark(paths: PostgresPaths): Promise<void> {
  await rm(paths.unfinished, { force: true });
  await syncFolder(paths.dataDir);
}

/** As it stands there; null = there is none. */
export async function markerOf(paths: PostgresPaths): Promise<Marker | null> {
  return ((await readIfThere(paths.unfinished))?.trim() as Marker | undefined) ?? null;
}

/** Why the data directory can only be replaced; null: nothing says so. */
export async function whyUnfinished(paths: PostgresPaths): Promise<string | null> {
  const text = await markerOf(paths);
  if (text === null) return null;
  if (text.startsWith('damaged: ')) return text.slice('damaged: '.length);
  // Without fsync a killed process loses nothing, a lost host may: then the page cache is gone as well.
  if (text.startsWith('recovering '))
    return text === `recovering ${bootId()}` ? null : 'the host went down during its crash recovery';
  return text.startsWith('swap') ? 'a base backup was interrupted here' : 'a rewind was interrupted here';
}

/** Of this life of the kernel. */
export const bootId = (): string => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
