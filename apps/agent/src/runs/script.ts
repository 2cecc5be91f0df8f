import { randomBytes } from 'node:crypto';
import { chown, mkdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Account } from './accounts.js';
import type { RunFolder } from './folder.js';

/** What stands for the script's path in a command. */
export const SCRIPT_WORD = '#[SCRIPT]';

/**
 * Beside the agent's own folder, because its user must be able to reach it; only he can. Where it is, is noted first: whatever happens, somebody
 * takes it away.
 */
export async function placeScript(
  folder: RunFolder,
  script: { readonly name: string; readonly content: string },
  owner: Account | null,
): Promise<string> {
  const dir = join(tmpdir(), `yosugara-${randomBytes(12).toString('hex')}`);
  await writeFile(join(folder.path, 'script'), `${dir}\n`, { mode: 0o600 });
  await mkdir(dir, { mode: 0o700 });
  const path = join(dir, script.name);
  await writeFile(path, script.content, { mode: 0o700, flag: 'wx' });
  if (owner !== null) {
    await chown(path, owner.uid, owner.gid);
    await chown(dir, owner.uid, owner.gid);
  }
  return path;
}
