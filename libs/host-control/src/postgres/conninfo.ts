import { join } from 'node:path';
import type { Reached } from '../forward/line.js';
import type { PostgresPaths } from './paths.js';
import { REPLICATION_ROLE } from './secrets.js';

/** Of both ends, where the line is bounded or packed: one message of WAL has up to 128 KiB, and waits its turn among others. No commit waits for it. */
export const BOUNDED_TIMEOUT = '10s';

/** Of the Master towards a copy: its programs give way to whatever else runs there, and may not come to their turn for seconds. No commit waits for it. */
export const COPY_TIMEOUT = '30s';

/** One libpq connection string; values quoted by libpq's rule. */
export function conninfo(values: Readonly<Record<string, string | number>>): string {
  return Object.entries(values)
    .map(([key, value]) => `${key}='${String(value).replace(/[\\']/g, '\\$&')}'`)
    .join(' ');
}

/** Where a peer is found; `host` says who it is (`namedBy`), also where another address is connected to. */
export const endpointOf = ({ address, port, through, socket }: Reached) => ({
  host: socket ?? address,
  ...(through === undefined ? {} : { hostaddr: through }),
  port,
});

/** Not straight: what comes has waited on a line. */
export const isFar = ({ through, socket }: Reached): boolean => through !== undefined || socket !== undefined;

/** How a peer is reached as the replication role. The password is in a file; a dead peer is noticed within about 3 s. */
export function replicationConninfo(
  peer: Reached,
  as: string,
  paths: PostgresPaths,
  tls: boolean,
  database?: string,
  timeout = isFar(peer) ? BOUNDED_TIMEOUT : undefined,
): string {
  return conninfo({
    ...endpointOf(peer),
    user: REPLICATION_ROLE,
    ...(database === undefined ? {} : { dbname: database }),
    application_name: as,
    passfile: paths.passFile,
    // On a socket there is no TLS (libpq, sslmode): the line behind it has its own.
    ...(tls ? { sslmode: 'verify-ca', sslrootcert: join(paths.tls, 'ca') } : { sslmode: 'disable' }),
    ...(timeout === undefined ? {} : { options: `-c wal_sender_timeout=${timeout}` }),
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
