import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { PostgresControlError } from '../errors.js';
import { isThere, syncFolder, writeOwned } from '../os/files.js';
import { mustRun } from '../os/run.js';
import type { HostContext } from './context.js';
import { APP_ROLE, DATABASE, MANAGER_ROLE, REPLICATION_ROLE, SUPERUSER, secret } from './secrets.js';
import { writeSettings, writeSignal } from './settings.js';

const INITDB_DEADLINE_MS = 120_000;
const SQL_DEADLINE_MS = 60_000;

/** A new data directory, made aside and renamed when whole. Nothing when there is one already. */
export async function initialise(host: HostContext): Promise<void> {
  const { paths, account, config } = host;
  if (await isThere(join(paths.pgdata, 'PG_VERSION'))) return;
  const making = join(paths.dataDir, 'pgdata.init');
  await rm(making, { recursive: true, force: true });
  await initdb(host, making);
  await singleUser(host, making, 'postgres', roleStatements(host));
  await singleUser(host, making, DATABASE, grantStatements());
  await writeSettings(making, config, paths, account, { names: [], follow: null });
  await writeSignal(making, true, account);
  await rm(paths.pgdata, { recursive: true, force: true });
  await rename(making, paths.pgdata);
  await syncFolder(paths.dataDir);
}

export type DataPlace = Pick<HostContext, 'config' | 'paths' | 'account' | 'programs'>;

/** An empty database system with the superuser of this node, as all of ours are made. */
export async function initdb({ paths, account, programs, config }: DataPlace, making: string): Promise<void> {
  const passwordFile = join(paths.dataDir, 'initdb.password');
  await writeOwned(passwordFile, `${secret(config, 'postgresSuperuser')}\n`, account);
  try {
    // Locale C: the order of text must not depend on the C library, which differs between two hosts and after an upgrade.
    const args = [
      ...['-D', making, '-U', SUPERUSER, '--pwfile', passwordFile, '-A', 'scram-sha-256'],
      ...['-k', '-E', 'UTF8', '--locale=C'],
    ];
    await mustRun(programs.path('initdb'), args, { account, cwd: paths.dataDir, deadlineMs: INITDB_DEADLINE_MS });
  } finally {
    await rm(passwordFile, { force: true });
  }
}

function roleStatements({ config }: DataPlace): string[] {
  const password = (name: Parameters<typeof secret>[1]) => `PASSWORD '${secret(config, name).replaceAll("'", "''")}'`;
  return [
    `CREATE ROLE ${REPLICATION_ROLE} LOGIN REPLICATION ${password('postgresReplication')}`,
    // A rewind needs a fresh checkpoint of its source first.
    `GRANT pg_checkpoint TO ${REPLICATION_ROLE}`,
    `CREATE ROLE ${MANAGER_ROLE} LOGIN ${password('postgresManager')}`,
    // It watches what goes on in the server: also sessions that are not its own.
    `GRANT pg_monitor TO ${MANAGER_ROLE}`,
    `CREATE ROLE ${APP_ROLE} LOGIN ${password('postgresApp')}`,
    `CREATE DATABASE ${DATABASE} OWNER ${MANAGER_ROLE} TEMPLATE template0`,
    `REVOKE ALL ON DATABASE ${DATABASE} FROM PUBLIC`,
    `GRANT CONNECT, TEMPORARY ON DATABASE ${DATABASE} TO ${REPLICATION_ROLE}, ${MANAGER_ROLE}, ${APP_ROLE}`,
  ];
}

/** The four functions of pg_rewind's documentation, so that its role need not be a superuser. */
function grantStatements(): string[] {
  const functions = [
    'pg_ls_dir(text, boolean, boolean)',
    'pg_stat_file(text, boolean)',
    'pg_read_binary_file(text)',
    'pg_read_binary_file(text, bigint, bigint, boolean)',
  ];
  return [
    ...functions.map((name) => `GRANT EXECUTE ON FUNCTION pg_catalog.${name} TO ${REPLICATION_ROLE}`),
    `GRANT USAGE, CREATE ON SCHEMA public TO ${APP_ROLE}`,
  ];
}

/** Single-user mode: no listener, so nobody can come in before the settings are ours. One statement a line, on standard input. */
export async function singleUser(
  { paths, account, programs }: DataPlace,
  pgdata: string,
  database: string,
  statements: readonly string[],
  deadlineMs = SQL_DEADLINE_MS,
): Promise<void> {
  const input = `${statements.join('\n')}\n`;
  const args = ['--single', '-D', pgdata, '-c', 'password_encryption=scram-sha-256', '-c', 'exit_on_error=true', database];
  const options = { account, cwd: paths.dataDir, deadlineMs, input };
  const { stderr } = await mustRun(programs.path('postgres'), args, options);
  const error = /^.*(?:ERROR|FATAL|PANIC):.*$/m.exec(stderr)?.[0];
  if (error !== undefined) throw new PostgresControlError('PROGRAM_FAILED', `in single-user mode: ${error}`);
}
