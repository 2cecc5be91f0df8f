import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Seen } from '@yosugara/operations';

/** How full journals are, by the files of their folders: segments that are let go are deleted. A folder that is not there has none. */
export async function journalSizes(
  folders: readonly { readonly name: string; readonly path: string }[],
  boundBytes: number,
): Promise<readonly Seen[]> {
  return await Promise.all(
    folders.map(async ({ name, path }) => ({ item: name, value: (await folderBytes(path)) / boundBytes })),
  );
}

/** Of all files in it, however deep; 0: there is none. */
export async function folderBytes(path: string): Promise<number> {
  const files = await readdir(path, { recursive: true, withFileTypes: true }).catch(missing);
  let sum = 0;
  for (const file of files ?? [])
    if (file.isFile()) sum += (await stat(join(file.parentPath, file.name)).catch(missing))?.size ?? 0;
  return sum;
}

function missing(error: NodeJS.ErrnoException): null {
  if (error.code !== 'ENOENT') throw error;
  return null;
}
