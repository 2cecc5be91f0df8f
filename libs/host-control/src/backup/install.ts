import { existsSync } from 'node:fs';
import { readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { isThere, syncFolder } from '../os/files.js';
import { lockEvidence } from '../os/lock-evidence.js';
import { APP_ROLE, MANAGER_ROLE, REPLICATION_ROLE, SUPERUSER, secret } from '../postgres/secrets.js';
import { writeSettings, writeSignal } from '../postgres/settings.js';
import type { Session } from '../postgres/sql.js';
import { BackupError } from './errors.js';
import type { Repository } from './repository.js';

const ROLES = [
  [SUPERUSER, 'postgresSuperuser'],
  [REPLICATION_ROLE, 'postgresReplication'],
  [MANAGER_ROLE, 'postgresManager'],
  [APP_ROLE, 'postgresApp'],
] as const;

/** For `restoreInto`'s `look`: the passwords are those of this node, which may be of another cluster than the one that was backed up. */
export async function takeOverRoles(repository: Repository, session: Session): Promise<void> {
  for (const [role, name] of ROLES) {
    const [row] = await session.rows<{ statement: string }>(
      "select format('alter role %I password %L', $1::text, $2::text) as statement",
      [role, secret(repository.config, name)],
    );
    await session.rows(row!.statement);
  }
}

/** @throws BackupError RESTORE_FAILED: PostgreSQL runs here. */
export async function mustBeStopped({ paths }: Pick<Repository, 'paths'>): Promise<void> {
  const file = join(paths.pgdata, 'postmaster.pid');
  const evidence = existsSync(file) ? await lockEvidence(file, paths.pgdata) : null;
  if (evidence?.held === true) throw new BackupError('RESTORE_FAILED', `PostgreSQL runs here: ${evidence.says}`);
}

/**
 * Puts a restored or upgraded directory to the place of the data of this node, as one that waits for whoever promotes it. What was there stays beside it.
 * @param before what it is kept from, in its name. @returns where that is; null: there was nothing.
 */
export async function installRestored(
  place: Pick<Repository, 'config' | 'paths' | 'account'>,
  restored: string,
  before = 'restore',
): Promise<string | null> {
  const { config, paths, account } = place;
  await mustBeStopped(place);
  if ((await readdir(join(restored, 'pg_tblspc'))).length > 0)
    throw new BackupError(
      'RESTORE_FAILED',
      `the database has tablespaces, which lie in ${restored}.tablespaces: put them to their places by hand`,
    );
  await writeSettings(restored, config, paths, account, { names: [], follow: null });
  await writeSignal(restored, true, account);
  const aside = (await isThere(paths.pgdata)) ? `${paths.pgdata}.before-${before}-${Date.now()}` : null;
  if (aside !== null) await rename(paths.pgdata, aside);
  await rename(restored, paths.pgdata);
  await syncFolder(paths.dataDir);
  return aside;
}
