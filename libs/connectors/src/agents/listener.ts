import { constants, type X509Certificate } from 'node:crypto';
import { createServer, type Server as NetServer, type Socket } from 'node:net';
import { createServer as createTlsServer, type TLSSocket, type Server as TlsServer } from 'node:tls';
import { explain, type Log } from '@yosugara/kernel';
import { AGENT_INVENTORY_ALPN, AGENT_SILENCE_MS, AGENT_TRUST_ALPN } from '@yosugara/protocol';
import type { AgentLinks } from '@yosugara/runtime';
import { AgentDoor } from './door.js';
import { HandshakeGate } from './gate.js';
import { addressOf, JoinServer } from './join-server.js';
import { AGENT_LIMITS, type AgentLimits } from './limits.js';
import { AgentLink, wordsOf } from './link.js';
import type { AgentServing, AgentTrouble } from './ports.js';

const RETRY_MS = 500;
const LOOK_MS = 500;
const NAME = /^agent:(.+)$/;

export interface AgentListenerOptions {
  readonly address: string;
  readonly port: number;
  /** PEM: this node's own, as agents see it, and the cluster's authority, by which they know it. */
  readonly key: string;
  readonly certificate: string;
  readonly clusterCa: string;
  readonly log: Log;
  /** Where the Master is, as far as this process knows; null = nobody knows. */
  readonly master: () => string | null;
  /** Must not throw, must not wait. */
  readonly onTrouble: (trouble: AgentTrouble) => void;
  readonly limits?: Partial<AgentLimits>;
}

export type AgentsInside = AgentLinks &
  Pick<AgentDoor, 'agents' | 'heardAtMs' | 'servingSinceMs' | 'turnOut' | 'isTrusting' | 'inventory' | 'canInventory'>;

/** PEM: what this node shows to agents, and by which authorities they know managers; the first one signs. */
export type ShownToAgents = Pick<AgentListenerOptions, 'key' | 'certificate' | 'clusterCa'>;

/**
 * Where agents come to, on every manager and always. Certificates of agents are signed by an authority of their own: a member's certificate opens
 * nothing here, nor an agent's anything else. Who has none may join, and nothing more.
 */
export class AgentListener {
  readonly links: AgentsInside;
  readonly #o: AgentListenerOptions;
  #shown: ShownToAgents;
  readonly #limits: AgentLimits;
  readonly #tls: TlsServer;
  readonly #gate: HandshakeGate;
  readonly #joins: JoinServer;
  readonly #door: AgentDoor;
  readonly #sockets = new Set<Socket>();
  readonly #links = new Set<AgentLink>();
  #server: NetServer | null = null;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #looks: ReturnType<typeof setInterval> | undefined;
  #lookedAtMs = 0;
  #authorities: readonly string[] = [];
  #isWanted = false;
  #lastFailure = '';

