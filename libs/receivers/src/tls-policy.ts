import type { TLSSocket } from 'node:tls';
import { SenderList } from './senders.js';
import type { TlsMaterial } from './tls-files.js';

export interface TlsOptions {
  /** PEM. */
  readonly key: string | Buffer;
  readonly cert: string | Buffer;
  /** Signs the senders' certificates. */
  readonly ca: string | Buffer;
  /** Asked at every connection: other material than before is used from then on. */
  readonly files?: { current(): TlsMaterial };
  /** optional: one that this CA did not sign counts for none. */
  readonly clientCertificate: 'none' | 'optional' | 'required';
  /** Names or addresses; empty: whoever the CA signed, or nobody in particular. */
  readonly allow?: readonly string[];
  /** A client that has not ended its handshake by then is sent away. */
  readonly handshakeMs?: number;
}

/** Who a client proved to be: the names of its certificate when the CA signed it; empty = nobody in particular. */
export function provenNames(socket: TLSSocket): readonly string[] {
  const certificate = socket.getPeerX509Certificate();
  if (!socket.authorized || certificate === undefined) return [];
  const names = dnsNames(certificate.subjectAltName ?? '');
  if (names.length > 0) return names;
  // RFC 5425 5.2: the common name counts when there is no alternative name of that kind.
  const common: unknown = socket.getPeerCertificate().subject?.CN;
  return typeof common === 'string' ? [common] : [];
}

/**
 * `DNS:a, IP Address:10.0.0.1, DNS:"odd\u002c name"`: Node quotes a value that could imitate a separator (CVE-2021-44532). No host's
 * name needs that, so a quoted one is no name.
 */
function dnsNames(subjectAltName: string): string[] {
  const found: string[] = [];
  for (const [, kind, quoted, plain] of subjectAltName.matchAll(/([A-Za-z ]+):(?:("(?:[^"\\]|\\.)*")|([^,"]*))(?:, |$)/g))
    if (kind === 'DNS' && quoted === undefined && plain !== undefined && plain !== '') found.push(plain);
  return found;
}

/** Whether this client may send, once its handshake has ended. @param lists it must be on each of them, by address or by name. */
export function judge(
  socket: TLSSocket,
  address: string,
  clientCertificate: TlsOptions['clientCertificate'],
  lists: readonly SenderList[],
): 'welcome' | 'tls_certificate' | 'not_allowed' {
  if (clientCertificate === 'required' && !socket.authorized) return 'tls_certificate';
  const names = provenNames(socket);
  const isOn = (list: SenderList) => list.hasAddress(address) || names.some((name) => list.hasName(name));
  return lists.every(isOn) ? 'welcome' : 'not_allowed';
}

/** What a handshake ended with, as a stable word. */
export function handshakeRefusal(error: Error): 'tls_timeout' | 'tls_version' | 'tls_certificate' | 'tls_handshake' {
  const code = 'code' in error ? String(error.code) : '';
  if (code === 'ERR_TLS_HANDSHAKE_TIMEOUT') return 'tls_timeout';
  if (/VERSION|PROTOCOL/.test(code)) return 'tls_version';
  return /CERT|UNKNOWN_CA/.test(code) ? 'tls_certificate' : 'tls_handshake';
}
