import { join } from 'node:path';
import type { Clock, Log } from '@yosugara/kernel';
import type { NodeConfig } from '@yosugara/protocol';
import type { PostgresPeer } from '@yosugara/runtime';
import type { HostDeadMan } from '../deadman/port.js';
import { postgresAccount } from '../os/account.js';
import type { Containment } from '../os/containment.js';
import type { Account } from '../os/run.js';
import { type PostgresPaths, postgresPaths } from './paths.js';
import { findPrograms, type Programs } from './programs.js';
import { DATABASE, REPLICATION_ROLE, SUPERUSER, secretPath, tlsFiles } from './secrets.js';
import type { SqlTarget } from './sql.js';

export interface PostgresHostOptions {
  readonly config: NodeConfig;
  readonly deadMan: HostDeadMan;
  readonly log: Log;
  readonly clock: Clock;
  /** Time between probes, default 300. */
  readonly probeMs?: number;
  /** A probe without an answer after this is a failure, default 700. */
  readonly probeDeadlineMs?: number;
  /** Failures in a row that mean `hung`, default 3. */
  readonly failuresUntilHung?: number;
  /** Errors in a row, such as 53300 or 28P01, that mean `hung`, default 10. */
  readonly refusalsUntilHung?: number;
}

/** What every part of the PostgreSQL hands works with. */
export interface HostContext extends PostgresHostOptions {
  readonly paths: PostgresPaths;
  readonly programs: Programs;
  readonly account: Account;
  /** Every process of PostgreSQL's account that works in our folder, whoever started it. */
  readonly everyone: Containment;
}

export function hostContext(options: PostgresHostOptions): HostContext {
  const paths = postgresPaths(options.config);
  const account = postgresAccount(options.config.postgres.user);
  const everyone: Containment = { group: null, scan: { folder: paths.dataDir, uid: account.uid }, marker: null };
  return { ...options, paths, account, programs: findPrograms(options.config), everyone };
}

export function localTarget({ config, paths }: HostContext): SqlTarget {
  const passwordFile = secretPath(config, 'postgresSuperuser');
  return { host: paths.sockets, port: config.ports.postgres, user: SUPERUSER, database: 'postgres', passwordFile, caFile: null };
}

/** The replication role's session on another node. */
export function peerTarget({ config }: HostContext, peer: PostgresPeer): SqlTarget {
  const passwordFile = secretPath(config, 'postgresReplication');
  const { address: host, port } = peer;
  return { host, port, user: REPLICATION_ROLE, database: DATABASE, passwordFile, caFile: tlsFiles(config)?.ca ?? null };
}

export const inPgdata = ({ paths }: HostContext, name: string): string => join(paths.pgdata, name);
