import { existsSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { invariant } from '@yosugara/kernel';
import { CERTIFICATE_FILES, type NodeConfig, revocationsOf, revokedMembers, STATE_LAYOUT } from '@yosugara/protocol';
import { ownFolder, readIfThere, writeOwned } from '../os/files.js';
import type { Account } from '../os/run.js';
import type { PostgresPaths } from './paths.js';

export const SUPERUSER = 'postgres';
export const REPLICATION_ROLE = 'yosugara_replication';
export const MANAGER_ROLE = 'yosugara_manager';
export const APP_ROLE = 'yosugara_app';
export const DATABASE = 'yosugara';

type SecretName = 'postgresSuperuser' | 'postgresReplication' | 'postgresManager' | 'postgresApp';

export function secretPath(config: NodeConfig, name: SecretName): string {
  return join(config.stateDir, STATE_LAYOUT.secrets[name]);
}

/** First line of the secret's file. */
export function secret(config: NodeConfig, name: SecretName): string {
  const text = readFileSync(secretPath(config, name), 'utf8').split('\n')[0]!.trim();
  invariant(text !== '', `secret ${name} is not empty`);
  return text;
}

/** The cluster's TLS files, when all three are there. */
export function tlsFiles(config: NodeConfig): { readonly key: string; readonly cert: string; readonly ca: string } | null {
  const { tlsKey, tlsCert, clusterCa } = STATE_LAYOUT.secrets;
  const files = {
    key: join(config.stateDir, tlsKey),
    cert: join(config.stateDir, tlsCert),
    ca: join(config.stateDir, clusterCa),
  };
  return Object.values(files).every((file) => existsSync(file)) ? files : null;
}

/** Members that are none any more, as this node was told. */
export async function revokedHere({ stateDir, cluster }: NodeConfig): Promise<ReadonlySet<string>> {
  return revokedMembers(cluster.members, revocationsOf(await readIfThere(join(stateDir, CERTIFICATE_FILES.revoked))));
}

/** Copies that PostgreSQL's account may read: password file for replication (libpq's pgpass format), key, certificate and CA. */
export async function handOverSecrets(config: NodeConfig, paths: PostgresPaths, account: Account): Promise<void> {
  const password = secret(config, 'postgresReplication').replace(/[\\:]/g, '\\$&');
  await writeOwned(paths.passFile, `*:*:*:${REPLICATION_ROLE}:${password}\n`, account);
  const files = tlsFiles(config);
  if (files === null) return;
  await ownFolder(paths.tls, account);
  for (const [name, file] of Object.entries(files)) await writeOwned(join(paths.tls, name), await readFile(file), account);
}
