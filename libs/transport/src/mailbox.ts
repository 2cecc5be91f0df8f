import { randomBytes } from 'node:crypto';
import type { Connection } from '@libp2p/interface';
import { multiaddr } from '@multiformats/multiaddr';
import { explain, type Log, type NodeId, SILENT_LOG } from '@yosugara/kernel';
import type { Mailbox } from '@yosugara/runtime';
import { type AnswerMember, ASK_PROTOCOL, askMember, MemberAnswers } from './calls.js';
import { MAILBOX_PROTOCOL, MAX_ENVELOPE_BYTES, readEnvelopes } from './direct-link.js';
import { decodeEnvelope, encodeEnvelope } from './envelope.js';
import { GossipPath } from './gossip.js';
import { DIAL_TIMEOUT_MS, dials, isOpen, type MemberNode, startNode } from './libp2p-node.js';
import { type KnownPeer, type Link, MemberLinks } from './member-links.js';
import type { MailboxOptions } from './options.js';

const ROUND_MS = 500;
const WARN_EVERY_MS = 10_000;

/** The mailbox, and what members say to one another beside consensus. */
export interface MemberMailbox extends Mailbox {
  /** Over the connection that the two have; it goes through no third. @throws MemberCallError */
  ask(peer: NodeId, question: Uint8Array, deadlineMs: number): Promise<Uint8Array>;
  /** Who answers such questions; before, none is answered. */
  onAsk(answer: AnswerMember): void;
  /** From now on these, and no others, are nobody: connections are cut at once and refused, and what they wrote is not read, whoever brings it. */
  banish(peers: ReadonlySet<NodeId>): void;
  /** From now on these names have these identities: connections of those that had them before are cut at once and refused. */
  know(peers: readonly KnownPeer[]): void;
}

/** Messages between the members over libp2p: a stream for each pair, and gossip, which also finds the way through a third. */
export function createMailbox(options: MailboxOptions): MemberMailbox {
  return new Libp2pMailbox(options);
}

