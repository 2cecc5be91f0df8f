import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createSecureContext } from 'node:tls';
import { YosugaraError } from '@yosugara/kernel';
import { type NodeConfig, STATE_LAYOUT } from '@yosugara/protocol';
import type { PeerIdentity, TlsOptions } from '@yosugara/receivers';

/** Key and certificate of this node, and the cluster's CA. @throws YosugaraError */
export function nodeIdentity({ stateDir }: NodeConfig): PeerIdentity {
  const secret = (name: string) => {
    const path = join(stateDir, name);
    try {
      return readFileSync(path);
    } catch (error) {
      throw new YosugaraError('SECRET_MISSING', `cannot read ${path}: the link to the peer's receiver needs it`, {
        cause: error,
      });
    }
  };
  const { tlsKey, tlsCert, clusterCa } = STATE_LAYOUT.secrets;
  return { key: secret(tlsKey), cert: secret(tlsCert), ca: secret(clusterCa) };
}

/** What this node shows to senders, and whom it believes. @throws YosugaraError — a file cannot be used; says which. */
export function senderTls({ receiver }: NodeConfig, node: PeerIdentity): TlsOptions {
  const { keyFile, certFile, caFile, clientCertificate, allow } = receiver.tls;
  const key = keyFile === undefined ? node.key : read('keyFile', keyFile);
  const cert = certFile === undefined ? node.cert : read('certFile', certFile);
  const ca = caFile === undefined ? node.ca : read('caFile', caFile);
  try {
    createSecureContext({ key, cert, ca, minVersion: 'TLSv1.2' });
  } catch (error) {
    const files = [keyFile, certFile, caFile].filter((file) => file !== undefined);
    const named = files.length === 0 ? "the node's own key and certificate" : files.join(', ');
    throw new YosugaraError('RECEIVER_TLS', `receiver.tls: ${named}: no TLS can be spoken with this`, { cause: error });
  }
  return { key, cert, ca, clientCertificate, allow };
}

function read(name: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new YosugaraError('RECEIVER_TLS', `receiver.tls.${name}: cannot read ${path}`, { cause: error });
  }
}
