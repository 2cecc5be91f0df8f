import { isIP } from 'node:net';
import { connect, createServer, type Server, type TLSSocket } from 'node:tls';
import type { PeerChannel, PeerDialer } from '@yosugara/runtime';
import { PeerLinkError } from './errors.js';
import { boundPort, listening } from './listening.js';
import { UnprovenConnections } from './peer-unproven.js';
import { plainAddress } from './senders.js';

/** PEM. Both sides show a certificate of the cluster's CA whose common name is the node's id. */
export interface PeerIdentity {
  readonly key: string | Buffer;
  readonly cert: string | Buffer;
  readonly ca: string | Buffer;
  /** The other node is no member any more, whatever it shows. */
  readonly peerIsRevoked?: boolean;
}

/** Certificates are renewed while the link is up: it is asked for at each connection. The same object for as long as nothing changed. */
export type CurrentIdentity = () => PeerIdentity;

const MAX_FRAME_BYTES = 16 * 1024 * 1024;
/** Whether the other side of a connection that is open is still a member is looked at so often. */
const LOOK_MS = 500;

export interface PeerListenOptions {
  readonly identity: CurrentIdentity;
  readonly address: string;
  readonly port: number;
  /** The node id that its certificate must carry. */
  readonly expected: string;
  /** Where it dials from, as it is told apart from strangers before it has shown its certificate. */
  readonly peerAddress: string;
  readonly onChannel: (channel: PeerChannel) => void;
  /** Each connection that was not the peer's, once. */
  readonly onRefused: (why: string, address: string) => void;
}

/** Dials the peer. @param expected the node id that its certificate must carry. */
export function peerDialer(options: {
  readonly identity: CurrentIdentity;
  readonly address: string;
  readonly port: number;
  readonly localAddress?: string;
  readonly expected: string;
}): PeerDialer {
  return {
    dial: async (deadlineMs) =>
      await new Promise<PeerChannel>((resolve, reject) => {
        const { address, port, localAddress, expected } = options;
        if (options.identity().peerIsRevoked === true) return reject(new PeerLinkError(`${expected} is revoked`));
        // The certificate carries a node id, not a host name: the name is compared below, the chain by TLS.
        const socket = connect({
          ...(localAddress === undefined ? {} : { localAddress }),
          host: address,
          port,
          ...contextOf(options.identity()),
          checkServerIdentity: () => undefined,
        });
        const fail = (why: string, cause?: unknown) => {
          clearTimeout(deadline);
          socket.destroy();
          reject(new PeerLinkError(why, cause));
        };
        const deadline = setTimeout(() => fail(`no answer of ${address} port ${port} within ${deadlineMs} ms`), deadlineMs);
        socket.once('error', (error) => fail(`${address} port ${port}`, error));
        socket.once('secureConnect', () => {
          const peer = commonName(socket);
          if (!socket.authorized || peer !== expected)
            return fail(`${address} shows the certificate of ${JSON.stringify(peer)}, expected is ${JSON.stringify(expected)}`);
          clearTimeout(deadline);
          socket.removeAllListeners('error');
          resolve(watched(channelOf(socket, peer), options.identity));
        });
      }),
  };
}

/** Accepts the peer only. @throws PortInUseError, ListenError, PeerLinkError */
export async function listenPeer(options: PeerListenOptions): Promise<{ readonly port: number; close(): Promise<void> }> {
  const { address, port, peerAddress, onRefused } = options;
  // A name would be asked of DNS, and listened to at whatever it says.
  if (isIP(address) === 0) throw new PeerLinkError(`${address} is no address`);
  const unproven = new UnprovenConnections({ peerAddress, onRefused });
  const proven = new Set<TLSSocket>();
  const server = peerServer(options, unproven, (socket) => {
    unproven.shown(socket);
    proven.add(socket);
    socket.once('close', () => proven.delete(socket));
    welcome(socket, options);
  });
  await listening(server, { address, port });
  return {
    port: boundPort(server, port),
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      unproven.close();
      for (const socket of proven) socket.destroy();
      await closed;
    },
  };
}

