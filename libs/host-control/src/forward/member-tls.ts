import { readFileSync } from 'node:fs';
import type { PeerCertificate, TLSSocket } from 'node:tls';
import { revocationsOf, revokedMembers } from '@yosugara/protocol';
import type { PackedSetup } from './packed-child.js';

/** Of the handshake (RFC 7301): both ends pack alike. */
export const LINE_ALPN = 'yosugara-line-1';

/** What is shown and believed by the next connection. The certificate carries a node's id, no host name: it is compared by who expects it. */
export const contextOf = ({ identity: { key, cert, ca } }: PackedSetup) => ({
  ...{ key: readFileSync(key), cert: readFileSync(cert), ca: readFileSync(ca) },
  ...{ minVersion: 'TLSv1.3' as const, ALPNProtocols: [LINE_ALPN] },
});

export function nodeOf(shown: Pick<PeerCertificate, 'subject'> | undefined): string {
  const name: unknown = shown?.subject?.CN;
  return typeof name === 'string' ? name : '';
}

/** Who is at the other end; a reason why he may not be. */
export function strangerIn(socket: TLSSocket, expected: readonly string[], setup: PackedSetup): string | null {
  const node = nodeOf(socket.getPeerCertificate());
  const at = socket.remoteAddress ?? '?';
  if (!expected.includes(node))
    return `${at} shows the certificate of ${JSON.stringify(node)}, expected is ${expected.map((each) => JSON.stringify(each)).join(' or ')}`;
  if (socket.alpnProtocol !== LINE_ALPN) return `${at} does not speak ${LINE_ALPN}`;
  return isRevoked(node, setup) ? `${node} is revoked` : null;
}

/** What cannot be read lets nobody in. */
export function isRevoked(node: string, { identity, members }: PackedSetup): boolean {
  try {
    return revokedMembers(members, revocationsOf(textOf(identity.revoked))).has(node);
  } catch {
    return true;
  }
}

function textOf(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