class Libp2pMailbox implements MemberMailbox {
  readonly #options: MailboxOptions;
  readonly #paths: { readonly gossip: boolean; readonly stream: boolean };
  readonly #log: Log;
  readonly #topic: string;
  readonly #boot = randomBytes(8).toString('hex');
  readonly #members: MemberLinks;
  readonly #handlers: ((from: NodeId, body: Uint8Array) => void)[] = [];
  readonly #stopping = new AbortController();
  readonly #answers: MemberAnswers;
  #banished: ReadonlySet<NodeId> = new Set();
  #node: MemberNode | null = null;
  #gossip: GossipPath | null = null;
  #timer: NodeJS.Timeout | null = null;
  #seq = 0;
  #warnedAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: MailboxOptions) {
    this.#options = options;
    this.#paths = options.paths ?? { gossip: true, stream: true };
    this.#log = options.log ?? SILENT_LOG;
    this.#answers = new MemberAnswers(this.#log);
    this.#topic = `yosugara/${options.clusterId}/consensus`;
    this.#members = new MemberLinks(options.peers.filter(({ id }) => id !== options.self));
  }

  /** @throws PortBusyError, ListenError, IdentityError. */
  async start(): Promise<void> {
    const node = await startNode(this.#options, this.#topic, (peerId, dial) => this.#mayConnect(peerId, dial));
    const gossip = new GossipPath(node, this.#topic, this.#log);
    this.#node = node;
    this.#gossip = gossip;
    node.libp2p.addEventListener('connection:open', ({ detail }) => this.#connected(detail));
    node.libp2p.addEventListener('connection:close', ({ detail }) => this.#disconnected(detail));
    if (this.#paths.stream)
      await node.libp2p.handle(MAILBOX_PROTOCOL, (stream, connection) => void this.#readStream(stream, connection));
    await node.libp2p.handle(ASK_PROTOCOL, (stream, connection) => {
      const link = this.#memberOf(connection);
      if (link === undefined) stream.abort(new Error('not a member'));
      else void this.#answers.take(stream, link.id);
    });
    if (this.#paths.gossip) gossip.join(this.#members.peerIds, (author, relay, bytes) => this.#readGossip(author, relay, bytes));
    // Whoever connected before we listened for it is told to gossipsub here.
    for (const connection of node.libp2p.getConnections()) this.#connected(connection);
    this.#timer = setInterval(() => this.#round(), ROUND_MS);
    this.#round();
  }

  send(to: NodeId, body: Uint8Array): void {
    const link = this.#members.named(to);
    const gossip = this.#gossip;
    if (link === undefined || gossip === null || this.#stopping.signal.aborted || this.#banished.has(to)) return;
    const { self, clusterId } = this.#options;
    const envelope = encodeEnvelope({ clusterId, from: self, to, boot: this.#boot, seq: ++this.#seq, body });
    if (envelope.length > MAX_ENVELOPE_BYTES) {
      this.#log.warn('transport.too_large', { to, bytes: envelope.length, allowed: MAX_ENVELOPE_BYTES });
      return;
    }
    if (this.#paths.stream) link.direct.send(envelope);
    if (this.#paths.gossip) gossip.publish(envelope);
  }

  onMessage(handler: (from: NodeId, body: Uint8Array) => void): void {
    this.#handlers.push(handler);
  }

  links(): ReturnType<Mailbox['links']> {
    return this.#members.all.map((link) => ({
      peer: link.id,
      direct: this.#connectionTo(link) !== undefined,
      lastVia: link.lastVia,
      relayedBy: link.relayedBy,
    }));
  }

  async ask(peer: NodeId, question: Uint8Array, deadlineMs: number): Promise<Uint8Array> {
    const link = this.#members.named(peer);
    return await askMember(peer, link === undefined ? undefined : this.#connectionTo(link), question, deadlineMs);
  }

  onAsk(answer: AnswerMember): void {
    this.#answers.by(answer);
  }

  banish(peers: ReadonlySet<NodeId>): void {
    this.#banished = new Set(peers);
    for (const peer of peers) {
      const link = this.#members.named(peer);
      if (link === undefined) continue;
      this.#log.warn('transport.banished', { peer });
      this.#cut(link);
    }
  }

  know(peers: readonly KnownPeer[]): void {
    for (const old of this.#members.know(peers)) {
      this.#log.warn('transport.other_identity', { peer: old.id });
      this.#gossip?.forget(old.peerId);
      this.#cut(old);
    }
    if (this.#paths.gossip) this.#gossip?.know(this.#members.peerIds);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    if (this.#timer !== null) clearInterval(this.#timer);
    const node = this.#node;
    this.#node = null;
    this.#gossip = null;
    for (const { direct } of this.#members.all) direct.close();
    await node?.libp2p.stop();
  }

  #cut({ peerId }: Link): void {
    for (const connection of this.#node?.libp2p.getConnections() ?? [])
      if (connection.remotePeer.toString() === peerId) connection.abort(new Error('it is no member any more'));
  }

  #mayConnect(peerId: string, dial: boolean): boolean {
    const link = this.#members.identified(peerId);
    if (link === undefined) {
      this.#warnOutsider(peerId);
      return false;
    }
    if (this.#banished.has(link.id)) return false;
    return (!dial || dials(this.#options.self, link.id)) && (this.#options.isReachable?.(link.id) ?? true);
  }

  /** Who has a connection; undefined: nobody of ours, or no longer. */
  #memberOf(connection: Connection): Link | undefined {
    const link = this.#members.identified(connection.remotePeer.toString());
    return link === undefined || this.#banished.has(link.id) ? undefined : link;
  }

  /** Whoever knocks ten times a second must not fill the log. */
  #warnOutsider(peerId: string): void {
    const nowMs = performance.now();
    if (nowMs - this.#warnedAtMs < WARN_EVERY_MS) return;
    this.#warnedAtMs = nowMs;
    this.#log.warn('transport.outsider_refused', { peerId });
  }

  #connectionTo(link: Link): Connection | undefined {
    return this.#node?.libp2p.getConnections().find((at) => at.remotePeer.toString() === link.peerId && isOpen(at));
  }

  /** Every half second: dial who is missing, open the stream that is missing, and see that gossipsub talks to everybody. */
  #round(): void {
    for (const link of this.#members.all) {
      if (this.#banished.has(link.id)) continue;
      const connection = this.#connectionTo(link);
      if (connection === undefined) {
        if (dials(this.#options.self, link.id)) void this.#dial(link);
        continue;
      }
      if (this.#options.isReachable?.(link.id) === false) connection.abort(new Error('cut'));
      else if (this.#paths.stream) void link.direct.ensure(connection);
      if (this.#paths.gossip) this.#gossip?.check(link.peerId, connection);
    }
  }

  async #dial(link: Link): Promise<void> {
    const node = this.#node;
    if (link.dialling || node === null) return;
    link.dialling = true;
    const family = link.address.includes(':') ? 'ip6' : 'ip4';
    try {
      const signal = AbortSignal.any([AbortSignal.timeout(DIAL_TIMEOUT_MS), this.#stopping.signal]);
      await node.libp2p.dial(multiaddr(`/${family}/${link.address}/tcp/${link.port}/p2p/${link.peerId}`), { signal });
    } catch (error) {
      this.#log.debug('transport.dial_failed', { peer: link.id, why: explain(error) });
    } finally {
      link.dialling = false;
    }
  }

  /** The newest connection of a peer counts: an older one is what its last life, or a cut link, left half open. */
  #connected(connection: Connection): void {
    const link = this.#memberOf(connection);
    if (link === undefined) return;
    this.#log.info('transport.connected', { peer: link.id });
    const older = this.#node?.libp2p.getConnections(connection.remotePeer).filter(({ id }) => id !== connection.id) ?? [];
    for (const old of older) old.abort(new Error('replaced by a newer connection'));
    if (older.length > 0) this.#gossip?.tell(connection.remotePeer, null);
    if (this.#paths.gossip) this.#gossip?.tell(connection.remotePeer, connection);
    if (this.#paths.stream) void link.direct.ensure(connection);
  }

  #disconnected(connection: Connection): void {
    const link = this.#members.identified(connection.remotePeer.toString());
    if (link !== undefined && this.#connectionTo(link) !== undefined) return;
    // Without a link: who had that identity has another one by now.
    if (link !== undefined) this.#log.info('transport.disconnected', { peer: link.id });
    this.#gossip?.tell(connection.remotePeer, null);
  }

  async #readStream(stream: Parameters<typeof readEnvelopes>[0], connection: Connection): Promise<void> {
    const link = this.#memberOf(connection);
    if (link === undefined) {
      stream.abort(new Error('not a member'));
      return;
    }
    await readEnvelopes(stream, (bytes) => this.#receive(link, bytes, 'stream', null));
  }

  /** Who wrote it is the signed author, never who handed it to us. */
  #readGossip(author: string, relay: string, bytes: Uint8Array): void {
    const link = this.#members.identified(author);
    if (link !== undefined)
      this.#receive(link, bytes, 'gossip', relay === author ? null : (this.#members.identified(relay)?.id ?? null));
  }

  #receive(link: Link, bytes: Uint8Array, via: 'stream' | 'gossip', relayedBy: NodeId | null): void {
    if (this.#stopping.signal.aborted || this.#banished.has(link.id) || this.#members.named(link.id) !== link) return;
    const envelope = decodeEnvelope(bytes);
    if (envelope === null || envelope.from !== link.id || envelope.clusterId !== this.#options.clusterId) {
      this.#log.warn('transport.not_ours', { from: link.id, via, bytes: bytes.length });
      return;
    }
    if (envelope.to !== this.#options.self || !link.doubles.isNew(envelope.boot, envelope.seq)) return;
    link.lastVia = via;
    link.relayedBy = relayedBy;
    for (const handler of this.#handlers) handler(link.id, envelope.body);
  }
}
