import type { Message } from '@chainsafe/libp2p-gossipsub';
import type { Connection, PeerId } from '@libp2p/interface';
import { explain, type Log } from '@yosugara/kernel';
import type { MemberNode } from './libp2p-node.js';

/** Larger messages go by the stream only: gossip would send them to everybody, in front of the heartbeats. */
export const MAX_GOSSIP_BYTES = 16 * 1024;
/** Signing takes time; more than this at once means that we publish faster than we can. */
const MAX_PUBLISHING = 256;

/** Of one message: who wrote and signed it, and who handed it to us. */
export type GossipHandler = (author: string, relay: string, bytes: Uint8Array) => void;

/** The way to a member that also leads through a third. */
export class GossipPath {
  readonly #node: MemberNode;
  readonly #topic: string;
  readonly #log: Log;
  #publishing = 0;

  constructor(node: MemberNode, topic: string, log: Log) {
    this.#node = node;
    this.#topic = topic;
    this.#log = log;
  }

  join(peerIds: Iterable<string>, onMessage: GossipHandler): void {
    this.know(peerIds);
    const { pubsub } = this.#node;
    pubsub.addEventListener('gossipsub:message', ({ detail }) => this.#read(detail.msg, detail.propagationSource, onMessage));
    pubsub.subscribe(this.#topic);
  }

  /** A direct peer is always sent to and relayed to, mesh or not: a prune would keep a returning member out for up to a minute. */
  know(peerIds: Iterable<string>): void {
    for (const peerId of peerIds) this.#node.pubsub.direct.add(peerId);
  }

  forget(peerId: string): void {
    this.#node.pubsub.direct.delete(peerId);
  }

  publish(envelope: Uint8Array): void {
    if (envelope.length > MAX_GOSSIP_BYTES || this.#publishing >= MAX_PUBLISHING) return;
    this.#publishing++;
    this.#node.pubsub
      .publish(this.#topic, envelope)
      .catch((error: unknown) => this.#log.debug('transport.publish_failed', { why: explain(error) }))
      .finally(() => this.#publishing--);
  }

  /** By which connection the peer is there now; null: it is gone. */
  tell(peer: PeerId, connection: Connection | null): void {
    for (const topology of this.#node.topologies()) {
      if (connection === null) void topology.onDisconnect?.(peer);
      else void topology.onConnect?.(peer, connection);
    }
  }

  /** gossipsub opens its stream once and keeps a dead one; when the peer was not ready yet, or dropped it, tell it anew. */
  check(peerId: string, connection: Connection): void {
    const stream = this.#node.pubsub.streamsOutbound.get(peerId);
    if (stream?.rawStream.status === 'open') return;
    if (stream !== undefined) this.tell(connection.remotePeer, null);
    this.tell(connection.remotePeer, connection);
  }

  #read(message: Message, source: PeerId, onMessage: GossipHandler): void {
    if (message.type !== 'signed' || message.topic !== this.#topic || message.data.length > MAX_GOSSIP_BYTES) return;
    onMessage(message.from.toString(), source.toString(), message.data);
  }
}
