import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Log, YosugaraError } from '@yosugara/kernel';
import { type NodeConfig, STATE_LAYOUT } from '@yosugara/protocol';
import { type PeerIdentity, TlsFiles, type TlsOptions } from '@yosugara/receivers';

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

/** What this node shows to senders, and whom it believes. @throws TlsFilesError */
export function senderTls({ receiver, stateDir }: NodeConfig, log: Log): TlsOptions {
  const { tlsKey, tlsCert, clusterCa } = STATE_LAYOUT.secrets;
  const own = (name: string) => join(stateDir, name);
  const { keyFile = own(tlsKey), certFile = own(tlsCert), caFile = own(clusterCa), clientCertificate, allow } = receiver.tls;
  const files = new TlsFiles({ keyFile, certFile, caFile }, log);
  return { ...files.current(), files, clientCertificate, allow };
}
