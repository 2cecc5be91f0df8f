import { createSocket, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { DatagramBatch, type Sender } from './datagram-batch.js';
import { listenError } from './errors.js';
import { LoopTurns, type ReadStamp, SocketReads, stampSince } from './read-delay.js';
import { type SystemCalls, systemCalls } from './system-calls.js';

/**
 * single: a system call, a buffer and a call back for each datagram, as Node does it. batch: those behind the first of a turn of the
 * event loop many at a time, where the system can be asked for it; else as single.
 */
export type UdpRead = 'single' | 'batch';

/** Why no batches can be read here; null = they can. */
export function whyNoBatches(): string | null {
  const found = systemCalls();
  return 'why' in found ? found.why : null;
}

export interface SocketsOptions {
  readonly address: string;
  readonly port: number;
  /** Asked of the system; `net.core.rmem_max` caps it. */
  readonly receiveBufferBytes: number;
  /** So many share the port (SO_REUSEPORT); each has a buffer of its own. Default 1. */
  readonly sockets?: number;
  /** Default: single. */
  readonly read?: UdpRead;
}

/** `raw` is the taker's to keep. */
export type Take = (stamp: ReadStamp, raw: Buffer, from: Sender, reply: (answer: Uint8Array) => void) => void;

export interface OpenSocket {
  readonly port: number;
  readonly bufferBytes: number;
  close(): Promise<void>;
}

/** uv__udp_recvmsg (libuv, src/unix/udp.c) takes so many datagrams off a socket and then looks at the others. */
const DATAGRAMS_PER_TURN = 32;
/** The kernel charges a datagram with its bookkeeping; the smallest costs more than this. */
const LEAST_CHARGE_BYTES = 512;

/** As many as are asked for, on one port. @throws PortInUseError, ListenError */
export async function openSockets(options: SocketsOptions, take: Take): Promise<readonly OpenSocket[]> {
  const found = options.read === 'batch' ? systemCalls() : null;
  const batches = found !== null && 'calls' in found ? { calls: found.calls, batch: new DatagramBatch(found.calls) } : null;
  const opened: OpenSocket[] = [];
  try {
    while (opened.length < (options.sockets ?? 1))
      opened.push(await openSocket(options, opened[0]?.port ?? options.port, batches, take));
    return opened;
  } catch (error) {
    for (const socket of opened) await socket.close();
    throw error;
  }
}

interface Batches {
  readonly calls: SystemCalls;
  readonly batch: DatagramBatch;
}

async function openSocket(
  { address, receiveBufferBytes, sockets = 1 }: SocketsOptions,
  port: number,
  batches: Batches | null,
  take: Take,
): Promise<OpenSocket> {
  const type = isIPv6(address) ? 'udp6' : 'udp4';
  const isShared = sockets > 1;
  const socket = createSocket({ type, recvBufferSize: receiveBufferBytes, ...(isShared ? { reusePort: true } : {}) });
  const turns = new LoopTurns();
  let reads = new SocketReads(turns, { perTurn: DATAGRAMS_PER_TURN, kept: Number.POSITIVE_INFINITY });
  const takeFrom = (stamp: ReadStamp, raw: Buffer, from: Sender) =>
    take(stamp, raw, from, (answer) => sendBack(socket, answer, from));
  /** null = none, or closed: then somebody else's descriptor may have that number. */
  let descriptor: number | null = null;
  const readBatch = ({ batch }: Batches, from: number) => {
    const count = batch.receive(from);
    if (count === 0) return;
    const stamp = stampSince(reads.more(count));
    batch.handOut((raw, sender) => takeFrom(stamp, raw, sender));
  };
  socket.on('message', (raw, from) => {
    takeFrom(stampSince(reads.read(1)), raw, { address: from.address, port: from.port });
    // libuv goes on until the socket is empty or it took its share of the turn; behind each of its own comes one batch.
    if (batches !== null && descriptor !== null && reads.inTurn > 1) readBatch(batches, descriptor);
  });
  try {
    if (batches === null) await bound(socket, address, port);
    else descriptor = await boundByUs(socket, batches.calls, { address, port, isShared });
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
      descriptor = null;
      await new Promise<void>((resolve) => socket.close(() => resolve()));
    },
  };
}

/**
 * Never throws: an answer may be due when its socket is closed (the VIP went to the other node before the record was safe), and a
 * datagram from port 0, which anybody can forge, asks for none (RFC 768). Either would end the process from within the journal.
 */
function sendBack(socket: Socket, answer: Uint8Array, { port, address }: Sender): void {
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

/** Node keeps the number of its sockets to itself, so this one is opened and bound by us and given to Node, which closes it. @returns its number. */
async function boundByUs(
  socket: Socket,
  calls: SystemCalls,
  { address, port, isShared }: { readonly address: string; readonly port: number; readonly isShared: boolean },
): Promise<number> {
  let descriptor: number;
  try {
    descriptor = calls.boundUdp(address, port, isShared);
  } catch (error) {
    socket.close();
    throw listenError('udp', address, port, error);
  }
  socket.on('error', ignoreSendError);
  try {
    await new Promise<void>((resolve) => socket.bind({ fd: descriptor, exclusive: true }, resolve));
    return descriptor;
  } catch (error) {
    if (!isOpen(socket)) calls.close(descriptor);
    socket.close();
    throw listenError('udp', address, port, error);
  }
}

function isOpen(socket: Socket): boolean {
  try {
    return socket.address().port > 0;
  } catch {
    return false;
  }
}
