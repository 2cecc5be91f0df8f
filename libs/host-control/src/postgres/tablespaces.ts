import { chown, mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { PostgresControlError } from '../errors.js';
import { isThere } from '../os/files.js';
import type { HostContext } from './context.js';
import type { Source } from './source.js';

const OURS = /\.yosugara-[a-z][a-z0-9_]*-\d+$/;

/**
 * A tablespace's folder is named by its absolute path, which on this host may be in use by the directory that is set aside. So each
 * gets a folder of its own beside the place it has on the Master: on the same volume, when that is mounted here at all.
 *
 * @returns arguments for pg_basebackup. @throws PostgresControlError TABLESPACE_MISSING — its parent folder is not there.
 */
export async function mapTablespaces(
  { config, account }: HostContext,
  { tablespaces }: Source,
  stamp: number,
): Promise<readonly string[]> {
  const args: string[] = [];
  for (const { name, place } of tablespaces) {
    const base = place.replace(OURS, '');
    if (!(await isThere(dirname(base))))
      throw new PostgresControlError(
        'TABLESPACE_MISSING',
        `tablespace ${name} lies in ${base}: make or mount ${dirname(base)} on ${config.node}, then it can be copied`,
      );
    const here = `${base}.yosugara-${config.node}-${stamp}`;
    await mkdir(here, { mode: 0o700 });
    if (account.switchTo) await chown(here, account.uid, account.gid);
    args.push(`--tablespace-mapping=${escaped(place)}=${escaped(here)}`);
  }
  return args;
}

/** An equals sign within a path would end it. */
const escaped = (path: string): string => path.replaceAll('=', '\\=');
