import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type NodeId, nodeId } from '@yosugara/kernel';
import type { NodeConfig } from '@yosugara/protocol';
import type { PostgresPeer } from '@yosugara/runtime';
import { archiveSettings } from '../backup/place.js';
import { elsewhere, reached } from '../forward/line.js';
import { readIfThere, syncFolder, writeOwned } from '../os/files.js';
import type { Account } from '../os/run.js';
import { canSyncVolumes } from '../os/sync-volume.js';
import { BOUNDED_TIMEOUT, isFar, replicationConninfo } from './conninfo.js';
import type { PostgresPaths } from './paths.js';
import { APP_ROLE, DATABASE, MANAGER_ROLE, REPLICATION_ROLE, revokedHere, SUPERUSER, tlsFiles } from './secrets.js';

/** What changes with the role; everything else follows from the configuration. */
export interface RoleSettings {
  readonly names: readonly NodeId[];
  readonly follow: PostgresPeer | null;
}

export const applicationName = (node: string): string => `yosugara_${node}`;
export const slotName = applicationName;
/** A copy streams WAL, too, and acknowledges it: under another name than a standby's, or it would satisfy synchronous_standby_names. */
export const copyName = (node: string): string => `copy_for_${node}`;

/**
 * Exact quoted names, every one of them required (`2 (…)`). Never `*`: any stray standby, pg_receivewal or DR copy would satisfy it.
 * Source: PostgreSQL docs, synchronous_standby_names.
 */
export function synchronousNames(names: readonly NodeId[]): string {
  return names.length === 0 ? '' : `${names.length} (${names.map((name) => `"${applicationName(name)}"`).join(', ')})`;
}

/** The reverse; null: something that we did not write. */
export function parseSynchronousNames(text: string): readonly NodeId[] | null {
  if (text === '') return [];
  const found = /^(\d+) \(((?:"yosugara_[a-z0-9_]+"(?:, )?)+)\)$/.exec(text);
  const names = [...(found?.[2] ?? '').matchAll(/"yosugara_([a-z0-9_]+)"/g)].map((match) => nodeId(match[1]!));
  return found !== null && names.length === Number(found[1]) && synchronousNames(names) === text ? names : null;
}

const FILE = 'yosugara.conf';
const INCLUDE = `include '${FILE}'`;

/** Writes the include file and pg_hba.conf, makes postgresql.conf end with the include, and empties postgresql.auto.conf. */
export async function writeSettings(
  pgdata: string,
  config: NodeConfig,
  paths: PostgresPaths,
  account: Account,
  role: RoleSettings,
): Promise<void> {
  await writeIfChanged(join(pgdata, FILE), includeFile(config, paths, role), account);
  await writeIfChanged(join(pgdata, 'pg_hba.conf'), hbaFile(config, await revokedHere(config)), account);
  // The last setting wins, so ours must come last; a base backup brings the file along with the include already in it.
  const main = ((await readIfThere(join(pgdata, 'postgresql.conf'))) ?? '').trimEnd();
  if (!main.endsWith(INCLUDE)) await writeOwned(join(pgdata, 'postgresql.conf'), `${main}\n${INCLUDE}\n`, account);
  // Read after everything else, and brought along from the other node by rewind and base backup: nothing in it is ours.
  const auto = join(pgdata, 'postgresql.auto.conf');
  if (/^\s*[a-z]/im.test((await readIfThere(auto)) ?? ''))
    await writeOwned(auto, '# Emptied by yosugara: settings live in yosugara.conf\n', account);
}

export async function writeSignal(pgdata: string, standby: boolean, account: Account): Promise<void> {
  await rm(join(pgdata, 'recovery.signal'), { force: true });
  if (standby) await writeOwned(join(pgdata, 'standby.signal'), '', account);
  else await rm(join(pgdata, 'standby.signal'), { force: true });
  await syncFolder(pgdata);
}

async function writeIfChanged(path: string, text: string, account: Account): Promise<void> {
  if ((await readIfThere(path)) !== text) await writeOwned(path, text, account);
}

