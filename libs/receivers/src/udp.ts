import { createSocket, type Socket } from 'node:dgram';
import { readFile } from 'node:fs/promises';
import { isIPv6 } from 'node:net';
import type { MessageTransport } from '@yosugara/protocol';
import type { ReceivedRecord } from '@yosugara/runtime';
import { listenError } from './errors.js';
import { LoopTurns, SocketReads, stampSince } from './read-delay.js';

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
}

export interface ListenerStats {
  readonly protocol: MessageTransport;
  readonly address: string;
  readonly port: number;
  readonly listener: 'own' | 'vip';
  readonly received: number;
  /** The journal refused them (UDP), or they were cut (TCP: framing broken). */
  readonly refused: number;
  /** As granted, in what the kernel counts (twice the asked); 0 for TCP. */
  readonly receiveBufferBytes: number;
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

/** @throws PortInUseError, ListenError */
export async function listenUdp(options: UdpOptions): Promise<Listener> {
  const { address, port, kind, intake, receiveBufferBytes } = options;
  const socket = createSocket({ type: isIPv6(address) ? 'udp6' : 'udp4', recvBufferSize: receiveBufferBytes });
  let received = 0;
  let refused = 0;
  const listener = { kind: options.listener, address };
  const turns = new LoopTurns();
  let reads = new SocketReads(turns, { perTurn: DATAGRAMS_PER_TURN, kept: Number.POSITIVE_INFINITY });
  socket.on('message', (raw, from) => {
    received++;
    const record: ReceivedRecord = {
      ...{ ...stampSince(reads.read(1)), kind, transport: 'udp', listener, flags: 0, raw },
      source: { address: from.address, port: from.port },
    };
    const taken = intake(record, (answer) => socket.send(answer, from.port, from.address, ignoreSendError));
    if (!taken) refused++;
  });
  try {
    await bound(socket, address, port);
  } catch (error) {
    turns.close();
    throw error;
  }
  const bufferBytes = socket.getRecvBufferSize();
  reads = new SocketReads(turns, { perTurn: DATAGRAMS_PER_TURN, kept: bufferBytes / LEAST_CHARGE_BYTES });
  const boundPort = socket.address().port;
  let open = true;
  return {
    port: boundPort,
    stats: () => ({
      protocol: 'udp',
      address,
      port: boundPort,
      listener: options.listener,
      received,
      refused,
      receiveBufferBytes: bufferBytes,
    }),
    kernelDrops: () => kernelDrops(address, boundPort),
    close: async () => {
      if (!open) return;
      open = false;
      turns.close();
      await new Promise<void>((resolve) => socket.close(() => resolve()));
    },
  };
}

/** A sender that is gone asks again or not; there is nobody to tell. */
function ignoreSendError(): void {}

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

/** The last column of /proc/net/udp. In all our trials with loss it was exactly the gap. */
export async function kernelDrops(address: string, port: number): Promise<number | null> {
  const v6 = isIPv6(address);
  const table = await readFile(v6 ? '/proc/net/udp6' : '/proc/net/udp', 'utf8').catch(() => null);
  if (table === null) return null;
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const host = v6
    ? null
    : address
        .split('.')
        .reverse()
        .map((part) => Number(part).toString(16).toUpperCase().padStart(2, '0'))
        .join('');
  for (const line of table.split('\n').slice(1)) {
    const columns = line.trim().split(/\s+/);
    const local = columns[1] ?? '';
    if (local.endsWith(wanted) && (host === null || local.startsWith(host))) return Number(columns.at(-1));
  }
  return null;
}
