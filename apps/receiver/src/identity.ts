import { join } from 'node:path';
import { explain, type Log, YosugaraError } from '@yosugara/kernel';
import { CERTIFICATE_FILES, type MemberConfig, type NodeConfig, STATE_LAYOUT, withIdentities } from '@yosugara/protocol';
import {
  type CurrentIdentity,
  type PeerIdentity,
  RevokedPeer,
  TlsFiles,
  type TlsOptions,
  WatchedFiles,
} from '@yosugara/receivers';
import { loadConfig } from './config.js';

/** Renewed files are read at the first connection after so long. */
const LOOK_EVERY_MS = 10_000;
/** An operator who has written a successor's identity waits for it. */
const LOOK_AT_MEMBERS_MS = 1_000;

/**
 * Key and certificate of this node, the cluster's CA, and whether the peer is revoked, as their files have them now.
 * @param file where the configuration stands; null: it stays as it is. @throws YosugaraError
 */
export function nodeIdentity(config: NodeConfig, file: string | null, log: Log): CurrentIdentity {
  const { stateDir, cluster, node } = config;
  const { tlsKey, tlsCert, clusterCa } = STATE_LAYOUT.secrets;
  const own = (name: string) => join(stateDir, name);
  const members = membersNow(config, file, log);
  try {
    const files = new TlsFiles(
      { keyFile: own(tlsKey), certFile: own(tlsCert), caFile: own(clusterCa) },
      log,
      LOOK_EVERY_MS,
      'the link to the peer',
    );
    const peer = cluster.members.find(({ id, kind }) => kind === 'data' && id !== node)?.id ?? '';
    const revoked = new RevokedPeer({ path: own(CERTIFICATE_FILES.revoked), members, peer, log });
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

/** Only their identities: whatever else was written is for the next start, and so is all of a file that is wrong. */
function membersNow({ cluster }: NodeConfig, file: string | null, log: Log): () => readonly MemberConfig[] {
  if (file === null) return () => cluster.members;
  const written = new WatchedFiles({
    ...{ paths: [file], lookEveryMs: LOOK_AT_MEMBERS_MS },
    read: () => withIdentities(cluster.members, loadConfig(file).cluster.members),
    onRead: () => log.info('config.identitiesRead', { file }),
    onKept: (error) => log.warn('config.kept', { file, why: explain(error) }),
  });
  return () => written.current();
}

/** What this node shows to senders, and whom it believes. @throws TlsFilesError */
export function senderTls({ receiver, stateDir }: NodeConfig, log: Log): TlsOptions {
  const { tlsKey, tlsCert, clusterCa } = STATE_LAYOUT.secrets;
  const own = (name: string) => join(stateDir, name);
  const { keyFile = own(tlsKey), certFile = own(tlsCert), caFile = own(clusterCa), clientCertificate, allow } = receiver.tls;
  const files = new TlsFiles({ keyFile, certFile, caFile }, log);
  return { ...files.current(), files, clientCertificate, allow };
}