function includeFile(config: NodeConfig, paths: PostgresPaths, { names, follow }: RoleSettings): string {
  const self = config.cluster.members.find((member) => member.id === config.node)!;
  const tls = tlsFiles(config) !== null;
  const source = follow === null ? null : reached(config, follow);
  const settings: Record<string, string | number> = {
    // Driver bind: the forwarder holds VIP:port on the same machine. Driver ip: the VIP comes and goes, so every address.
    listen_addresses: config.cluster.vip?.driver === 'ip' ? '*' : self.address,
    port: config.ports.postgres,
    unix_socket_directories: paths.sockets,
    unix_socket_permissions: '0700',
    cluster_name: applicationName(config.node),
    wal_level: 'replica',
    hot_standby: 'on',
    wal_log_hints: 'on', // pg_rewind
    full_page_writes: 'on',
    fsync: 'on',
    synchronous_commit: 'on',
    max_wal_senders: 10,
    max_replication_slots: 10,
    wal_keep_size: '256MB', // pg_rewind needs the WAL back to the last common checkpoint
    max_slot_wal_keep_size: '2GB', // a lost peer must not fill the disk
    max_wal_size: '512MB', // pg_rewind copies all of pg_wal, the recycled segments too; and a crash recovery is half as long
    wal_sender_timeout: '3s',
    wal_receiver_timeout: source !== null && isFar(source) ? BOUNDED_TIMEOUT : '3s',
    wal_receiver_status_interval: '1s',
    wal_retrieve_retry_interval: '200ms',
    // After a rewind or base backup the tree is on disk already: one syncfs instead of an fsync of every file.
    ...(canSyncVolumes ? { recovery_init_sync_method: 'syncfs' } : {}),
    // Whoever waits for a lock and whose client has gone: else each attempt of a client keeps a connection until there are none left.
    client_connection_check_interval: '2s',
    restart_after_crash: 'off', // the postmaster exits, the controller decides
    recovery_target_timeline: 'latest',
    synchronous_standby_names: synchronousNames(names),
    // Whoever promotes a standby by hand (R11) gets no writes from clients before we see it: ours cut the receiver first.
    default_transaction_read_only: follow === null ? 'off' : 'on',
    primary_conninfo: source === null ? '' : replicationConninfo(source, applicationName(config.node), paths, tls),
    primary_slot_name: follow === null ? '' : slotName(config.node),
    shared_buffers: `${config.postgres.sharedBuffersMb}MB`,
    password_encryption: 'scram-sha-256',
    log_destination: 'stderr',
    logging_collector: 'off',
    log_line_prefix: '%m [%p] %q%u@%d %a ',
    timezone: 'UTC',
    log_timezone: 'UTC',
    ...archiveSettings(config, paths),
    ssl: tls ? 'on' : 'off',
    ...(tls ? { ssl_cert_file: join(paths.tls, 'cert'), ssl_key_file: join(paths.tls, 'key') } : {}),
  };
  const lines = Object.entries(settings).map(([key, value]) => `${key} = ${quoted(value)}`);
  return `# Written by yosugara at every change of role: edits are lost.\n${lines.join('\n')}\n`;
}

function quoted(value: string | number): string {
  return typeof value === 'number' ? String(value) : `'${value.replaceAll("'", "''").replaceAll('\\', '\\\\')}'`;
}

/** @param revoked from their addresses nobody comes in, whatever role and password he has. */
export function hbaFile(config: NodeConfig, revoked: ReadonlySet<string>): string {
  const over = tlsFiles(config) !== null ? 'hostssl' : 'host';
  const scram = 'scram-sha-256';
  const { members } = config.cluster;
  const peers = members.filter(({ id, kind }) => kind !== 'witness' && !revoked.has(id)).map(({ address }) => address);
  const from = new Set(peers.map(alone));
  // A connection between loopback addresses has 127.0.0.1 as its source unless it was bound.
  if (peers.some((address) => address.startsWith('127.'))) from.add('127.0.0.0/8');
  const rows = [
    ['local', 'all', SUPERUSER, '', scram],
    ['local', DATABASE, `${MANAGER_ROLE},${APP_ROLE}`, '', scram],
    // Who comes by a packed line has shown a member's certificate to it.
    ...(elsewhere(config).length > 0 ? [['local', `replication,${DATABASE}`, REPLICATION_ROLE, '', scram]] : []),
    ...members
      .filter(({ id }) => revoked.has(id))
      .map(({ address }) => ['host', 'all,replication', 'all', alone(address), 'reject']),
    ...[...from].map((address) => [over, `replication,${DATABASE}`, REPLICATION_ROLE, address, scram]),
    [over, DATABASE, `${MANAGER_ROLE},${APP_ROLE}`, 'all', scram],
  ];
  return `# Written by yosugara: edits are lost.\n${rows.map((row) => row.join(' ')).join('\n')}\n`;
}

const alone = (address: string): string => `${address}/${address.includes(':') ? 128 : 32}`;
