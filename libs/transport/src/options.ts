import type { Log, NodeId } from '@yosugara/kernel';

export interface MailboxPeer {
  readonly id: NodeId;
  readonly address: string;
  readonly port: number;
  /** libp2p's id of its ed25519 key, `12D3KooW…`. */
  readonly peerId: string;
}

export interface MailboxOptions {
  readonly self: NodeId;
  readonly clusterId: string;
  readonly listen: { readonly address: string; readonly port: number };
  /** 32 byte ed25519 seed, or libp2p's private key protobuf. */
  readonly privateKey: Uint8Array;
  /** The other members: nobody else is let in, and nobody else is dialled. An entry for `self` is ignored. */
  readonly peers: readonly MailboxPeer[];
  /** Either way alone must be enough; both by default. */
  readonly paths?: { readonly gossip: boolean; readonly stream: boolean };
  readonly log?: Log;
  /** Asked before each connection is let in or made. For tests that cut one link; default: always. */
  readonly isReachable?: (peer: NodeId) => boolean;
}
