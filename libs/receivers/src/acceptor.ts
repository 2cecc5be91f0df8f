import { createServer, type Socket } from 'node:net';
import { createServer as createTlsServer, type TLSSocket, type Server as TlsServer } from 'node:tls';
import type { MessageTransport } from '@yosugara/protocol';
import { listensTcp } from './kernel-tables.js';
import { boundPort, listening } from './listening.js';
import { plainAddress, SenderList } from './senders.js';
import { type Refusal, type Source, SourceGate, sum } from './sources.js';
import type { TlsMaterial } from './tls-files.js';
import { handshakeRefusal, judge, type TlsOptions } from './tls-policy.js';
import type { Endpoint, Listener } from './udp.js';

export interface AcceptOptions extends Endpoint {
  readonly transport: MessageTransport;
  readonly gate?: SourceGate;
  readonly tls?: TlsOptions;
  /** Of all sources together; more are refused. */
  readonly maxConnections?: number;
}

/** A connection that may send: behind the allow-list, the limits and, with TLS, the handshake. */
export interface Accepted {
  readonly socket: Socket;
  readonly source: Source;
  /** As it goes into records. */
  readonly from: { readonly address: string; readonly port: number };
}

/** Of one listener, for `stats`. */
export interface StreamCounts {
  received: number;
  readonly refusedBy: Partial<Record<Refusal, number>>;
  refuse(address: string, reason: Refusal): void;
}

const HANDSHAKE_MS = 10_000;
/** RFC 5425 asks for it; what is older is broken (RFC 8996). */
const MIN_VERSION = 'TLSv1.2';

export function countsOf(gate: SourceGate): StreamCounts {
  const refusedBy: Partial<Record<Refusal, number>> = {};
  return {
    received: 0,
    refusedBy,
    refuse: (address, reason) => {
      refusedBy[reason] = (refusedBy[reason] ?? 0) + 1;
      gate.refuse(address, reason);
    },
  };
}

/**
 * A TCP or TLS socket that listens: who connects is looked at before anything is read, and counted when it is sent away.
 * @throws PortInUseError, ListenError
 */
export async function acceptStreams(
  options: AcceptOptions,
  gate: SourceGate,
  counts: StreamCounts,
  serve: (accepted: Accepted) => void,
): Promise<Listener> {
  const { address, port, maxConnections = 1_000 } = options;
  const connections = new Set<Socket>();
  const handshakes = options.tls === undefined ? null : new Handshakes(options.tls, gate, counts, serve);
  const server = createServer({ keepAlive: true, keepAliveInitialDelay: 30_000 }, (socket) => {
    socket.on('error', () => socket.destroy());
    const from = { address: plainAddress(socket.remoteAddress ?? ''), port: socket.remotePort ?? 0 };
    const source = admit(gate, from.address, handshakes !== null && gate.allow.hasNames);
    const refusal = typeof source === 'string' ? source : gate.connect(source);
    if (typeof source === 'string' || refusal !== null) {
      counts.refuse(from.address, refusal ?? 'not_allowed');
      socket.resetAndDestroy();
      return;
    }
    connections.add(socket);
    socket.once('close', () => {
      connections.delete(socket);
      gate.disconnect(source);
    });
    if (handshakes === null) serve({ socket, source, from });
    else handshakes.begin({ socket, source, from });
  });
  server.maxConnections = maxConnections;
  server.on('drop', (dropped) => counts.refuse(plainAddress(dropped?.remoteAddress ?? ''), 'all_connections'));
  await listening(server, { address, port });
  const bound = boundPort(server, port);
  const sinceMs = Date.now();
  return {
    port: bound,
    stats: () => ({
      ...{ protocol: options.transport, address, port: bound, listener: options.listener, received: counts.received },
      ...{ refused: sum(counts.refusedBy), refusedBy: { ...counts.refusedBy }, connections: connections.size },
      receiveBufferBytes: 0,
      sinceMs,
    }),
    kernelDrops: async () => 0,
    isListening: () => listensTcp(address, bound),
    close: async () => {
      if (!server.listening) return;
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of connections) socket.destroy();
      await closed;
    },
  };
}

function admit(gate: SourceGate, address: string, mayShowName: boolean): Source | 'not_allowed' {
  return gate.of(address) ?? (mayShowName ? gate.named(address) : 'not_allowed');
}

/** One TLS server without a socket of its own: connections that were let in are handed to it. */
class Handshakes {
  readonly #tls: TlsOptions;
  readonly #gate: SourceGate;
  readonly #allow: SenderList;
  readonly #counts: StreamCounts;
  readonly #serve: (accepted: Accepted) => void;
  readonly #server: TlsServer;
  #material: TlsMaterial | undefined;
  /** By `address port`. A failed handshake has often lost its address by the time it is told of. */
  readonly #pending = new Map<string, Accepted>();

  constructor(tls: TlsOptions, gate: SourceGate, counts: StreamCounts, serve: (accepted: Accepted) => void) {
    this.#tls = tls;
    this.#gate = gate;
    this.#allow = new SenderList(tls.allow ?? []);
    this.#counts = counts;
    this.#serve = serve;
    this.#material = tls.files?.current();
    const { handshakeMs = HANDSHAKE_MS } = tls;
    const { key, cert, ca } = this.#material ?? tls;
    this.#server = createTlsServer(
      {
        ...{ key, cert, ca, requestCert: tls.clientCertificate !== 'none', handshakeTimeout: handshakeMs },
        // Who showed what is judged below, to be told by reason.
        ...{ minVersion: MIN_VERSION, rejectUnauthorized: false },
      },
      (socket) => this.#ended(socket),
    );
    this.#server.on('tlsClientError', (error, socket) => this.#failed(error, socket));
  }

  begin(accepted: Accepted): void {
    this.#renew();
    const { socket, from } = accepted;
    const key = `${from.address} ${from.port}`;
    this.#pending.set(key, accepted);
    // Whatever the TLS server tells or does not tell of it, it is counted once and forgotten.
    socket.once('close', () =>
      setImmediate(() => {
        if (this.#pending.delete(key)) this.#counts.refuse(from.address, 'tls_handshake');
      }),
    );
    this.#server.emit('connection', socket);
  }

  #renew(): void {
    const material = this.#tls.files?.current();
    if (material === undefined || material === this.#material) return;
    this.#material = material;
    this.#server.setSecureContext({ ...material, minVersion: MIN_VERSION });
  }

  #ended(socket: TLSSocket): void {
    socket.on('error', () => socket.destroy());
    const key = `${plainAddress(socket.remoteAddress ?? '')} ${socket.remotePort}`;
    const accepted = this.#pending.get(key);
    this.#pending.delete(key);
    if (accepted === undefined) return void socket.destroy();
    const verdict = judge(socket, accepted.from.address, this.#tls.clientCertificate, [this.#gate.allow, this.#allow]);
    if (verdict === 'welcome') return this.#serve({ ...accepted, socket });
    this.#counts.refuse(accepted.from.address, verdict);
    socket.destroy();
  }

  #failed(error: Error, socket: TLSSocket): void {
    const key = `${plainAddress(socket.remoteAddress ?? '')} ${socket.remotePort}`;
    const found = this.#pending.has(key) ? key : [...this.#pending].find(([, each]) => each.socket.destroyed)?.[0];
    const accepted = found === undefined ? undefined : this.#pending.get(found);
    if (found !== undefined) this.#pending.delete(found);
    if (accepted !== undefined) this.#counts.refuse(accepted.from.address, handshakeRefusal(error));
    socket.destroy();
  }
}
