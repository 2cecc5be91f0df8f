import { readlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { NodeConfig } from '@yosugara/protocol';
import { postgresAccount } from '../os/account.js';
import { readIfThere, writeOwned } from '../os/files.js';
import { type PostgresPaths, postgresPaths } from './paths.js';
import { handOverSecrets, REPLICATION_ROLE, revokedHere, SUPERUSER, secretPath } from './secrets.js';
import { applicationName, hbaFile } from './settings.js';
import { withSession } from './sql.js';

const DEADLINE_MS = 5_000;

/**
 * The node's certificate, the authorities or the members that are revoked are others than before: PostgreSQL shows the new one from the next
 * connection on, lets in nobody from an address of who is revoked, and whoever is connected from there is cut. Connections of others stay.
 */
export async function takeUpCertificates(config: NodeConfig): Promise<void> {
  const paths = postgresPaths(config);
  const account = postgresAccount(config.postgres.user);
  await handOverSecrets(config, paths, account);
  const revoked = await revokedHere(config);
  const hba = join(paths.pgdata, 'pg_hba.conf');
  const text = hbaFile(config, revoked);
  const before = await readIfThere(hba);
  if (before !== null && before !== text) await writeOwned(hba, text, account);
  const postmaster = await postmasterOf(paths);
  if (postmaster === null) return;
  process.kill(postmaster, 'SIGHUP');
  if (revoked.size > 0) await cut(config, paths, revoked);
}

/** null: none runs. Its file outlives it, and its number may be somebody else's by now: it works in its data directory. */
async function postmasterOf({ pgdata }: PostgresPaths): Promise<number | null> {
  const pid = Number((await readIfThere(join(pgdata, 'postmaster.pid')))?.split('\n')[0]);
  if (!Number.isInteger(pid) || pid <= 1) return null;
  const folder = await readlink(`/proc/${pid}/cwd`).catch(() => null);
  return folder === pgdata ? pid : null;
}

async function cut(config: NodeConfig, paths: PostgresPaths, revoked: ReadonlySet<string>): Promise<void> {
  const members = config.cluster.members.filter(({ id }) => revoked.has(id));
  const target = {
    ...{ host: paths.sockets, port: config.ports.postgres, user: SUPERUSER, database: 'postgres', caFile: null },
    passwordFile: secretPath(config, 'postgresSuperuser'),
  };
  await withSession(target, DEADLINE_MS, async (session) => {
    await session.rows(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where client_addr = any($2::inet[]) or (usename = $1 and application_name = any($3))`,
      [REPLICATION_ROLE, members.map(({ address }) => address), members.map(({ id }) => applicationName(id))],
    );
  });
}
