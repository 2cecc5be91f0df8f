import { type GossipSub, gossipsub } from '@chainsafe/libp2p-gossipsub';
import { noise } from '@chainsafe/libp2p-noise';
import { yamux } from '@chainsafe/libp2p-yamux';
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys';
import {
  type Connection,
  type ConnectionGater,
  type PeerId,
  type Stream,
  serviceCapabilities,
  type Topology,
} from '@libp2p/interface';
import { tcp } from '@libp2p/tcp';
import type { NodeId } from '@yosugara/kernel';
import { createLibp2p, type Libp2p } from 'libp2p';
import { ListenError, PortBusyError } from './errors.js';
import { seedOf } from './identity.js';
import type { MailboxOptions } from './options.js';

/** Of one connection attempt, and of opening a stream. */
export const DIAL_TIMEOUT_MS = 1_500;
const PING_PROTOCOL = '/ipfs/ping/1.0.0';
/** A peer that does not read must not make us hold more than this for it. */
const GOSSIP_BUFFER_BYTES = 1024 * 1024;

/** What the pinned gossipsub has, but its type does not show. `direct`: peer ids always sent to; `streamsOutbound`: by peer id. */
export interface GossipInternals {
  readonly direct: Set<string>;
  readonly streamsOutbound: ReadonlyMap<string, { readonly rawStream: { readonly status: string } }>;
}

export interface MemberNode {
  readonly libp2p: Libp2p;
  readonly pubsub: GossipSub & GossipInternals;
  /** gossipsub's interest in connections. libp2p would call it after `identify`; our members are known beforehand. */
  topologies(): readonly Topology[];
}

/** The links below the mailbox: TCP, noise, yamux, gossipsub; only members get in. @throws PortBusyError, ListenError. */
export async function startNode(
  options: MailboxOptions,
  topic: string,
  mayConnect: (peerId: string, dial: boolean) => boolean,
): Promise<MemberNode> {
  const { address, port } = options.listen;
  let topologies = (): readonly Topology[] => [];
  const libp2p = await createLibp2p({
    start: false,
    privateKey: await generateKeyPairFromSeed('Ed25519', seedOf(options.privateKey)),
    addresses: { listen: [`/${address.includes(':') ? 'ip6' : 'ip4'}/${address}/tcp/${port}`] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    connectionGater: gater(mayConnect),
    // Its own reconnecting gives up after some tries; ours does not, so it is off. Members may share an address in a lab.
    connectionManager: { dialTimeout: DIAL_TIMEOUT_MS, inboundConnectionThreshold: 1_000, reconnectRetries: 0 },
    // Defaults notice a peer that hangs after 12 s, these after 0.8 s.
    // Shorter than TCP's own patience, so that a healed link is dialled anew soon; longer than a stall of a busy virtual machine:
    // with 1 s a loaded host was seen to drop all its connections at once. Liveness is judged by nonce echoes, never by this.
    connectionMonitor: { pingInterval: 1_000, pingTimeout: { minTimeout: 1_500, maxTimeout: 3_000 } },
    services: {
      pubsub: gossipsub({
        allowedTopics: [topic],
        globalSignaturePolicy: 'StrictSign',
        allowPublishToZeroTopicPeers: true,
        floodPublish: true,
        emitSelf: false,
        fallbackToFloodsub: false,
        maxOutboundBufferSize: GOSSIP_BUFFER_BYTES,
        fastMsgIdFn: copyId,
        // Members are fixed and known: no scoring, and no dialling by gossipsub itself.
        scoreParams: { IPColocationFactorWeight: 0, behaviourPenaltyWeight: 0 },
        directConnectTicks: 2 ** 30,
      }),
      members: ({ registrar }: { registrar: { getTopologies(protocol: string): Topology[] } }) => {
        topologies = () => registrar.getTopologies(GOSSIP_PROTOCOL);
        // gossipsub asks for identify, which would tell it what a peer speaks; ours all speak the same, and the mailbox tells it.
        return { [serviceCapabilities]: ['@libp2p/identify'] };
      },
    },
  });
  await libp2p.handle(PING_PROTOCOL, (stream) => void echo(stream));
  try {
    await libp2p.start();
  } catch (error) {
    throw /EADDRINUSE/.test(String(error)) ? new PortBusyError(address, port, error) : new ListenError(address, port, error);
  }
  return { libp2p, pubsub: libp2p.services.pubsub as GossipSub & GossipInternals, topologies: () => topologies() };
}

/** The newest of the protocols gossipsub registers for. */
const GOSSIP_PROTOCOL = '/meshsub/1.2.0';

/**
 * By this the copies that others relay are known before their signatures are looked at, which takes most of what a message costs. It counts
 * only for a message whose signature was found good, and says what the id of such a message says: its author and its number.
 */
function copyId({ from, seqno }: { readonly from?: Uint8Array; readonly seqno?: Uint8Array }): string {
  return `${latin1(seqno)}${latin1(from)}`;
}

const latin1 = (bytes: Uint8Array = new Uint8Array()): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');

function gater(mayConnect: (peerId: string, dial: boolean) => boolean): ConnectionGater {
  const refuses = (dial: boolean) => (peer: PeerId) => !mayConnect(peer.toString(), dial);
  return {
    denyDialPeer: refuses(true),
    denyInboundEncryptedConnection: refuses(false),
    denyOutboundEncryptedConnection: refuses(true),
    denyDialMultiaddr: () => false,
  };
}

/** The answering side of libp2p's ping: gives back what it reads, and closes when the asker has. */
async function echo(stream: Stream): Promise<void> {
  try {
    for await (const chunk of stream)
      if (!stream.send(chunk)) await stream.onDrain({ signal: AbortSignal.timeout(DIAL_TIMEOUT_MS) });
    await stream.close({ signal: AbortSignal.timeout(DIAL_TIMEOUT_MS) });
  } catch (error) {
    stream.abort(error instanceof Error ? error : new Error(String(error)));
  }
}

export function isOpen(connection: Connection): boolean {
  return connection.status === 'open';
}

/** Whoever's id is lower dials, so that a pair has one connection. */
export function dials(self: NodeId, peer: NodeId): boolean {
  return self < peer;
}
