import { existsSync, readFileSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { asset, NODE, WORKSPACE } from '../host/assets.js';
import { LabToolError, run } from '../host/shell.js';

const BUILD_DEADLINE_MS = 20 * 60_000;
const MADE = '.made';

/** The commit that upgrades begin with: the last release, as test/lab/assets/previous-version names it. */
export const previousCommit = (): string => readFileSync(asset('previous-version'), 'utf8').trim();

/**
 * Where the programs of the previous version are: built from this repository's own history, once, and kept below `/var/tmp`.
 * `YOSUGARA_PREVIOUS` names a folder where they are built already. @throws LabToolError
 */
export async function previousVersion(say: (text: string) => void): Promise<string> {
  const given = process.env['YOSUGARA_PREVIOUS'];
  if (given !== undefined && given !== '') return given;
  const commit = previousCommit();
  const folder = join('/var/tmp/yosugara-previous', commit.slice(0, 12));
  if (existsSync(join(folder, MADE))) return folder;
  if (!existsSync(join(WORKSPACE, '.git')))
    throw new LabToolError('previous version', `${WORKSPACE} has no history to build ${commit} from: set YOSUGARA_PREVIOUS`);
  say(`building the previous version, ${commit.slice(0, 12)}: some minutes, once`);
  const partial = `${folder}.partial`;
  await rm(partial, { recursive: true, force: true });
  await rm(folder, { recursive: true, force: true });
  await mkdir(partial, { recursive: true });
  await run('sh', ['-c', 'git -C "$1" archive "$2" | tar -x -C "$3"', 'sh', WORKSPACE, commit, partial], BUILD_DEADLINE_MS);
  await run('sh', ['-c', 'cd "$1" && npm ci --no-audit --no-fund', 'sh', partial], BUILD_DEADLINE_MS);
  await rename(partial, folder);
  await run('sh', ['-c', 'cd "$1" && "$2" tools/run.mjs build', 'sh', folder, NODE], BUILD_DEADLINE_MS);
  await writeFile(join(folder, MADE), '');
  return folder;
}
