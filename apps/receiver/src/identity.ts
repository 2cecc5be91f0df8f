import { join } from 'node:path';
import { type Log, YosugaraError } from '@yosugara/kernel';
import { CERTIFICATE_FILES, type NodeConfig, STATE_LAYOUT } from '@yosugara/protocol';
import { type CurrentIdentity, type PeerIdentity, RevokedPeer, TlsFiles, type TlsOptions } from '@yosugara/receivers';

/** Renewed files are read at the first connection after so long. */
const LOOK_EVERY_MS = 10_000;

/** Key and certificate of this node, the cluster's CA, and whether the peer is revoked, as their files have them now. @throws YosugaraError */
export function nodeIdentity({ stateDir, cluster, node }: NodeConfig, log: Log): CurrentIdentity {
  const { tlsKey, tlsCert, clusterCa } = STATE_LAYOUT.secrets;
  const own = (name: string) => join(stateDir, name);
  try {
    const files = new TlsFiles(
      { keyFile: own(tlsKey), certFile: own(tlsCert), caFile: own(clusterCa) },
      log,
      LOOK_EVERY_MS,
      'the link to the peer',
    );
    const peer = cluster.members.find(({ id, kind }) => kind === 'data' && id !== node)?.id ?? '';
    const revoked = new RevokedPeer(own(CERTIFICATE_FILES.revoked), cluster.members, peer, log);
    let material = files.current();
    let identity: PeerIdentity = { ...material, peerIsRevoked: revoked.now() };
    // The same object for as long as nothing changed.
    return () => {
      const now = files.current();
      const peerIsRevoked = revoked.now();
      if (now !== material || peerIsRevoked !== identity.peerIsRevoked) identity = { ...now, peerIsRevoked };
      material = now;
      return identity;
    };
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
