import { join } from 'node:path';
import type { PostgresPeer } from '@yosugara/runtime';
import type { PostgresPaths } from './paths.js';
import { REPLICATION_ROLE } from './secrets.js';

/** One libpq connection string; values quoted by libpq's rule. */
export function conninfo(values: Readonly<Record<string, string | number>>): string {
  return Object.entries(values)
    .map(([key, value]) => `${key}='${String(value).replace(/[\\']/g, '\\$&')}'`)
    .join(' ');
}

/** How a peer is reached as the replication role. The password is in a file; a dead peer is noticed within about 3 s. */
export function replicationConninfo(
  peer: PostgresPeer,
  as: string,
  paths: PostgresPaths,
  tls: boolean,
  database?: string,
): string {
  return conninfo({
    host: peer.address,
    port: peer.port,
    user: REPLICATION_ROLE,
    ...(database === undefined ? {} : { dbname: database }),
    application_name: as,
    passfile: paths.passFile,
    ...(tls ? { sslmode: 'verify-ca', sslrootcert: join(paths.tls, 'ca') } : { sslmode: 'disable' }),
    gssencmode: 'disable',
    // Channel binding needs a digest that ed25519 certificates do not have: libpq 15 then fails ("could not find digest for NID UNDEF").
    channel_binding: 'disable',
    connect_timeout: 2,
    keepalives: 1,
    keepalives_idle: 1,
    keepalives_interval: 1,
    keepalives_count: 2,
    tcp_user_timeout: 3_000,
  });
}
