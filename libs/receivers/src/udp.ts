import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { readFile } from 'node:fs/promises';
import { isIPv6 } from 'node:net';
import { MessageFlag, type MessageTransport } from '@yosugara/protocol';
import type { ReceivedRecord } from '@yosugara/runtime';
import { listenError } from './errors.js';
import { LoopTurns, type ReadStamp, SocketReads, stampSince } from './read-delay.js';
import { type Refusal, SourceGate, sum } from './sources.js';

export interface Endpoint {
  readonly address: string;
  readonly port: number;
  /** Whose address it is; goes into every record. */
  readonly listener: 'own' | 'vip';
}

export interface UdpOptions extends Endpoint {
  readonly kind: ReceivedRecord['kind'];
  /** Asked of the system; `net.core.rmem_max` caps it. */
  readonly receiveBufferBytes: number;
  /** `reply` sends from this socket back to the sender. */
  readonly intake: (record: ReceivedRecord, reply: (answer: Uint8Array) => void) => boolean;
  /** Who may send, and how much. Default: everybody, everything. */
  readonly gate?: SourceGate;
  /** So many share the port (SO_REUSEPORT); each has a buffer of its own. Default 1. */
  readonly sockets?: number;
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
  close(): Promise<void>;
}

/** uv__udp_recvmsg (libuv, src/unix/udp.c) takes so many datagrams off a socket and then looks at the others. */
const DATAGRAMS_PER_TURN = 32;
/** The kernel charges a datagram with its bookkeeping; the smallest costs more than this. */
const LEAST_CHARGE_BYTES = 512;

/**
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
    const source = gate.of(from.address);
    if (source === null) return refuse(from.address, 'not_allowed');
    if (!source.hasRoom) return refuse(from.address, 'rate');
    source.took();
    // A trap that was cut is none any more; a datagram bounds it.
    const isCut = kind === 'syslog' && raw.length > source.limits.messageBytes;
    // One literal without spreads: they are most of what a datagram would cost here.
    const record: ReceivedRecord = {
      receivedAtUs: stamp.receivedAtUs,
      monotonicMs: stamp.monotonicMs,
      kind,
      transport: 'udp',
      listener,
      flags: isCut ? MessageFlag.truncated : 0,
      source: { address: from.address, port: from.port },
      raw: isCut ? raw.subarray(0, source.limits.messageBytes) : raw,
    };
    const { lateByUs } = stamp;
    const taken = options.intake(lateByUs === undefined ? record : { ...record, lateByUs }, reply);
    if (!taken) refuse(from.address, 'journal');
    else if (isCut) source.cut++;
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

type Take = (stamp: ReadStamp, raw: Buffer, from: RemoteInfo, reply: (answer: Uint8Array) => void) => void;

interface OpenSocket {
  readonly port: number;
  readonly bufferBytes: number;
  close(): Promise<void>;
}

async function openSockets(options: UdpOptions, take: Take): Promise<readonly OpenSocket[]> {
  const opened: OpenSocket[] = [];
  try {
    while (opened.length < (options.sockets ?? 1)) opened.push(await openSocket(options, opened[0]?.port ?? options.port, take));
    return opened;
  } catch (error) {
    for (const socket of opened) await socket.close();
    throw error;
  }
}

async function openSocket(
  { address, receiveBufferBytes, sockets = 1 }: UdpOptions,
  port: number,
  take: Take,
): Promise<OpenSocket> {
  const type = isIPv6(address) ? 'udp6' : 'udp4';
  const socket = createSocket({ type, recvBufferSize: receiveBufferBytes, ...(sockets > 1 ? { reusePort: true } : {}) });
  const turns = new LoopTurns();
  let reads = new SocketReads(turns, { perTurn: DATAGRAMS_PER_TURN, kept: Number.POSITIVE_INFINITY });
  socket.on('message', (raw, from) => take(stampSince(reads.read(1)), raw, from, (answer) => sendBack(socket, answer, from)));
  try {
    await bound(socket, address, port);
  } catch (error) {
    turns.close();
    throw error;
  }
  const bufferBytes = socket.getRecvBufferSize();
  reads = new SocketReads(turns, { perTurn: DATAGRAMS_PER_TURN, kept: bufferBytes / LEAST_CHARGE_BYTES });
  return {
    port: socket.address().port,
    bufferBytes,
    close: async () => {
      turns.close();
      await new Promise<void>((resolve) => socket.close(() => resolve()));
    },
  };
}

/**
 * Never throws: an answer may be due when its socket is closed (the VIP went to the other node before the record was safe), and a
 * datagram from port 0, which anybody can forge, asks for none (RFC 768). Either would end the process from within the journal.
 */
function sendBack(socket: Socket, answer: Uint8Array, { port, address }: RemoteInfo): void {
  if (port === 0) return;
  try {
    socket.send(answer, port, address, ignoreSendError);
  } catch (error) {
    ignoreSendError(error);
  }
}

/** A sender that is gone asks again or not; there is nobody to tell. */
function ignoreSendError(_error: unknown): void {}

async function bound(socket: Socket, address: string, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    socket.once('error', (error) => {
      socket.close();
      reject(listenError('udp', address, port, error));
    });
    socket.bind({ address, port, exclusive: true }, () => {
      socket.removeAllListeners('error');
      // An ICMP answer to what was sent from here; the socket stays usable.
      socket.on('error', ignoreSendError);
      resolve();
    });
  });
}

/** The last column of /proc/net/udp, over all sockets of the port. In all our trials with loss it was exactly the gap. */
export async function kernelDrops(address: string, port: number): Promise<number | null> {
  const v6 = isIPv6(address);
  const table = await readFile(v6 ? '/proc/net/udp6' : '/proc/net/udp', 'utf8').catch(() => null);
  if (table === null) return null;
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const host = v6 ? procAddress6(address) : procAddress4(address);
  let drops: number | null = null;
  for (const line of table.split('\n').slice(1)) {
    const columns = line.trim().split(/\s+/);
    const local = columns[1] ?? '';
    if (local === host + wanted) drops = (drops ?? 0) + Number(columns.at(-1));
  }
  return drops;
}

/** proc(5): the address as 32-bit words in the host's byte order; all that Node runs on here is little endian. */
const procWord = (bytes: readonly number[]) =>
  [...bytes]
    .reverse()
    .map((byte) => byte.toString(16).toUpperCase().padStart(2, '0'))
    .join('');
const procAddress4 = (address: string) => procWord(address.split('.').map(Number));

function procAddress6(address: string): string {
  const [head = '', tail] = address.split('%')[0]!.split('::');
  const groups = (text: string) => (text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16)));
  const after = groups(tail ?? '');
  const before = groups(head);
  const whole = [...before, ...Array<number>(8 - before.length - after.length).fill(0), ...after];
  const bytes = whole.flatMap((group) => [group >> 8, group & 0xff]);
  return [0, 4, 8, 12].map((at) => procWord(bytes.slice(at, at + 4))).join('');
}
