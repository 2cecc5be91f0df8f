import { existsSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { NODE, WORKSPACE } from '../host/assets.js';
import { LabToolError, run } from '../host/shell.js';

const BUILD_DEADLINE_MS = 20 * 60_000;
const MADE = '.made';

interface Previous {
  /** The newest release that this commit comes from; null: there is none, and `commit` is what test/lab/assets/previous-version names. */
  readonly tag: string | null;
  readonly commit: string;
}

/** As a release decides it, too. */
async function previous(): Promise<Previous> {
  return JSON.parse(await run(NODE, [join(WORKSPACE, 'tools/previous-version.mjs')])) as Previous;
}

export interface Built {
  readonly folder: string;
  /** Which version that is, and who says so: a line of the report. */
  readonly says: string;
}

/**
 * The programs of the previous version: built from this repository's own history, once, and kept below `/var/tmp`.
 * `YOSUGARA_PREVIOUS` names a folder where they are built already. @throws LabToolError
 */
export async function previousVersion(say: (text: string) => void): Promise<Built> {
  const given = process.env['YOSUGARA_PREVIOUS'];
  if (given !== undefined && given !== '') return { folder: given, says: `what is built in ${given} (YOSUGARA_PREVIOUS)` };
  const { tag, commit } = await previous();
  const name =
    tag === null ? 'the commit that test/lab/assets/previous-version names, for no tag is before this one' : `the tag ${tag}`;
  return { folder: await builtOf(commit, say), says: `${name} (${commit.slice(0, 12)})` };
}

async function builtOf(commit: string, say: (text: string) => void): Promise<string> {
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
