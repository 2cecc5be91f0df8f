import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Written by the build, beside what it built, and where the agent's package has it, too. */
const COMMIT_FILE = 'libs/host-control/dist/commit';

/**
 * `0.2.0-dev+1a2b3c4d5e6f`: the version of package.json and the commit that it was built from, where that is known.
 * @param root where apps/ and libs/ are: of a clone, or of the package.
 */
export function versionOf(root: string): string {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { readonly version: string };
  const commit = commitOf(join(root, COMMIT_FILE));
  return commit === '' ? version : `${version}+${commit}`;
}

function commitOf(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return '';
  }
}
