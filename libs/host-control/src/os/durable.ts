import { chown, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Files that a crash leaves whole or as they were: what every program of ours does with its own. Nothing here starts a process. */

export interface WholeOptions {
  /** Default 0600. */
  readonly mode?: number;
  /** Default: whoever writes it. */
  readonly owner?: { readonly uid: number; readonly gid: number } | undefined;
}

/** Whole or not at all, and on disk when it returns. */
export async function writeWhole(
  path: string,
  content: string | Uint8Array,
  { mode = 0o600, owner }: WholeOptions = {},
): Promise<void> {
  const next = `${path}.next`;
  // Nothing that lies there, a link say, is written through.
  await rm(next, { force: true });
  await writeFile(next, content, { mode, flush: true, flag: 'wx' });
  if (owner !== undefined) await chown(next, owner.uid, owner.gid);
  await rename(next, path);
  await syncFolder(dirname(path));
}

/** A name is on disk when its folder is. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** null = it is not there. */
export async function readIfThere(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    return missing(error);
  }
}

export async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    return missing(error) !== null;
  }
}

function missing(error: unknown): null {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT' || code === 'ENOTDIR') return null;
  throw error;
}