/**
 * Whoever connects is among the unproven until its handshake has ended. The server has no bound of its own for connections: whoever
 * holds them all would keep the peer out. The unproven have theirs, and of the peer's the newest replaces the older.
 */
function peerServer(
  { identity: current }: PeerListenOptions,
  unproven: UnprovenConnections,
  onShown: (socket: TLSSocket) => void,
): Server {
  let identity = current();
  const server = createServer({ ...contextOf(identity), requestCert: true, rejectUnauthorized: true }, onShown);
  // Before the handshake of the connection at hand: TLS itself listens for it, too.
  server.prependListener('connection', (socket) => {
    unproven.begin(socket);
    const now = current();
    if (now === identity) return;
    identity = now;
    server.setSecureContext(contextOf(now));
  });
  server.on('tlsClientError', (error, socket) => {
    unproven.failed(socket, error.message);
    socket.destroy();
  });
  return server;
}

/** The cluster's CA signed it; it may still be another member, or one that is revoked. */
function welcome(socket: TLSSocket, { identity, expected, onChannel, onRefused }: PeerListenOptions): void {
  const peer = commonName(socket);
  const isRevoked = identity().peerIsRevoked === true;
  if (peer === expected && !isRevoked) return onChannel(watched(channelOf(socket, peer), identity));
  const from = plainAddress(socket.remoteAddress ?? '?');
  socket.on('error', () => undefined);
  socket.destroy();
  onRefused(`${from} shows the certificate of ${JSON.stringify(peer)}${isRevoked ? ', which is revoked' : ''}`, from);
}

/** Ends when the peer is revoked: who is connected goes, too. */
function watched(channel: PeerChannel, identity: CurrentIdentity): PeerChannel {
  const timer = setInterval(() => {
    if (identity().peerIsRevoked === true) channel.close('the peer is revoked');
  }, LOOK_MS);
  timer.unref();
  channel.onClose(() => clearInterval(timer));
  return channel;
}

const contextOf = ({ key, cert, ca }: PeerIdentity) => ({ key, cert, ca, minVersion: 'TLSv1.3' as const });

function commonName(socket: TLSSocket): string {
  const name: unknown = socket.getPeerCertificate()?.subject?.CN;
  return typeof name === 'string' ? name : '';
}

/** Frames with a length of four bytes in front. */
function channelOf(socket: TLSSocket, peer: string): PeerChannel {
  let why = 'closed by the peer';
  let chunks: Buffer[] = [];
  let held = 0;
  let handler: ((frame: Uint8Array) => void) | null = null;
  socket.setNoDelay(true);
  socket.on('error', (error) => {
    why = error.message;
    socket.destroy();
  });
  const close = (reason: string) => {
    if (!socket.destroyed) why = reason;
    socket.destroy();
  };
  const drain = () => {
    while (handler !== null && held >= 4) {
      let buffer = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
      const length = buffer.readUInt32BE(0);
      if (length > MAX_FRAME_BYTES) return close(`a frame of ${length} bytes`);
      chunks = [buffer];
      if (held < 4 + length) return;
      const frame = buffer.subarray(4, 4 + length);
      buffer = buffer.subarray(4 + length);
      held = buffer.length;
      chunks = held === 0 ? [] : [buffer];
      handler(frame);
    }
  };
  socket.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    held += chunk.length;
    // Joins only when the frame may be whole: a large one comes in many chunks.
    if (chunks.length === 1 || held >= 4 + (chunks[0]!.length >= 4 ? chunks[0]!.readUInt32BE(0) : 0)) drain();
  });
  return {
    peer,
    get bufferedBytes() {
      return socket.writableLength;
    },
    send: (frame) => {
      if (!socket.writable) return;
      // One piece: TLS joins several into one anyway, by a longer way.
      const whole = Buffer.allocUnsafe(4 + frame.length);
      whole.writeUInt32BE(frame.length);
      whole.set(frame, 4);
      socket.write(whole);
    },
    onFrame: (take) => {
      handler = take;
      drain();
    },
    onClose: (told) => {
      if (socket.destroyed) queueMicrotask(() => told(why));
      else socket.once('close', () => told(why));
    },
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    close,
  };
}
