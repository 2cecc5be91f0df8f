import { join } from 'node:path';
import { type Log, YosugaraError } from '@yosugara/kernel';
import { type NodeConfig, STATE_LAYOUT } from '@yosugara/protocol';
import { type CurrentIdentity, TlsFiles, type TlsOptions } from '@yosugara/receivers';

/** Renewed files are read at the first connection after so long. */
const LOOK_EVERY_MS = 10_000;

/** Key and certificate of this node, and the cluster's CA, as their files have them now. @throws YosugaraError */
export function nodeIdentity({ stateDir }: NodeConfig, log: Log): CurrentIdentity {
  const { tlsKey, tlsCert, clusterCa } = STATE_LAYOUT.secrets;
  const own = (name: string) => join(stateDir, name);
  try {
    const files = new TlsFiles(
      { keyFile: own(tlsKey), certFile: own(tlsCert), caFile: own(clusterCa) },
      log,
      LOOK_EVERY_MS,
      'the link to the peer',
    );
    return () => files.current();
  } catch (cause) {
    throw new YosugaraError(
      'SECRET_MISSING',
      "the link to the peer's receiver needs this node's key, its certificate and the cluster's CA",
      {
        cause,
      },
    );
  }
}

/** What this node shows to senders, and whom it believes. @throws TlsFilesError */
export function senderTls({ receiver, stateDir }: NodeConfig, log: Log): TlsOptions {
  const { tlsKey, tlsCert, clusterCa } = STATE_LAYOUT.secrets;
  const own = (name: string) => join(stateDir, name);
  const { keyFile = own(tlsKey), certFile = own(tlsCert), caFile = own(clusterCa), clientCertificate, allow } = receiver.tls;
  const files = new TlsFiles({ keyFile, certFile, caFile }, log);
  return { ...files.current(), files, clientCertificate, allow };
}
