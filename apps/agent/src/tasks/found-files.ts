import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type FileMark, identityOf, isCopyOf } from './follower.js';

/** Of a file that may be followed. */
export interface Found {
  readonly path: string;
  readonly identity: string;
  readonly size: number;
  readonly changedMs: number;
  readonly isWanted: boolean;
}

/**
 * Files of a folder, by their names. Folders and files may be symbolic links.
 * @param others also those that nobody wants: one of ours may have got such a name. @throws the folder cannot be read
 */
export async function filesOf(
  directory: string,
  isWanted: (name: string) => boolean,
  others: boolean,
): Promise<readonly Found[]> {
  const names = await readdir(directory);
  const found: Found[] = [];
  for (const name of names.toSorted()) {
    const wanted = isWanted(name);
    if (!wanted && !others) continue;
    const path = join(directory, name);
    const is = await stat(path).catch(() => null);
    if (is?.isFile() !== true) continue;
    found.push({ path, identity: identityOf(is), size: is.size, changedMs: is.mtimeMs, isWanted: wanted });
  }
  return found;
}

/** It is still what was followed, and not another file that got its number. */
export async function isUnchanged(found: Found, mark: FileMark): Promise<boolean> {
  if (found.size < mark.offset) return false;
  return mark.first.bytes === 0 || (await isCopyOf(found.path, mark)) || mark.first.bytes < 32;
}
