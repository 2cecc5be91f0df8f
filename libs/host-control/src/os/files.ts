import { chown, lchown, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { syncFolder, writeWhole } from './durable.js';
import type { Account } from './run.js';
import { canSyncVolumes, syncVolumes } from './sync-volume.js';

export { isThere, readIfThere, syncFolder } from './durable.js';

/** All of it asynchronous: an fsync on a busy or dying disk must not hold up the event loop that renews the lease. */

/** Folder of mode 0700 that belongs to `account`. */
export async function ownFolder(path: string, account: Account): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  if (account.switchTo) await chown(path, account.uid, account.gid);
}

/** Whole or not at all, and on disk when it returns. Mode 0600. */
export async function writeOwned(path: string, text: string | Uint8Array, account: Account): Promise<void> {
  await writeWhole(path, text, { owner: account.switchTo ? account : undefined });
}

/** An empty file that only has to be seen now: a crash may take it. Nothing that lies there, a link say, is written through. */
export async function leaveEmpty(path: string, account: Account): Promise<void> {
  await rm(path, { force: true });
  await writeFile(path, '', { mode: 0o600, flag: 'wx' });
  if (account.switchTo) await lchown(path, account.uid, account.gid);
}

const FEW_FILES = 8;

/**
 * As `writeOwned`, each file whole or not at all and all of them on disk at the end, for many small ones of one folder: one wait for
 * the disk before they get their names, one after, instead of two for each.
 */
export async function writeManyOwned(folder: string, files: ReadonlyMap<string, string>, account: Account): Promise<void> {
  const next = (name: string): string => join(folder, `${name}.next`);
  // It waits for whatever else is on its way to that volume: for a few files each waits for itself.
  const together = canSyncVolumes && files.size > FEW_FILES;
  for (const [name, text] of files) {
    await writeFile(next(name), text, { mode: 0o600, flush: !together });
    if (account.switchTo) await chown(next(name), account.uid, account.gid);
  }
  if (together) await syncVolumes([folder]);
  for (const name of files.keys()) await rename(next(name), join(folder, name));
  await syncFolder(folder);
}
