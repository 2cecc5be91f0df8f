import { createServer, type Server, type Socket } from 'node:net';
import { type Intake, type ReceivedRecord } from '@yosugara/runtime';
import { listenError } from './errors.js';
import { type FramedMessage, SyslogFramer } from './framing.js';
import { LoopTurns, SocketReads, stampSince } from './read-delay.js';
import type { Endpoint, Listener } from './udp.js';

export interface TcpOptions extends Endpoint {
  readonly intake: Intake;
  readonly maxMessageBytes?: number;
  /** More are refused. */
  readonly maxConnections?: number;
  /** A connection that says nothing for so long is closed. */
  readonly idleMs?: number;
}

export const MAX_MESSAGE_BYTES = 64 * 1024;
const TRUNCATED = 1;
/** While the journal refuses, a connection is not read, and what was read is offered again. */
const RETRY_MS = 20;
/** Node reads into 64 KiB; less means that there was no more (uv__read in libuv, src/unix/stream.c). */
const BYTES_PER_TURN = 64 * 1024;
/** More than tcp_rmem allows by default (6 MiB), with room for hosts that were tuned. */
const MOST_KEPT_BYTES = 64 * 1024 * 1024;

/** Syslog over TCP, both framings. Backpressure: the journal refuses → the connection is not read → the sender holds back. @throws PortInUseError, ListenError */
export async function listenTcp(options: TcpOptions): Promise<Listener> {
  const { address, port, intake, maxMessageBytes = MAX_MESSAGE_BYTES, maxConnections = 1_000, idleMs = 600_000 } = options;
  const connections = new Set<Socket>();
  const count = { received: 0, refused: 0 };
  const listener = { kind: options.listener, address };
  const turns = new LoopTurns();
  const server = createServer({ keepAlive: true, keepAliveInitialDelay: 30_000 }, (socket) => {
    connections.add(socket);
    const source = { address: plain(socket.remoteAddress ?? ''), port: socket.remotePort ?? 0 };
    const reads = new SocketReads(turns, { perTurn: BYTES_PER_TURN, kept: MOST_KEPT_BYTES });
    let since = turns.emptySince;
    // Before `serve` hears of it.
    socket.on('data', (chunk: Buffer) => {
      since = reads.read(chunk.length);
    });
    const take = (message: FramedMessage): boolean => {
      const record: ReceivedRecord = {
        ...{ ...stampSince(since), kind: 'syslog', transport: 'tcp', source, listener },
        ...{ flags: message.truncated ? TRUNCATED : 0, raw: message.raw },
      };
      const taken = intake(record);
      if (taken) count.received++;
      else reads.pause();
      return taken;
    };
    serve(socket, new SyslogFramer(maxMessageBytes), take, () => count.refused++);
    socket.setTimeout(idleMs, () => socket.destroy());
    socket.on('error', () => socket.destroy());
    socket.on('close', () => connections.delete(socket));
  });
  server.maxConnections = maxConnections;
  try {
    await listening(server, address, port);
  } catch (error) {
    turns.close();
    throw error;
  }
  const at = server.address();
  const boundPort = at !== null && typeof at === 'object' ? at.port : port;
  return {
    port: boundPort,
    stats: () => ({ protocol: 'tcp', address, port: boundPort, listener: options.listener, ...count, receiveBufferBytes: 0 }),
    kernelDrops: async () => 0,
    close: async () => {
      turns.close();
      if (!server.listening) return;
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of connections) socket.destroy();
      await closed;
    },
  };
}

function serve(socket: Socket, framer: SyslogFramer, take: (message: FramedMessage) => boolean, broken: () => void): void {
  let waiting: FramedMessage | null = null;
  let ended = false;
  let useless = false;
  const drain = (): void => {
    if (useless) return;
    if (socket.destroyed) ended = true;
    for (;;) {
      const message = waiting ?? framer.next();
      if (message === 'broken') {
        broken();
        useless = true;
        socket.destroy();
        return;
      }
      const last = message ?? (ended ? framer.end() : null);
      if (last === null) break;
      if (!take(last)) {
        waiting = last;
        socket.pause();
        setTimeout(drain, RETRY_MS).unref();
        return;
      }
      waiting = null;
    }
    if (ended) socket.end();
    else socket.resume();
  };
  socket.on('data', (chunk: Buffer) => {
    framer.push(chunk);
    if (waiting === null) drain();
  });
  // Also after a reset: what was read whole is a message.
  socket.on('close', () => {
    ended = true;
    if (waiting === null) drain();
  });
}

/** `::ffff:10.0.0.1` is 10.0.0.1: the same sender must look the same over UDP and TCP. */
function plain(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;
}

async function listening(server: Server, address: string, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const failed = (error: Error) => reject(listenError('tcp', address, port, error));
    server.once('error', failed);
    server.listen({ host: address, port, exclusive: true }, () => {
      server.off('error', failed);
      server.on('error', () => undefined);
      resolve();
    });
  });
}
