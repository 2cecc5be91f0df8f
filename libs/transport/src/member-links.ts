import type { NodeId } from '@yosugara/kernel';
import { DirectLink } from './direct-link.js';
import { Doubles } from './doubles.js';
import type { MailboxPeer } from './options.js';

export interface Link extends MailboxPeer {
  readonly direct: DirectLink;
  readonly doubles: Doubles;
  dialling: boolean;
  lastVia: 'stream' | 'gossip' | null;
  relayedBy: NodeId | null;
}

/** A name, and the identity that it has from now on. */
export type KnownPeer = Pick<MailboxPeer, 'id' | 'peerId'>;

/** The other members, by name and by identity. */
export class MemberLinks {
  readonly #byId = new Map<NodeId, Link>();
  readonly #byPeerId = new Map<string, Link>();

  constructor(peers: readonly MailboxPeer[]) {
    for (const peer of peers) this.#put(peer);
  }

  get all(): readonly Link[] {
    return [...this.#byId.values()];
  }

  get peerIds(): readonly string[] {
    return [...this.#byPeerId.keys()];
  }

  named(id: NodeId): Link | undefined {
    return this.#byId.get(id);
  }

  identified(peerId: string): Link | undefined {
    return this.#byPeerId.get(peerId);
  }

  /** Who has another identity is another one: nothing of the old one's stream and numbers is left. @returns links as they were */
  know(peers: readonly KnownPeer[]): readonly Link[] {
    const changed = this.all.filter(({ id, peerId }) => peers.some((each) => each.id === id && each.peerId !== peerId));
    for (const { direct, peerId } of changed) {
      direct.close();
      this.#byPeerId.delete(peerId);
    }
    for (const { id, address, port } of changed)
      this.#put({ id, address, port, peerId: peers.find((each) => each.id === id)!.peerId });
    return changed;
  }

  #put(peer: MailboxPeer): void {
    const fresh = { dialling: false, lastVia: null, relayedBy: null };
    const link: Link = { ...peer, ...fresh, direct: new DirectLink(), doubles: new Doubles() };
    this.#byId.set(peer.id, link);
    this.#byPeerId.set(peer.peerId, link);
  }
}
