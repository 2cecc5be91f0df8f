import { MessageFlag, type MessageTransport } from '@yosugara/protocol';
import type { ReceivedRecord } from '@yosugara/runtime';
import { kernelDrops } from './kernel-tables.js';
import { type Refusal, SourceGate, sum } from './sources.js';
import type { Take } from './udp-socket.js';
import { openSockets, type SocketsOptions } from './udp-sockets.js';

export interface Endpoint {
  readonly address: string;
  readonly port: number;
  /** Whose address it is; goes into every record. */
  readonly listener: 'own' | 'vip';
}

export interface UdpOptions extends Endpoint, SocketsOptions {
  readonly kind: ReceivedRecord['kind'];
  /** `reply` sends from this socket back to the sender. */
  readonly intake: (record: ReceivedRecord, reply: (answer: Uint8Array) => void) => boolean;
  /** Who may send, and how much. Default: everybody, everything. */
  readonly gate?: SourceGate;
}

export interface ListenerStats {
  readonly protocol: MessageTransport;
  readonly address: string;
  readonly port: number;
  readonly listener: 'own' | 'vip';
  /** Messages; over UDP also those that were refused. */
  readonly received: number;
  /** Messages, or for streams also connections and handshakes. */
  readonly refused: number;
  readonly refusedBy: Readonly<Partial<Record<Refusal, number>>>;
  /** Open now; 0 for UDP. */
  readonly connections: number;
  /** As granted, in what the kernel counts (twice the asked); 0 for TCP. */
  readonly receiveBufferBytes: number;
  /** Wall clock: when it was opened, and its counts began. */
  readonly sinceMs: number;
}

export interface Listener {
  readonly port: number;
  stats(): ListenerStats;
  /** Datagrams that the kernel threw away because the buffer was full, since the socket was opened; null = cannot be told. */
  kernelDrops(): Promise<number | null>;
  /** The system still has its socket, which root may take away (`ss -K`) without a word to us; null = cannot be told. Missing: nobody can. */
  isListening?(): boolean | null;
  close(): Promise<void>;
}

/**
 * Read no further ahead than `room` says, so that what waits is in the kernel's buffer and what is lost is its count, not ours.
 * Datagrams of a source that is not allowed, or above its rate, are dropped once they are read: the kernel keeps one queue for all
 * senders, so only reading makes room for the others.
 * @throws PortInUseError, ListenError
 */
export async function listenUdp(options: UdpOptions): Promise<Listener> {
  const { address, kind, gate = new SourceGate() } = options;
  const count = { received: 0, refusedBy: {} as Partial<Record<Refusal, number>> };
  const refuse = (from: string, reason: Refusal) => {
    count.refusedBy[reason] = (count.refusedBy[reason] ?? 0) + 1;
    gate.refuse(from, reason);
  };
  const listener = { kind: options.listener, address };
  const take: Take = (stamp, raw, from, reply) => {
    count.received++;
    const sender = gate.of(from.address);
    if (sender === null) return refuse(from.address, 'not_allowed');
    if (!sender.hasRoom) return refuse(from.address, 'rate');
    sender.took();
    // A trap that was cut is none any more; a datagram bounds it.
    const isCut = kind === 'syslog' && raw.length > sender.limits.messageBytes;
    // One literal without spreads: they are most of what a datagram would cost here.
    const record: ReceivedRecord = {
      receivedAtUs: stamp.receivedAtUs,
      monotonicMs: stamp.monotonicMs,
      kind,
      transport: 'udp',
      listener,
      flags: isCut ? MessageFlag.truncated : 0,
      source: from,
      raw: isCut ? raw.subarray(0, sender.limits.messageBytes) : raw,
    };
    const { lateByUs } = stamp;
    const taken = options.intake(lateByUs === undefined ? record : { ...record, lateByUs }, reply);
    if (!taken) refuse(from.address, 'journal');
    else if (isCut) sender.cut++;
  };
  const sockets = await openSockets(options, take);
  const boundPort = sockets[0]!.port;
  const sinceMs = Date.now();
  let open = true;
  return {
    port: boundPort,
    stats: () => ({
      ...{ protocol: 'udp', address, port: boundPort, listener: options.listener, received: count.received, connections: 0 },
      ...{ refused: sum(count.refusedBy), refusedBy: { ...count.refusedBy } },
      receiveBufferBytes: sockets[0]!.bufferBytes,
      sinceMs,
    }),
    kernelDrops: () => kernelDrops(address, boundPort),
    close: async () => {
      if (!open) return;
      open = false;
      await Promise.all(sockets.map((socket) => socket.close()));
    },
  };
}
