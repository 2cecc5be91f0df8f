import tls, { createSecureContext, type SecureContext } from 'node:tls';

let read: string | null = null;
/** Not before Node 22.15: Node's own list counts alone, then. */
const listOf = tls.getCACertificates as typeof tls.getCACertificates | undefined;

/**
 * PEM of Node's own list, of NODE_EXTRA_CA_CERTS, and of the system's, where operators add those of their house
 * (update-ca-certificates(8)). Read once: what is added later counts when this process is started anew.
 */
export function systemAuthorities(): string | undefined {
  if (listOf === undefined) return undefined;
  read ??= [...new Set([...listOf('default'), ...listOf('system')])].join('\n');
  return read;
}

let made: { readonly pem: string; readonly context: SecureContext } | null = null;

/** To read some hundred certificates takes longer than a handshake: the last list is kept as it was read. */
export function contextOf(pem: string): SecureContext {
  if (made?.pem !== pem) made = { pem, context: createSecureContext({ ca: pem }) };
  return made.context;
}