  constructor(options: AgentListenerOptions) {
    this.#o = options;
    this.#shown = options;
    this.#limits = { ...AGENT_LIMITS, ...options.limits };
    const { log, master, onTrouble } = options;
    this.#door = new AgentDoor({ master, onTrouble, log, limits: this.#limits, authority: () => this.#shown.clusterCa });
    this.links = this.#door;
    this.#joins = new JoinServer({ ...{ master, log, limits: this.#limits }, join: () => this.#door.serving?.join ?? null });
    this.#tls = createTlsServer({
      ...this.#context(),
      requestCert: true,
      rejectUnauthorized: false,
      handshakeTimeout: this.#limits.handshakeMs,
      // Whoever offers nothing is none the worse; who joins speaks HTTP.
      ALPNProtocols: [AGENT_INVENTORY_ALPN, AGENT_TRUST_ALPN, 'http/1.1'],
    });
    this.#tls.on('secureConnection', (socket) => this.#onSecure(socket));
    this.#tls.on('tlsClientError', (error, socket) => {
      log.debug('agents.handshake', { from: socket.remoteAddress, why: error.message });
      socket.destroy();
    });
    this.#gate = new HandshakeGate(this.#limits, (socket) => this.#tls.emit('connection', socket));
  }

  get isOpen(): boolean {
    return this.#server?.listening === true;
  }
  /** Its port: of a spec that asked for any. */
  get port(): number {
    return (this.#server?.address() as { readonly port: number } | null)?.port ?? this.#o.port;
  }
  /** Of all kinds. */
  get sockets(): number {
    return this.#sockets.size;
  }

  /** Those that sign certificates of agents, PEM. Who is connected stays. */
  trust(authorities: readonly string[]): void {
    if (authorities.length === this.#authorities.length && authorities.every((pem, at) => pem === this.#authorities[at])) return;
    this.#authorities = [...authorities];
    this.#door.isWarm = authorities.length > 0;
    this.#tls.setSecureContext(this.#context());
  }

  /** From the next connection on; who is inside hears of other authorities at once. */
  show(shown: ShownToAgents): void {
    const isOther = shown.clusterCa !== this.#shown.clusterCa;
    this.#shown = shown;
    this.#tls.setSecureContext(this.#context());
    if (isOther) this.#door.tellTrust();
  }

  /** From now on agents are let in, those first that wait already. */
  serve(serving: AgentServing): void {
    this.#door.serve(serving);
  }

  /** All of them are sent away. Safe to call twice. */
  unserve(): void {
    this.#door.unserve();
  }

  /** Tries until it listens: another process of this node may be just going. */
  open(): void {
    this.#isWanted = true;
    if (this.#server !== null) return;
    const server = createServer({
      pauseOnConnect: true,
      keepAlive: true,
      keepAliveInitialDelay: AGENT_SILENCE_MS,
      noDelay: true,
    });
    this.#server = server;
    server.on('connection', (socket) => this.#onConnection(socket));
    server.on('error', (error: NodeJS.ErrnoException) => this.#failed(server, error));
    server.on('listening', () => {
      this.#lastFailure = '';
      this.#o.log.info('agents.listening', { address: this.#o.address, port: this.port });
    });
    server.listen({ host: this.#o.address, port: this.#o.port, backlog: 4_096 });
    this.#lookedAtMs = performance.now();
    this.#looks ??= setInterval(() => this.#look(), LOOK_MS);
  }

  /** At once, with all connections. */
  close(): void {
    this.#isWanted = false;
    clearTimeout(this.#retry);
    clearInterval(this.#looks);
    this.#looks = undefined;
    this.unserve();
    const server = this.#server;
    this.#server = null;
    server?.close(() => undefined);
    this.#gate.close();
    for (const link of this.#links) link.cut();
    for (const socket of this.#sockets) socket.destroy();
  }

  #context() {
    const { key, certificate, clusterCa } = this.#shown;
    // The authority goes along, so that who joins can see by which one this certificate is signed.
    const chain = `${certificate.trimEnd()}\n${clusterCa}`;
    return {
      ...{ key, cert: chain, ca: [...this.#authorities], minVersion: 'TLSv1.3' as const, maxVersion: 'TLSv1.3' as const },
      // Nobody comes in by what was true when a session began: each time the certificate is looked at.
      secureOptions: constants.SSL_OP_NO_TICKET,
    };
  }

  #failed(server: NetServer, error: NodeJS.ErrnoException): void {
    if (this.#server !== server) return;
    const why = error.code ?? error.message;
    if (why !== this.#lastFailure) this.#o.log.warn('agents.notListening', { address: this.#o.address, port: this.#o.port, why });
    this.#lastFailure = why;
    this.#server = null;
    this.#retry = setTimeout(() => this.#isWanted && this.open(), RETRY_MS);
  }

  #onConnection(socket: Socket): void {
    socket.on('error', () => undefined);
    if (this.#sockets.size >= this.#limits.sockets) return void socket.destroy();
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    if (!this.#gate.admit(socket)) socket.destroy();
  }

  #onSecure(socket: TLSSocket): void {
    socket.on('error', () => undefined);
    const certificate = socket.getPeerX509Certificate();
    if (certificate === undefined) return this.#joins.take(socket);
    const agent = this.#agentOf(socket, certificate);
    const address = addressOf(socket.remoteAddress);
    if (agent === null) {
      const signer = certificate.issuer.replaceAll('\n', ', ');
      // Node says a code here, where its types say an error.
      const code = String(socket.authorizationError ?? 'no agent');
      const message = `a certificate of ${certificate.subject.replaceAll('\n', ', ')}, signed by ${signer}, is none of an agent of this cluster (${code})`;
      this.#o.log.warn('agents.refused', { from: address, why: message });
      this.#o.onTrouble({ code: 'refused', agent: null, address, message: `${address}: ${message}` });
      return void socket.destroy();
    }
    this.#begin(socket, certificate, agent, address);
  }

  /** Signed by the agents' authority for one; null = no. */
  #agentOf(socket: TLSSocket, certificate: X509Certificate): string | null {
    // Without authorities Node would take the whole world's.
    if (this.#authorities.length === 0) return this.#nameOf(certificate);
    return socket.authorized ? this.#nameOf(certificate) : null;
  }

  #nameOf(certificate: X509Certificate): string | null {
    const name = certificate.toLegacyObject().subject?.CN;
    return (typeof name === 'string' ? NAME.exec(name)?.[1] : undefined) ?? null;
  }

  #begin(socket: TLSSocket, certificate: X509Certificate, agent: string, address: string): void {
    const who = {
      ...{ agent, address, certificateEnds: new Date(certificate.validTo).toISOString() },
      fingerprint: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
      ...wordsOf(socket.alpnProtocol),
    };
    const link = new AgentLink(socket, who, this.#limits, {
      onSaid: (said, bytes) => this.#door.said(link, said, bytes),
      onNonsense: (why) => this.#door.nonsense(link, why),
      onClose: () => {
        clearTimeout(hello);
        this.#links.delete(link);
        this.#door.closed(link);
      },
    });
    this.#links.add(link);
    const hello = setTimeout(() => link.hello === null && link.cut(), this.#limits.helloMs);
    // Nobody here can say whether its certificate is good, and nothing is done for it.
    if (!this.#door.isWarm) link.goAway('not-master', 'this node is not the Master', this.#o.master());
  }

  #look(): void {
    const nowMs = performance.now();
    // The event loop stood still, or the whole host: what agents said meanwhile is not yet read.
    const isLate = nowMs - this.#lookedAtMs > 2 * LOOK_MS;
    this.#lookedAtMs = nowMs;
    if (this.#door.serving?.permitted() === false) this.unserve();
    try {
      for (const link of this.#links) link.look(nowMs, isLate);
    } catch (error) {
      this.#o.log.error('agents.look', { why: explain(error) });
    }
  }
}
