import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Lsn } from '@yosugara/kernel';
import type { NodeConfig } from '@yosugara/protocol';
import { installRestored, mustBeStopped } from '../backup/install.js';
import { PostgresControlError } from '../errors.js';
import { dataAccount } from '../os/account.js';
import { isThere, ownFolder } from '../os/files.js';
import { lastWords, run } from '../os/run.js';
import { readControlData } from '../postgres/control-data.js';
import { type DataPlace, initdb, singleUser } from '../postgres/initialise.js';
import { postgresPaths } from '../postgres/paths.js';
import { allPrograms, majorOf, type Programs } from '../postgres/programs.js';
import { DATABASE, SUPERUSER, secret } from '../postgres/secrets.js';
import { writeSignal } from '../postgres/settings.js';

const DEADLINE_MS = 24 * 3_600_000;
const SHUT_DOWN = 'shut down';
/** The old server is the upgrade's alone: it sends nothing, waits for nobody, and lets nobody in but through its own socket. */
const OLD_SERVER = '-c synchronous_commit=local -c archive_mode=off -c default_transaction_read_only=off -c ssl=off';

export interface UpgradeAsked {
  readonly to: number;
  /** Files of both databases are the same ones: quick and without room, and the old one can be used no more. */
  readonly link: boolean;
  readonly nowMs: number;
}

export interface MajorUpgrade {
  readonly from: string;
  readonly to: string;
  /** Of the database that is here now. */
  readonly systemId: string;
  readonly walEnd: Lsn;
  /** Where the database of the old major is kept. */
  readonly setAside: string | null;
}

/**
 * Makes of the stopped database of this node one of a newer major version, by pg_upgrade, and puts it to its place as one that waits for
 * whoever promotes it. It has another system identifier: nobody takes it for the cluster's before the record says so.
 *
 * @throws PostgresControlError PROGRAMS_MISSING, VERSION_MISMATCH, NOT_SHUT_DOWN, UPGRADE_FAILED. BackupError RESTORE_FAILED: it runs.
 */
export async function upgradeMajor(
  config: NodeConfig,
  { to, link, nowMs }: UpgradeAsked,
  progress: (says: string) => void,
): Promise<MajorUpgrade> {
  const paths = postgresPaths(config);
  const place = { config, paths, account: dataAccount(paths.dataDir, config.postgres.user) };
  await mustBeStopped(place);
  const [older, newer] = [programsOf(config, majorOf(paths.pgdata)), programsOf(config, to)];
  if (older.major > newer.major)
    throw new PostgresControlError('VERSION_MISMATCH', `the data here are of PostgreSQL ${older.major} already`);
  await mustBeShutDown({ ...place, programs: older });
  const folder = join(paths.dataDir, `upgrade-${nowMs}`);
  const pgdata = join(folder, 'pgdata');
  await ownFolder(folder, place.account);
  try {
    progress(`an empty database of ${newer.version}`);
    await initdb({ ...place, programs: newer }, pgdata);
    await pgUpgrade({ ...place, programs: older }, newer, pgdata, link, progress);
    progress('statistics of the planner');
    await singleUser({ ...place, programs: newer }, pgdata, DATABASE, ['ANALYZE'], DEADLINE_MS);
    const { systemId, checkpoint } = await readControlData(pgdata, newer, place.account);
    const setAside = await installRestored(place, pgdata, 'upgrade');
    return { from: older.version, to: newer.version, systemId, walEnd: checkpoint, setAside };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function programsOf(config: NodeConfig, major: number | null): Programs {
  if (major === null) throw new PostgresControlError('NO_DATA', 'this node has no database');
  const { bin: _, ...postgres } = config.postgres;
  const found = [config, { ...config, postgres }].flatMap((each) => allPrograms(each).found).find((one) => one.major === major);
  if (found !== undefined) return found;
  throw new PostgresControlError('PROGRAMS_MISSING', `PostgreSQL ${major} is not here: apt-get install postgresql-${major}`);
}

/** What a Standby holds is the Master's, and what a crashed server holds is not whole before it has recovered. */
async function mustBeShutDown({ paths, programs, account }: DataPlace): Promise<void> {
  const { state } = await readControlData(paths.pgdata, programs, account);
  if (state === SHUT_DOWN) return;
  throw new PostgresControlError(
    'NOT_SHUT_DOWN',
    `the database here is “${state}”, and only one that a Master has shut down is upgraded: run this where the Master was, or start it there once more and stop it`,
  );
}

async function pgUpgrade(place: DataPlace, newer: Programs, pgdata: string, link: boolean, progress: (says: string) => void) {
  const { paths, account, programs, config } = place;
  // The server that pg_upgrade starts must be no Standby.
  const waits = await isThere(join(paths.pgdata, 'standby.signal'));
  if (waits) await writeSignal(paths.pgdata, false, account);
  const args = [
    ...['-b', programs.folder, '-B', newer.folder, '-d', paths.pgdata, '-D', pgdata, '-U', SUPERUSER],
    ...['-s', paths.sockets, '-o', OLD_SERVER, ...(link ? ['--link'] : [])],
  ];
  const result = await run(join(newer.folder, 'pg_upgrade'), args, {
    ...{ account, cwd: join(pgdata, '..'), deadlineMs: DEADLINE_MS },
    // The environment of a process is read by its own account and by root only.
    env: { PGPASSWORD: secret(config, 'postgresSuperuser') },
    onLine: (line) => progress(line.trim().replace(/\s+ok$/, '')),
  });
  if (result.code === 0) return;
  await takeBack(place);
  if (waits) await writeSignal(paths.pgdata, true, account);
  const says = lastWords({ ...result, stderr: '' }) || lastWords(result);
  throw new PostgresControlError('UPGRADE_FAILED', `pg_upgrade ended with ${result.code}: ${says}`);
}

/** With `--link` the old database is made unusable before the first file is linked; no server has begun with the new one yet. */
async function takeBack({ paths }: DataPlace): Promise<void> {
  const control = join(paths.pgdata, 'global/pg_control');
  if (!(await isThere(control)) && (await isThere(`${control}.old`))) await rename(`${control}.old`, control);
}
